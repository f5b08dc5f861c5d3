/** What is known of a network's inputs, and what is refused because of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minimum, mul, reshape as reshapeValue, takeRows } from "../../src/graph/functions.js";
import { mixup } from "../../src/nn/arguments/mixup.js";
import * as layers from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { networkOf } from "../../src/nn/network/network.js";
import { type Roles, rolesOf } from "../../src/nn/network/roles.js";
import { cases } from "../cases.js";
import { refusal } from "../data/refusal.js";
import { trained } from "../predict/networks.js";

const { dense, embedding, flatten, masking, merge, permute, reshape } = layers;

/** What a model reads in the columns of rows: ids by column with their bound, and the columns of steps. */
function read(model: LayersModel, row: number | readonly number[]): Record<string, unknown> {
  const { ids, steps }: Roles = rolesOf(networkOf(model.wiring, row));
  return {
    ids: ids.map(({ column, inputDim, layer }) => [column, inputDim, layer]),
    steps: steps.map(({ layer, maskValue, steps: own }) => [layer, maskValue, own]),
  };
}

const compiled = <M extends LayersModel>(model: M): M => {
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return model;
};

describe("what is read in an input", () => {
  it("is numbers by default, of built-in and custom layers", () => {
    expect(read(sequential([dense(3), dense(1)]), 4)).toEqual({ ids: [], steps: [] });
    expect(read(sequential([layers.gru(3)]), [4, 2])).toEqual({ ids: [], steps: [] });
  });

  it("is ids of an embedding, and steps of masking", () => {
    expect(read(sequential([embedding(5, 2), flatten(), dense(1)]), 2)).toEqual({
      ids: [
        [0, 5, "embedding_1"],
        [1, 5, "embedding_1"],
      ],
      steps: [],
    });
    expect(read(sequential([masking(-1), layers.gru(2)]), [2, 2])).toEqual({
      ids: [],
      steps: [
        [
          "masking_1",
          -1,
          [
            [0, 1],
            [2, 3],
          ],
        ],
      ],
    });
  });

  it("is so of one of several inputs, through shared and frozen layers, with the least bound", () => {
    const [port, size, route] = [input(1), input(2), input(2)];
    const shared = layers.freeze(embedding(9, 2));
    const parts = [
      flatten().apply(shared.apply(port)),
      size,
      flatten().apply(shared.apply(route)),
      flatten().apply(embedding(4, 1).apply(route)),
    ];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    expect(read(functional({ inputs: { port, size, route }, outputs }), 5)).toEqual({
      ids: [
        [0, 9, "embedding_1"],
        [3, 4, "embedding_2"],
        [4, 4, "embedding_2"],
      ],
      steps: [],
    });
  });

  it.each([
    [4, 9],
    [9, 4],
  ])("has the least bound of its readers, of %i and then %i", (first, second) => {
    const x = input(1);
    const parts = [first, second].map((inputDim) => flatten().apply(embedding(inputDim, 1).apply(x)));
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    const { ids } = read(functional({ inputs: x, outputs }), 1);
    expect(ids).toEqual([[0, 4, first === 4 ? "embedding_1" : "embedding_2"]]);
  });

  it("is ids where another layer reads the same column as a number or a step", () => {
    const x = input(2);
    const steps = masking(0).apply(reshape([2, 1]).apply(x));
    const parts = [x, flatten().apply(embedding(3, 1).apply(x)), flatten().apply(steps)];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    const found = read(functional({ inputs: x, outputs }), 2);
    expect(found).toEqual({
      ids: [
        [0, 3, "embedding_1"],
        [1, 3, "embedding_1"],
      ],
      steps: [],
    });
  });

  it("is unknown behind a layer that computes", () => {
    expect(read(sequential([dense(2), embedding(5, 2), flatten(), dense(1)]), 2).ids).toEqual([]);
    const sum = merge("add");
    const [a, b] = [input(1), input(1)];
    const outputs = flatten().apply(embedding(5, 2).apply(sum.apply(a, b)));
    expect(read(functional({ inputs: { a, b }, outputs }), 2).ids).toEqual([]);
  });

  it("is what a layer in timeDistributed reads, in each step", () => {
    const stack = [layers.timeDistributed(embedding(5, 2)), flatten(), dense(1)];
    expect(read(sequential(stack), [2, 2]).ids).toEqual([0, 1, 2, 3].map((c) => [c, 5, "timeDistributed_1"]));
    const inner = layers.timeDistributed(flatten());
    expect(read(sequential([inner, masking(7), layers.gru(1)]), [2, 2, 1]).steps).toEqual([
      [
        "masking_1",
        7,
        [
          [0, 1],
          [2, 3],
        ],
      ],
    ]);
  });

  it("is what a custom layer says of each of its inputs", () => {
    const pick = layers.defineLayer({
      type: "pick",
      hyperparameters: {},
      parameters: () => [],
      reads: [{ kind: "numbers" }, { kind: "ids", inputDim: 3 }],
      outputShape: () => [1],
      call: ({ inputs: [table] }) => mul(table, 1),
    });
    const [table, id] = [input(1), input(1)];
    const outputs = dense(1).apply(pick.apply(table, id));
    expect(read(functional({ inputs: { table, id }, outputs }), 2).ids).toEqual([[1, 3, "pick_1"]]);
  });

  // the engine is the oracle: where a number comes out, it came from
  const moves = fc.constantFrom(
    flatten(),
    permute([2, 1]),
    reshape([-1, 2]),
    reshape([2, -1]),
    layers.zeroPadding1d([1, 2]),
    layers.cropping1d([1, 0]),
    layers.upSampling1d(2),
    layers.repeatVector(2),
    layers.dropout(0.3),
    layers.spatialDropout1d(0.3),
    layers.gaussianNoise(1),
    layers.timeDistributed(flatten()),
  );
  it("is followed to where the engine takes it from, through any layers that move numbers", () => {
    let followed = 0;
    fc.assert(
      fc.property(fc.array(moves, { minLength: 1, maxLength: 5 }), fc.boolean(), (chain, twice) => {
        const x = input([3, 2]);
        let value = x;
        for (const layer of chain) {
          try {
            value = layer.apply(value);
          } catch {} // it does not take that shape
        }
        if (twice) value = merge("concatenate").apply(value, value);
        const side = flatten().apply(x);
        const outputs = { value, other: dense(1).apply(side) };
        const model = trained(functional({ inputs: x, outputs }), 6, 1, (normal) => normal);
        const { data } = model.predict({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [1, 3, 2] });
        const [begin, end] = model.outputs.value;
        const places = Array.from(data.subarray(begin, end), (number) => number - 1);
        const reader = layers.defineLayer({
          type: "reader",
          hyperparameters: {},
          parameters: () => [],
          reads: { kind: "steps", maskValue: 0 },
          outputShape: (shape) => shape,
          call: ({ x: given }) => given,
        });
        const network = networkOf(functional({ inputs: x, outputs: reader.apply(value) }).wiring, [3, 2]);
        expect(rolesOf(network).steps[0].steps.flat()).toEqual(places);
        followed += chain.length;
      }),
      { numRuns: cases(200) },
    );
    expect(followed).toBeGreaterThan(0);
  });
});

describe("a layer that says what is not so is refused:", () => {
  const layer = (more: object) => () =>
    layers.defineLayer({
      type: "own",
      hyperparameters: {},
      parameters: () => [],
      outputShape: (shape) => shape,
      call: ({ x }) => x,
      ...more,
    });
  it.each([
    ["reads a word", { reads: "ids" }, /`reads` of the layer \(own\) must be .*; received "ids"/],
    ["ids without a bound", { reads: { kind: "ids" } }, /`reads` of the layer \(own\) must be/],
    ["ids below 0", { reads: { kind: "ids", inputDim: 0 } }, /`reads` of the layer \(own\) must be/],
    ["a mask of NaN", { reads: [{ kind: "steps", maskValue: Number.NaN }] }, /`reads` of the layer/],
    ["routes of false", { routes: false }, /`routes` of the layer \(own\) must be true or "evaluation"/],
  ])("%s", (_, more, message) => {
    expect(refusal(layer(more))).toMatch(message);
  });

  it.each([
    ["one that changes numbers", { call: ({ x }: layers.LayerContext) => mul(x, 2) }],
    ["one that puts other numbers in", { call: ({ x }: layers.LayerContext) => minimum(x, 3) }],
    ["one with parameters", { parameters: () => [{ name: "w", shape: [1], initializer: "ones" }] }],
  ])("routes of %s", (_, more) => {
    const model = sequential([layer({ routes: true, ...more })(), embedding(3, 1), flatten(), dense(1)]);
    expect(refusal(() => rolesOf(networkOf(model.wiring, 2)))).toMatch(
      /`routes` of own_1 must be left out of a layer that has parameters or changes numbers/,
    );
  });

  it.each([layers.dropout(0.5), layers.spatialDropout1d(0.5), layers.gaussianNoise(1)])(
    "ids behind $type, which training would change",
    (changing) => {
      const chain = [changing, flatten(), embedding(3, 1), flatten(), dense(1)];
      expect(refusal(() => rolesOf(networkOf(sequential(chain).wiring, [2, 1])))).toBe(
        `invalid_argument: embedding_1 must receive unchanged ids; received those of ${changing.type}_1, which changes them in training`,
      );
    },
  );

  it.each([
    [embedding(3, 1), [[1], [2]], "embedding_1"],
    [masking(0), [[[1]], [[2]]], "masking_1"],
  ])("mixup of what %# reads", async (reader, x, name) => {
    const model = sequential([reader, flatten(), dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError", augmentation: mixup(0.2) });
    await expect(model.fit(x, [1, 2])).rejects.toThrow(
      `augmentation of compile must be left out if rows hold ids or padded steps, which cannot be mixed; ${name} reads them`,
    );
  });
});

describe("what is no id is refused before anything runs", () => {
  const good = [
    [0, 4],
    [3, 2],
  ];
  const y = [1, 2];
  const fitted = async (): Promise<LayersModel> => {
    const model = compiled(sequential([embedding(5, 2), flatten(), dense(1)]));
    await model.fit(good, y);
    return model;
  };
  const bad: readonly (readonly [string, number, string])[] = [
    ["beyond the last", 5, "5; give embedding_1 an inputDim of at least 6, or number ids from 0"],
    ["a fraction", 1.5, "1.5; number ids from 0"],
    ["below 0", -1, "-1; number ids from 0"],
    ["above -1", -0.9, "-0.8999999761581421; number ids from 0"],
  ];
  it.each(bad)("%s", async (_, id, received) => {
    const model = await fitted();
    const before = JSON.stringify(model.getWeights());
    const x = [good[0], [3, id]];
    const rest = `row 1, column 1 of x must be an id of embedding_1, an integer from 0 to 4 (its inputDim is 5); received ${received}`;
    expect(refusal(() => model.predict(x))).toBe(`invalid_data: ${rest}`);
    expect(refusal(() => model.predict({ data: Float64Array.from(x.flat()), shape: [2, 2] }))).toBe(
      `invalid_data: ${rest}`,
    );
    expect(refusal(() => model.evaluate(x, y))).toBe(`invalid_data: ${rest}`);
    await expect(model.fit(x, y)).rejects.toThrow(rest);
    await expect(model.fit(x, y, { validationSplit: 0.5 })).rejects.toThrow(rest);
    await expect(model.fit(good, y, { validationData: [x, y] })).rejects.toThrow(
      `row 1, column 1 of validation ${rest.slice("row 1, column 1 of ".length)}`,
    );
    expect(JSON.stringify(model.getWeights())).toBe(before);
  });

  it("by the name of the input, if there are several", async () => {
    const [size, port] = [input(2), input(1)];
    const parts = [size, flatten().apply(embedding(3, 1).apply(port))];
    const outputs = dense(1).apply(merge("concatenate").apply(...parts));
    const model = compiled(functional({ inputs: { size, port }, outputs }));
    const given = { size: [[1.5, 2.5]], port: [[3]] };
    await expect(model.fit(given, [1])).rejects.toThrow(
      "row 0, column 0 of x.port must be an id of embedding_1, an integer from 0 to 2 (its inputDim is 3); received 3",
    );
    await model.fit({ ...given, port: [[2]] }, [1]);
  });

  it("and -0 and the last id are ids", async () => {
    const model = await fitted();
    expect(Number.isFinite(model.predict([[-0, 4]]).get(0, 0))).toBe(true);
  });
});

it("an id that is computed reads and trains no other row", async () => {
  // ids are the halves of the numbers of x
  const half = layers.defineLayer({
    type: "half",
    hyperparameters: {},
    parameters: () => [],
    outputShape: (shape) => shape,
    call: ({ x }) => mul(x, 0.5),
  });
  const model = compiled(sequential([half, embedding(3, 1), flatten(), dense(1)]));
  await model.fit([[2]], [1], { epochs: 0 });
  const result = model.predict([[2], [3], [-1], [6]]).data;
  expect(Array.from(result, Number.isNaN)).toEqual([false, true, true, true]);
  const table = layers.defineLayer({
    type: "table",
    hyperparameters: {},
    outputShape: () => [1],
    parameters: () => [{ name: "rows", shape: [3, 1], initializer: "ones" }],
    call: ({ x, parameters }) => takeRows(parameters.rows, mul(reshapeValue(x, [x.shape[0]]), 0.5)),
  });
  const learning = compiled(sequential([table]));
  await learning.fit([[2]], [0], { epochs: 1 });
  // id 1 alone has learnt
  expect(Array.from(learning.getWeights()["table_1.rows"].data as Float32Array).map((w) => w < 1)).toEqual([
    false,
    true,
    false,
  ]);
});
