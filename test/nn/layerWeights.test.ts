/**
 * The weights of layers: models that share a layer share one set of weights, at any time; and the part of a
 * model computes what the model computes there.
 */
import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { contentsOf } from "../../src/model/contents.js";
import { exportTfjs } from "../../src/model/export/tfjs.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import {
  activation,
  batchNormalization,
  bidirectional,
  dense,
  dropout,
  flatten,
  freeze,
  gru,
  type Layer,
  merge,
  named,
  reshape,
  type SymbolicTensor,
  timeDistributed,
} from "../../src/nn/layers/index.js";
import { averageModels } from "../../src/nn/models/averageModels.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { loadPredictor } from "../../src/predict/predictor.js";
import { cases } from "../cases.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const x = randomRows(24, 3, 1);
const y = randomRows(24, 2, 2);
const fit = { epochs: 2, batchSize: 8, seed: 4 };
const as = { optimizer: "adam", loss: "meanSquaredError" } as const;
const compile = <Model extends LayersModel>(model: Model): Model => {
  model.compile(as);
  return model;
};
const rowsOf = (rows: number[][], i: number): number[][] => rows.slice(8 * i, 8 * (i + 1));
const batches = [0, 1, 2].map((i) => ({ x: rowsOf(x, i), y: rowsOf(y, i) }));
const WAYS = ["fit", "fitDataset", "trainOnBatch"] as const;
/** Trains an epoch of the same batches. */
const trainBy: Record<(typeof WAYS)[number], (model: LayersModel) => Promise<unknown>> = {
  fit: (model) => model.fit(x, y, { ...fit, epochs: 1, shuffle: false }),
  fitDataset: (model) => model.fitDataset(batches, { seed: 4 }),
  trainOnBatch: async (model) => {
    for (const batch of batches) await model.trainOnBatch(batch.x, batch.y, { seed: 4 });
  },
};
/** The weights of a layer, as plain numbers. */
const ofLayer = (layer: Layer): Record<string, number[]> =>
  Object.fromEntries(Object.entries(layer.getWeights()).map(([name, { data }]) => [name, Array.from(data)]));
/** Those that a model has of a layer with a name. */
const ofModel = (model: LayersModel, name: string): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(weightsOf(model)).flatMap(([path, numbers]) =>
      path.startsWith(`${name}.`) ? [[path.slice(name.length + 1), numbers]] : [],
    ),
  );

describe("a layer shared by two models", () => {
  it("is the trained one where it is frozen, and stays as it is", async () => {
    const first = compiled([dense(4, { activation: "tanh" }), dense(2)], as);
    await first.fit(x, y, fit);
    const [hidden] = first.layers;
    const before = ofLayer(hidden);
    const second = compiled([freeze(hidden), dense(2)], as);
    await second.fit(x, y, { ...fit, seed: 9 });
    expect(ofModel(second, "dense_1")).toEqual(before);
    expect(ofLayer(hidden)).toEqual(before);
    expect(ofModel(first, "dense_1")).toEqual(before);
    // the head is trained as over the features alone
    const features = functional({ inputs: ofColumns, outputs: hidden.apply(ofColumns) });
    const head = compiled([dense(2)], as);
    await head.fit(features.predict(x), y, { ...fit, epochs: 0 });
    const whole = compiled([freeze(hidden), dense(2)], as);
    await whole.fit(x, y, { ...fit, epochs: 0 });
    head.setWeights({
      "dense_1.kernel": ofModel(whole, "dense_2").kernel,
      "dense_1.bias": ofModel(whole, "dense_2").bias,
    });
    await head.fit(features.predict(x), y, fit);
    await whole.fit(x, y, fit);
    expect(ofModel(head, "dense_1")).toEqual(ofModel(whole, "dense_2"));
  });

  it("is trained by either, and the optimizer's state of the other stays", async () => {
    const layer = dense(3);
    const [a, b] = [compiled([layer, dense(2)], as), compiled([layer, dense(2)], as)];
    await a.fit(x, y, fit);
    await b.fit(x, y, fit);
    expect(ofModel(a, "dense_1")).toEqual(ofModel(b, "dense_1"));
    expect(ofModel(a, "dense_2")).not.toEqual(ofModel(b, "dense_2"));
    const other = compiled([dense(3), dense(2)], as);
    await other.fit(x, y, fit);
    other.setWeights(a.getWeights());
    await other.fit(x, y, fit);
    await a.fit(x, y, fit);
    expect(weightsOf(a)).toEqual(weightsOf(other));
  });

  it("has one set of weights while one of them trains, in both directions", async () => {
    const layer = dense(2, { useBias: false });
    const model = compiled([layer], as);
    const other = sequential([layer, activation("tanh")]);
    let seen: number[] = [];
    await model.fit(x, y, {
      ...fit,
      callbacks: [
        {
          onEpochEnd(epoch) {
            expect(ofLayer(layer)).toEqual(ofModel(model, "dense_1"));
            expect(weightsOf(other)).toEqual(weightsOf(model));
            seen = ofLayer(layer).kernel;
            if (epoch === 1) other.setWeights({ "dense_1.kernel": new Float32Array(6).fill(0.5) });
          },
        },
      ],
    });
    expect(seen).not.toEqual(new Array(6).fill(0.5));
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": new Array(6).fill(0.5) });
  });

  it("keeps its weights if a training fails", async () => {
    const layer = dense(2);
    const model = compiled([layer], as);
    const fail = {
      onEpochEnd: () => {
        throw new Error("no");
      },
    };
    await expect(model.fit(x, y, { ...fit, callbacks: [fail] })).rejects.toThrow("no");
    expect(await refusal(() => layer.getWeights())).toBe(
      "invalid_state: dense has no weights yet; call build or fit of a model that has it first",
    );
    await model.fit(x, y, fit);
    const before = ofLayer(layer);
    await expect(model.fit(x, y, { ...fit, callbacks: [fail] })).rejects.toThrow("no");
    expect(ofLayer(layer)).toEqual(before);
    expect(ofModel(model, "dense_1")).toEqual(before);
  });

  it("is not trained by two models at once; frozen, it is in several", async () => {
    const layer = dense(3);
    const [a, b] = [layer, layer].map((each) => compiled([each, dense(2)], as));
    await a.build(3);
    const running = a.fit(x, y, fit);
    expect(await refusal(() => b.fit(x, y, fit))).toBe(
      "invalid_state: dense_1 must not be trained by two models at once; await the training of the other first",
    );
    expect(await refusal(() => compiled([freeze(layer), dense(2)], as).fit(x, y, fit))).toContain(
      "dense_1 must not be trained by two models at once",
    );
    await running;
    const heads = [freeze(layer), freeze(layer)].map((each) => compiled([each, dense(2)], as));
    const before = ofLayer(layer);
    await Promise.all(heads.map((model, seed) => model.fit(x, y, { ...fit, seed })));
    expect(ofLayer(layer)).toEqual(before);
  });

  it("has the bits of fit however its batches come, in either model", async () => {
    const trained = fc.record({ which: fc.constantFrom(0, 1), way: fc.constantFrom(...WAYS) });
    await fc.assert(
      fc.asyncProperty(fc.array(trained, { minLength: 1, maxLength: 5 }), async (trainings) => {
        const [own, fitted] = [0, 1].map(() => {
          const layer = dense(3, { activation: "tanh" });
          return { layer, models: [0, 1].map(() => compiled([layer, dense(2)], as)) };
        });
        for (const { which, way } of trainings) {
          await trainBy[way](own.models[which]);
          await trainBy.fit(fitted.models[which]);
          expect(weightsOf(own.models[which])).toEqual(weightsOf(fitted.models[which]));
          expect(ofLayer(own.layer)).toEqual(ofLayer(fitted.layer));
          expect(ofModel(own.models[which], "dense_1")).toEqual(ofLayer(own.layer));
        }
      }),
      { numRuns: cases(20) },
    );
  });

  it("is not trained by two models at once, however their batches come", async () => {
    const layer = dense(3);
    const [a, b] = [0, 1].map(() => compiled([layer, dense(2)], as));
    const message =
      "invalid_state: dense_1 must not be trained by two models at once; await the training of the other first";
    const refusals: string[] = [];
    const tryAll = async (): Promise<void> => {
      for (const way of WAYS) refusals.push(await refusal(() => trainBy[way](b)));
    };
    await a.fit(x, y, { ...fit, epochs: 1, callbacks: [{ onEpochEnd: tryAll }] });
    const reading = async function* () {
      yield* batches.slice(0, 1);
      await tryAll();
      yield* batches.slice(1);
    };
    await a.fitDataset(reading);
    const running = a.trainOnBatch(x, y);
    refusals.push(await refusal(() => trainBy.fit(b)));
    await running;
    expect(refusals).toEqual(new Array(7).fill(message));
  });

  it("starts from the weights that the layer has with the first batch", async () => {
    const pairs = [0, 1].map(() => {
      const layer = dense(3);
      return [0, 1].map(() => compiled([layer, dense(2)], as));
    });
    for (const models of pairs) for (const model of models) await trainBy.fit(model);
    const [[a, b], [twinA, twinB]] = pairs;
    await a.fitDataset(async function* () {
      await trainBy.fit(b);
      yield* batches;
    });
    for (const model of [twinB, twinA]) await trainBy.fit(model);
    expect(weightsOf(a)).toEqual(weightsOf(twinA));
  });

  it("keeps its weights if training on batches fails", async () => {
    const layer = dense(2);
    const model = compiled([layer], as);
    await model.build(3);
    const before = ofLayer(layer);
    const failing = function* () {
      yield batches[0];
      throw new Error("no");
    };
    await expect(model.fitDataset(failing)).rejects.toThrow("no");
    const closing = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: batches[0] }),
        return: () => {
          throw new Error("not closed");
        },
      }),
    };
    await expect(model.fitDataset(closing as never, { batchesPerEpoch: 1 })).rejects.toThrow("not closed");
    await expect(model.trainOnBatch([[1, Number.NaN, 1]], [[1, 1]])).rejects.toThrow("NaN");
    expect(ofLayer(layer)).toEqual(before);
    expect(ofModel(model, "dense_1")).toEqual(before);
  });

  it("keeps what is averaged apart from what is trained, where the optimizer has both", async () => {
    const layer = dense(3);
    const model = compiled([layer, dense(2)], { ...as, optimizer: adam({ useEma: true, emaMomentum: 0.5 }) });
    const alone = compiled([dense(3), dense(2)], {
      ...as,
      optimizer: adam({ useEma: true, emaMomentum: 0.5 }),
    });
    for (const each of [model, alone]) await each.fit(x, y, fit);
    expect(ofLayer(layer)).toEqual(ofModel(model, "dense_1"));
    const { layers } = model.part({ to: layer });
    layers[0].getWeights(); // to look changes nothing
    for (const each of [model, alone]) await each.fit(x, y, fit);
    expect(weightsOf(model)).toEqual(weightsOf(alone));
  });

  it("is one layer in one model too, a stack included", async () => {
    const layer = dense(3, { activation: "tanh" });
    const stack = compiled([layer, layer], as);
    await stack.fit(x, randomRows(24, 3, 5), fit);
    expect(Object.keys(stack.getWeights())).toEqual(["dense_1.kernel", "dense_1.bias"]);
    const graph = functional({ inputs: ofColumns, outputs: layer.apply(layer.apply(ofColumns)) });
    expect(graph.predict(x).data).toEqual(stack.predict(x).data);
    const { model: loaded } = await loadModel(saveModel(stack));
    expect(loaded.predict(x).data).toEqual(stack.predict(x).data);
    expect(loaded.layers.length).toBe(1);
    const { modelTopology } = JSON.parse(exportTfjs(contentsOf(stack, false))["model.json"]);
    expect(modelTopology.class_name).toBe("Functional");
    const [, written] = modelTopology.config.layers;
    expect(written.inbound_nodes.length).toBe(2);
    expect((await loadPredictor(saveModel(stack))).predict(x).data).toEqual(stack.predict(x).data);
  });

  it("refuses what cannot be shared", async () => {
    const layer = dense(2);
    await sequential([layer]).build(3);
    const wide = compiled([dense(4), layer], as);
    const message =
      "invalid_shape: dense_2 has weights for rows of shape [3]: kernel [3, 2], bias [2]; received [4], which need kernel [4, 2], bias [2]. A new layer has separate weights";
    expect(await refusal(() => wide.fit(x, y, fit))).toBe(message);
    expect(await refusal(() => wide.build(3))).toBe(message);
    expect(await refusal(() => sequential([layer, freeze(layer)]))).toBe(
      "invalid_argument: a model must have one form of a layer; received dense_1 and dense_2, which share their weights. Use one of them twice, or a copy, { ...layer }",
    );
    const graph = functional({ inputs: ofColumns, outputs: dense(4).apply(ofColumns) });
    const twice = graph.layers[0];
    const both = functional({
      inputs: ofColumns,
      outputs: merge("add").apply(twice.apply(ofColumns), twice.apply(ofColumns)),
    });
    expect(await refusal(() => both.part({ to: twice }))).toBe(
      "invalid_argument: to must be a layer that is applied once; received dense, applied 2 times",
    );
  });

  it("is separate as a copy, and in an average", async () => {
    const models = [1, 2].map(() => compiled([dense(2)], as));
    for (const [seed, model] of models.entries()) await model.fit(x, y, { ...fit, seed });
    const before = models.map(weightsOf);
    const ensemble = averageModels(models);
    await ensemble.fit(x, y, fit);
    expect(models.map(weightsOf)).toEqual(before);
    const copy = { ...models[0].layers[0] };
    expect(await refusal(() => copy.getWeights())).toMatch(/^invalid_state: dense has no weights yet/);
  });

  it("is the layer within timeDistributed, and not that within bidirectional", async () => {
    const inner = dense(2);
    await sequential([inner]).build(3);
    const steps = sequential([reshape([1, 3]), timeDistributed(inner), flatten()]);
    await steps.build(3);
    const alone = sequential([inner]);
    expect(steps.predict(x).data).toEqual(alone.predict(x).data);
    const cell = gru(2);
    await sequential([cell]).build([4, 3]);
    const both = sequential([bidirectional(cell)]);
    await both.build([4, 3], { seed: 1 });
    expect(ofModel(both, "bidirectional_1")["forward.kernel"]).not.toEqual(ofLayer(cell).kernel);
  });
});

it("a layer has one set of weights, whatever its models do", async () => {
  const act = fc.record({ which: fc.nat({ max: 5 }), model: fc.nat({ max: 2 }), seed: fc.nat({ max: 99 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), async (acts) => {
      const shared = [dense(3, { activation: "tanh" }), batchNormalization()];
      const models = [
        compiled([...shared, dense(2)], as),
        compiled([shared[0], dense(3), shared[1], dense(2)], { ...as, optimizer: "scheduleFreeAdamW" }),
        compiled([...shared.map(freeze), dense(2)], as),
      ];
      for (const model of models) await model.build(3);
      for (const { which, model: number, seed } of acts) {
        const model = models[number];
        const random = (): Float32Array => Float32Array.from(randomRows(1, 9, seed)[0]);
        if (which < 2) await model.fit(x, y, { ...fit, epochs: 1, seed });
        else if (which === 2) model.compile(as);
        else if (which === 3) shared[0].setWeights({ ...shared[0].getWeights(), kernel: random() });
        else if (which === 4) model.setWeights({ ...model.getWeights(), "dense_1.kernel": random() });
        else await model.build(3, { seed });
        const [expected, norm] = shared.map(ofLayer);
        for (const each of models) {
          expect(ofModel(each, "dense_1")).toEqual(expected);
          expect(ofModel(each, "batchNormalization_1")).toEqual(norm);
          const again = sequential(each.layers.map((layer) => ({ ...layer })));
          await again.build(3);
          again.setWeights(each.getWeights());
          expect(each.predict(x).data).toEqual(again.predict(x).data);
        }
      }
    }),
    { numRuns: cases(15) },
  );
});

const ofColumns = input(3);
/** The shapes of the inputs of a layer that is applied once. */
const shapesOf = (layer: Layer, values: readonly SymbolicTensor[]) =>
  (values.find((value) => value.layer === layer) as SymbolicTensor).inputs.map(({ shape }) => shape);

describe("build", () => {
  it("makes the weights that fit makes", async () => {
    const layers = () => [dense(4), batchNormalization(), dropout(0.5), freeze(dense(3)), dense(2)];
    const [built, fitted] = [compiled(layers(), as), compiled(layers(), as)];
    await built.build(3, { seed: 4 });
    await fitted.fit(x, y, { ...fit, epochs: 0 });
    expect(weightsOf(built)).toEqual(weightsOf(fitted));
    for (const model of [built, fitted]) await model.fit(x, y, fit);
    expect(weightsOf(built)).toEqual(weightsOf(fitted));
  });

  it("keeps weights that layers have, and takes the row of the inputs", async () => {
    const layer = dense(2);
    const first = sequential([layer]);
    await first.build(3);
    const before = ofLayer(layer);
    const graph = functional({ inputs: ofColumns, outputs: dense(2).apply(layer.apply(ofColumns)) });
    await graph.build(undefined, { seed: 7 });
    await first.build(3, { seed: 7 });
    expect(ofLayer(layer)).toEqual(before);
    expect(ofModel(graph, "dense_1")).toEqual(before);
    const lines: string[] = [];
    first.summary((line) => lines.push(line));
    expect(lines.at(-1)).toBe("Total parameters: 8");
  });

  it.each<[string, (model: LayersModel) => unknown, string]>([
    [
      "no row",
      (model) => model.build(),
      "invalid_argument: row must be a number of columns, or the shape of one row; received undefined",
    ],
    [
      "another seed",
      (model) => model.build(3, { seed: -1 }),
      "invalid_argument: seed must be an integer of at least 0; received -1",
    ],
    [
      "another option",
      (model) => model.build(3, { sed: 1 } as never),
      'unknown_name: unknown option of build "sed". Did you mean "seed"? Known: seed.',
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(() => run(sequential([dense(1)])))).toBe(message);
  });
});

describe("part", () => {
  it("predicts what the whole computes there, in random graphs", async () => {
    const step = fc.record({
      kind: fc.nat({ max: 4 }),
      from: fc.nat(),
      and: fc.nat(),
      units: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.nat({ max: 999 }),
        async (steps, seed) => {
          const [a, b] = [input(3), input(2)];
          const values: SymbolicTensor[] = [dense(2).apply(a), a, b];
          const layers = steps.map(({ kind, from, and, units }) => {
            const [one, other] = [from, and].map((place) => values[place % values.length]);
            const layer = [
              dense(units, { activation: "tanh" }),
              batchNormalization(),
              freeze(dense(units)),
              dropout(0.5),
              merge("concatenate"),
            ][kind];
            values.push(kind === 4 ? layer.apply(one, other) : layer.apply(one));
            return layer;
          });
          // every value is an output of the whole
          const found = values.filter(({ layer }) => layer);
          const ends = Object.fromEntries(found.map((value, i) => [`end ${i}`, value]));
          const whole = functional({ inputs: { a, b }, outputs: { ...ends, b: dense(1).apply(b) } });
          await whole.build(undefined, { seed });
          const outputs: Readonly<Record<string, readonly number[]>> = whole.outputs;
          const data: Record<string, number[][]> = { a: x, b: y };
          const all = whole.predict(data);
          for (const layer of layers) {
            const part = whole.part({ to: layer });
            const { inputs } = part.wiring;
            const run = () => part.predict(Object.fromEntries(inputs.map(({ name }) => [name, data[name]])));
            if (
              part.wiring.calls.every(
                (call) => call.layer.parameters(...shapesOf(call.layer, values)).length === 0,
              )
            ) {
              expect(await refusal(run)).toBe(
                "invalid_state: a model must have a layer with weights to predict; received none",
              );
              continue;
            }
            const [begin, end] = outputs[`end ${found.findIndex((value) => value.layer === layer)}`];
            expect(Array.from(run().data)).toEqual(
              x.flatMap((_, row) => Array.from({ length: end - begin }, (__, j) => all.get(row, begin + j))),
            );
          }
        },
      ),
      { numRuns: cases(30) },
    );
  });

  it("is fine-tuned with the whole, saved and loaded, and shares weights later too", async () => {
    const model = compiled([dense(4, { activation: "tanh" }), dense(3), dense(2)], as);
    const features = model.part({ to: "dense_2" });
    expect(await refusal(() => features.predict(x))).toBe(
      "invalid_state: the model has no parameters yet; call model.fit(x, y), or model.build(columns), first",
    );
    await model.fit(x, y, fit);
    const { model: loaded } = await loadModel(saveModel(features));
    expect(loaded.predict(x).data).toEqual(features.predict(x).data);
    expect(await refusal(() => loaded.evaluate(x, y))).toBe(
      "invalid_state: the model is not compiled; call model.compile({ optimizer, loss }) first",
    );
    const tuned = compiled([...features.layers, dense(2)], as);
    await tuned.fit(x, y, fit);
    expect(ofModel(features, "dense_1")).toEqual(ofModel(tuned, "dense_1"));
    expect(ofModel(model, "dense_2")).toEqual(ofModel(tuned, "dense_2"));
    expect(loaded.predict(x).data).not.toEqual(features.predict(x).data);
  });

  it.each<[string, (model: LayersModel) => unknown, string]>([
    [
      "a name that no layer has",
      (model) => model.part({ to: "dens_1" }),
      'unknown_name: unknown layer "dens_1". Did you mean "dense_1"? Known: dense_1.',
    ],
    [
      "another model's layer",
      (model) => model.part({ to: dense(1) }),
      'invalid_argument: to must be a layer of the model, or its name; received "dense"',
    ],
    [
      "no layer",
      (model) => model.part({} as never),
      "invalid_argument: to must be a layer of the model, or its name; received undefined",
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(() => run(sequential([dense(1)])))).toBe(message);
  });
});

describe("names", () => {
  it("are the layer's own in every model, saved and loaded", async () => {
    const encoder = named("encoder", dense(2));
    const model = compile(
      functional({ inputs: ofColumns, outputs: dense(2).apply(encoder.apply(ofColumns)) }),
    );
    await model.build();
    expect(Object.keys(model.getWeights())).toEqual([
      "encoder.kernel",
      "encoder.bias",
      "dense_1.kernel",
      "dense_1.bias",
    ]);
    expect([encoder.name, freeze(encoder).name, dense(1).name]).toEqual(["encoder", "encoder", "dense"]);
    expect(model.getLayer("encoder")).toBe(encoder);
    const { model: loaded } = await loadModel(saveModel(model));
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
    expect(loaded.getLayer("encoder").name).toBe("encoder");
    const plain = dense(2);
    await sequential([plain]).build(3);
    expect(ofLayer(named("other", plain))).toEqual(ofLayer(plain));
    const taken = sequential([named("dense_1", dense(1)), dense(1), dense(1)]);
    await taken.build(1);
    expect(Object.keys(taken.getWeights()).map((path) => path.split(".")[0])).toEqual([
      "dense_1",
      "dense_1",
      "dense_2",
      "dense_2",
      "dense_3",
      "dense_3",
    ]);
    expect(await refusal(() => sequential([encoder, named("encoder", dense(1))]))).toBe(
      'invalid_argument: the names of layers must differ; received "encoder" twice',
    );
    expect(await refusal(() => named("a.b", dense(1)))).toBe(
      'invalid_argument: the name of a layer must be a name without dots; received "a.b"',
    );
  });
});

describe("setWeights", () => {
  const kernel = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  const flat = kernel.flat();
  it.each<[string, unknown]>([
    ["nested arrays", kernel],
    ["typed arrays in an array", kernel.map((row) => Float64Array.from(row))],
    ["a typed array", Float32Array.from(flat)],
    ["bytes", Uint8Array.from(flat)],
    ["data with a shape", { data: Int16Array.from(flat), shape: [3, 2] }],
    ["an ndarray", ndarray(new Float64Array(flat), [3, 2])],
  ])("takes %s", async (_, given) => {
    const layer = dense(2);
    const model = sequential([layer]);
    await model.build(3);
    layer.setWeights({ kernel: given as number[][], bias: [7, 8] });
    expect(weightsOf(model)).toEqual({ "dense_1.kernel": flat, "dense_1.bias": [7, 8] });
    model.setWeights({ "dense_1.kernel": given as number[][], "dense_1.bias": [9, 9] });
    expect(ofLayer(layer)).toEqual({ kernel: flat, bias: [9, 9] });
  });

  it.each<[string, unknown, string]>([
    [
      "another shape",
      { data: flat, shape: [2, 3] },
      "invalid_shape: kernel must be [3, 2], 6 numbers; received shape [2,3]",
    ],
    [
      "big integers",
      BigInt64Array.of(1n),
      "invalid_data: kernel must be [3, 2], 6 numbers; received BigInt64Array(1)",
    ],
    ["text", "weights", 'invalid_data: kernel must be [3, 2], 6 numbers; received "weights"'],
  ])("refuses %s", async (_, given, message) => {
    const layer = dense(2);
    await sequential([layer]).build(3);
    const before = ofLayer(layer);
    expect(await refusal(() => layer.setWeights({ kernel: given as never, bias: [0, 0] }))).toBe(message);
    expect(ofLayer(layer)).toEqual(before);
  });
});
