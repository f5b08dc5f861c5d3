/** Networks through files: the same bits, whatever they are made of, also when training goes on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { TensorLike } from "../../src/arrays.js";
import {
  add,
  constant,
  div,
  matmul,
  maximum,
  mean,
  mul,
  neg,
  sign,
  square,
  sub,
} from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { broadcastTo } from "../../src/graph/operations/broadcast.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { contentsOf } from "../../src/model/contents.js";
import { exportModel } from "../../src/model/export/exportModel.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { activation, defineLayer, dense, dropout, flatten, type Layer } from "../../src/nn/layers/index.js";
import { losses } from "../../src/nn/losses/registry.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { l1l2 } from "../../src/nn/weights/regularizers.js";
import { RandomStream } from "../../src/numerics/random.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { muon } from "../../src/optim/muon.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { optimizers } from "../../src/optim/registry.js";
import { defineSchedule } from "../../src/optim/schedule.js";
import * as schedules from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { writeContents } from "../../src/predict/description.js";
import { VERSION } from "../../src/version.js";
import { refusal } from "../nn/support.js";
import { SMALL } from "./export/modules.js";
import { contentsFrom } from "./export/tables.js";

const random = new RandomStream(15, 1);
const x = Array.from({ length: 40 }, () => [random.normal(), random.normal(), random.normal()]);
const y = x.map(([a, b, c]) => Number(a - b + c > 0));

const build = (optimizer: Optimizer): Sequential => {
  const model = sequential([
    dense(5, { activation: "relu", kernelRegularizer: l1l2({ l1: 1e-3, l2: 1e-2 }) }),
    dropout(0.2),
    activation("tanh"),
    dense(1, { activation: "sigmoid", useBias: false }),
  ]);
  model.compile({ optimizer, loss: losses.binaryCrossentropy, metrics: ["accuracy"] });
  return model;
};
const fit = { epochs: 3, batchSize: 7, seed: 4 };

const all: [string, () => Optimizer][] = [
  ...Object.entries(optimizers).map(([name, make]): [string, () => Optimizer] => [name, () => make()]),
  [
    "torch's adam with options",
    () => adam({ convention: "torch", amsgrad: true, weightDecay: 0.01, clipNorm: 1 }),
  ],
  ["average and accumulation", () => adam({ useEma: true, emaMomentum: 0.8, gradientAccumulationSteps: 4 })],
  ["muon without a layer", () => muon({ learningRate: 0.05, excludeLayers: ["dense_2"] })],
  ["momentum", () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
  [
    "exponentialDecay",
    () =>
      sgd({
        learningRate: schedules.exponentialDecay({
          initialLearningRate: 0.1,
          decaySteps: 5,
          decayRate: 0.7,
          staircase: true,
        }),
      }),
  ],
  [
    "cosineDecayRestarts",
    () =>
      adam({ learningRate: schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 4 }) }),
  ],
  ["oneCycle", () => adam({ learningRate: schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 30 }) })],
  [
    "piecewiseConstantDecay",
    () =>
      adam({
        learningRate: schedules.piecewiseConstantDecay({ boundaries: [5, 9], values: [0.1, 0.05, 0.01] }),
      }),
  ],
  [
    "warmup and cosineDecay",
    () =>
      adam({
        learningRate: schedules.warmup({
          learningRate: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 20 }),
          warmupSteps: 3,
        }),
      }),
  ],
];

describe("training goes on after a file as if it never stopped", () => {
  it.each(all)("%s", async (_, make) => {
    const whole = build(make());
    await whole.fit(x, y, { ...fit, epochs: 5 });
    const first = build(make());
    await first.fit(x, y, fit);
    // every number of its state is in the file, and once
    const sizes = (arrays: readonly { readonly length: number }[]) =>
      arrays.reduce((sum, { length }) => sum + length, 0);
    const { tensors } = contentsOf(first, true);
    expect(sizes(Object.values(tensors).map(({ data }) => data))).toBe(
      sizes(Object.values(first.trained().saved.arrays)),
    );
    const { model } = await loadModel(saveModel(first, { optimizer: true }));
    expect(model.predict(x).data).toEqual(first.predict(x).data);
    expect(model.evaluate(x, y)).toEqual(first.evaluate(x, y));
    const { history } = await model.fit(x, y, { ...fit, epochs: 2 });
    expect(history.accuracy.length).toBe(2);
    expect(weights(model)).toEqual(weights(whole));
  });

  it("and keeps the names of built-in metrics, and their options, and asks for custom ones", async () => {
    const bias: CustomMetric = {
      name: "bias",
      direction: "minimize",
      compute: (truth, p) => p[0] - truth[0],
    };
    const model = build(sgd());
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["acc", bias, "f1Macro"] });
    await model.fit(x, y, fit);
    expect(Object.keys(model.evaluate(x, y))).toEqual(["loss", "accuracy", "bias", "f1Macro"]);
    const bytes = saveModel(model);
    const again = await loadModel(bytes, { customObjects: { bias } });
    expect(again.model.evaluate(x, y)).toEqual(model.evaluate(x, y));
    expect(await refusal(() => loadModel(bytes))).toBe(
      'invalid_argument: customObjects["bias"] must be the metric that the model was saved with; received undefined',
    );
    expect(await refusal(() => loadModel(bytes, { customObjects: { bias: () => 0 } }))).toBe(
      'invalid_argument: customObjects["bias"] must be the metric that the model was saved with; received function bias',
    );
    expect((await loadModel(bytes, { compile: false })).predict(x).data).toEqual(model.predict(x).data);
  });

  it.each<[string, (units: never) => unknown, string]>([
    [
      "takes a positional argument",
      (units: number) => scaled(units),
      'invalid_argument: `outputShape` of scaled_1 must be an array of positive integers; received [{"units":2}]',
    ],
    ["fails", (units: number) => units.toFixed(), "invalid_argument: units.toFixed is not a function"],
    [
      "has a number that is none",
      (units: number) => numbered(units),
      'invalid_argument: the hyperparameter numbered_1.share must be a finite number; received {"units":2}',
    ],
  ])("names a factory that %s", async (_, factory, message) => {
    const model = sequential([scaled(2), dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 0 });
    expect(await refusal(() => loadModel(saveModel(model), { customObjects: { scaled: factory } }))).toBe(
      `${message}; received from customObjects["scaled"]({"units":2}): a factory is called with the options in the file, as one object`,
    );
  });

  it("refuses what is no layer by the factory that returned it", async () => {
    const model = sequential([scaled(2), dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 0 });
    expect(await refusal(() => loadModel(saveModel(model), { customObjects: { scaled: () => 3 } }))).toBe(
      'invalid_argument: what customObjects["scaled"] returns must be a layer; received 3',
    );
  });

  it("and begins anew from its parameters where the state of the optimizer was not kept", async () => {
    const first = build(adam());
    await first.fit(x, y, fit);
    const bytes = saveModel(first);
    expect(bytes.length).toBeLessThan(saveModel(first, { optimizer: true }).length);
    const { model } = await loadModel(bytes);
    first.compile({ optimizer: adam(), loss: "binaryCrossentropy", metrics: ["accuracy"] });
    for (const each of [first, model]) await each.fit(x, y, fit);
    expect(weights(model)).toEqual(weights(first));
  });
});

const weights = (model: Sequential) =>
  Object.fromEntries(Object.entries(model.getWeights()).map(([path, { data }]) => [path, [...data]]));

describe("what is the user's own", () => {
  const scale = ({ start }: { start: number }): Layer =>
    defineLayer({
      type: "scale",
      options: { start },
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: (shape) => [
        {
          name: "factor",
          shape,
          initializer: (graph, shape) => broadcastTo(constant(graph, start), shape),
        },
      ],
      call: ({ x, parameters }) => mul(x, parameters.factor),
    });
  const leakyRelu = (value: Value) => maximum(value, mul(0.1, value));
  const ownLoss = (yTrue: Value, yPred: Value) => mean(square(sub(yPred, yTrue)));
  const signSgd = defineOptimizer({
    name: "signSgd",
    hyperparameters: { learningRate: 0.001 },
    update: ({ gradient, hyperparameters: { learningRate } }) => ({
      update: neg(mul(learningRate, sign(gradient))),
    }),
  });
  const halving = defineSchedule({
    name: "halving",
    required: ["first"],
    rate: ({ numbers: { first }, step }) => div(first, step),
  });
  const customObjects = { scale, leakyRelu, ownLoss, signSgd, halving };
  const own = () => {
    const model = sequential([scale({ start: 2 }), dense(4, { activation: leakyRelu }), dense(1)]);
    model.compile({ optimizer: signSgd({ learningRate: halving({ first: 0.1 }) }), loss: ownLoss });
    return model;
  };

  it("is named in the file, and given again", async () => {
    const [whole, first] = [own(), own()];
    await whole.fit(x, y, { ...fit, epochs: 4 });
    await first.fit(x, y, { ...fit, epochs: 2 });
    const { model } = await loadModel(saveModel(first, { optimizer: true }), { customObjects });
    await model.fit(x, y, { ...fit, epochs: 2 });
    expect(weights(model)).toEqual(weights(whole));
  });

  it("may be in the options of a layer of one's own", async () => {
    const bent = ({ by, inner }: { by: typeof leakyRelu; inner: Layer }): Layer =>
      defineLayer({
        type: "bent",
        options: { by, inner },
        hyperparameters: {},
        outputShape: (shape) => shape,
        parameters: () => [],
        call: ({ x }) => add(by(x), constant(x.graph, inner.outputShape([3])[0])),
      });
    const model = sequential([bent({ by: leakyRelu, inner: dense(7) }), dense(1)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(x, y, fit);
    const { model: loaded } = await loadModel(saveModel(model), { customObjects: { bent, leakyRelu } });
    expect(loaded.predict(x).data).toEqual(model.predict(x).data);
  });

  it.each(Object.keys(customObjects))("is refused by name where it is missing: %s", async (name) => {
    const model = own();
    await model.fit(x, y, { ...fit, epochs: 1 });
    const bytes = saveModel(model);
    const { [name]: _, ...others } = customObjects as Readonly<
      Record<string, (...options: never[]) => unknown>
    >;
    expect(await refusal(() => loadModel(bytes, { customObjects: others }))).toMatch(
      new RegExp(
        `^invalid_argument: customObjects\\["${name}"\\] must be the \\w+ that the model was saved with; received undefined$`,
      ),
    );
  });

  it("is not needed to predict, if it is only trained with", async () => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: signSgd(), loss: ownLoss });
    await model.fit(x, y, fit);
    const loaded = await loadModel(saveModel(model), { compile: false });
    expect(loaded.predict(x).data).toEqual(model.predict(x).data);
  });

  it("must have a name to be saved", async () => {
    const model = sequential([dense(1, { activation: [(value: Value) => value][0] })]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(x, y, fit);
    expect(() => saveModel(model)).toThrow(/a custom activation must be a function with a name to be saved/);
  });

  it("is a copy of a built-in layer too, since what it does may have changed", async () => {
    const model = sequential([
      { ...dense(1), call: ({ x, parameters }) => mul(x, parameters.bias) } as Layer,
      dense(1),
    ]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit(
      x.map(([a]) => [a]),
      y,
      fit,
    );
    await expect(loadModel(saveModel(model))).rejects.toThrow(/customObjects\["dense"\]/);
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "fettle-model-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are written whole, and read by path and address", async () => {
    const model = build(adam());
    await model.fit(x, y, fit);
    const loaded = await loadModel(saveModel(model));
    const path = join(folder, "model.fettle");
    writeFileSync(path, "what was there before");
    await loaded.save(path);
    expect(readdirSync(folder)).toEqual(["model.fettle"]);
    expect(new Uint8Array(readFileSync(path))).toEqual(saveModel(model));
    for (const source of [path, pathToFileURL(path), readFileSync(path)])
      expect((await loadModel(source)).predict(x).data).toEqual(model.predict(x).data);
  });

  it("say what rows a stack takes, unless they are columns", async () => {
    const inputsOf = async (stack: Sequential, rows: TensorLike): Promise<unknown> => {
      stack.compile({ optimizer: sgd(), loss: "meanSquaredError" });
      await stack.fit(rows, [1, 2], { epochs: 1 });
      return contentsOf(stack, false).network.inputs;
    };
    const images = sequential([flatten(), dense(1)]);
    expect(
      await inputsOf(images, [
        [[1], [2]],
        [[3], [4]],
      ]),
    ).toEqual([{ name: "input", shape: [2, 1] }]);
    expect(await inputsOf(sequential([dense(1)]), [[1], [2]])).toBeUndefined();
  });

  it("that cannot be written or read are refused with the reason", async () => {
    const model = build(adam());
    await model.fit(x, y, fit);
    const loaded = await loadModel(saveModel(model));
    await expect(loaded.save(join(folder, "none", "model.fettle"))).rejects.toThrow(
      /^cannot write ".*none.*": ENOENT/,
    );
    await expect(loadModel(undefined as never)).rejects.toThrow(
      /^a model file must be its bytes, its path or its URL; received undefined$/,
    );
    await expect(loadModel(join(folder, "none.fettle"))).rejects.toThrow(
      /^cannot read ".*none.fettle": ENOENT/,
    );
    await expect(loadModel("http://127.0.0.1:1/model.fettle")).rejects.toThrow(/^cannot read "http:.*": /);
  });
});

describe("setWeights", () => {
  const trained = async () => {
    const model = sequential([dense(1)]);
    model.compile({ optimizer: adam(), loss: "meanSquaredError" });
    await model.fit([[0], [1]], [1, 3], { epochs: 2 });
    return model;
  };

  it("gives back what getWeights took, and training goes on", async () => {
    const [model, other] = [await trained(), await trained()];
    const kept = model.getWeights();
    await model.fit([[0], [1]], [1, 3], { epochs: 2 });
    model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
    expect([...model.predict([[4]]).data]).toEqual([9]);
    model.setWeights(kept);
    expect(model.predict([[4]]).data).toEqual(other.predict([[4]]).data);
  });

  it.each<[string, unknown, RegExp]>([
    [
      "a path that does not exist",
      { "dense_2.kernel": [[1]] },
      /unknown option of setWeights "dense_2.kernel". Did you mean "dense_1.kernel"\?/,
    ],
    [
      "a path that is missing",
      { "dense_1.kernel": [[1]] },
      /weights\["dense_1.bias"\] must be an array of shape \[1\]; received undefined/,
    ],
    [
      "another shape",
      { "dense_1.kernel": [[1, 2]], "dense_1.bias": [0] },
      /dense_1.kernel must be \[1, 1\], 1 numbers; received \[\[1,2\]\]/,
    ],
  ])("refuses %s", async (_, given, message) => {
    const model = await trained();
    expect(() => model.setWeights(given as never)).toThrow(message);
  });
});

it.each(["refuse", "missing", "ignore"] as const)(
  "loads with the rule %j for unknown words",
  async (rule) => {
    const model = build(adam());
    await model.fit(x, y, { epochs: 1 });
    const loaded = await loadModel(saveModel(model), { unknown: rule });
    expect(loaded.unknown).toBe(rule);
    const ofTable = await loadModel(writeContents(contentsFrom(SMALL), VERSION), { unknown: rule });
    expect((await loadModel(saveModel(ofTable))).unknown).toBe(rule);
    const [text] = Object.values(exportModel(ofTable, "js").files);
    expect(/category\(.*, 3\)/.test(text as string)).toBe(rule === "ignore");
  },
);

/** A dense layer without a bias. */
function scaled(units: number): Layer {
  return defineLayer({
    type: "scaled",
    options: { units },
    hyperparameters: {},
    outputShape: () => [units],
    parameters: ([columns]) => [{ name: "kernel", shape: [columns, units], initializer: "ones" }],
    call: ({ x, parameters: { kernel } }) => matmul(x, kernel),
  });
}

function numbered(share: number): Layer {
  return defineLayer({
    type: "numbered",
    hyperparameters: { share },
    outputShape: (shape) => shape,
    parameters: () => [],
    call: ({ x, hyperparameters }) => mul(x, hyperparameters.share),
  });
}
