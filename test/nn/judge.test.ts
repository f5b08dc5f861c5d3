import { describe, expect, it } from "vitest";
import { metrics } from "../../src/metrics/registry.js";
import { activation, dense, type Layer } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import * as losses from "../../src/nn/losses/index.js";
import type { BuiltInLoss } from "../../src/nn/losses/loss.js";
import type { BuiltInLossName } from "../../src/nn/losses/names.js";
import { lossRows } from "../../src/nn/losses/truths.js";
import { compiled } from "./support.js";
import { of, type Rows, saysOf, sigmoids, softmaxes } from "./truths.js";

describe("fit refuses a last layer that cannot give what a loss reads", () => {
  const tanhs = (units: number): Layer => dense(units, { activation: "tanh" });
  const ones = [0, 1, 0, 1];
  const hot = [
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ];
  const be = "invalid_argument: the activation of the last layer must be";
  const logits = losses.binaryCrossentropy({ fromLogits: true });
  it.each<[string, Loss, Layer, Rows, string]>([
    [
      "softmax of one unit",
      "bce",
      softmaxes(1),
      ones,
      `${be} "sigmoid" for one unit; received "softmax", which is constant there`,
    ],
    [
      "softmax of one unit, whatever the loss",
      "mse",
      softmaxes(1),
      ones,
      `${be} "sigmoid" for one unit; received "softmax", which is constant there`,
    ],
    [
      "logits without fromLogits",
      "bce",
      dense(1),
      ones,
      `${be} "sigmoid" for binaryCrossentropy; received "linear"; or give the loss fromLogits: true`,
    ],
    [
      "relu",
      "bce",
      dense(1, { activation: "relu" }),
      ones,
      `${be} "sigmoid" for binaryCrossentropy; received "relu"; or give the loss fromLogits: true`,
    ],
    ["tanh", "dice", tanhs(1), ones, `${be} "sigmoid" for dice; received "tanh"`],
    [
      "logits of classes",
      "cce",
      dense(2),
      hot,
      `${be} "softmax" for categoricalCrossentropy; received "linear"; or give the loss fromLogits: true`,
    ],
    [
      "sigmoids of one class",
      "cce",
      sigmoids(2),
      hot,
      `${be} "softmax" for categoricalCrossentropy; received "sigmoid"; or give the loss fromLogits: true; or for several labels a row, use binaryCrossentropy`,
    ],
    [
      "sigmoids for a divergence",
      "kld",
      sigmoids(2),
      hot,
      `${be} "softmax" for klDivergence; received "sigmoid"; or for several labels a row, use binaryCrossentropy`,
    ],
    [
      "signed counts",
      "poisson",
      dense(1),
      ones,
      `${be} "softplus", "exponential" or "relu" for poisson; received "linear"`,
    ],
    [
      "a sigmoid before fromLogits",
      logits,
      sigmoids(1),
      ones,
      'invalid_argument: fromLogits of binaryCrossentropy after "sigmoid" must be false; received true',
    ],
    [
      "one unit of several classes",
      "cce",
      sigmoids(1),
      ones,
      'invalid_shape: units of the last layer must be at least 2 for categoricalCrossentropy; received 1; use binaryCrossentropy and "sigmoid"',
    ],
    [
      "a direction of one unit",
      "cosineSimilarity",
      dense(1),
      ones,
      "invalid_shape: units of the last layer must be at least 2 for cosineSimilarity; received 1; use meanSquaredError",
    ],
  ])("%s", async (_, loss, last, y, message) => {
    expect(await saysOf(of(loss, last), y)).toBe(message);
  });

  it("and metrics that would read logits or scores as probabilities", async () => {
    const y = [0, 1, 0, 1];
    for (const metric of ["accuracy", "logLoss"] as const)
      expect(await saysOf(of(logits, dense(1), metric), y)).toBe(
        `invalid_argument: ${metric} must be given probabilities; received the logits of binaryCrossentropy with fromLogits; ` +
          'end the model with "sigmoid" and leave fromLogits out, which computes the same loss',
      );
    expect(await saysOf(of("hinge", dense(1), "f1"), y)).toBe(
      "invalid_argument: f1 must be given probabilities; received the scores of hinge; use a cross-entropy",
    );
    expect(await saysOf(of("hinge", dense(1), "auc"), y)).toBe("");
    // of several labels each column is decided by itself
    const labels = y.map((label) => [label, 1 - label]);
    expect(await saysOf(of(logits, dense(2), metrics.f1({ multiLabel: true })), labels)).toContain(
      "invalid_argument: f1MultiLabel must be given probabilities; received the logits of binaryCrossentropy with fromLogits",
    );
    // the largest of several logits is that of the largest probability
    expect(
      await saysOf(of(losses.categoricalCrossentropy({ fromLogits: true }), dense(2), "accuracy"), hot),
    ).toBe("");
  });
});

const logitLosses = Object.entries<BuiltInLoss<never>>(losses)
  .map(([name, make]) => [name, make, lossRows[name as BuiltInLossName]] as const)
  .filter(([, , { logits }]) => logits);
it.each(logitLosses)("%s reads probabilities unless it is given fromLogits: true", async (_, make, row) => {
  const isBinary = row.predictions === "probabilities";
  const last = isBinary ? sigmoids(1) : softmaxes(2);
  const ids = [1, 0, 1, 0];
  const y = row.ids || isBinary ? ids : ids.map((id) => [id, 1 - id]);
  const smoothing = row.form ? [] : [{ labelSmoothing: 0.1 }];
  for (const options of [undefined, {}, ...smoothing, { fromLogits: false }])
    expect(await saysOf(of(make(options as never), last), y)).toBe("");
  expect(await saysOf(of(make({ fromLogits: true } as never), last), y)).toContain(
    "must be false; received true",
  );
});

it("the activation is found behind its own layer", async () => {
  const model = compiled([dense(2), activation("sigmoid")], { optimizer: "sgd", loss: "cce" });
  expect(
    await saysOf(model, [
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]),
  ).toContain('received "sigmoid"');
});
