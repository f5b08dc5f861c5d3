/**
 * Laws of `ctc`: it adds up the ways to spread labels over steps, leaves masked steps out, and its numbers of
 * a row depend on no other row. In float64, against every way, one by one.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import type { Value } from "../../src/graph/graph.js";
import { ctc } from "../../src/nn/losses/index.js";
import type { SequenceLoss } from "../../src/nn/losses/loss.js";
import { cases } from "../cases.js";
import { reference, wasm } from "../nn/support.js";
import { grid } from "./otherLosses.js";

type Row = readonly number[];
/** A row: labels, padded with zeros, and the logits of its steps. */
interface Sequence {
  readonly labels: Row;
  readonly logits: readonly Row[];
  readonly mask: Row;
}

/** The loss of sequences with as many steps each, and its gradient, in the order of the logits. */
function computed(
  executor: Executor,
  all: readonly Sequence[],
  options: { readonly isMasked?: boolean; readonly maxLabels?: number } = {},
): { readonly value: number; readonly gradient: readonly number[] } {
  const { isMasked = false, ...given } = options;
  const loss: SequenceLoss = ctc(given);
  const [{ labels, logits }] = all;
  const step = (y: Value, x: Value, counts: Value): Value[] => {
    const value = loss(y, x, undefined, isMasked ? counts : undefined);
    return [value, ...gradients(value, [x])];
  };
  const [rows, steps] = [all.length, logits.length];
  const run = executor.load(
    compile(step, [rows, labels.length], [rows, steps, logits[0].length], [rows, steps]),
  );
  const results = (run as (...arrays: unknown[]) => { data: ArrayLike<number> }[])(
    all.map((each) => each.labels),
    all.map((each) => each.logits),
    all.map((each) => each.mask),
  );
  run.free();
  return { value: results[0].data[0], gradient: Array.from(results[1].data) };
}

/** The labels that a way spells: repeats are one label, blanks are none. */
const spelled = (way: Row): Row => way.filter((id, t) => id !== 0 && id !== way[t - 1]);
/** Every way of so many steps. */
const ways = (steps: number, classes: number): Row[] =>
  Array.from({ length: classes ** steps }, (_, k) =>
    Array.from({ length: steps }, (_, t) => Math.floor(k / classes ** t) % classes),
  );

/** −log of the sum over all ways; 0 if there is none. Its gradient by definition: chances less posteriors. */
function expected({ labels, logits }: Pick<Sequence, "labels" | "logits">): {
  readonly value: number;
  readonly gradient: readonly number[];
} {
  const classes = logits[0]?.length ?? 1;
  const chances = logits.map((row) => {
    const terms = row.map(Math.exp);
    return terms.map((term) => term / terms.reduce((a, b) => a + b));
  });
  const wanted = labels.filter((id) => id > 0).join();
  const found = ways(logits.length, classes)
    .filter((way) => spelled(way).join() === wanted)
    .map((way) => ({ way, chance: way.reduce((product, id, t) => product * chances[t][id], 1) }));
  const total = found.reduce((sum, { chance }) => sum + chance, 0);
  if (total === 0) return { value: 0, gradient: logits.flatMap((row) => row.map(() => 0)) };
  const share = (t: number, id: number): number =>
    found.reduce((sum, { way, chance }) => sum + (way[t] === id ? chance : 0), 0) / total;
  return {
    value: -Math.log(total) + 0,
    gradient: chances.flatMap((row, t) => row.map((chance, id) => chance - share(t, id))),
  };
}

const CLASSES = 3;
/** Sequences of so many steps; labels that do not fit are among them. */
const sequence = (steps: number): fc.Arbitrary<Sequence> =>
  fc.record({
    labels: fc
      .array(fc.integer({ min: 1, max: CLASSES - 1 }), { maxLength: 3 })
      .map((ids) => [0, 1, 2].map((n) => ids[n] ?? 0)),
    logits: fc.array(fc.array(grid(-4, 4), { minLength: CLASSES, maxLength: CLASSES }), {
      minLength: steps,
      maxLength: steps,
    }),
    mask: fc.array(fc.constantFrom(0, 1), { minLength: steps, maxLength: steps }),
  });
const rowsOf = fc
  .integer({ min: 1, max: 5 })
  .chain((steps) => fc.array(sequence(steps), { minLength: 1, maxLength: 3 }));

function expectClose(received: readonly number[], wanted: readonly number[], unit: number): void {
  expect(received).toHaveLength(wanted.length);
  // 5 steps of some ten roundings each; log probabilities are above −9.1, so losses are below 46
  for (const [k, x] of received.entries())
    expect(Math.abs(x - wanted[k]), `number ${k}`).toBeLessThanOrEqual(5 * 10 * 46 * unit);
}

const meanOf = (all: readonly ReturnType<typeof expected>[]): number =>
  all.reduce((sum, { value }) => sum + value, 0) / all.length;

it("adds up all ways, and its gradient is the chance of each class less that within these ways", () => {
  fc.assert(
    fc.property(rowsOf, (all) => {
      const each = all.map(expected);
      for (const [executor, unit] of [
        [reference, 2 ** -53],
        [wasm, 2 ** -24],
      ] as const) {
        const { value, gradient } = computed(executor, all);
        expectClose([value], [meanOf(each)], unit);
        const wanted = each.flatMap((one) => one.gradient.map((g) => g / all.length));
        expectClose(gradient, wanted, unit);
      }
    }),
    { numRuns: cases(20) },
  );
});

it("leaves masked steps out, wherever they are", () => {
  fc.assert(
    fc.property(rowsOf, (all) => {
      const each = all.map((one) => {
        const kept = one.logits.filter((_, t) => one.mask[t] === 1);
        return { kept, ...expected({ labels: one.labels, logits: kept }) };
      });
      const { value, gradient } = computed(reference, all, { isMasked: true });
      expectClose([value], [meanOf(each)], 2 ** -53);
      const wanted = all.flatMap(({ mask }, row) => {
        let at = 0;
        return mask.flatMap((counts) =>
          Array.from({ length: CLASSES }, () => (counts ? each[row].gradient[at++] / all.length : 0)),
        );
      });
      expectClose(gradient, wanted, 2 ** -53);
    }),
    { numRuns: cases(20) },
  );
});

it("is the same with a bound on labels that holds, and NaN with one that does not", () => {
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 3 }), (all, maxLabels) => {
      const { value, gradient } = computed(reference, all, { maxLabels });
      const isBound = all.every(({ labels }) => labels.filter((id) => id > 0).length <= maxLabels);
      if (!isBound) expect(value).toBeNaN();
      else {
        const free = computed(reference, all);
        expectClose([value, ...gradient], [free.value, ...free.gradient], 2 ** -53);
      }
    }),
    { numRuns: cases(20) },
  );
});

it("keeps its digits where chances are far below the least number, and is exact for sure logits", () => {
  // one way of 200 steps: labels 1 and 2 in turn, of a chance of e⁻²⁰⁰ each
  const labels = Array.from({ length: 200 }, (_, t) => 1 + (t % 2));
  const logits = labels.map(() => [100, -100, -100]);
  for (const executor of [reference, wasm]) {
    const { value, gradient } = computed(executor, [{ labels, logits, mask: labels }]);
    expect(value).toBe(200 * 200);
    const wanted = labels.flatMap((label) => [1, label === 1 ? -1 : 0, label === 2 ? -1 : 0]);
    // chances of e⁻²⁰⁰
    expect(gradient.every((g, k) => Math.abs(g - wanted[k]) < 1e-86)).toBe(true);
  }
});

it("of an id that is no class is NaN", () => {
  for (const id of [-1, 0.5, CLASSES, 1e9])
    for (const executor of [reference, wasm])
      expect(computed(executor, [{ labels: [id], logits: [[0, 0, 0]], mask: [1] }]).value).toBeNaN();
});
