/** Words of other libraries, and misspelt ones: what the refusal of each suggests, or that it works. */
import { expect, it } from "vitest";
import * as fettle from "../src/index.js";
import { refusal } from "./nn/support.js";

const { adam, adamw, dense, earlyStopping, gridSearch, merge, sequential, sgd } = fettle;
/** Passes what types forbid. */
const any = (value: unknown) => value as never;
const one = () => {
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return model;
};
const rows = [[1], [2], [3]];
const fitted = (options: object) => one().fit(rows, [1, 2, 3], any(options));
const loss = (name: string) => one().compile({ optimizer: "sgd", loss: any(name) });
const grid = (options: object) => gridSearch(any(options));
const activation = (name: string) => dense(1, { activation: any(name) });

it.each<[string, () => unknown, string]>([
  ["lr", () => adam(any({ lr: 1 })), "learningRate"],
  ["LR", () => sgd(any({ LR: 1 })), "learningRate"],
  ["learning_rate", () => sgd(any({ learning_rate: 1 })), "learningRate"],
  ["decay", () => adam(any({ decay: 1 })), "weightDecay"],
  ["weight_decay", () => adamw(any({ weight_decay: 1 })), "weightDecay"],
  ["eps", () => adam(any({ eps: 1 })), "epsilon"],
  ["betas", () => adam(any({ betas: [0, 0] })), "beta1"],
  ["beta_1", () => adam(any({ beta_1: 0 })), "beta1"],
  ["rho", () => adam(any({ rho: 0 })), "beta2"],
  ["momentum", () => adam(any({ momentum: 0 })), "beta1"],
  ["clipnorm", () => sgd(any({ clipnorm: 1 })), "clipNorm"],
  ["clip_grad_norm", () => sgd(any({ clip_grad_norm: 1 })), "globalClipNorm"],
  ["use_ema", () => sgd(any({ use_ema: true })), "useEma"],
  ["criterion", () => one().compile(any({ criterion: "mse" })), "loss"],
  ["metric", () => one().compile(any({ metric: [] })), "metrics"],
  ["scoring", () => one().compile(any({ scoring: [] })), "metrics"],
  ["n_epochs", () => fitted({ n_epochs: 1 }), "epochs"],
  ["nb_epoch", () => fitted({ nb_epoch: 1 }), "epochs"],
  ["max_iter", () => fitted({ max_iter: 1 }), "epochs"],
  ["batch_size", () => fitted({ batch_size: 1 }), "batchSize"],
  ["validation_split", () => fitted({ validation_split: 0.1 }), "validationSplit"],
  ["valid_split", () => fitted({ valid_split: 0.1 }), "validationSplit"],
  ["test_size of fit", () => fitted({ test_size: 0.1 }), "validationSplit"],
  ["random_state", () => fitted({ random_state: 0 }), "seed"],
  ["random_seed", () => fitted({ random_seed: 0 }), "seed"],
  ["callback", () => fitted({ callback: [] }), "callbacks"],
  ["class_weight", () => fitted({ class_weight: {} }), "classWeight"],
  ["bias", () => dense(1, any({ bias: false })), "useBias"],
  ["use_bias", () => dense(1, any({ use_bias: false })), "useBias"],
  ["kernel_initializer", () => dense(1, any({ kernel_initializer: "zeros" })), "kernelInitializer"],
  ["initializer", () => dense(1, any({ initializer: "zeros" })), "kernelInitializer"],
  ["regularizer", () => dense(1, any({ regularizer: "l2" })), "kernelRegularizer"],
  ["nonlinearity", () => dense(1, any({ nonlinearity: "relu" })), "activation"],
  ["stride", () => fettle.conv2d(1, 1, any({ stride: 1 })), "strides"],
  ["dilation", () => fettle.conv2d(1, 1, any({ dilation: 1 })), "dilationRate"],
  ["return_sequences", () => fettle.lstm(1, any({ return_sequences: true })), "returnSequences"],
  ["mask_zero", () => fettle.embedding(1, 1, any({ mask_zero: true })), "maskZero"],
  ["tol", () => earlyStopping(any({ tol: 1 })), "minDelta"],
  ["n_iter_no_change", () => earlyStopping(any({ n_iter_no_change: 1 })), "patience"],
  ["restore_best_weights", () => earlyStopping(any({ restore_best_weights: true })), "restoreBestWeights"],
  ["metric of gridSearch", () => grid({ metric: "accuracy" }), "scoring"],
  ["cv", () => grid({ cv: 5 }), "validation"],
  ["n_jobs", () => grid({ n_jobs: 2 }), "jobs"],
  ["workers", () => grid({ workers: 2 }), "jobs"],
  ["n_trials", () => grid({ n_trials: 2 }), "trials"],
  ["param_grid", () => grid({ param_grid: {} }), "space"],
  ["pruner", () => grid({ pruner: {} }), "scheduler"],
  ["test_size of gridSearch", () => grid({ test_size: 0.2 }), "testSize"],
  ["concat", () => merge(any("concat")), "concatenate"],
  ["sum", () => merge(any("sum")), "add"],
  ["mul", () => merge(any("mul")), "multiply"],
  ["max", () => merge(any("max")), "maximum"],
  ["mean", () => merge(any("mean")), "average"],
  ["f1", () => loss("f1"), "softF1"],
  ["log_loss", () => loss("log_loss"), "binaryCrossentropy"],
  ["BCELoss", () => loss("BCELoss"), "binaryCrossentropy"],
  ["l1", () => loss("l1"), "meanAbsoluteError"],
  ["none", () => activation("none"), "linear"],
  ["logistic", () => activation("logistic"), "sigmoid"],
  ["LeakyReLU", () => activation("LeakyReLU"), "leakyRelu"],
  ["kaiming", () => dense(1, { kernelInitializer: any("kaiming") }), "kaimingNormal"],
])("%s", async (_, slip, meant) => {
  expect(await refusal(slip)).toContain(` Did you mean "${meant}"?`);
});

it.each<[string, () => unknown, string]>([
  [
    "input_dim",
    () => dense(1, any({ input_dim: 3 })),
    "The number of inputs is that of the data, or of input().",
  ],
  [
    "inputShape",
    () => dense(1, any({ inputShape: [3] })),
    "The shape of the inputs is that of the data, or of input().",
  ],
  ["name", () => dense(1, any({ name: "a" })), "named(name, layer) names a layer."],
  ["trainable", () => dense(1, any({ trainable: false })), "freeze(layer) keeps the weights of a layer."],
  ["momentum of adam", () => adam(any({ momentum: 0.9 })), "Or use sgd({ momentum })."],
  [
    "no validation rows",
    () => fitted({ callbacks: [earlyStopping()] }),
    "pass validationSplit or validationData",
  ],
  ["words as labels", () => one().fit(rows, any(["a", "b", "a"])), "encodeLabels(y).labels"],
  [
    "a forgotten flatten",
    () => one().fit({ data: new Float32Array(24), shape: [2, 3, 4] }, [1, 2]),
    "y must have rows of shape [3,1], as the output; received shape [2]; for one result a row, put flatten()",
  ],
])("says what to do about %s", async (_, slip, way) => {
  expect(await refusal(slip)).toContain(way);
});

it("takes activations and numbers to monitor in snake case", async () => {
  const x = [[-1, 2]];
  const results = ["leaky_relu", "leakyRelu"].map(async (name) => {
    const model = sequential([dense(1, { activation: any(name), kernelInitializer: "ones" })]);
    await model.build(2);
    model.setWeights({ "dense_1.kernel": [[1], [-1]], "dense_1.bias": [0] });
    return [model.predict(x).get(0, 0), Buffer.from(fettle.saveModel(model)).toString("latin1")];
  });
  const [[first, file], [second, same]] = await Promise.all(results);
  expect(first).toBe(second);
  expect(file).toBe(same);
  const counts = await Promise.all(
    ["val_loss", "valLoss"].map(async (monitor) => {
      const callbacks = [earlyStopping({ monitor: any(monitor), patience: 1, minDelta: 1e9 })];
      const { history } = await one().fit(rows, [1, 2, 3], { epochs: 9, validationSplit: 0.4, callbacks });
      return history.loss.length;
    }),
  );
  expect(counts).toEqual([2, 2]);
});

it("takes numbers to monitor in snake case in studies too", async () => {
  const study = (monitor: string) =>
    fettle.tune({
      x: Array.from({ length: 12 }, (_, i) => [i]),
      y: Array.from({ length: 12 }, (_, i) => i % 2),
      model: () => {
        const model = sequential([dense(1, { activation: "sigmoid" })]);
        model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
        return model;
      },
      space: { unused: fettle.choice([1, 2]) },
      strategy: fettle.grid(),
      jobs: 1,
      validation: { folds: 2 },
      metric: "accuracy",
      fit: { epochs: 9, earlyStopping: { monitor: any(monitor), patience: 1, minDelta: 1e9 } },
    });
  for (const [snake, camel] of [
    ["val_loss", "valLoss"],
    ["val_brier_score", "valBrierScore"],
  ]) {
    const [first, second] = await Promise.all([study(snake), study(camel)]);
    expect(first.trials.map(({ value }) => value)).toEqual(second.trials.map(({ value }) => value));
    expect(first.trials[0].curves?.epochs).toEqual([2, 2]); // stopped
  }
  expect(await refusal(() => study("val_nothing"))).toMatch(/^unknown_name: /);
});
