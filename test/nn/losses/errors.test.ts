/**
 * Losses of errors from 2⁻²⁰ to 1e4, where rounding or overflow would tell. The formulas here are in float64,
 * and cancel nowhere.
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import * as losses from "../../../src/nn/losses/index.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { cases } from "../../cases.js";
import { type Expected, evaluate, executors, expectRelative, plain } from "./relative.js";

/** log cosh e = log(1 + 2 sinh²(e/2)) */
const logCosh = (e: number): Expected => {
  const size = Math.abs(e);
  const value = size < 20 ? Math.log1p(2 * Math.sinh(e / 2) ** 2) : size - Math.LN2;
  return { value, gradient: [Math.tanh(e)] };
};
const huber = (e: number, delta: number): Expected =>
  Math.abs(e) <= delta
    ? { value: e ** 2 / 2, gradient: [e] }
    : { value: delta * (Math.abs(e) - delta / 2), gradient: [delta * Math.sign(e)] };

describe("over errors from 2⁻²⁰ to 1e4, the relative error is bounded", () => {
  const errors = fc
    .tuple(fc.integer({ min: -(2 ** 10), max: 2 ** 10 }), fc.constantFrom(2 ** -20, 2 ** -10, 1 / 32, 9.75))
    .map(([n, unit]) => n * unit);
  it.each<[string, LossFunction, (e: number) => Expected]>([
    ["meanSquaredError", losses.meanSquaredError(), (e) => ({ value: e ** 2, gradient: [2 * e] })],
    [
      "meanAbsoluteError",
      losses.meanAbsoluteError(),
      (e) => ({ value: Math.abs(e), gradient: [Math.sign(e)] }),
    ],
    ["huber", losses.huber({ delta: 0.75 }), (e) => huber(e, 0.75)],
    ["logCosh", losses.logCosh(), logCosh],
    [
      "quantile",
      losses.quantile({ quantile: 0.75 }),
      (e) =>
        e > 0 ? { value: e / 4, gradient: [1 / 4] } : { value: -0.75 * e, gradient: [-0.75 * Math.sign(-e)] },
    ],
  ])("of %s", (_, loss, of) => {
    fc.assert(
      fc.property(errors, (e) => {
        for (const [executor, relative] of executors)
          expectRelative(evaluate(executor, loss, plain, [0], [e]), of(e), relative);
      }),
      { numRuns: cases(50) },
    );
  });

  // of 1 + y and 1 + p, which may be close or far apart
  it("of meanSquaredLogarithmicError", () => {
    const quantity = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 20 }).map((n) => n / 1024),
      fc.integer({ min: 1, max: 9999 }),
    );
    fc.assert(
      fc.property(quantity, quantity, fc.boolean(), (y, other, near) => {
        const p = near ? y + 2 ** -10 : other;
        const log = Math.sign(p - y) * Math.log1p(Math.abs(p - y) / (1 + Math.min(p, y)));
        const expected = { value: log ** 2, gradient: [(2 * log) / (1 + p)] };
        for (const [executor, relative] of executors)
          expectRelative(
            evaluate(executor, losses.meanSquaredLogarithmicError(), plain, [y], [p]),
            expected,
            relative,
          );
      }),
      { numRuns: cases(50) },
    );
  });
});
