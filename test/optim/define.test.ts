/** What factories accept and refuse, what shares a program, and custom optimizers. */
import { describe, expect, it } from "vitest";
import { mul } from "../../src/graph/functions.js";
import { type Interval, within } from "../../src/interval.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { defineSchedule } from "../../src/optim/schedule.js";
import { caught } from "./caught.js";
import { stepProgram } from "./drive.js";

const { sgd, adam, rmsprop, adagrad, adadelta } = optimizers;

describe("defaults", () => {
  // from the documentation of keras.optimizers 3 and torch.optim
  it.each([
    ["sgd", "keras", { learningRate: 0.01, momentum: 0, dampening: 0 }],
    ["sgd", "torch", { learningRate: 0.001, momentum: 0, dampening: 0 }],
    ["adam", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
    ["adam", "torch", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }],
    ["rmsprop", "keras", { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 }],
    ["rmsprop", "torch", { learningRate: 0.01, rho: 0.99, momentum: 0, epsilon: 1e-8 }],
    [
      "adagrad",
      "keras",
      { learningRate: 0.001, initialAccumulatorValue: 0.1, epsilon: 1e-7, learningRateDecay: 0 },
    ],
    [
      "adagrad",
      "torch",
      { learningRate: 0.01, initialAccumulatorValue: 0, epsilon: 1e-10, learningRateDecay: 0 },
    ],
    ["adadelta", "keras", { learningRate: 0.001, rho: 0.95, epsilon: 1e-7 }],
    ["adadelta", "torch", { learningRate: 1, rho: 0.9, epsilon: 1e-6 }],
    ["adamw", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.004 }],
    ["adamw", "torch", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }],
    ["nadam", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, momentumDecay: 1 }],
    [
      "nadam",
      "torch",
      { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004 },
    ],
    ["adamax", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
    ["adamax", "torch", { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }],
    ["lion", "keras", { learningRate: 0.001, beta1: 0.9, beta2: 0.99 }],
    ["lion", "torch", { learningRate: 0.0001, beta1: 0.9, beta2: 0.99 }],
  ])("of %s in convention %s", (name, convention, numbers) => {
    expect(getOptimizer(name, { convention }).hyperparameters).toEqual({ weightDecay: 0, ...numbers });
    if (convention === "keras")
      expect(getOptimizer(name).hyperparameters).toEqual({ weightDecay: 0, ...numbers });
  });

  it.each([
    ["adam", "keras", "decoupled"],
    ["adam", "torch", "penalty"],
    ["adamw", "torch", "decoupled"],
    ["lion", "torch", "decoupled"],
  ] as const)("of weight decay of %s in convention %s", (name, convention, decay) => {
    expect(getOptimizer(name, { convention, weightDecay: 0.1 }).decay).toBe(decay);
    const other = { convention, weightDecay: 0.1, decoupledWeightDecay: decay === "penalty" };
    expect(getOptimizer(name, other).decay).toBe(decay === "penalty" ? "decoupled" : "penalty");
    expect(getOptimizer(name, { convention, weightDecay: 0 }).decay).toBe("none");
  });

  it("stand in for undefined options", () => {
    const made = getOptimizer("adam", { beta1: undefined, convention: undefined });
    expect(made.hyperparameters).toEqual(adam().hyperparameters);
    expect(made.convention).toBe("keras");
  });
});

describe("refusals", () => {
  it.each([
    [
      () => sgd({ learningRate: -0.1 }),
      "learningRate of sgd must be a finite number in [0, ∞); received -0.1",
    ],
    [
      () => sgd({ learningRate: Number.NaN }),
      "learningRate of sgd must be a finite number in [0, ∞); received NaN",
    ],
    [
      () => sgd({ learningRate: Number.POSITIVE_INFINITY }),
      "learningRate of sgd must be a finite number in [0, ∞); received Infinity",
    ],
    [
      () => getOptimizer("sgd", { learningRate: "0.1" }),
      'learningRate of sgd must be a finite number in [0, ∞); received "0.1"',
    ],
    [
      () => getOptimizer("sgd", { learningRate: null }),
      "learningRate of sgd must be a finite number in [0, ∞); received null",
    ],
    [
      () => getOptimizer("sgd", { learningRate: { rate: 0.1 } }),
      'learningRate of sgd must be a finite number in [0, ∞); received {"rate":0.1}',
    ],
    [() => sgd({ momentum: 1 }), "momentum of sgd must be a finite number in [0, 1); received 1"],
    [() => sgd({ momentum: -0.1 }), "momentum of sgd must be a finite number in [0, 1); received -0.1"],
    [
      () => sgd({ convention: "torch", dampening: 1.5 }),
      "dampening of sgd must be a finite number in [0, 1]; received 1.5",
    ],
    [() => sgd({ dampening: 0.5 }), 'dampening of sgd must be 0 unless convention is "torch"; received 0.5'],
    [
      () => sgd({ convention: "torch", dampening: 0.5, momentum: 0.9, nesterov: true }),
      "dampening of sgd must be 0 if nesterov is true; received 0.5",
    ],
    [() => getOptimizer("sgd", { nesterov: 1 }), "nesterov of sgd must be true or false; received 1"],
    [() => adam({ beta1: 1 }), "beta1 of adam must be a finite number in [0, 1); received 1"],
    [() => adam({ beta2: 1 }), "beta2 of adam must be a finite number in [0, 1); received 1"],
    [() => adam({ epsilon: -1e-9 }), "epsilon of adam must be a finite number in [0, ∞); received -1e-9"],
    [() => rmsprop({ rho: 1 }), "rho of rmsprop must be a finite number in [0, 1); received 1"],
    [() => rmsprop({ momentum: 1 }), "momentum of rmsprop must be a finite number in [0, 1); received 1"],
    [
      () => adagrad({ initialAccumulatorValue: -1 }),
      "initialAccumulatorValue of adagrad must be a finite number in [0, ∞); received -1",
    ],
    [
      () => adagrad({ learningRateDecay: 0.1 }),
      'learningRateDecay of adagrad must be 0 unless convention is "torch"; received 0.1',
    ],
    [() => adadelta({ rho: -0.5 }), "rho of adadelta must be a finite number in [0, 1); received -0.5"],
    [
      () => adadelta({ weightDecay: -1 }),
      "weightDecay of adadelta must be a finite number in [0, ∞); received -1",
    ],
    [
      () => getOptimizer("adam", 0.01 as never),
      "the options of adam must be an object, such as { learningRate: 0.01 }; received 0.01",
    ],
    [
      () => getOptimizer("adam", null as never),
      "the options of adam must be an object, such as { learningRate: 0.01 }; received null",
    ],
    [
      () => getOptimizer(adam(), { beta1: 0 }),
      'the options of adam must be given to its factory, as adam({ … }); received {"beta1":0}',
    ],
    [
      () => getOptimizer({} as never),
      "optimizer must be a name or the result of a factory, such as adam(); received {}",
    ],
    [
      () => getOptimizer(undefined as never),
      "optimizer must be a name or the result of a factory, such as adam(); received undefined",
    ],
  ])("%s", (run, message) => {
    const error = caught(run);
    expect(error.message).toBe(message);
    expect([error.name, error.code]).toEqual(["FettleError", "invalid_argument"]);
  });

  it.each([
    [
      () => getOptimizer("adm"),
      `unknown optimizer "adm". Did you mean "adam"? Known: ${Object.keys(optimizers).join(", ")}.`,
    ],
    [
      () => getOptimizer("toString"),
      `unknown optimizer "toString". Known: ${Object.keys(optimizers).join(", ")}.`,
    ],
    [
      () => getOptimizer("adadelta", { learningrate: 1 }),
      'unknown option of adadelta "learningrate". Did you mean "learningRate"? ' +
        "Known: learningRate, rho, epsilon, weightDecay, decoupledWeightDecay, clipValue, clipNorm, globalClipNorm, gradientAccumulationSteps, useEma, emaMomentum, emaOverwriteFrequency, convention.",
    ],
    [() => sgd({ convention: "jax" as never }), 'unknown convention of sgd "jax". Known: keras, torch.'],
  ])("%s", (run, message) => {
    const error = caught(run);
    expect(error.message).toBe(message);
    expect(error.code).toBe("unknown_name");
  });

  it.each([
    ["SGD", "sgd"],
    ["Adam", "adam"],
    ["AdamW", "adamw"],
    ["Nadam", "nadam"],
    ["Adamax", "adamax"],
    ["RMSprop", "rmsprop"],
    ["Adagrad", "adagrad"],
    ["Adadelta", "adadelta"],
    ["Lion", "lion"],
  ])("find %s as Keras calls %s", (alias, name) => {
    expect(getOptimizer(alias).name).toBe(name);
  });

  it.each(["init", "update"])("refuse an optimizer without its %s", (part) => {
    expect(caught(() => getOptimizer({ ...adam(), [part]: undefined } as never)).message).toMatch(
      /^optimizer must be a name or the result of a factory, such as adam\(\); received \{"name":"adam"/,
    );
  });

  it("name a field of a definition that there is not, and one that is missing", () => {
    const rule = { name: "own", hyperparameters: { learningRate: 1 }, update: () => ({}) };
    const optimizer = (own: object) => () => defineOptimizer({ ...rule, ...own } as never);
    expect(optimizer({ trait: () => ({}) })).toThrow('unknown option of defineOptimizer "trait"');
    expect(optimizer({ update: undefined })).toThrow(
      "update of defineOptimizer must be a function; received undefined",
    );
    const rate = { name: "own", required: [], rate: () => ({}) };
    const schedule = (own: object) => () => defineSchedule({ ...rate, ...own } as never);
    expect(schedule({ range: {} })).toThrow('unknown option of defineSchedule "range"');
    expect(schedule({ rate: 1 })).toThrow("rate of defineSchedule must be a function; received 1");
  });

  it("accept an optimizer as it is", () => {
    const made = adam({ beta1: 0.5 });
    expect(getOptimizer(made)).toBe(made);
  });

  it.each<[Interval, boolean, boolean]>([
    ["[0, 2]", true, true],
    ["[0, 2)", true, false],
    ["(0, 2]", false, true],
    ["(0, 2)", false, false],
  ])("include the ends of %s by its brackets", (interval, low, high) => {
    const contains = within(interval);
    expect([-1, 0, 1, 2, 3].map(contains)).toEqual([false, low, true, high, false]);
  });

  it("accept the ends of closed ranges", () => {
    expect(
      sgd({ learningRate: 0, momentum: 0, dampening: 1, convention: "torch" }).hyperparameters.dampening,
    ).toBe(1);
    expect(adam({ beta1: 0, beta2: 0, epsilon: 0 }).hyperparameters.epsilon).toBe(0);
  });
});

describe("a program", () => {
  it("is shared where only numbers differ", () => {
    expect(stepProgram(sgd({ learningRate: 0.1, momentum: 0.5, weightDecay: 1 }))).toBe(
      stepProgram(sgd({ momentum: 0.9, weightDecay: 0.1 })),
    );
    expect(stepProgram(adam({ beta1: 0 }))).toBe(stepProgram(adam()));
  });

  it("is another where the rule differs", () => {
    const programs = [
      sgd(),
      sgd({ momentum: 0.9 }),
      sgd({ momentum: 0.9, nesterov: true }),
      sgd({ weightDecay: 0.1 }),
      sgd({ weightDecay: 0.1, decoupledWeightDecay: false }),
      sgd({ convention: "torch", momentum: 0.9 }),
      sgd({ convention: "torch", momentum: 0.9, dampening: 0.5 }),
      adam(),
      adam({ amsgrad: true }),
      rmsprop(),
      rmsprop({ centered: true }),
      rmsprop({ momentum: 0.1 }),
    ].map(stepProgram);
    expect(new Set(programs).size).toBe(programs.length);
  });

  it("is shared by rules that are traced alike, whatever they are called", () => {
    expect(stepProgram(sgd({ nesterov: true }))).toBe(stepProgram(sgd()));
    const custom = (name: string, factor: number) =>
      defineOptimizer({
        name,
        hyperparameters: { learningRate: 1 },
        update: ({ gradient }) => ({ update: mul(gradient, factor) }),
      })();
    expect(stepProgram(custom("a", 2))).toBe(stepProgram(custom("b", 2)));
    expect(stepProgram(custom("a", 3))).not.toBe(stepProgram(custom("a", 2)));
  });

  it("follows an outer variable that its rule reads", () => {
    let factor = 1;
    const optimizer = defineOptimizer({
      name: "outer",
      hyperparameters: { learningRate: 1 },
      update: ({ gradient }) => ({ update: mul(gradient, factor) }),
    })();
    const first = stepProgram(optimizer);
    factor = 100;
    expect(stepProgram(optimizer)).not.toBe(first);
    factor = 1;
    expect(stepProgram(optimizer)).toBe(first);
  });
});
