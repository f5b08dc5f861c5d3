/** The built-in losses keep the laws of `losses.ts`, and softmax those that its losses need. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { constant, logSoftmax, mul, sigmoid, softmax, sum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { losses } from "../../src/nn/losses/registry.js";
import { hold } from "../../src/testing/laws.js";
import { cases } from "../cases.js";
import { evaluateWithGradient, reference, wasm } from "../nn/support.js";
import { lossLaws } from "./losses.js";
import { lossesUnderTest } from "./lossesUnderTest.js";
import { otherLosses } from "./otherLosses.js";

describe.each(Object.entries(lossesUnderTest))("%s", (name, of) => {
  it.each(Object.entries(lossLaws))("%s", (law, property) => {
    hold(`loss "${name}"`, law, property(of), { numRuns: cases(12) });
  });
});

it("every built-in loss is held to them", () => {
  const held = Object.keys(lossesUnderTest).map((name) => name.split(" ")[0]);
  // those that are no proper scores, or have no closed form, are held to the laws of lossIdentities.test.ts
  // crps.test.ts, cox.test.ts and ctc.test.ts have laws of their own
  const others = [...Object.keys(otherLosses), "gaussianCrps", "coxPartialLikelihood", "ctc"];
  expect([...new Set([...held, ...others])].sort()).toEqual(Object.keys(losses).sort());
});

/** Rows of logits; multiples of 2⁻¹⁰, so that shifts are exact in float32 too. */
const columns = 4;
const logits = fc.array(
  fc.array(
    fc.integer({ min: -(2 ** 13), max: 2 ** 13 }).map((n) => n / 1024),
    { minLength: columns, maxLength: columns },
  ),
  { minLength: 1, maxLength: 4 },
);

/** f of rows. */
function valuesOf(
  executor: Executor,
  f: (x: Value) => Value,
  rows: readonly (readonly number[])[],
): number[] {
  const run = executor.load(compile(f, [rows.length, rows[0].length]));
  const [values] = [run(rows)].flat();
  run.free();
  return Array.from(values.data);
}

describe.each([
  ["softmax", softmax],
  ["logSoftmax", logSoftmax],
] as const)("%s", (_, of) => {
  /** A number of all that it gives, so that a gradient can be taken. */
  const weighted = (v: Value): Value => sum(mul(of(v), constant(v.graph, [1, 0, -2, 3])));

  // e^(z + c)/Σe^(z + c) = e^z/Σe^z; the largest logit is taken off first, so nothing is rounded
  it("does not change with a number that is added to all logits of a row, to the bit, nor does its gradient", () => {
    const shifts = fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((n) => n / 1024);
    fc.assert(
      fc.property(logits, shifts, (z, shift) => {
        const shifted = z.map((row) => row.map((x) => x + shift));
        for (const executor of [reference, wasm]) {
          expect(valuesOf(executor, of, shifted)).toEqual(valuesOf(executor, of, z));
          const { gradient } = evaluateWithGradient(executor, weighted, shifted);
          expect(gradient).toEqual(evaluateWithGradient(executor, weighted, z).gradient);
        }
      }),
      { numRuns: cases(12) },
    );
  });

  it("changes places with its logits", () => {
    fc.assert(
      fc.property(logits, fc.shuffledSubarray([0, 1, 2, 3], { minLength: columns }), (z, order) => {
        const plain = valuesOf(reference, of, z);
        const moved = z.map((row) => order.map((j) => row[j]));
        valuesOf(reference, of, moved).forEach((x, k) => {
          const expected = plain[k - (k % columns) + order[k % columns]];
          // the sum of four terms in another order
          expect(Math.abs(x - expected)).toBeLessThanOrEqual(8 * 2 ** -53 * Math.max(1, Math.abs(expected)));
        });
      }),
      { numRuns: cases(12) },
    );
  });

  // the shift's derivative; of logSoftmax a gradient is w − p·Σw, of softmax p(w − Σpw): numbers up to 5
  it("has gradients that sum to 0 over each row", () => {
    fc.assert(
      fc.property(logits, (z) => {
        const { gradient } = evaluateWithGradient(reference, weighted, z);
        z.forEach((_, i) => {
          const slopes = gradient.slice(i * columns, (i + 1) * columns);
          expect(Math.abs(slopes.reduce((a, b) => a + b, 0))).toBeLessThanOrEqual(64 * 2 ** -53 * 5);
        });
      }),
      { numRuns: cases(12) },
    );
  });
});

it("softmax of two classes is the sigmoid of their difference", () => {
  fc.assert(
    fc.property(logits, (z) => {
      const shares = valuesOf(
        reference,
        softmax,
        z.map((row) => row.slice(0, 2)),
      );
      const differences = z.map(([a, b]) => [a - b]);
      valuesOf(reference, sigmoid, differences).forEach((p, i) => {
        expect(Math.abs(shares[2 * i] - p)).toBeLessThanOrEqual(16 * 2 ** -53);
      });
    }),
    { numRuns: cases(12) },
  );
});
