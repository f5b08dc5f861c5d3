/**
 * Initializers against the bounds, means and variances of their papers, and the truncated ones against
 * Python's quantiles.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, compileStep } from "../../src/compile/compile.js";
import { broadcastTo, constant, randomUniform } from "../../src/graph/functions.js";
import { dense } from "../../src/nn/layers/index.js";
import type { VarianceScalingOptions } from "../../src/nn/weights/initializerFactories.js";
import * as factories from "../../src/nn/weights/initializerFactories.js";
import {
  getInitializer,
  type Initializer,
  type InitializerName,
  initializerRecipe,
  initializers,
} from "../../src/nn/weights/initializers.js";
import { truncatedQuantile } from "../../src/nn/weights/varianceScaling.js";
import { compiled, reference, refusal, wasm, weightsOf } from "./support.js";

const [FAN_IN, FAN_OUT] = [200, 300];
const COUNT = FAN_IN * FAN_OUT;

/** The first weights of layers of 200 inputs and 300 units. */
async function firstWeights(kernelInitializer: Initializer, seed = 0): Promise<Record<string, number[]>> {
  const model = compiled([dense(FAN_OUT, { kernelInitializer, biasInitializer: "ones" })], {
    optimizer: "sgd",
    loss: "meanSquaredError",
  });
  const row = [new Float32Array(FAN_IN)];
  await model.fit(row, [new Float32Array(FAN_OUT)], { epochs: 0, seed });
  return weightsOf(model);
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The standard normal distribution truncated at ±2, by make_truncated_normal.py. */
const truncated: {
  readonly deviation: number;
  readonly kurtosis: number;
  readonly beyond: number;
  readonly quantiles: Readonly<Record<string, number>>;
} = JSON.parse(readFileSync(new URL("truncated-normal.json", import.meta.url), "utf8"));

/**
 * A distribution of mean 0: its kurtosis E x⁴ / (E x²)², the share beyond 1.5 deviations, and its bound in
 * deviations.
 */
interface Distribution {
  readonly kurtosis: number;
  readonly beyond: number;
  readonly bound: number;
}
const uniform = { kurtosis: 1.8, beyond: 1 - 1.5 / Math.sqrt(3), bound: Math.sqrt(3) };
const cut = { ...truncated, bound: 2 / truncated.deviation };
const normal = { kurtosis: 3, beyond: 0.13361440253771617, bound: Number.POSITIVE_INFINITY };

/** Variance by paper, and the distribution. */
const papers: Partial<Record<InitializerName, readonly [variance: number, distribution: Distribution]>> = {
  glorotUniform: [2 / (FAN_IN + FAN_OUT), uniform],
  glorotNormal: [2 / (FAN_IN + FAN_OUT), cut],
  xavierNormal: [2 / (FAN_IN + FAN_OUT), normal],
  heUniform: [2 / FAN_IN, uniform],
  heNormal: [2 / FAN_IN, cut],
  kaimingNormal: [2 / FAN_IN, normal],
  lecunUniform: [1 / FAN_IN, uniform],
  lecunNormal: [1 / FAN_IN, cut],
  // Keras' defaults, of no paper: within 0.05, and of deviation 0.05 before it is truncated
  randomUniform: [0.05 ** 2 / 3, uniform],
  randomNormal: [0.05 ** 2, normal],
  truncatedNormal: [(0.05 * truncated.deviation) ** 2, cut],
};

/** Of `varianceScaling`, by its options. */
const scalings: readonly (readonly [VarianceScalingOptions, number, Distribution])[] = [
  [{}, 1 / FAN_IN, cut],
  [{ scale: 3, mode: "fanOut", distribution: "uniform" }, 3 / FAN_OUT, uniform],
  [{ scale: 0.5, mode: "fanAvg", distribution: "untruncatedNormal" }, 1 / (FAN_IN + FAN_OUT), normal],
];

describe("initializers", () => {
  it.each([
    ...Object.entries(papers).map(
      ([name, [variance, distribution]]) =>
        [name, () => name as Initializer, variance, distribution] as const,
    ),
    ...scalings.map(
      ([options, variance, distribution]) =>
        [JSON.stringify(options), () => factories.varianceScaling(options), variance, distribution] as const,
    ),
  ])("%s has its paper's mean, variance and shape", async (_, make, variance, distribution) => {
    const { kurtosis, beyond, bound } = distribution;
    const weights = (await firstWeights(make()))["dense_1.kernel"];
    expect(weights.length).toBe(COUNT);
    // five standard deviations of each statistic over 60,000 independent numbers: one in 1.7 million by
    // chance
    expect(Math.abs(mean(weights))).toBeLessThanOrEqual(5 * Math.sqrt(variance / COUNT));
    const measured = mean(weights.map((w) => w * w));
    expect(Math.abs(measured / variance - 1)).toBeLessThanOrEqual(5 * Math.sqrt((kurtosis - 1) / COUNT));
    const share = weights.filter((w) => Math.abs(w) > 1.5 * Math.sqrt(variance)).length / COUNT;
    expect(Math.abs(share - beyond)).toBeLessThanOrEqual(5 * Math.sqrt((beyond * (1 - beyond)) / COUNT));
    // a bound is kept but for two roundings, and nearly reached: 0.999 of it is passed with probability 1 −
    // 2e-6 or more
    const most = Math.max(...weights.map(Math.abs)) / Math.sqrt(variance);
    expect(most).toBeLessThanOrEqual(bound * (1 + 2 ** -22));
    expect(most).toBeGreaterThan(0.999 * Math.min(bound, 3));
  });

  it.each([wasm, reference])("on $name, truncated ones are Python's quantiles", (executor) => {
    const us = Object.keys(truncated.quantiles).map(Number);
    const run = executor.load(compile(truncatedQuantile, [us.length]));
    const drawn = run(us).data;
    run.free();
    Object.values(truncated.quantiles).forEach((z, i) => {
      // the largest error over all 2²⁴ numbers that are drawn is 3.9e-7 of the quantile
      expect(Math.abs(drawn[i] - z), `at ${us[i]}`).toBeLessThanOrEqual(2 ** -21 * Math.abs(z));
    });
  });

  it("truncated ones take one uniform number each, the one of its place", async () => {
    const drawn = (await firstWeights(randomUniform, 5))["dense_1.kernel"];
    const run = wasm.load(compile(truncatedQuantile, [COUNT]));
    const deviation = Math.fround(Math.sqrt(2 / FAN_IN) / truncated.deviation);
    const expected = Array.from(run(drawn).data, (z) => Math.fround(z * deviation));
    run.free();
    expect((await firstWeights("heNormal", 5))["dense_1.kernel"]).toEqual(expected);
  });

  it("zeros, ones and functions do what they say", async () => {
    const { "dense_1.kernel": zeros, "dense_1.bias": ones } = await firstWeights("zeros");
    expect(zeros.every((w) => w === 0)).toBe(true);
    expect(ones).toEqual(new Array(FAN_OUT).fill(1));
    const own = await firstWeights((graph, shape) => broadcastTo(constant(graph, 0.25), shape));
    expect(own["dense_1.kernel"].every((w) => w === 0.25)).toBe(true);
  });

  it("the same seed gives the same bits, another seed others", async () => {
    const first = await firstWeights("heNormal", 7);
    expect(await firstWeights("heNormal", 7)).toEqual(first);
    const other = (await firstWeights("heNormal", 8))["dense_1.kernel"];
    expect(other.filter((w, i) => w === first["dense_1.kernel"][i]).length).toBeLessThan(COUNT / 1000);
  });

  it("parameters draw from streams of their own, above those of layers, in the order of their vector", async () => {
    const model = compiled(
      [dense(2, { kernelInitializer: "randomUniform", biasInitializer: "randomNormal" }), dense(2)],
      { optimizer: "sgd", loss: "meanSquaredError" },
    );
    await model.fit([[1, 2, 3]], [[1, 2]], { epochs: 0, seed: 5 });
    const { "dense_1.kernel": kernel, "dense_1.bias": bias, "dense_2.kernel": second } = weightsOf(model);
    expect(written("randomUniform", [3, 2], [5], 0x10000)).toEqual([kernel]);
    expect(written("randomNormal", [2], [5], 0x10001)).toEqual([bias]);
    expect(written("glorotUniform", [2, 2], [5], 0x10002)).toEqual([second]);
  });

  it("each layer draws from a stream of its own", async () => {
    const layer = () => dense(100, { kernelInitializer: "heNormal" });
    const model = compiled([layer(), layer()], { optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit([new Float32Array(100)], [new Float32Array(100)], { epochs: 0 });
    const { "dense_1.kernel": a, "dense_2.kernel": b } = weightsOf(model);
    const correlation = mean(a.map((w, i) => w * b[i])) / (2 / 100);
    expect(Math.abs(correlation)).toBeLessThanOrEqual(5 / Math.sqrt(a.length)); // five standard deviations
  });

  it.each([
    ["zeros", "Zeros"],
    ["ones", "Ones"],
    ["glorotUniform", "glorot_uniform", "GlorotUniform"],
    ["glorotNormal", "glorot_normal", "GlorotNormal"],
    ["xavierNormal", "xavier_normal_"],
    ["heUniform", "he_uniform", "HeUniform"],
    ["heNormal", "he_normal", "HeNormal"],
    ["kaimingNormal", "kaiming_normal_"],
    ["lecunUniform", "lecun_uniform", "LecunUniform"],
    ["lecunNormal", "lecun_normal", "LecunNormal"],
    ["randomUniform", "random_uniform", "RandomUniform", "uniform"],
    ["randomNormal", "random_normal", "RandomNormal", "normal"],
    ["truncatedNormal", "truncated_normal", "TruncatedNormal"],
    ["orthogonal", "Orthogonal", "OrthogonalInitializer"],
    ["identity", "Identity", "IdentityInitializer"],
    ["varianceScaling", "variance_scaling", "VarianceScaling"],
  ] as const)("finds %s by the names of Keras", (name, ...aliases) => {
    for (const alias of aliases) expect(getInitializer(alias), alias).toBe(initializers[name]);
  });

  it("finds every name and refuses the rest", async () => {
    expect(Object.keys(initializers).sort()).toEqual(
      [...Object.keys(papers), "ones", "zeros", "orthogonal", "identity", "varianceScaling"].sort(),
    );
    expect(await refusal(() => getInitializer("glorotuniform" as never))).toMatch(
      /^unknown_name: unknown initializer "glorotuniform"\. Did you mean "glorotUniform"\?/,
    );
    expect(await refusal(() => getInitializer(null as never))).toBe(
      "invalid_argument: initializer must be a name or a function; received null",
    );
  });
});

/** What an initializer writes for a parameter of a shape. */
function written(
  initializer: Initializer,
  shape: readonly number[],
  seeds: readonly number[],
  stream = 3,
): number[][] {
  const program = compileStep({}, 1, ({ graph }) => ({
    outputs: { first: getInitializer(initializer)(graph, shape, stream) },
  }));
  return seeds.map((seed) => {
    const run = wasm.start(program, { seed });
    run.advance(1);
    const first = Array.from(run.read("first"));
    run.free();
    return first;
  });
}

describe("orthogonal", () => {
  it.each([
    [[1, 1]],
    [[1, 5]],
    [[5, 1]],
    [[2, 2]],
    [[7, 3]],
    [[3, 7]],
    [[64, 64]],
    [[64, 256]],
    [[256, 256]],
    [[3, 2, 5, 4]],
  ])("has orthonormal columns or rows: %j", (shape) => {
    const columns = shape[shape.length - 1];
    const rows = shape.reduce((product, size) => product * size, 1) / columns;
    for (const q of written(factories.orthogonal(2), shape, [0, 1, 2])) {
      const [few, many] = [Math.min(rows, columns), Math.max(rows, columns)];
      const at = (i: number, k: number): number =>
        (rows < columns ? q[i * columns + k] : q[k * columns + i]) / 2;
      for (let i = 0; i < few; i++) {
        for (let j = 0; j <= i; j++) {
          let dot = i === j ? -1 : 0;
          for (let k = 0; k < many; k++) dot += at(i, k) * at(j, k);
          // each number has some roundings of products whose rows have length 1
          expect(Math.abs(dot), `${i}, ${j}`).toBeLessThanOrEqual(16 * 2 ** -24);
        }
      }
    }
  });

  it("is Haar-distributed: the moments of its numbers and of its trace", () => {
    const [n, draws] = [4, 4000];
    const matrices = written(
      "orthogonal",
      [n, n],
      Array.from({ length: draws }, (_, seed) => seed),
    );
    const moment = (of: (q: readonly number[]) => number): number => mean(matrices.map(of));
    const trace = (q: readonly number[]): number => q[0] + q[5] + q[10] + q[15];
    // P. Diaconis and M. Shahshahani, 1994: the trace has the first moments of a standard normal variable.
    // Five deviations each
    expect(Math.abs(moment(trace))).toBeLessThanOrEqual(5 / Math.sqrt(draws));
    expect(Math.abs(moment((q) => trace(q) ** 2) - 1)).toBeLessThanOrEqual(5 * Math.sqrt(2 / draws));
    for (let k = 0; k < n * n; k++) {
      // q² is Beta(1/2, (n − 1)/2): mean 1/n, second moment 3/(n(n + 2))
      expect(Math.abs(moment((q) => q[k]))).toBeLessThanOrEqual(5 * Math.sqrt(1 / n / draws));
      const spread = 3 / (n * (n + 2)) - 1 / n ** 2;
      expect(Math.abs(moment((q) => q[k] ** 2) - 1 / n)).toBeLessThanOrEqual(5 * Math.sqrt(spread / draws));
    }
    const signs = written("orthogonal", [1, 1], [0, 1, 2, 3, 4, 5, 6, 7]).flat();
    expect(new Set(signs)).toEqual(new Set([1, -1]));
  });

  it("refuses vectors, and a gain that is no number", async () => {
    expect(await refusal(() => written("orthogonal", [3], [0]))).toBe(
      "invalid_shape: orthogonal must start a matrix; received shape [3]",
    );
    expect(await refusal(() => factories.orthogonal(Number.NaN))).toBe(
      "invalid_argument: the gain of orthogonal must be a finite number; received NaN",
    );
  });
});

describe("constant, identity and varianceScaling", () => {
  it.each([[[3, 3]], [[1, 4]], [[4, 1]], [[2, 5]], [[5, 2]], [[4, 3]], [[1, 1]]])(
    "identity of %j has ones on its diagonal",
    (shape) => {
      const [[rows, columns]] = [shape];
      const expected = Array.from({ length: rows * columns }, (_, k) =>
        k % (columns + 1) === 0 && k < columns * columns ? 0.5 : 0,
      );
      expect(written(factories.identity(0.5), shape, [0])).toEqual([expected]);
    },
  );

  it("constant is its value, of any shape", () => {
    expect(written(factories.constant(-0.25), [2, 1, 2], [0])).toEqual([[-0.25, -0.25, -0.25, -0.25]]);
  });

  it("fans of more axes count the places of a kernel", () => {
    const most = (initializer: Initializer): number =>
      Math.max(...written(initializer, [3, 5, 8, 40], [0])[0].map(Math.abs));
    const limits = { lecunUniform: 3 / (15 * 8), glorotUniform: 6 / (15 * 48) };
    for (const [name, square] of Object.entries(limits)) {
      // of 4,800 numbers, one is beyond 0.99 of the limit but for a chance of 1e-21
      const share = most(name as InitializerName) / Math.sqrt(square);
      expect(share, name).toBeGreaterThan(0.99);
      expect(share, name).toBeLessThanOrEqual(1 + 2 ** -22);
    }
  });

  it("equal numbers make equal recipes, others do not", () => {
    const all = [
      factories.constant(1),
      factories.constant(-0),
      factories.constant(0),
      factories.identity(1),
      factories.orthogonal(1),
      factories.orthogonal(2),
      factories.varianceScaling(),
      factories.varianceScaling({ mode: "fanOut" }),
      getInitializer("orthogonal"),
      getInitializer("zeros"),
    ].map(initializerRecipe);
    expect(new Set(all).size).toBe(all.length);
    expect(initializerRecipe(factories.orthogonal(2))).toBe(all[5]);
    expect(initializerRecipe(() => initializers.zeros as never)).toBe(undefined);
  });

  it.each([
    [
      () => factories.constant("1" as never),
      'invalid_argument: the value of constant must be a finite number; received "1"',
    ],
    [
      () => factories.identity(Number.POSITIVE_INFINITY),
      "invalid_argument: the gain of identity must be a finite number; received Infinity",
    ],
    [
      () => written("identity", [2, 2, 2], [0]),
      "invalid_shape: identity must start a matrix; received shape [2, 2, 2]",
    ],
    [
      () => factories.varianceScaling({ scale: 0 }),
      "invalid_argument: the scale of varianceScaling must be a finite number above 0; received 0",
    ],
    [
      () => factories.varianceScaling({ mode: "fanout" as never }),
      'unknown_name: unknown mode of varianceScaling "fanout". Did you mean "fanOut"? Known: fanIn, fanOut, fanAvg.',
    ],
    [
      () => factories.varianceScaling({ distribution: 1 as never }),
      "invalid_argument: distribution of varianceScaling must be a name; received 1",
    ],
    [
      () => factories.varianceScaling({ seed: 1 } as never),
      'unknown_name: unknown option of varianceScaling "seed". Known: scale, mode, distribution.',
    ],
  ])("refuses %s", async (run, message) => {
    expect(await refusal(run)).toBe(message);
  });
});
