/**
 * The predictor's network against compiled programs: the same bits for any architecture and any number of
 * rows.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { contentsOf } from "../../src/model/contents.js";
import { saveModel } from "../../src/model/save.js";
import { type ActivationName, activations } from "../../src/nn/activations.js";
import { activation, dense, dropout, type Layer } from "../../src/nn/layers/index.js";
import { averageModels } from "../../src/nn/models/averageModels.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import * as training from "../../src/nn/training/training.js";
import { ready } from "../../src/numerics/kernels.js";
import { RandomStream } from "../../src/numerics/random.js";
import type { NetworkDescription } from "../../src/predict/description.js";
import { Forward } from "../../src/predict/forward.js";
import { plainStacks, type Stacks, stacksIn } from "../../src/predict/layers.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import type { Tensors } from "../../src/predict/safetensors.js";
import { cases } from "../cases.js";
import { copied } from "../nn/support.js";

beforeAll(() => ready());

/** A network with random parameters, as if it were trained. */
function network(layers: readonly Layer[], columns: number, seed: number): Sequential {
  const model = copied(layers);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const { network } = architectureFrom(model.described(), columns);
  const random = new RandomStream(seed, 3);
  const parameters = Float32Array.from({ length: network.size }, () => random.normal());
  model.restore({
    training,
    row: columns,
    saved: { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters } },
  });
  return model;
}

const forwardOf = (network: NetworkDescription, tensors: Tensors): Forward =>
  new Forward(stacksIn(network) as Stacks, network.columns, tensors);

/** Results of all rows, as many at a time as fit. */
function results(forward: Forward, x: Float32Array): Float32Array {
  const { rows: most, columns, units } = forward;
  const rows = x.length / columns;
  const out = new Float32Array(rows * units);
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from);
    forward.input.set(x.subarray(from * columns, (from + count) * columns));
    forward.run(count);
    out.set(forward.output.subarray(0, count * units), from * units);
  }
  return out;
}

/** The others are left to the compiler. */
const ownNames = ["linear", "relu", "tanh", "sigmoid", "softplus", "softmax", "gelu"] as const;
const name = fc.constantFrom(...ownNames);
const layer = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 40 }), name, fc.boolean())
      .map(([units, activation, useBias]) => dense(units, { activation, useBias })),
  },
  fc.double({ min: 0, max: 0.9, noNaN: true }).map((rate) => dropout(rate)),
  name.map((each) => activation(each)),
);

describe("a network on the kernels", () => {
  it("has the bits of the compiled program, for any layers and rows", () => {
    fc.assert(
      fc.property(
        fc.array(layer, { minLength: 1, maxLength: 4 }),
        layer.filter(({ type }) => type === "dense"),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 33 }),
        fc.nat(),
        (layers, last, rows, columns, seed) => {
          const model = network([...layers, last], columns, seed);
          const random = new RandomStream(seed, 4);
          const x = Float32Array.from({ length: rows * columns }, () => 2 * random.normal());
          const { network: described, tensors } = contentsOf(model, false);
          const forward = forwardOf(described, tensors);
          expect(results(forward, x)).toEqual(model.predict({ data: x, shape: [rows, columns] }).data);
        },
      ),
      { numRuns: cases(75) },
    );
  });

  it("has the bits of the compiled program for the mean of any networks, some of which count twice", () => {
    const stack = fc.array(layer, { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(stack, { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 4 }),
        fc.tuple(fc.integer({ min: 1, max: 40 }), name),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 33 }),
        fc.nat(),
        (stacks, again, [units, activation], rows, columns, seed) => {
          const models = stacks.map((layers, i) =>
            network([...layers, dense(units, { activation })], columns, seed + i),
          );
          const model = averageModels([...models, ...again.map((i) => models[i % models.length])]);
          const random = new RandomStream(seed, 4);
          const x = Float32Array.from({ length: rows * columns }, () => 2 * random.normal());
          const { network: described, tensors } = contentsOf(model, false);
          expect(plainStacks(described)?.mean.length).toBe(models.length + again.length);
          expect(results(forwardOf(described, tensors), x)).toEqual(
            model.predict({ data: x, shape: [rows, columns] }).data,
          );
        },
      ),
      { numRuns: cases(50) },
    );
  });

  it("takes fewer rows at a time where layers are wide, so that memory stays near that of the parameters", () => {
    const wide = network([dense(100_000), dense(1)], 1, 1);
    const { network: described, tensors } = contentsOf(wide, false);
    const forward = forwardOf(described, tensors);
    expect(forward.rows).toBeLessThan(3);
    expect(results(forward, Float32Array.of(1, -2, 3))).toEqual(wide.predict([[1], [-2], [3]]).data);
  });
});

describe("activations", () => {
  it.each(Object.keys(activations) as ActivationName[])("%s predicts the model's bits", async (name) => {
    const model = network([dense(5, { activation: name }), activation(name), dense(2)], 3, 7);
    const isOwn = ownNames.some((each) => each === name);
    expect(plainStacks(contentsOf(model, false).network) !== undefined).toBe(isOwn);
    const x = Float32Array.from({ length: 300 * 3 }, (_, i) => ((i * 37) % 101) / 25 - 2);
    const shape: [number, number] = [300, 3];
    const predictor = await loadPredictor(saveModel(model));
    expect(Array.from(predictor.predict({ data: x, shape }).data)).toEqual(
      Array.from(model.predict({ data: x, shape }).data),
    );
  });
});

describe("refusals", () => {
  const contents = () => contentsOf(network([dense(3, { activation: "relu" }), dense(1)], 2, 5), false);
  it.each<[string, (contents: ReturnType<typeof contentsOf>) => unknown, RegExp]>([
    [
      "an array that does not fit",
      ({ network, tensors }) =>
        forwardOf(network, { ...tensors, "dense_1.kernel": { shape: [3, 3], data: new Float32Array(9) } }),
      /the arrays of layer "dense_1" must fit its 2 inputs; received shapes \[\[3,3\],\[3\]\]/,
    ],
    [
      "a layer that takes another than the one before it",
      ({ network: { columns, layers }, tensors }) =>
        forwardOf({ columns, layers: [layers[0], { ...layers[1], inputs: ["input"] }] }, tensors),
      /layer "dense_2" must take the layer before it, "dense_1"; received \["input"\]/,
    ],
    [
      "an activation that it does not have",
      ({ network: { columns, layers }, tensors }) =>
        forwardOf(
          { columns, layers: [{ ...layers[0], options: { activation: { function: "mine" } } }, layers[1]] },
          tensors,
        ),
      /the activation of layer "dense_1" must be built-in to be exported, or loaded by loadPredictor/,
    ],
    [
      "a network without parameters",
      ({ network: { columns, layers } }) =>
        forwardOf({ columns, layers: [{ ...layers[0], name: "dropout", weights: {} }] }, {}),
      /a network must have a dense layer; received none/,
    ],
  ])("refuses %s", (_, run, message) => {
    expect(() => run(contents())).toThrow(message);
  });
});
