/**
 * Losses where rounding or overflow would tell: relative errors over logits up to ±1e4 and errors from 1e-6 to 1e4, and the
 * edges of what they take. The formulas here are in float64, and cancel nowhere.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/compile/compile.js";
import { constant, reshape, sigmoid, softmax } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import * as losses from "../../../src/nn/losses/index.js";
import type { BuiltInLoss, LossFunction } from "../../../src/nn/losses/loss.js";
import { losses as registry } from "../../../src/nn/losses/registry.js";
import { cases } from "../../cases.js";
import { evaluateWithGradient, reference, wasm } from "../support.js";

type Row = readonly number[];
/** A loss of one row, and its gradient by each number of the row. */
interface Expected {
  readonly value: number;
  readonly gradient: Row;
}

const plain = (x: Value): Value => x;
const evaluate = (executor: typeof wasm, loss: LossFunction, from: (x: Value) => Value, y: Row, x: Row) => {
  const { value, gradient } = evaluateWithGradient(
    executor,
    (v) => loss(constant(v.graph, y, [1, y.length]), from(v)),
    [x],
  );
  return { value: value[0], gradient };
};

/**
 * Relative errors: in float64 to 1e-12. In float32 a difference d of logits is rounded to d·2⁻²⁴, and eᵈ is wrong by as much, as
 * long as it is not below 2⁻¹²⁶ (|d| < 88); with the errors of the functions themselves, at most 160 units of 2⁻²⁴, and as much
 * again for each power of a probability, of which there are at most 3. What is below 2⁻¹²⁶ counts as 0.
 */
const executors = [
  [reference, 3e-12],
  [wasm, 3 * 160 * 2 ** -24],
] as const;

function expectRelative(received: Expected, expected: Expected, relative: number): void {
  const pairs = [[received.value, expected.value]];
  expected.gradient.forEach((g, k) => void pairs.push([received.gradient[k], g]));
  for (const [got, wanted] of pairs)
    expect(Math.abs(got - wanted), `${got} for ${wanted}`).toBeLessThanOrEqual(
      relative * Math.abs(wanted) + 2 ** -126,
    );
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const squash = (x: number): number => (x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const total = (values: Row): number => values.reduce((a, b) => a + b, 0);
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

const hot = (k: number, z: Row): number[] => z.map((_, j) => Number(j === k));
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
    for (const [name, loss] of Object.entries(registry) as [string, BuiltInLoss][])
      for (const [executor] of executors) {
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
  // macro F1 is a mean over units, of which each step has its own
  const names = Object.keys(registry).filter((name) => name !== "softF1") as (keyof typeof registry)[];

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
