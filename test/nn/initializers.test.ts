/** Initializers against the bounds, means and variances of their papers, and the truncated ones against Python's quantiles. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { broadcastTo, constant, randomUniform } from "../../src/graph/functions.js";
import {
  getInitializer,
  type Initializer,
  type InitializerName,
  initializers,
  truncatedQuantile,
} from "../../src/nn/initializers.js";
import { dense } from "../../src/nn/layers/index.js";
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

/** A distribution of mean 0: its kurtosis E x⁴ / (E x²)², the share beyond 1.5 deviations, and its bound in deviations. */
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

describe("initializers", () => {
  it.each(Object.entries(papers))("%s has its paper's mean, variance and shape", async (name, paper) => {
    const [variance, { kurtosis, beyond, bound }] = paper;
    const weights = (await firstWeights(name as InitializerName))["dense_1.kernel"];
    expect(weights.length).toBe(COUNT);
    // five standard deviations of each statistic over 60,000 independent numbers: one in 1.7 million by chance
    expect(Math.abs(mean(weights))).toBeLessThanOrEqual(5 * Math.sqrt(variance / COUNT));
    const measured = mean(weights.map((w) => w * w));
    expect(Math.abs(measured / variance - 1)).toBeLessThanOrEqual(5 * Math.sqrt((kurtosis - 1) / COUNT));
    const share = weights.filter((w) => Math.abs(w) > 1.5 * Math.sqrt(variance)).length / COUNT;
    expect(Math.abs(share - beyond)).toBeLessThanOrEqual(5 * Math.sqrt((beyond * (1 - beyond)) / COUNT));
    // a bound is kept but for two roundings, and nearly reached: 0.999 of it is passed with probability 1 − 2e-6 or more
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

  it("each layer draws from a stream of its own", async () => {
    const layer = dense(100, { kernelInitializer: "heNormal" });
    const model = compiled([layer, layer], { optimizer: "sgd", loss: "meanSquaredError" });
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
  ] as const)("finds %s by the names of Keras", (name, ...aliases) => {
    for (const alias of aliases) expect(getInitializer(alias), alias).toBe(initializers[name]);
  });

  it("finds every name and refuses the rest", async () => {
    expect(Object.keys(initializers).sort()).toEqual([...Object.keys(papers), "ones", "zeros"].sort());
    expect(await refusal(() => getInitializer("glorotuniform" as never))).toMatch(
      /^unknown_name: unknown initializer "glorotuniform"\. Did you mean "glorotUniform"\?/,
    );
    expect(await refusal(() => getInitializer(null as never))).toBe(
      "invalid_argument: initializer must be a name or a function; received null",
    );
  });
});
