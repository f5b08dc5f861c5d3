/** Losses at the edges of what they take: sure predictions, kinks, class ids, and rows of several lines. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/compile/compile.js";
import { reshape, sigmoid, softmax } from "../../../src/graph/functions.js";
import * as losses from "../../../src/nn/losses/index.js";
import type { BuiltInLoss, LossFunction } from "../../../src/nn/losses/loss.js";
import type { BuiltInLossName } from "../../../src/nn/losses/names.js";
import { losses as registry } from "../../../src/nn/losses/registry.js";
import { lossRows } from "../../../src/nn/losses/truths.js";
import { cases } from "../../cases.js";
import { reference } from "../support.js";
import { evaluate, executors, expectRelative, hot, plain, type Row, squash } from "./relative.js";

describe("plain probabilities", () => {
  it("near 0 keep the digits of a small binary cross-entropy", () => {
    for (const [executor, relative] of executors)
      for (const p of [1e-6, 1e-4, 0.1].map(Math.fround))
        expectRelative(
          evaluate(executor, losses.binaryCrossentropy(), plain, [0], [p]),
          { value: -Math.log1p(-p), gradient: [1 / (1 - p)] },
          relative,
        );
  });

  it("of 0 and 1, and logits of ±1e4, give finite losses and gradients, and NaN gives NaN, in every loss", () => {
    const hard = [0, 1, 0];
    for (const [name, loss] of Object.entries(registry) as [BuiltInLossName, BuiltInLoss][])
      for (const [executor] of executors) {
        // these need other predictions than three units
        if (["moments", "times", "alignments"].includes(lossRows[name].form as string)) continue;
        for (const x of [hard, [1, 0, 0], [0, 0, 0]]) {
          const { value, gradient } = evaluate(executor, loss(), plain, hard, x);
          // 0 / 0, where no class has a chance
          if (x[0] + x[1] === 0 && /^(categorical|sparse).*ropy$/.test(name)) continue;
          expect([value, ...gradient].every(Number.isFinite), `${name} at ${x}`).toBe(true);
        }
        for (const from of [sigmoid, softmax]) {
          const { value, gradient } = evaluate(executor, loss(), from, hard, [1e4, -1e4, 0]);
          expect([value, ...gradient].every(Number.isFinite), name).toBe(true);
        }
        expect(evaluate(executor, loss(), plain, hard, [0.5, Number.NaN, 0.25]).value, name).toBeNaN();
      }
  });
});

describe("0 log 0 is 0", () => {
  const ofClasses = [
    losses.categoricalCrossentropy({ fromLogits: true }),
    losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    losses.categoricalFocalCrossentropy({ fromLogits: true, gamma: 0.5 }),
    losses.categoricalHinge(),
  ].map((loss) => [loss, plain] as const);
  const behindSoftmax = [
    losses.categoricalCrossentropy(),
    losses.categoricalFocalCrossentropy(),
    losses.categoricalGeneralizedCrossEntropy(),
  ].map((loss) => [loss, softmax] as const);

  it("so an absent class with a logit of -Infinity is as if it were not there, in value and gradient", () => {
    for (const [executor, relative] of executors)
      for (const [loss, from] of [...ofClasses, ...behindSoftmax]) {
        const { value, gradient } = evaluate(executor, loss, from, [0, 1], [2, 0.5]);
        const more = evaluate(executor, loss, from, [0, 1, 0], [2, 0.5, Number.NEGATIVE_INFINITY]);
        expectRelative(more, { value, gradient: [...gradient, 0] }, relative);
        // the true class has no chance
        const none = evaluate(executor, loss, from, [0, 1], [2, Number.NEGATIVE_INFINITY]);
        expect(none.value).toBe(loss === behindSoftmax[2][0] ? 2 : Number.POSITIVE_INFINITY);
      }
  });

  it("so a sure and right probability of two classes costs nothing, in value and gradient", () => {
    const [sure, not] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const [executor] of executors)
      for (const [of, from] of [
        [losses.binaryCrossentropy, sigmoid],
        [losses.binaryFocalCrossentropy, sigmoid],
        [losses.binaryCrossentropy({ fromLogits: true }), plain],
        [losses.binaryFocalCrossentropy({ fromLogits: true }), plain],
      ] as const) {
        const { value, gradient } = evaluate(executor, of as LossFunction, from, [0, 1], [not, sure]);
        expect([value, ...gradient].map((each) => each + 0)).toEqual([0, 0, 0]);
        expect(evaluate(executor, of as LossFunction, from, [1, 1], [not, sure]).value).toBe(sure);
      }
  });
});

describe("counts of sure predictions keep their digits", () => {
  it("of softF1, dice and tversky behind a sigmoid", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), (z) => {
        // one hit and one right rejection, each wrong by σ(−z)
        const wrong = squash(-z);
        const f1 = (2 * wrong) / (2 * squash(z) + 2 * wrong + 1e-7);
        for (const [executor, relative] of executors) {
          const { value } = evaluate(executor, losses.softF1({ average: "micro" }), sigmoid, [1, 0], [z, -z]);
          expectRelative({ value, gradient: [] }, { value: f1, gradient: [] }, relative);
        }
      }),
      { numRuns: cases(50) },
    );
  });

  it("of softF1 behind a softmax", () => {
    for (const [executor, relative] of executors) {
      const { value } = evaluate(executor, losses.softF1(), softmax, [1, 0], [30, 0]);
      const wrong = squash(-30);
      // two units: a hit less `wrong`, and a false alarm of `wrong` alone, which the epsilon outweighs
      const expected = (wrong / (2 - wrong + wrong + 1e-7) + wrong / (wrong + 1e-7)) / 2;
      expectRelative({ value, gradient: [] }, { value: expected, gradient: [] }, relative);
    }
  });
});

describe("a class id", () => {
  it.each([-1, 3, 0.5, 1e9])("of %d, which is no class, makes its loss NaN", (id) => {
    for (const [executor] of executors)
      for (const loss of [
        losses.sparseCategoricalCrossentropy(),
        losses.categoricalGeneralizedCrossEntropy(),
      ])
        expect(evaluate(executor, loss, softmax, [id], [1, 2, 3]).value).toBeNaN();
  });

  it("does as its one-hot row does, to the bit", () => {
    const z = [0.5, -2, 3];
    for (const [executor] of executors)
      for (const loss of [
        losses.sparseCategoricalCrossentropy({ labelSmoothing: 0.25 }),
        losses.categoricalGeneralizedCrossEntropy(),
      ])
        for (const id of [0, 1, 2])
          expect(evaluate(executor, loss, softmax, [id], z)).toEqual(
            evaluate(executor, loss, softmax, hot(id, z), z),
          );
  });
});

it("kinks have gradient 0, and rows of zeros a cosine of 0", () => {
  for (const [executor] of executors) {
    for (const loss of [
      losses.meanAbsoluteError(),
      losses.quantile({ quantile: 0.9 }),
      losses.huber(),
      losses.logCosh(),
    ]) {
      const { value, gradient } = evaluate(executor, loss, plain, [2], [2]);
      expect([value, gradient[0] + 0]).toEqual([0, 0]);
    }
    for (const loss of [losses.hinge(), losses.squaredHinge()]) {
      const { value, gradient } = evaluate(executor, loss, plain, [0], [-1]);
      expect([value, gradient[0] + 0]).toEqual([0, 0]);
    }
    const zeros = evaluate(executor, losses.cosineSimilarity(), plain, [1, 0], [0, 0]);
    expect(zeros.value + 0).toBe(0);
    expect(zeros.gradient.every(Number.isFinite)).toBe(true);
    // shorter than 1e-7, a row is divided by that; of 2⁻²⁵ ÷ 1e-7, float32 keeps 24 bits
    const short = evaluate(executor, losses.cosineSimilarity(), plain, [1], [2 ** -25]);
    expect(Math.abs(short.value + 2 ** -25 / 1e-7)).toBeLessThan(4 * 2 ** -24);
  }
});

describe("rows of several lines, [rows, steps, classes], count line by line", () => {
  const [rows, steps, classes] = [2, 3, 4];
  const truths = Array.from({ length: rows * steps }, (_, line) =>
    hot((5 * line) % classes, Array(classes).fill(0)),
  ).flat();
  // each line sums to 1
  const chances = Array.from({ length: rows * steps * classes }, (_, k) => {
    const line = Math.floor(k / classes);
    return (1 + (((k % classes) + line) % classes)) / 10;
  });
  const loss = (of: LossFunction, shape: readonly number[], weights?: Row): number => {
    const size = truths.length;
    const program = compile(
      (y, p, w) =>
        weights
          ? of(reshape(y, shape), reshape(p, shape), reshape(w, [weights.length, 1]))
          : of(reshape(y, shape), reshape(p, shape)),
      [size],
      [size],
      [weights?.length ?? 1],
    );
    return reference.load(program)(truths, chances, weights ?? [1]).data[0];
  };
  // macro F1 is a mean over units, of which each step has its own; a row has one time, or labels of all steps
  const others = ["softF1", "coxPartialLikelihood", "ctc"];
  const names = Object.keys(registry).filter((name) => !others.includes(name)) as (keyof typeof registry)[];

  it.each(names)("%s", (name) => {
    const of = registry[name] as LossFunction;
    const [whole, lines] = [
      [rows, steps, classes],
      [rows * steps, classes],
    ];
    expect(loss(of, whole)).toBeCloseTo(loss(of, lines), 12);
    // each line has the weight of its row
    expect(loss(of, whole, [0.5, 1.5])).toBeCloseTo(loss(of, lines, [0.5, 0.5, 0.5, 1.5, 1.5, 1.5]), 12);
    expect(loss(of, whole, [0.5, 1.5])).not.toBeCloseTo(loss(of, whole, [1.5, 0.5]), 12);
  });
});
