/**
 * Every optimizer of Keras 3 is here by its name, or refused with what serves in its place; and the defaults
 * of the newer ones.
 */
import { describe, expect, it } from "vitest";
import { getOptimizer } from "../../src/optim/registry.js";

describe("the optimizers of keras.optimizers", () => {
  // keras/src/optimizers/__init__.py, ALL_OBJECTS, by their classes and by what `keras.optimizers.get` takes
  it.each([
    ...[
      "SGD",
      "RMSprop",
      "Adam",
      "AdamW",
      "Adadelta",
      "Adagrad",
      "Adamax",
      "Adafactor",
      "Nadam",
      "Lion",
      "Lamb",
      "Muon",
    ],
    "ScheduleFreeAdamW",
  ])("%s is here, in lower case too", (name) => {
    const optimizer = getOptimizer(name);
    expect(optimizer.name.toLowerCase()).toBe(name.toLowerCase());
    expect(getOptimizer(name.toLowerCase()).name).toBe(optimizer.name);
  });

  it.each([
    [
      "Ftrl",
      'unknown optimizer "Ftrl". The nearest is "adagrad" with layers that have kernelRegularizer: "l1".',
    ],
    ["ftrl", 'unknown optimizer "ftrl". The nearest is "adagrad"'],
    [
      "LossScaleOptimizer",
      'unknown optimizer "LossScaleOptimizer". Use the optimizer inside it: training in float32 needs no scaled loss.',
    ],
    ["Adafctor", 'unknown optimizer "Adafctor". Did you mean "adafactor"?'],
    ["Mouon", 'unknown optimizer "Mouon". Did you mean "muon"?'],
    ["constructor", 'unknown optimizer "constructor". Known: sgd,'],
  ])("%s is refused with what serves", (name, message) => {
    expect(() => getOptimizer(name)).toThrow(message);
  });

  it.each([
    [
      "adafactor",
      "keras",
      {
        learningRate: 0.001,
        beta2Decay: -0.8,
        epsilon1: 1e-30,
        epsilon2: 0.001,
        clipThreshold: 1,
        weightDecay: 0,
      },
    ],
    [
      "adafactor",
      "torch",
      {
        learningRate: 0.01,
        beta2Decay: -0.8,
        epsilon1: 2 ** -23,
        epsilon2: 0.001,
        clipThreshold: 1,
        weightDecay: 0,
      },
    ],
    ["lamb", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 }],
    ["lamb", "torch", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0 }],
    [
      "muon",
      "keras",
      {
        learningRate: 0.001,
        momentum: 0.95,
        rmsRate: 0.2,
        adamBeta1: 0.9,
        adamBeta2: 0.999,
        epsilon: 1e-7,
        adamWeightDecay: 0.004,
        adamLrRatio: 1,
        weightDecay: 0.004,
      },
    ],
    [
      "muon",
      "torch",
      {
        learningRate: 0.001,
        momentum: 0.95,
        rmsRate: 0,
        adamBeta1: 0.9,
        adamBeta2: 0.999,
        epsilon: 1e-8,
        adamWeightDecay: 0.01,
        adamLrRatio: 1,
        weightDecay: 0.1,
      },
    ],
    [
      "scheduleFreeAdamW",
      "keras",
      { learningRate: 0.0025, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmupSteps: 0, weightDecay: 0 },
    ],
  ])("%s has their defaults in convention %s", (name, convention, numbers) => {
    expect(getOptimizer(name, { convention }).hyperparameters).toEqual(numbers);
  });

  it.each(["adafactor", "lamb", "muon", "scheduleFreeAdamW"])(
    "%s decouples weight decay in both conventions",
    (name) => {
      for (const convention of ["keras", "torch"])
        expect(getOptimizer(name, { convention, weightDecay: 0.1 }).decay).toBe("decoupled");
    },
  );
});
