/** Which models share a program: those alike but for numbers that are inputs of it. */

import { describe, expect, it } from "vitest";
import {
  add,
  broadcastTo,
  constant,
  mean,
  mul,
  randomUniform,
  relu,
  square,
  sub,
  sum,
} from "../../src/graph/functions.js";
import { ROWS } from "../../src/graph/shape.js";
import { defineLayer, dense, dropout, flatten, type Layer, merge } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import type { ProgramKind } from "../../src/nn/programs/architecture.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf, sameTraining } from "../../src/nn/programs/programs.js";
import { l1, l2 } from "../../src/nn/weights/regularizers.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { defineSchedule } from "../../src/optim/schedule.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled } from "./support.js";

const KINDS: readonly ProgramKind[] = ["initialize", "train", "evaluate", "predict"];

function programs(layers: readonly Layer[], optimizer: Optimizer = adam(), loss: Loss = "meanSquaredError") {
  const architecture = architectureFrom(compiled(layers, { optimizer, loss }).described(), 3);
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

  it("shares programs of functions that are traced alike, made anew or not", () => {
    const custom = (slope: number) =>
      programs([dense(1, { activation: (v) => mul(v, slope) })], adam(), (truth, prediction) =>
        mean(square(sub(truth, prediction))),
      );
    custom(1).forEach((program, i) => {
      expect(custom(1)[i], KINDS[i]).toBe(program);
    });
    expect(custom(2)[1]).not.toBe(custom(1)[1]);
    // a function is what it does: relu by name and by hand
    expect(programs([dense(1, { activation: (v) => relu(v) })])[1]).toBe(
      programs([dense(1, { activation: "relu" })])[1],
    );
  });

  it("keeps networks of the same layers apart that have other wires, outputs or rows", () => {
    const predicting = (model: LayersModel, row: number | readonly number[] = 3) => {
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      return programOf(architectureFrom(model.described(), row), "predict", 8);
    };
    const difference = (turned: boolean) => {
      const x = input(3);
      const parts = [dense(3).apply(x), x];
      const outputs = merge("subtract").apply(...(turned ? parts.reverse() : parts));
      return predicting(functional({ inputs: x, outputs }));
    };
    expect(difference(true)).not.toBe(difference(false));
    const both = (turned: boolean) => {
      const x = input(3);
      const p = dense(3).apply(x);
      const q = dense(3).apply(p);
      return predicting(functional({ inputs: x, outputs: turned ? { q, p } : { p, q } }));
    };
    expect(both(true)).not.toBe(both(false));
    const lines = (row: readonly number[]) => predicting(sequential([dense(2), flatten(), dense(1)]), row);
    expect(lines([4, 1])).not.toBe(lines([2, 2]));
    for (const again of [difference, both]) expect(again(true)).toBe(again(true));
    expect(lines([2, 2])).toBe(lines([2, 2]));
  });

  it("keeps apart batches and columns of other sizes", () => {
    const model = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    expect(programOf(architectureFrom(model.described(), 3), "train", 8)).not.toBe(
      programOf(architectureFrom(model.described(), 3), "train", 9),
    );
    expect(programOf(architectureFrom(model.described(), 3), "train", 8)).not.toBe(
      programOf(architectureFrom(model.described(), 4), "train", 8),
    );
  });
});

describe("a program is never another model's", () => {
  /** Adds `by` to each input and learns nothing of it. */
  const shift = (by: () => number): Layer =>
    defineLayer({
      type: "shift",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: () => [],
      call: ({ x }) => add(x, by()),
    });
  const predicted = async (by: () => number): Promise<number> => {
    const ones = dense(1, { kernelInitializer: "ones" });
    const model = compiled([shift(by), ones], { optimizer: "sgd", loss: "meanSquaredError" });
    await model.fit([[0]], [0], { epochs: 0 });
    return model.predict([[1]]).get(0, 0);
  };

  it("where layers of one type differ in a constant", async () => {
    expect(await predicted(() => 1)).toBe(2);
    expect(await predicted(() => 100)).toBe(101);
  });

  it("where a layer reads an outer variable that changed, before and after training", async () => {
    let by = 1;
    const model = compiled([shift(() => by), dense(1, { kernelInitializer: "ones" })], {
      optimizer: "sgd",
      loss: "meanSquaredError",
    });
    await model.fit([[0]], [0], { epochs: 0 });
    expect(model.predict([[1]]).get(0, 0)).toBe(2);
    by = 100;
    expect(model.predict([[1]]).get(0, 0)).toBe(101);
    expect(model.evaluate([[1]], [101]).loss).toBe(0);
  });

  it.each<[string, ProgramKind, (k: () => number) => readonly [Layer[], Loss?]]>([
    ["an activation", "predict", (k) => [[dense(1, { activation: (v) => mul(v, k()) })]]],
    [
      "an initializer",
      "initialize",
      (k) => [[dense(1, { kernelInitializer: (graph, shape) => broadcastTo(constant(graph, k()), shape) })]],
    ],
    ["a loss", "evaluate", (k) => [[dense(1)], (truth, y) => mul(mean(square(sub(truth, y))), k())]],
    [
      "a penalty",
      "train",
      (k) => [[{ ...dense(1), penalty: ({ parameters }) => sum(mul(parameters.kernel, k())) }]],
    ],
    [
      "a stream of random numbers",
      "predict",
      (k) => [[{ ...dense(1), call: ({ x }) => mul(randomUniform(x.graph, [ROWS, 1], k()), sum(x)) }]],
    ],
  ])("where %s reads an outer variable that changed", (_, kind, make) => {
    let k = 1;
    const [layers, loss = "meanSquaredError"] = make(() => k);
    const of = () =>
      programOf(architectureFrom(compiled(layers, { optimizer: "sgd", loss }).described(), 3), kind, 8);
    const first = of();
    k = 100;
    const second = of();
    expect(second).not.toBe(first);
    k = 1;
    expect(of()).toBe(first);
    k = 100;
    expect(of()).toBe(second);
  });

  it("where a custom optimizer or schedule reads an outer variable that changed", () => {
    let k = 1;
    const custom = defineOptimizer({
      name: "custom",
      hyperparameters: { learningRate: 0.1 },
      update: ({ gradient, hyperparameters: { learningRate } }) => ({
        update: mul(mul(learningRate, gradient), -k),
      }),
    });
    const constantRate = defineSchedule({
      name: "constantRate",
      required: ["rate"],
      rate: ({ numbers }) => mul(numbers.rate, k),
    });
    for (const optimizer of [custom(), sgd({ learningRate: constantRate({ rate: 0.1 }) })]) {
      const of = () => programs([dense(1)], optimizer)[1];
      k = 2;
      const first = of();
      k = 3;
      expect(of()).not.toBe(first);
      k = 2;
      expect(of()).toBe(first);
    }
  });

  it("traces an architecture once, so that its programs belong together", () => {
    let k = 1;
    const architecture = architectureFrom(
      compiled([dense(1, { activation: (v) => mul(v, k) })], {
        optimizer: "sgd",
        loss: "meanSquaredError",
      }).described(),
      3,
    );
    const first = programOf(architecture, "train", 8);
    k = 2;
    expect(programOf(architecture, "train", 8)).toBe(first);
  });
});

describe("sameTraining", () => {
  const architecture = (slope: number, rate: number) =>
    architectureFrom(
      compiled([dense(2, { activation: (v) => mul(v, slope) }), dropout(rate), dense(1)], {
        optimizer: "adam",
        loss: "meanSquaredError",
      }).described(),
      3,
    );

  it("holds for models made anew with other hyperparameters, and not for other constants", () => {
    expect(sameTraining(architecture(0.5, 0.1), architecture(0.5, 0.2))).toBe(true);
    expect(sameTraining(architecture(0.5, 0.1), architecture(0.25, 0.1))).toBe(false);
  });

  it("sees an initializer that differs, which a resumed training would ignore", () => {
    const [first, second] = (["glorotUniform", "heUniform"] as const).map((kernelInitializer) =>
      architectureFrom(
        compiled([dense(1, { kernelInitializer })], {
          optimizer: "sgd",
          loss: "meanSquaredError",
        }).described(),
        3,
      ),
    );
    expect(sameTraining(first, second)).toBe(false);
  });
});
