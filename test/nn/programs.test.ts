/** Which models share a program: those alike but for numbers that are inputs of it. */
import { describe, expect, it } from "vitest";
import { mean, relu, square, sub } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { type ProgramKind, programOf } from "../../src/nn/architecture.js";
import { dense, dropout, type Layer } from "../../src/nn/layers.js";
import type { Loss } from "../../src/nn/losses/registry.js";
import { l1, l2 } from "../../src/nn/regularizers.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled } from "./support.js";

const KINDS: readonly ProgramKind[] = ["initialize", "train", "evaluate", "predict"];

function programs(layers: readonly Layer[], optimizer: Optimizer = adam(), loss: Loss = "meanSquaredError") {
  const architecture = compiled(layers, { optimizer, loss }).architecture(3);
  return KINDS.map((kind) => programOf(architecture, kind, 8));
}

const hidden = (rate = 0.1, weight = 0.01): Layer[] => [
  dense(4, { activation: "relu", kernelRegularizer: l2(weight) }),
  dropout(rate),
  dense(1),
];

describe("programOf", () => {
  it("gives models alike but for hyperparameters the very same program", () => {
    const first = programs(hidden(), adam({ learningRate: 0.1, beta1: 0.8 }));
    const second = programs(hidden(0.5, 0), adam({ learningRate: 0.001 }));
    first.forEach((program, i) => {
      expect(second[i], KINDS[i]).toBe(program);
    });
    const scheduled = (decaySteps: number, globalClipNorm: number) =>
      adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps }), globalClipNorm });
    expect(programs(hidden(), scheduled(10, 1))[1]).toBe(programs(hidden(), scheduled(500, 2))[1]);
    expect(programs([dense(1)], sgd({ momentum: 0.5 }))[1]).toBe(
      programs([dense(1)], sgd({ momentum: 0.9 }))[1],
    );
    expect(new Set(first).size).toBe(4);
  });

  it.each<[string, () => ReturnType<typeof programs>]>([
    [
      "units",
      () => programs([dense(5, { activation: "relu", kernelRegularizer: l2() }), dropout(0.1), dense(1)]),
    ],
    ["the activation", () => programs([dense(4, { kernelRegularizer: l2() }), dropout(0.1), dense(1)])],
    [
      "the penalty",
      () => programs([dense(4, { activation: "relu", kernelRegularizer: l1() }), dropout(0.1), dense(1)]),
    ],
    ["layers", () => programs([...hidden(), dense(1)])],
    ["the optimizer", () => programs(hidden(), sgd())],
    ["the loss", () => programs(hidden(), adam(), "meanAbsoluteError")],
  ])("keeps models apart that differ in %s", (_, other) => {
    // all but the loss change the first parameters or slots too
    expect(other()[1]).not.toBe(programs(hidden())[1]);
  });

  it("knows functions by identity", () => {
    const own = (v: Value): Value => relu(v);
    const loss = (truth: Value, prediction: Value): Value => mean(square(sub(truth, prediction)));
    expect(programs([dense(1, { activation: own })], adam(), loss)[1]).toBe(
      programs([dense(1, { activation: own })], adam(), loss)[1],
    );
    expect(programs([dense(1, { activation: (v) => own(v) })])[1]).not.toBe(
      programs([dense(1, { activation: (v) => own(v) })])[1],
    );
  });

  it("keeps apart batches and columns of other sizes", () => {
    const model = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    expect(programOf(model.architecture(3), "train", 8)).not.toBe(
      programOf(model.architecture(3), "train", 9),
    );
    expect(programOf(model.architecture(3), "train", 8)).not.toBe(
      programOf(model.architecture(4), "train", 8),
    );
  });
});
