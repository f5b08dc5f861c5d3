/** Losses and their gradients against float64 formulas written here, and against TensorFlow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { cases } from "../../cases.js";
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { constant, minimum, sigmoid, softmax } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import * as losses from "../../../src/nn/losses/index.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { getLoss } from "../../../src/nn/losses/registry.js";
import { evaluateWithGradient, reference, wasm } from "../support.js";

const { binaryCrossentropy, categoricalCrossentropy } = losses;

type Rows = readonly (readonly number[])[];
interface Expected {
  readonly value: number;
  /** By the prediction that the test gives, row-major. */
  readonly gradient: readonly number[];
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const zip = (y: Rows, p: Rows): [number, number][] => y.flat().map((v, i) => [v, p.flat()[i]]);
const perElement = (
  y: Rows,
  p: Rows,
  loss: (y: number, p: number) => number,
  slope: (y: number, p: number) => number,
): Expected => {
  const pairs = zip(y, p);
  return {
    value: total(pairs.map(([v, q]) => loss(v, q))) / pairs.length,
    gradient: pairs.map(([v, q]) => slope(v, q) / pairs.length),
  };
};
const ofLogits = (y: Rows, z: Rows): Expected =>
  perElement(
    y,
    z,
    (v, x) => Math.max(x, 0) - v * x + Math.log1p(Math.exp(-Math.abs(x))),
    (v, x) => 1 / (1 + Math.exp(-x)) - v,
  );
const ofClassLogits = (y: Rows, z: Rows): Expected => {
  const rows = z.map((row) => {
    const largest = Math.max(...row);
    const logSum = largest + Math.log(total(row.map((x) => Math.exp(x - largest))));
    return row.map((x) => x - logSum);
  });
  return {
    value: -total(zip(y, rows).map(([v, log]) => v * log)) / y.length,
    gradient: rows.flatMap((row, i) =>
      row.map((log, j) => (Math.exp(log) * total([...y[i]]) - y[i][j]) / y.length),
    ),
  };
};

/** The input of each loss, and its formula. */
const lossCases: Record<
  string,
  { loss: LossFunction; from: (x: Value) => Value; of: (y: Rows, x: Rows) => Expected }
> = {
  meanSquaredError: {
    loss: getLoss("meanSquaredError"),
    from: (x) => x,
    of: (y, p) =>
      perElement(
        y,
        p,
        (v, q) => (q - v) ** 2,
        (v, q) => 2 * (q - v),
      ),
  },
  meanAbsoluteError: {
    loss: getLoss("meanAbsoluteError"),
    from: (x) => x,
    of: (y, p) =>
      perElement(
        y,
        p,
        (v, q) => Math.abs(q - v),
        (v, q) => Math.sign(q - v),
      ),
  },
  "binaryCrossentropy of logits": {
    loss: binaryCrossentropy({ fromLogits: true }),
    from: (x) => x,
    of: ofLogits,
  },
  "binaryCrossentropy behind a sigmoid": { loss: getLoss("binaryCrossentropy"), from: sigmoid, of: ofLogits },
  "categoricalCrossentropy of logits": {
    loss: categoricalCrossentropy({ fromLogits: true }),
    from: (x) => x,
    of: ofClassLogits,
  },
  "categoricalCrossentropy behind a softmax": {
    loss: getLoss("categoricalCrossentropy"),
    from: softmax,
    of: ofClassLogits,
  },
};
/** Of probabilities that are not behind a sigmoid or softmax. */
const ofProbabilities: typeof lossCases = {
  binaryCrossentropy: {
    loss: getLoss("binaryCrossentropy"),
    from: (x) => x,
    of: (y, p) =>
      perElement(
        y,
        p,
        (v, q) => -v * Math.log(q) - (1 - v) * Math.log(1 - q),
        (v, q) => (1 - v) / (1 - q) - v / q,
      ),
  },
  categoricalCrossentropy: {
    loss: getLoss("categoricalCrossentropy"),
    from: (x) => x,
    of: (y, p) => ({
      value:
        -total(y.flatMap((row, i) => row.map((v, j) => v * Math.log(p[i][j] / total([...p[i]]))))) / y.length,
      gradient: y.flatMap((row, i) =>
        row.map((v, j) => (total([...row]) / total([...p[i]]) - v / p[i][j]) / y.length),
      ),
    }),
  },
};

const evaluate = (executor: typeof wasm, loss: LossFunction, from: (x: Value) => Value, y: Rows, x: Rows) =>
  evaluateWithGradient(
    executor,
    (v) => loss(constant(v.graph, y.flat(), [y.length, y[0].length]), from(v)),
    x,
  );

/** [rows, columns] of truth and prediction; numbers are multiples of 2^-10. */
const grid = (low: number, high: number) =>
  fc.integer({ min: Math.ceil(low * 1024), max: Math.floor(high * 1024) }).map((n) => n / 1024);
const examples = (truth: fc.Arbitrary<number>, prediction: fc.Arbitrary<number>) =>
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 4 })).chain(([rows, columns]) => {
    const matrix = (of: fc.Arbitrary<number>) =>
      fc.array(fc.array(of, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      });
    return fc.tuple(matrix(truth), matrix(prediction));
  });

/**
 * `size` bounds the numbers that are rounded. Float64: 64 roundings. Float32: the same, plus the kernels'
 * functions at up to 4 units each.
 */
function expectClose(
  received: { value: number[]; gradient: number[] },
  expected: Expected,
  unit: number,
  size: number,
) {
  expect(Math.abs(received.value[0] - expected.value)).toBeLessThanOrEqual(64 * unit * size);
  received.gradient.forEach((g, i) => {
    expect(Math.abs(g - expected.gradient[i])).toBeLessThanOrEqual(64 * unit * size);
  });
}
const executors = [
  [reference, 2 ** -53],
  [wasm, 2 ** -24],
] as const;

describe("losses", () => {
  it.each(Object.entries(lossCases))("%s is its formula, and so is its gradient", (_, { loss, from, of }) => {
    fc.assert(
      fc.property(examples(grid(0, 1), grid(-8, 8)), ([y, x]) => {
        // the sizes: up to 9² in a squared error, times a truth that sums to at most 4
        for (const [executor, unit] of executors)
          expectClose(evaluate(executor, loss, from, y, x), of(y, x), unit, 81);
      }),
      { numRuns: cases(25) },
    );
  });

  it.each(Object.entries(ofProbabilities))(
    "%s of plain probabilities is its formula",
    (_, { loss, from, of }) => {
      fc.assert(
        fc.property(examples(grid(0, 1), grid(0.0625, 0.9375)), ([y, x]) => {
          // a gradient is at most 1/p = 16, with 1 − p rounded: 16² of a unit
          for (const [executor, unit] of executors)
            expectClose(evaluate(executor, loss, from, y, x), of(y, x), unit, 256);
        }),
        { numRuns: cases(25) },
      );
    },
  );

  it("logits and their probabilities give the same", () => {
    const y = [
      [0, 1, 0],
      [1, 0, 0],
    ];
    const z = [
      [0.5, -1.25, 2],
      [3, 1, -0.75],
    ];
    for (const [logits, behind, squash] of [
      [binaryCrossentropy({ fromLogits: true }), getLoss("binaryCrossentropy"), sigmoid],
      [categoricalCrossentropy({ fromLogits: true }), getLoss("categoricalCrossentropy"), softmax],
    ] as const) {
      const a = evaluate(wasm, logits, (x) => x, y, z);
      expect(evaluate(wasm, behind, squash, y, z)).toEqual(a); // the same operations, so the same bits
      // a custom activation around it hides the sigmoid: the clipped path, close where nothing is clipped
      const hidden = evaluate(wasm, behind, (x) => minimum(squash(x), 1), y, z);
      expectClose(hidden, { value: a.value[0], gradient: a.gradient }, 2 ** -24, 16);
    }
  });

  it("stays finite, with the right gradient, at logits of ±1000", () => {
    const binary = [binaryCrossentropy({ fromLogits: true }), getLoss("binaryCrossentropy")] as const;
    for (const [loss, from] of [
      [binary[0], (x: Value) => x],
      [binary[1], sigmoid],
    ] as const) {
      // rows are (y, z): (1, 1000), (0, 1000), (1, −1000), (0, −1000)
      const { value, gradient } = evaluate(
        wasm,
        loss,
        from,
        [[1], [0], [1], [0]],
        [[1000], [1000], [-1000], [-1000]],
      );
      expect(value).toEqual([500]); // (0 + 1000 + 1000 + 0) / 4
      expect(gradient.map((g) => g + 0)).toEqual([0, 0.25, -0.25, 0]);
    }
    for (const [loss, from] of [
      [categoricalCrossentropy({ fromLogits: true }), (x: Value) => x],
      [getLoss("categoricalCrossentropy"), softmax],
    ] as const) {
      const { value, gradient } = evaluate(wasm, loss, from, [[0, 1, 0]], [[1000, -1000, 0]]);
      expect(value).toEqual([2000]);
      expect(gradient.map((g) => g + 0)).toEqual([1, -1, 0]);
    }
  });

  it("keeps the loss of probabilities of 0 and 1 finite", () => {
    const loss = getLoss("binaryCrossentropy");
    const wrong = evaluate(reference, loss, (x) => x, [[1], [0]], [[0], [1]]);
    expect(wrong.value[0]).toBeCloseTo(-Math.log(1e-7), 8); // the margin is 1e-7
    expect(wrong.gradient.map((g) => g + 0)).toEqual([0, 0]); // beyond the margin it is constant
    // in float32, 1 − 1e-7 is 1 − 2^-23
    const inFloat32 = evaluate(wasm, loss, (x) => x, [[0]], [[1]]);
    expect(Math.abs(inFloat32.value[0] - 23 * Math.LN2)).toBeLessThanOrEqual(64 * 2 ** -24 * 16);
    const right = evaluate(wasm, loss, (x) => x, [[0], [1]], [[0], [1]]);
    expect(right.value[0]).toBeGreaterThanOrEqual(0);
    expect(right.value[0]).toBeLessThan(2e-7);
    const classes = evaluate(reference, getLoss("categoricalCrossentropy"), (x) => x, [[1, 0]], [[0, 1]]);
    expect(classes.value[0]).toBeCloseTo(-Math.log(1e-7), 8);
    // rows are scaled to sum to 1
    const unscaled = evaluate(
      reference,
      getLoss("categoricalCrossentropy"),
      (x) => x,
      [[1, 0, 0]],
      [[2, 1, 1]],
    );
    expect(unscaled.value[0]).toBeCloseTo(Math.LN2, 12);
  });
});

describe("TensorFlow.js agrees", () => {
  beforeAll(() => tf.setBackend("cpu"));
  // Values alone: the bundle that Node loads has no gradients.
  const oracles: Record<string, (y: tf.Tensor2D, x: tf.Tensor2D) => tf.Scalar> = {
    meanSquaredError: (y, x) => tf.losses.meanSquaredError(y, x) as tf.Scalar,
    meanAbsoluteError: (y, x) => tf.losses.absoluteDifference(y, x) as tf.Scalar,
    "binaryCrossentropy of logits": (y, x) => tf.losses.sigmoidCrossEntropy(y, x) as tf.Scalar,
    "categoricalCrossentropy of logits": (y, x) => tf.losses.softmaxCrossEntropy(y, x) as tf.Scalar,
  };
  it.each(Object.entries(oracles))("on %s", (name, oracle) => {
    const { loss, from } = lossCases[name];
    fc.assert(
      fc.property(examples(fc.constantFrom(0, 1), grid(-8, 8)), ([y, x]) => {
        const expected = tf.tidy(() => oracle(tf.tensor2d(y), tf.tensor2d(x)).dataSync()[0]);
        // both are float32, of numbers as in the formulas above
        const { value } = evaluate(wasm, loss, from, y, x);
        expect(Math.abs(value[0] - expected)).toBeLessThanOrEqual(2 * 64 * 2 ** -24 * 81);
      }),
      { numRuns: cases(50) },
    );
  });

  it("on logLoss, up to its own way to avoid log 0", () => {
    const y = [
      [1, 0],
      [0, 1],
    ];
    const p = [
      [0.75, 0.5],
      [0.125, 0.9375],
    ];
    const expected = tf.tidy(() => tf.losses.logLoss(tf.tensor2d(y), tf.tensor2d(p)).dataSync()[0]);
    const { value } = evaluate(wasm, getLoss("binaryCrossentropy"), (x) => x, y, p);
    expect(Math.abs(value[0] - expected)).toBeLessThanOrEqual(1e-7 / 0.0625 + 64 * 2 ** -24); // ε/p of log(p + ε)
  });
});
