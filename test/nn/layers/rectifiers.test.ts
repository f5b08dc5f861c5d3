/**
 * Activations with options as layers: values, trained slopes and refusals. Numerics are in
 * test/nn/activations.test.ts.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { dense, elu, type Layer, leakyReLU, prelu } from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { recipeOf } from "../../../src/recipe.js";
import { compiled, refusal, weightsOf } from "../support.js";

beforeAll(() => ready());

/** What a layer alone makes of rows, before anything is learnt. */
async function results(layer: Layer, rows: readonly (readonly number[])[]): Promise<number[]> {
  const model = compiled([layer, dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit(
    rows,
    rows.map(() => 0),
    { epochs: 0 },
  );
  const columns = rows[0].length;
  return rows.flatMap((_, i) =>
    Array.from({ length: columns }, (__, j) => {
      model.setWeights({
        ...model.getWeights(),
        "dense_1.kernel": Array.from({ length: columns }, (___, k) => [Number(k === j)]),
        "dense_1.bias": [0],
      });
      return model.predict(rows).get(i, 0);
    }),
  );
}

describe("values", () => {
  it("have Keras' defaults", async () => {
    const rows = [[-2, 0, 3]];
    expect(await results(leakyReLU(), rows)).toEqual([Math.fround(-2 * Math.fround(0.3)), 0, 3]);
    const [below] = await results(elu(), rows);
    expect(below).toBeCloseTo(Math.expm1(-2), 6);
    expect(await results(prelu(), rows)).toEqual([0, 0, 3].map((x) => x || expect.closeTo(0, 20)));
  });

  it("follow the options", async () => {
    expect(await results(leakyReLU({ negativeSlope: 0.5 }), [[-2, 3]])).toEqual([-1, 3]);
    expect((await results(elu({ alpha: 0.5 }), [[-2, 3]]))[0]).toBeCloseTo(Math.expm1(-2) / 2, 6);
    expect(await results(prelu({ alphaInitializer: "ones" }), [[-2, 3]])).toEqual([-2, 3]);
  });

  it("of one model do not tie those of another: slopes are inputs of a shared program", () => {
    expect(recipeOf(leakyReLU({ negativeSlope: 0.5 }))).toBe(recipeOf(leakyReLU()));
    expect(recipeOf(elu({ alpha: 0.5 }))).toBe(recipeOf(elu()));
    expect(recipeOf(prelu({ sharedAxes: [1] }))).not.toBe(recipeOf(prelu()));
    expect(recipeOf(prelu({ alphaInitializer: "ones" }))).not.toBe(recipeOf(prelu()));
  });
});

describe("prelu", () => {
  it("learns the slope of |x| and of x / 4 for each feature", async () => {
    const x = Array.from({ length: 64 }, (_, i) => [(i - 31.5) / 16, ((i * 29) % 64) / 16 - 2]);
    const y = x.map(([a, b]) => [Math.abs(a), b > 0 ? b : b / 4]);
    const model = compiled([prelu()], { optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 1500, batchSize: 64, seed: 1 });
    const { "prelu_1.alpha": alpha } = weightsOf(model);
    expect(alpha[0]).toBeCloseTo(-1, 2);
    expect(alpha[1]).toBeCloseTo(0.25, 2);
  });

  it("shares slopes along axes, counted from 1", () => {
    const shapes = (layer: Layer, shape: readonly number[]) =>
      layer.parameters(shape).map((each) => each.shape);
    expect(shapes(prelu(), [8, 8, 4])).toEqual([[8, 8, 4]]);
    expect(shapes(prelu({ sharedAxes: [1, 2] }), [8, 8, 4])).toEqual([[1, 1, 4]]);
    expect(shapes(prelu({ sharedAxes: [1] }), [4])).toEqual([[1]]);
    expect(prelu({ sharedAxes: [1, 2] }).outputShape([8, 8, 4])).toEqual([8, 8, 4]);
  });

  it("is penalized by its regularizer", async () => {
    const model = compiled([prelu({ alphaInitializer: "ones", alphaRegularizer: { l1: 0.5, l2: 0.25 } })], {
      optimizer: "sgd",
      loss: "meanSquaredError",
    });
    const { history } = await model.fit([[1, 2]], [[1, 2]], { epochs: 1 });
    expect(history.loss).toEqual([1.5]);
  });
});

describe("refusals", () => {
  it.each<[string, () => unknown, string]>([
    [
      "a slope below 0",
      () => leakyReLU({ negativeSlope: -0.1 }),
      "invalid_argument: negativeSlope must be a finite number of at least 0; received -0.1",
    ],
    [
      "a slope that is no number",
      () => leakyReLU({ negativeSlope: "0.1" as never }),
      'invalid_argument: negativeSlope must be a finite number of at least 0; received "0.1"',
    ],
    [
      "another name for it",
      () => leakyReLU({ alpha: 0.1 } as never),
      'unknown_name: unknown option of leakyReLU "alpha"',
    ],
    [
      "an infinite alpha",
      () => elu({ alpha: Number.POSITIVE_INFINITY }),
      "invalid_argument: alpha must be a finite number of at least 0; received Infinity",
    ],
    [
      "axes that are none",
      () => prelu({ sharedAxes: [0] }),
      "invalid_argument: sharedAxes must be a list of axes, counted from 1; received [0]",
    ],
    [
      "one axis without a list",
      () => prelu({ sharedAxes: 1 as never }),
      "invalid_argument: sharedAxes must be a list of axes, counted from 1; received 1",
    ],
    [
      "axes that rows do not have",
      () => prelu({ sharedAxes: [2] }).parameters([4]),
      "invalid_argument: sharedAxes must be axes of rows of shape [4], counted from 1; received [2]",
    ],
    [
      "an unknown initializer",
      () => prelu({ alphaInitializer: "one" as never }),
      'unknown_name: unknown initializer "one"',
    ],
  ])("of %s", async (_, run, message) => {
    expect((await refusal(run)).slice(0, message.length)).toBe(message);
  });
});
