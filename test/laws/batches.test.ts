/**
 * Batches add up. A loss is the mean over the rows of a batch, so gradients of parts, weighted by their rows,
 * are the gradient of the whole, penalties included: Σ nᵢ/n ∇(mean over part i + penalty) = ∇(mean over all +
 * penalty). On the kernels, within the rounding bounds of both sides.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyModel, type ModelCase } from "../../src/testing/arbitraries/models.js";
import { cases } from "../cases.js";
import { anyParameters, type Bounded, stepped } from "./steps.js";

const penalties = fc.constantFrom({}, { l2: 0.25 }, { l1: 0.125, l2: 0.5 });

/** The rows between two places. */
function part(given: ModelCase, from: number, to: number): ModelCase {
  return { ...given, x: given.x.slice(from, to), y: given.y.slice(from, to) };
}

/** Σ share · part; the sum itself is in float64. */
function combined(parts: readonly (readonly [share: number, part: Bounded])[]): Bounded {
  const sum = (of: (part: Bounded) => readonly number[]): number[] =>
    of(parts[0][1]).map((_, k) => parts.reduce((total, [share, each]) => total + share * of(each)[k], 0));
  return { values: sum(({ values }) => values), errors: sum(({ errors }) => errors) };
}

function expectSame(actual: Bounded, expected: Bounded): void {
  actual.values.forEach((value, k) => {
    expect(Math.abs(value - expected.values[k])).toBeLessThanOrEqual(actual.errors[k] + expected.errors[k]);
  });
}

describe("a step of gradient descent", () => {
  it("is the mean of the steps of parts, weighted by their rows", () => {
    fc.assert(
      fc.property(
        anyModel({ maxRows: 12 }),
        fc.array(fc.nat({ max: 12 }), { maxLength: 3 }),
        penalties,
        (given, places, penalty) => {
          const rows = given.x.length;
          const cuts = [0, ...new Set(places.map((place) => place % rows)), rows].sort((a, b) => a - b);
          const parameters = anyParameters(given);
          const parts = cuts.slice(1).flatMap((to, i) => (to > cuts[i] ? [[cuts[i], to] as const] : []));
          const steps = parts.map(
            ([from, to]) =>
              [(to - from) / rows, stepped(part(given, from, to), parameters, { penalty })] as const,
          );
          const whole = stepped(given, parameters, { penalty });
          expectSame(whole.parameters, combined(steps.map(([share, step]) => [share, step.parameters])));
          // the loss is summed over rows
          expectSame(whole.loss, combined(steps.map(([, step]) => [1, step.loss])));
        },
      ),
      { numRuns: cases(40) },
    );
  });

  it("is the same where every row comes as often again", () => {
    fc.assert(
      fc.property(anyModel({ maxRows: 6 }), fc.integer({ min: 2, max: 4 }), (given, times) => {
        const again = <T>(rows: readonly T[]): T[] => Array.from({ length: times }, () => rows).flat();
        const parameters = anyParameters(given);
        const once = stepped(given, parameters);
        const often = stepped({ ...given, x: again(given.x), y: again(given.y) }, parameters);
        expectSame(often.parameters, once.parameters);
        expectSame(often.loss, combined([[times, once.loss]]));
      }),
      { numRuns: cases(40) },
    );
  });
});
