/**
 * Cross-entropies over logits up to ±1e4, where rounding or overflow would tell. The formulas here are in
 * float64, and cancel nowhere.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmoid, softmax } from "../../../src/graph/functions.js";
import * as losses from "../../../src/nn/losses/index.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { cases } from "../../cases.js";
import {
  type Expected,
  evaluate,
  executors,
  expectRelative,
  hot,
  plain,
  type Row,
  squash,
  total,
} from "./relative.js";

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const smoothed = (y: number, share: number, classes: number): number => y * (1 - share) + share / classes;

/** Of logit z with truth y, 0 or 1; `share` is how much of it is smoothed. */
function binary(y: number, z: number, share = 0): Expected {
  const [one, zero] = [smoothed(y, share, 2), smoothed(1 - y, share, 2)];
  const slopes = [zero * squash(z), -one * squash(-z)];
  return { value: one * softplus(-z) + zero * softplus(z), gradient: [total(slopes)] };
}
/** (1 − p)^gamma times the cross-entropy: s = ∓z, the loss is σ(s)^γ softplus(s). */
function binaryFocal(y: number, z: number, gamma: number): Expected {
  const [s, sign] = y === 1 ? [-z, -1] : [z, 1];
  const factor = squash(s) ** gamma;
  const slope = factor * (gamma * squash(-s) * softplus(s) + squash(s));
  return { value: factor * softplus(s), gradient: [sign * slope] };
}

/** −log p of the true class, 1 − p, and the other probabilities: no number is 1 less something. */
function chances(k: number, z: Row) {
  const rest = z.filter((_, j) => j !== k).map((x) => x - z[k]);
  const top = Math.max(...rest);
  const sum = total(rest.map((d) => Math.exp(d - top)));
  // log Σ e^d of the others, as a logit against the true class
  const odds = top + Math.log(sum);
  const others = z.map((x, j) => (j === k ? 0 : (Math.exp(x - z[k] - top) / sum) * squash(odds)));
  return { loss: softplus(odds), wrong: squash(odds), right: squash(-odds), others };
}
/** f(−log p), f' and the gradient of −log p, which is −(1 − p) at the true class and p at others. */
function categorical(
  k: number,
  z: Row,
  f: (loss: number, wrong: number, right: number) => [number, number],
): Expected {
  const { loss, wrong, right, others } = chances(k, z);
  const [value, slope] = f(loss, wrong, right);
  return { value, gradient: others.map((p, j) => slope * (j === k ? -wrong : p)) };
}
const crossentropy = (k: number, z: Row): Expected => categorical(k, z, (loss) => [loss, 1]);
const categoricalFocal = (k: number, z: Row, gamma: number): Expected =>
  categorical(k, z, (loss, wrong, right) => [
    0.25 * wrong ** gamma * loss,
    // d(1 − p) = p d(−log p); near 1 − p = 0 the loss is 1 − p
    0.25 * wrong ** gamma * (1 + gamma * right * (wrong === 0 ? 1 : loss / wrong)),
  ]);
const generalized = (k: number, z: Row, q: number): Expected =>
  categorical(k, z, (loss) => [-Math.expm1(-q * loss) / q, Math.exp(-q * loss)]);

/** Of all sizes: multiples of 2⁻¹⁰ up to 1e4, which float32 holds exactly. */
const logit = fc.oneof(
  ...[16, 128, 10_000].map((most) =>
    fc.integer({ min: -most * 1024, max: most * 1024 }).map((n) => n / 1024),
  ),
);
const label = fc.constantFrom(0, 1);
const logitRows = fc
  .array(logit, { minLength: 2, maxLength: 5 })
  .chain((z) => fc.tuple(fc.nat({ max: z.length - 1 }), fc.constant(z)));

const binaryLosses: Record<
  string,
  [loss: LossFunction, from: typeof plain, of: (y: number, z: number) => Expected]
> = {
  "binaryCrossentropy of logits": [losses.binaryCrossentropy({ fromLogits: true }), plain, binary],
  "binaryCrossentropy behind a sigmoid": [losses.binaryCrossentropy(), sigmoid, binary],
  "binaryFocalCrossentropy of logits": [
    losses.binaryFocalCrossentropy({ fromLogits: true }),
    plain,
    (y, z) => binaryFocal(y, z, 2),
  ],
  "binaryFocalCrossentropy behind a sigmoid, with a gamma below 1": [
    losses.binaryFocalCrossentropy({ gamma: 0.5 }),
    sigmoid,
    (y, z) => binaryFocal(y, z, 0.5),
  ],
};
const categoricalLosses: Record<string, [loss: LossFunction, from: typeof plain, of: typeof crossentropy]> = {
  "categoricalCrossentropy of logits": [
    losses.categoricalCrossentropy({ fromLogits: true }),
    plain,
    crossentropy,
  ],
  "categoricalCrossentropy behind a softmax": [losses.categoricalCrossentropy(), softmax, crossentropy],
  "categoricalFocalCrossentropy of logits": [
    losses.categoricalFocalCrossentropy({ fromLogits: true }),
    plain,
    (k, z) => categoricalFocal(k, z, 2),
  ],
  "categoricalFocalCrossentropy behind a softmax, with a gamma below 1": [
    losses.categoricalFocalCrossentropy({ gamma: 0.5 }),
    softmax,
    (k, z) => categoricalFocal(k, z, 0.5),
  ],
  "categoricalGeneralizedCrossEntropy behind a softmax": [
    losses.categoricalGeneralizedCrossEntropy(),
    softmax,
    (k, z) => generalized(k, z, 0.5),
  ],
};

describe("over logits to ±1e4, the relative error is bounded", () => {
  it.each(Object.entries(binaryLosses))("of %s", (_, [loss, from, of]) => {
    fc.assert(
      fc.property(label, logit, (y, z) => {
        for (const [executor, relative] of executors)
          expectRelative(evaluate(executor, loss, from, [y], [z]), of(y, z), relative);
      }),
      { numRuns: cases(50) },
    );
  });

  it.each(Object.entries(categoricalLosses))("of %s", (_, [loss, from, of]) => {
    fc.assert(
      fc.property(logitRows, ([k, z]) => {
        for (const [executor, relative] of executors)
          expectRelative(evaluate(executor, loss, from, hot(k, z), z), of(k, z), relative);
      }),
      { numRuns: cases(50) },
    );
  });
});

describe("cross-entropies at logits of 12 and 17, for which 1 − p has few digits or none in float32", () => {
  // −log σ(12), −log σ(17) and σ(−12), σ(−17): mpmath 1.3.0, 30 digits
  it.each([
    [12, 6.144193477732805e-6, 6.144174602214718e-6],
    [17, 4.139937633089747e-8, 4.139937547394331e-8],
  ])("%i", (z, value, slope) => {
    for (const [executor, relative] of executors) {
      const binary = evaluate(executor, losses.binaryCrossentropy(), sigmoid, [1], [z]);
      expectRelative(binary, { value, gradient: [-slope] }, relative);
      const other = evaluate(executor, losses.binaryCrossentropy(), sigmoid, [0], [-z]);
      expectRelative(other, { value, gradient: [slope] }, relative);
      const classes = evaluate(executor, losses.categoricalCrossentropy(), softmax, [0, 1], [0, z]);
      expectRelative(classes, { value, gradient: [slope, -slope] }, relative);
    }
  });
});

describe("with label smoothing, over logits to ±1e4", () => {
  // gradients are differences of up to 1, and 0 at the best logit, so they have absolute errors
  const close = (received: Expected, expected: Expected, relative: number): void => {
    expectRelative({ ...received, gradient: [] }, { ...expected, gradient: [] }, relative);
    expected.gradient.forEach((g, k) => {
      expect(Math.abs(received.gradient[k] - g)).toBeLessThanOrEqual(relative);
    });
  };

  it("the binary cross-entropy has a bounded relative error", () => {
    const loss = losses.binaryCrossentropy({ fromLogits: true, labelSmoothing: 1e-5 });
    fc.assert(
      fc.property(label, logit, (y, z) => {
        for (const [executor, relative] of executors)
          close(evaluate(executor, loss, plain, [y], [z]), binary(y, z, 1e-5), relative);
      }),
      { numRuns: cases(50) },
    );
  });

  it("the categorical cross-entropy has a bounded relative error", () => {
    const loss = losses.categoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.25 });
    fc.assert(
      fc.property(logitRows, ([k, z]) => {
        const truths = hot(k, z).map((y) => smoothed(y, 0.25, z.length));
        const each = z.map((_, j) => crossentropy(j, z));
        const expected = {
          value: total(each.map(({ value }, j) => truths[j] * value)),
          gradient: z.map((_, i) => total(each.map(({ gradient }, j) => truths[j] * gradient[i]))),
        };
        for (const [executor, relative] of executors)
          close(evaluate(executor, loss, plain, hot(k, z), z), expected, relative);
      }),
      { numRuns: cases(50) },
    );
  });
});
