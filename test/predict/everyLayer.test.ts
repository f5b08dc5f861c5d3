/**
 * Every layer: a model that has it is saved, loaded and predicts, by the model and by the predictor, to the
 * bit.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, saveModel } from "../../src/model/save.js";
import { factoryNames } from "../../src/nn/layers/factories.js";
import * as layers from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import { ready } from "../../src/numerics/kernels.js";
import { RandomStream } from "../../src/numerics/random.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { EXAMPLES } from "./everyLayer.js";
import { trained } from "./networks.js";

beforeAll(() => ready());

it("every factory that is exported has an example, and is made again from data", () => {
  const others = ["defineLayer", "freeze", "named", "SymbolicTensor"];
  const exported = Object.keys(layers).filter((name) => !others.includes(name));
  expect(Object.keys(EXAMPLES).sort()).toEqual(exported.sort());
  expect([...factoryNames].sort()).toEqual(exported.sort());
});

describe("a saved model predicts to the bit with", () => {
  const all = Object.entries(EXAMPLES).flatMap(([name, examples]) =>
    examples.map((example, i) => [examples.length > 1 ? `${name} (${i + 1})` : name, example] as const),
  );
  it.each(all)("%s", async (_, { layer, shapes, number = (normal) => normal }) => {
    const given = shapes.map((shape) => input(shape));
    const made = layer();
    const first = made.apply(...given);
    // applied again with the same parameters; and a dense layer, since a network must have parameters
    const last = layers.dense(2).apply(layers.flatten().apply(first));
    const outputs = { first, again: made.apply(...given), last };
    const inputs = Object.fromEntries(given.map((each, i) => [`x${i}`, each]));
    const columns = shapes.reduce((sum, shape) => sum + shape.reduce((size, n) => size * n, 1), 0);
    const model = trained(functional({ inputs, outputs }), columns, 7, (normal, parameter) =>
      // variances are not negative
      parameter === "movingVariance" ? Math.abs(normal) : normal,
    );
    const random = new RandomStream(3, 5);
    const bytes = saveModel(model);
    const predictor = await loadPredictor(bytes);
    const loaded = await loadModel(bytes);
    // one row, a few, and more than are computed at a time
    for (const rows of [1, 3, 300]) {
      const data = Float32Array.from({ length: rows * columns }, () => number(random.normal()));
      const x = { data, shape: [rows, columns] };
      const expected = Float32Array.from(model.predict(x).data);
      expect(expected.some((value) => value !== 0 && Number.isFinite(value))).toBe(true);
      expect(Float32Array.from(predictor.predict(x).data)).toEqual(expected);
      expect(Float32Array.from(loaded.predict(x).data)).toEqual(expected);
    }
    // what is made again is as it was: the file of the loaded model is the same
    expect(saveModel(loaded)).toEqual(bytes);
  });
});
