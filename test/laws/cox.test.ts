/**
 * `coxPartialLikelihood` against statsmodels (`../nn/losses/cox.json`, with its script beside it), in value,
 * gradient and coefficients; and its laws, in float64.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import { matmul } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { dense } from "../../src/nn/layers/index.js";
import { coxPartialLikelihood } from "../../src/nn/losses/index.js";
import { adam } from "../../src/optim/adam.js";
import { cases } from "../cases.js";
import { compiled, reference, weightsOf } from "../nn/support.js";
import { grid } from "./otherLosses.js";

const known = JSON.parse(readFileSync(new URL("../nn/losses/cox.json", import.meta.url), "utf8")) as {
  readonly x: number[][];
  readonly y: number[];
  readonly at: number[];
  readonly logLikelihood: number;
  readonly score: number[];
  readonly coefficients: number[];
};
const events = known.y.filter((time) => time > 0).length;

describe("statsmodels agrees on", () => {
  it("the likelihood and its gradient, with ties and censored rows", () => {
    const program = compile(
      (x: Value, y: Value, coefficients: Value) => {
        const loss = coxPartialLikelihood(y, matmul(x, coefficients));
        return [loss, ...gradients(loss, [coefficients])];
      },
      [60, 3],
      [60, 1],
      [3, 1],
    );
    const column = (values: readonly number[]) => values.map((value) => [value]);
    const [loss, gradient] = reference.load(program)(known.x, column(known.y), column(known.at));
    // sums of 60 rows in another order
    const room = 1e-12;
    expect(Math.abs(loss.data[0] * events + known.logLikelihood)).toBeLessThan(
      room * Math.abs(known.logLikelihood),
    );
    known.score.forEach((score, k) => {
      expect(Math.abs(gradient.data[k] * events + score)).toBeLessThan(room * 60);
    });
  });

  it("the coefficients of a linear model that was trained on all rows at once", async () => {
    const model = compiled([dense(1, { useBias: false, kernelInitializer: "zeros" })], {
      optimizer: adam({ learningRate: 0.05 }),
      loss: "cox",
    });
    await model.fit(known.x, known.y, { epochs: 400, batchSize: 60 });
    const [kernel] = Object.values(weightsOf(model));
    // steps of Adam end within 1e-3 of a minimum
    known.coefficients.forEach((coefficient, k) => {
      expect(Math.abs(kernel[k] - coefficient)).toBeLessThan(1e-3);
    });
  });
});

type Rows = readonly (readonly [time: number, score: number])[];
const rows = fc.array(
  fc.tuple(
    fc.integer({ min: -6, max: 6 }).filter((time) => time !== 0),
    grid(-4, 4),
  ),
  { minLength: 1, maxLength: 8 },
);
const evaluated = (of: Rows): { value: number; gradient: number[] } => {
  const program = compile(
    (y: Value, x: Value) => {
      const loss = coxPartialLikelihood(y, x);
      return [loss, ...gradients(loss, [x])];
    },
    [of.length, 1],
    [of.length, 1],
  );
  const run = reference.load(program);
  const [value, gradient] = run(
    of.map(([time]) => [time]),
    of.map(([, score]) => [score]),
  );
  run.free();
  return { value: value.data[0], gradient: [...gradient.data] };
};
/** Sums of at most 8 hazards up to e⁴, and their logarithms. */
const close = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThan(1e-13);

describe("the partial likelihood", () => {
  it("does not change with a number added to all scores, with the order of rows, or with a clock that runs otherwise", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(-900, 0.5, 900), (of, by) => {
        const { value, gradient } = evaluated(of);
        expect(value).toBeGreaterThanOrEqual(0);
        for (const same of [
          of.map(([time, score]) => [time, score + by] as const),
          [...of].reverse(),
          of.map(([time, score]) => [Math.sign(time) * time ** 2, score] as const),
        ])
          close(evaluated(same).value, value);
        // for it does not change with a shift of all scores
        close(
          gradient.reduce((sum, each) => sum + each, 0),
          0,
        );
      }),
      { numRuns: cases(30) },
    );
  });

  it("is convex: it is nowhere below a tangent by its gradient", () => {
    fc.assert(
      fc.property(
        rows.chain((of) => fc.tuple(fc.constant(of), fc.array(grid(-4, 4), { minLength: 8 }))),
        ([of, b]) => {
          const { value, gradient } = evaluated(of);
          const other = evaluated(of.map(([time], i) => [time, b[i]] as const)).value;
          const tangent = value + gradient.reduce((sum, g, i) => sum + g * (b[i] - of[i][1]), 0);
          expect(other).toBeGreaterThanOrEqual(tangent - 1e-12);
        },
      ),
      { numRuns: cases(30) },
    );
  });

  it("counts rows without an event only while they are at risk, and is 0 without events", () => {
    // by hand: the first event has all three rows at risk, the second itself alone
    close(
      evaluated([
        [1, 0],
        [-2, 0],
        [3, 0],
      ]).value,
      Math.log(3) / 2,
    );
    close(
      evaluated([
        [1, 0],
        [-0.5, 7],
        [3, 0],
      ]).value,
      Math.log(2) / 2,
    );
    expect(
      evaluated([
        [-1, 3],
        [-2, -4],
      ]),
    ).toEqual({ value: 0, gradient: [0, 0] });
  });
});
