/**
 * Steps that do not count: recurrent layers skip them, and masks go on through layers that keep the steps.
 */
import { describe, expect, it } from "vitest";
import { equal, mul, sub } from "../../../../src/graph/functions.js";
import { sizeOf } from "../../../../src/graph/shape.js";
import {
  activation,
  averagePooling1d,
  bidirectional,
  defineLayer,
  dense,
  dropout,
  embedding,
  flatten,
  gru,
  type Layer,
  type LayerDefinition,
  lstm,
  masking,
  merge,
  permute,
  reshape,
  simpleRNN,
  timeDistributed,
} from "../../../../src/nn/layers/index.js";
import type { SymbolicTensor } from "../../../../src/nn/layers/layer.js";
import { functional, input } from "../../../../src/nn/models/functional.js";
import type { LayersModel } from "../../../../src/nn/models/layersModel.js";
import { randomRows, reference, refusal } from "../../support.js";
import { evaluated } from "./support.js";

/** Random weights of a layer over rows of a shape. */
const weightsFor = (layer: Layer, row: readonly number[]): Record<string, number[]> =>
  Object.fromEntries(
    layer.parameters(row).map(({ name, shape }, i) => [name, randomRows(1, sizeOf(shape), i)[0]]),
  );

describe.each<[string, () => Layer, () => Layer]>([
  ["simpleRNN", () => simpleRNN(3), () => simpleRNN(3, { returnSequences: true })],
  ["lstm", () => lstm(3), () => lstm(3, { returnSequences: true })],
  ["gru", () => gru(3), () => gru(3, { returnSequences: true })],
  [
    "gru, reset before",
    () => gru(3, { resetAfter: false }),
    () => gru(3, { resetAfter: false, returnSequences: true }),
  ],
  [
    "lstm, backwards",
    () => lstm(3, { goBackwards: true }),
    () => lstm(3, { goBackwards: true, returnSequences: true }),
  ],
])("%s", (_, last, all) => {
  const weights = weightsFor(last(), [5, 2]);
  const x = randomRows(5, 2, 9);
  const mask = [0, 1, 1, 0, 1];
  const kept = x.filter((__, t) => mask[t] === 1);
  const masked = { x: { shape: [1, 5, 2], data: x.flat() }, weights, mask };
  const alone = { x: { shape: [1, 3, 2], data: kept.flat() }, weights };

  it("is what it is of the steps that count alone, with its gradients", () => {
    const [ours, expected] = [evaluated(reference, last(), masked), evaluated(reference, last(), alone)];
    expect(ours.value).toEqual(expected.value);
    const { x: ofX, ...ofWeights } = ours.gradients;
    const { x: ofKept, ...ofOwn } = expected.gradients;
    for (const [name, values] of Object.entries(ofOwn))
      for (const [i, value] of values.entries()) expect(ofWeights[name][i]).toBeCloseTo(value, 12);
    const steps = mask.map((__, t) => ofX.slice(2 * t, 2 * t + 2));
    expect(steps.filter((__, t) => mask[t] === 1).flat()).toEqual(ofKept);
    for (const t of [0, 3]) expect(steps[t].map(Math.abs)).toEqual([0, 0]);
  });

  it("stays as it is at the others", () => {
    const { value } = evaluated(reference, all(), masked);
    const { value: own } = evaluated(reference, all(), alone);
    const states = mask.map((__, t) => value.slice(3 * t, 3 * t + 3));
    expect(states.filter((__, t) => mask[t] === 1).flat()).toEqual(own);
    const back = _.includes("backwards");
    expect(states[3]).toEqual(states[back ? 4 : 2]);
    expect(states[0]).toEqual(back ? states[1] : [0, 0, 0]);
  });

  it("is 0 where no step counts", () => {
    const { value } = evaluated(reference, last(), { ...masked, mask: [0, 0, 0, 0, 0] });
    expect(value).toEqual([0, 0, 0]);
  });
});

/** Compiled, with first weights of a seed. */
async function ready(x: SymbolicTensor, y: SymbolicTensor): Promise<LayersModel> {
  const model = functional({ inputs: x, outputs: y });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const columns = sizeOf(x.shape);
  await model.fit([Array(columns).fill(1)], [Array(sizeOf(y.shape)).fill(0)], { epochs: 0, seed: 4 });
  return model;
}
const rowsOf = (model: LayersModel, x: number[][]) => Array.from(model.predict(x).data);

describe("masks in models", () => {
  const [short, padded] = [
    [1, 2, 3, 4],
    [-1, -1, 1, 2, -1, -1, 3, 4],
  ];
  const own = (x: SymbolicTensor, ...layers: Layer[]) =>
    layers.reduce((value, layer) => layer.apply(value), x);

  it.each<[string, () => Layer[]]>([
    ["at once", () => []],
    ["through dropout and an activation", () => [dropout(0.5), activation("tanh")]],
    ["through a layer at each step", () => [timeDistributed(dense(2))]],
    ["through another recurrent layer", () => [gru(2, { returnSequences: true })]],
    ["through both directions", () => [bidirectional(lstm(2, { returnSequences: true }))]],
  ])("masking reaches a layer %s", async (_, between) => {
    const make = (steps: number, first: Layer[]) => {
      const x = input([steps, 2]);
      return ready(x, own(x, ...first, ...between(), gru(3), dense(1)));
    };
    const masked = await make(4, [masking(-1)]);
    const plain = await make(2, []);
    plain.setWeights(masked.getWeights());
    expect(rowsOf(masked, [padded])).toEqual(rowsOf(plain, [short]));
    // and it does not where there is no masking
    const open = await make(4, []);
    open.setWeights(masked.getWeights());
    expect(rowsOf(open, [padded])).not.toEqual(rowsOf(plain, [short]));
  });

  it("masking counts a step of which one feature has another value, and makes the others 0", async () => {
    const x = input([3, 2]);
    const model = functional({
      inputs: x,
      outputs: { y: masking(-1).apply(x), z: dense(1).apply(flatten().apply(x)) },
    });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const row = [-1, -1, -1, 5, 0, 0];
    await model.fit([row], { y: [row], z: [0] }, { epochs: 0 });
    expect(rowsOf(model, [row]).slice(0, 6)).toEqual([0, 0, -1, 5, 0, 0]);
  });

  it("embedding masks id 0 if it is asked to", async () => {
    const make = (count: number, maskZero: boolean) => {
      const x = input(count);
      return ready(x, own(x, embedding(5, 2, { maskZero }), lstm(3), dense(1)));
    };
    const masked = await make(4, true);
    const [plain, open] = [await make(2, false), await make(4, false)];
    for (const model of [plain, open]) model.setWeights(masked.getWeights());
    expect(rowsOf(masked, [[3, 0, 1, 0]])).toEqual(rowsOf(plain, [[3, 1]]));
    expect(rowsOf(open, [[3, 0, 1, 0]])).not.toEqual(rowsOf(plain, [[3, 1]]));
  });

  it("each row of a batch has its own mask, in training too", async () => {
    const x = input([3, 1]);
    const model = await ready(
      x,
      own(
        x,
        masking(),
        simpleRNN(1, { activation: "linear", kernelInitializer: "ones", recurrentInitializer: "ones" }),
      ),
    );
    expect(
      rowsOf(model, [
        [1, 2, 4],
        [0, 2, 4],
        [0, 0, 4],
        [0, 0, 0],
      ]),
    ).toEqual([7, 6, 4, 0]);
    const { history } = await model.fit(
      [
        [1, 2, 4],
        [0, 2, 4],
        [0, 0, 4],
      ],
      [7, 6, 4],
      { batchSize: 2 },
    );
    expect(history.loss).toEqual([0]);
  });

  /** What a layer that is given a mask makes of it. */
  const probe = (definition: Partial<LayerDefinition>): Layer =>
    defineLayer({
      type: "probe",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: () => [],
      call: ({ x }) => x,
      ...definition,
    });
  const maskedBy = async (layers: Layer[], x = input([2, 1])) => {
    const seen: (number | undefined)[] = [];
    const last = probe({
      call: ({ x: value, masks }) => {
        seen.push(masks?.[0]?.shape[1]);
        return value;
      },
    });
    await ready(x, dense(1).apply(flatten().apply(own(x, ...layers, last))));
    return seen[0];
  };

  it("a mask goes as far as the steps", async () => {
    expect(await maskedBy([masking()])).toBe(2);
    expect(await maskedBy([masking(), lstm(2)])).toBe(undefined);
    expect(await maskedBy([masking(), flatten()])).toBe(undefined);
    expect(await maskedBy([masking(), probe({ mask: () => undefined })])).toBe(undefined);
    expect(await maskedBy([masking(), permute([2, 1])])).toBe(undefined);
    expect(await maskedBy([masking(), reshape([1, 2])])).toBe(undefined);
    // a window is a step of the result
    expect(await maskedBy([masking(), averagePooling1d(2)])).toBe(1);
    // of several, those that there are
    const x = input([2, 1]);
    const both = (first: SymbolicTensor, second: SymbolicTensor) => merge("add").apply(first, second);
    const taken = async (y: SymbolicTensor) => {
      const last = probe({ call: ({ x: value, masks }) => (masks?.[0] ? value : mul(value, 0)) });
      const model = functional({
        inputs: x,
        outputs: { y: last.apply(y), z: dense(1).apply(flatten().apply(x)) },
      });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      await model.fit([[1, 2]], { y: [[1, 2]], z: [0] }, { epochs: 0 });
      return rowsOf(model, [[1, 2]])[0];
    };
    expect(await taken(both(masking().apply(x), x))).toBe(2);
    expect(await taken(both(x, masking().apply(x)))).toBe(2);
    expect(await taken(both(x, x))).toBe(0);
  });

  it("a layer may make a mask, of its shape", async () => {
    const skipOnes = probe({ mask: ({ x: ids }) => sub(1, equal(ids, 1)), outputShape: (shape) => shape });
    const x = input(3);
    expect(await refusal(() => maskedBy([probe({ mask: ({ x: value }) => value })]))).toBe(
      "invalid_shape: `mask` of probe_1 must return a value of shape [rows, 2]; received shape [rows, 2, 1]",
    );
    expect(await maskedBy([skipOnes], x)).toBe(3);
  });
});

it.each([
  ["text", () => masking("0" as never), 'invalid_argument: maskValue must be a finite number; received "0"'],
  ["NaN", () => masking(Number.NaN), "invalid_argument: maskValue must be a finite number; received NaN"],
  [
    "a mask of 1",
    () => embedding(3, 1, { maskZero: 1 as never }),
    "invalid_argument: maskZero must be true or false; received 1",
  ],
  [
    "rows",
    () => masking().apply(input(3)),
    "invalid_shape: masking must take rows of shape [steps, features]; received [3]. Put reshape([3, 1]) before it for one feature",
  ],
])("refuses %s", async (_, run, message) => {
  expect(await refusal(run)).toBe(message);
});
