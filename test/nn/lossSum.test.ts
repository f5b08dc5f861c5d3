/** Running sums over many steps: the loss of an epoch and of an evaluation, counts, sums of weights. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { add, mean, mul } from "../../src/graph/functions.js";
import { dense } from "../../src/nn/layers/index.js";
import { RUNNING_SUM, runningSum, totalOf } from "../../src/optim/terms.js";
import { numbers } from "../../src/testing/arbitraries/tensors.js";
import { cases } from "../cases.js";
import { compiled, reference, wasm } from "./support.js";

/** The program of a running sum of a column, one row a step. */
const program = compileStep(
  { streams: { x: 1 }, state: { sum: RUNNING_SUM } },
  1,
  ({ streams, state: { sum } }) => {
    const next = runningSum(sum, mean(streams.x));
    return { state: { sum: next }, outputs: { total: totalOf(next) } };
  },
);

/** Of many sizes. */
const term = fc.tuple(numbers.real, fc.integer({ min: -30, max: 30 })).map(([x, power]) => x * 2 ** power);

/** The pair, added up in float64, and the total in float32, after all terms. */
function sumOf(executor: typeof wasm, terms: readonly number[], from: readonly [number, number] = [0, 0]) {
  const x = executor.matrix(terms.length, 1, terms);
  const run = executor.start(program, { streams: { x } });
  run.write("sum", from);
  run.advance(terms.length);
  const [high, low] = run.read("sum");
  const total = run.read("total")[0];
  run.free();
  x.free();
  return { sum: high + low, total };
}

describe("a running sum", () => {
  it("is the float64 sum of its terms, within 2^-23 and little more of their magnitudes, whatever cancels", () => {
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 200 }), (given) => {
        const terms = given.map(Math.fround);
        const exact = terms.reduce((sum, x) => sum + x, 0);
        const magnitudes = terms.reduce((sum, x) => sum + Math.abs(x), 0);
        // N. Higham's bound, and a number that is flushed in each step
        const { length } = terms;
        const bound = (2 ** -23 + length * 2 ** -46) * magnitudes + length * 2 ** -126;
        for (const executor of [wasm, reference])
          expect(Math.abs(sumOf(executor, terms).total - exact)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: cases(100) },
    );
  });

  it.each([Infinity, -Infinity, Number.NaN])("with a term of %d is that, and stays it", (odd) => {
    for (const executor of [wasm, reference]) expect(sumOf(executor, [1, odd, 2, 3]).total).toBe(odd);
  });

  it("counts on beyond 2^24", () => {
    expect(sumOf(wasm, [1, 1, 1, 1], [2 ** 24, 0]).total).toBe(2 ** 24 + 4);
    expect(sumOf(wasm, new Array(999).fill(1), [2 ** 40, 0]).sum).toBe(2 ** 40 + 999);
  });
});

describe("a constant loss of 0.1 in batches of one", () => {
  it("is 0.1 over an epoch, within the rounding of float32", async () => {
    const rows = 2 ** 18;
    const x = { data: new Float32Array(rows), shape: [rows, 1] };
    const model = compiled([dense(1)], {
      optimizer: "sgd",
      loss: (_, yPred) => add(mul(0, mean(yPred)), 0.1),
    });
    const { history } = await model.fit(x, x, { epochs: 1, batchSize: 1, verbose: 0 });
    // 0.1 is rounded to float32 once, and is exact as the term of each row; a plain sum of as many is 0.14 %
    // off
    expect(Math.abs(history.loss[0] - 0.1)).toBeLessThan(0.1 * 2 ** -24);
  });

  it("is 0.1 in an evaluation of many batches", async () => {
    const rows = 2 ** 20;
    const x = { data: new Float32Array(rows), shape: [rows, 1] };
    const model = compiled([dense(1)], {
      optimizer: "sgd",
      loss: (_, yPred) => add(mul(0, mean(yPred)), 0.1),
    });
    await model.fit({ data: new Float32Array(1), shape: [1, 1] }, [[0]], { epochs: 1, verbose: 0 });
    const { loss } = model.evaluate(x, x);
    // the term of a batch is rounded once more
    expect(Math.abs(loss - 0.1)).toBeLessThan(0.1 * 2 ** -23);
  });
});
