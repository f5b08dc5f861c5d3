/** Initializers against the bounds, means and variances of their papers. */
import { describe, expect, it } from "vitest";
import { broadcastTo, constant } from "../../src/graph/functions.js";
import {
  getInitializer,
  type Initializer,
  type InitializerName,
  initializers,
} from "../../src/nn/initializers.js";
import { dense } from "../../src/nn/layers.js";
import { compiled, refusal, weightsOf } from "./support.js";

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

/** Variance by paper, and the distribution's kurtosis E x⁴ / (E x²)². */
const papers: Partial<Record<InitializerName, { variance: number; kurtosis: number }>> = {
  glorotUniform: { variance: 2 / (FAN_IN + FAN_OUT), kurtosis: 1.8 },
  glorotNormal: { variance: 2 / (FAN_IN + FAN_OUT), kurtosis: 3 },
  heUniform: { variance: 2 / FAN_IN, kurtosis: 1.8 },
  heNormal: { variance: 2 / FAN_IN, kurtosis: 3 },
};

describe("initializers", () => {
  it.each(Object.entries(papers))("%s has its paper's mean, variance and shape", async (name, paper) => {
    const { variance, kurtosis } = paper as { variance: number; kurtosis: number };
    const weights = (await firstWeights(name as InitializerName))["dense_1.kernel"];
    expect(weights.length).toBe(COUNT);
    // five standard deviations of each statistic over 60,000 independent numbers: one in 1.7 million by chance
    expect(Math.abs(mean(weights))).toBeLessThanOrEqual(5 * Math.sqrt(variance / COUNT));
    const measured = mean(weights.map((w) => w * w));
    expect(Math.abs(measured / variance - 1)).toBeLessThanOrEqual(5 * Math.sqrt((kurtosis - 1) / COUNT));
    const beyond = weights.filter((w) => Math.abs(w) > 1.5 * Math.sqrt(variance)).length / COUNT;
    // a uniform variable is beyond 1.5 deviations with probability 1 − 1.5/√3, a normal one with 0.133614…
    const share = name.endsWith("Uniform") ? 1 - 1.5 / Math.sqrt(3) : 0.13361440253771617;
    expect(Math.abs(beyond - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / COUNT));
    if (name.endsWith("Uniform")) {
      const limit = Math.sqrt(3 * variance);
      const most = Math.max(...weights.map(Math.abs));
      expect(most).toBeLessThanOrEqual(limit * (1 + 2 ** -22));
      expect(most).toBeGreaterThan(limit * (1 - 20 / COUNT)); // all are below that with probability e^−20
    }
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
    ["heUniform", "he_uniform", "HeUniform"],
    ["heNormal", "he_normal", "HeNormal"],
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
