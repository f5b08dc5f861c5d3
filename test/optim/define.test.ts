/** What factories accept and refuse, what shares a program, and custom optimizers. */
import { describe, expect, it } from "vitest";
import type { FettleError } from "../../src/errors.js";
import { add, constant, mul, neg, sign, sub, sum, zerosLike } from "../../src/graph/functions.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { type Interval, parseInterval } from "../../src/optim/interval.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { reference, stepProgram, trajectory, wasm } from "./drive.js";

const { sgd, adam, rmsprop, adagrad, adadelta } = optimizers;

function caught(run: () => unknown): FettleError {
  try {
    run();
  } catch (error) {
    return error as FettleError;
  }
  throw new Error("nothing was thrown");
}

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
      'unknown optimizer "adm". Did you mean "adam"? Known: sgd, adam, adamw, nadam, adamax, rmsprop, adagrad, adadelta, lion, adafactor, lamb, muon, scheduleFreeAdamW.',
    ],
    [
      () => getOptimizer("toString"),
      'unknown optimizer "toString". Known: sgd, adam, adamw, nadam, adamax, rmsprop, adagrad, adadelta, lion, adafactor, lamb, muon, scheduleFreeAdamW.',
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
    const { contains } = parseInterval(interval);
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

describe("a custom optimizer", () => {
  /** Sums gradients, counts steps in a scalar slot, and adds a share of the first point. */
  const odd = defineOptimizer({
    name: "odd",
    hyperparameters: { learningRate: 0.5, pull: 0.25 },
    ranges: { pull: "(0, 1]" },
    flags: { signed: false },
    traits: ({ pull }) => ({ pulls: pull !== 1 }),
    init: ({ parameter }) => ({
      first: parameter,
      total: zerosLike(parameter),
      count: constant(parameter.graph, 10),
    }),
    update({ parameter, gradient, slots, hyperparameters: { learningRate, pull }, options, step }) {
      const total = add(slots.total, options.signed ? sign(gradient) : gradient);
      const back = options.pulls ? mul(pull, sub(slots.first, parameter)) : 0;
      const move = mul(mul(learningRate, total), slots.count);
      return {
        update: add(neg(move), back),
        // in another order than init's
        slots: { count: add(slots.count, step), total, first: slots.first },
      };
    },
  });

  /** The same in plain numbers. */
  function expected(
    start: number,
    gradients: number[],
    { lr = 0.5, pull = 0.25, signed = false, wd = 0 },
  ): number[] {
    let [w, total, count] = [start, 0, 10];
    return gradients.map((g, i) => {
      w -= lr * wd * w;
      total += signed ? Math.sign(g) : g;
      w += -lr * total * count + (pull !== 1 ? pull * (start - w) : 0);
      count += i + 1;
      return w;
    });
  }

  const gradients = [1.5, -2, 0.25, 3];
  it.each([
    [{}, {}],
    [{ signed: true }, { signed: true }],
    [{ pull: 1 }, { pull: 1 }],
    [
      { learningRate: 0.125, pull: 0.5, weightDecay: 0.5 },
      { lr: 0.125, pull: 0.5, wd: 0.5 },
    ],
  ])("runs with %o, with slots of its own shapes, on both executors", (config, plain) => {
    // every number here is a short binary fraction, so float32 is exact too
    const points = expected(2, gradients, plain);
    for (const executor of [reference, wasm]) {
      const actual = trajectory(
        executor,
        odd(config),
        [2, 2],
        gradients.map((g) => [g, g]),
        gradients.length,
      );
      expect(actual).toEqual(points.map((w) => [w, w]));
    }
  });

  it("is held to its ranges and names", () => {
    expect(caught(() => odd({ pull: 0 })).message).toBe(
      "pull of odd must be a finite number in (0, 1]; received 0",
    );
    expect(caught(() => odd({ push: 1 } as never)).code).toBe("unknown_name");
    expect(odd({ pull: 1 }).hyperparameters).toEqual({ learningRate: 0.5, pull: 1, weightDecay: 0 });
  });

  it("may not take the names that every optimizer has, nor do without a learning rate", () => {
    const define = (hyperparameters: { learningRate: number; weightDecay?: number }) =>
      defineOptimizer({
        name: "own",
        hyperparameters: hyperparameters as { learningRate: number },
        update: ({ gradient }) => ({ update: gradient }),
      });
    expect(caught(() => define({ learningRate: 1, weightDecay: 1 })).message).toBe(
      'the hyperparameters and flags of optimizer "own" must not have the names of options that every optimizer has ' +
        '(weightDecay, decoupledWeightDecay, clipValue, clipNorm, globalClipNorm, gradientAccumulationSteps, useEma, emaMomentum, emaOverwriteFrequency, convention); received "weightDecay"',
    );
    expect(caught(() => define({} as never)).message).toBe(
      '`hyperparameters` of optimizer "own" must be an object with a default learningRate; received {}',
    );
    expect(caught(() => define(undefined as never)).message).toBe(
      '`hyperparameters` of optimizer "own" must be an object with a default learningRate; received undefined',
    );
    expect(caught(() => define({ learningRate: Number.NaN })()).message).toBe(
      "learningRate of own must be a finite number in [0, ∞); received NaN",
    );
  });

  it("has numbers that are finite, where they have no range", () => {
    const free = defineOptimizer({
      name: "free",
      hyperparameters: { learningRate: 1, shift: -2 },
      update: ({ gradient }) => ({ update: gradient }),
    });
    expect(free().hyperparameters.shift).toBe(-2);
    expect(caught(() => free({ shift: Number.NaN })).message).toBe(
      "shift of free must be a finite number; received NaN",
    );
    expect(caught(() => free({ clipNorm: 0 })).message).toBe(
      "clipNorm of free must be a finite number in (0, ∞); received 0",
    );
    // without slots it needs no init
    expect(trajectory(wasm, free(), [1, 2], [[4, -8]], 1)).toEqual([[5, -6]]);
  });

  it("may have other defaults in each convention", () => {
    const own = defineOptimizer({
      name: "own",
      hyperparameters: (convention) => ({ learningRate: convention === "keras" ? 1 : 2 }),
      weightDecay: (convention) => (convention === "keras" ? 0.25 : 0.5),
      update: ({ gradient }) => ({ update: gradient }),
    });
    expect(own().hyperparameters).toEqual({ learningRate: 1, weightDecay: 0.25 });
    expect(own({ convention: "torch" }).hyperparameters).toEqual({ learningRate: 2, weightDecay: 0.5 });
  });

  it("decays weights apart from the gradient in convention keras, as a penalty in torch", () => {
    const plain = defineOptimizer({
      name: "plain",
      hyperparameters: { learningRate: 1 },
      update: ({ gradient }) => ({ update: gradient }),
    });
    const decays = (["keras", "torch"] as const).map(
      (convention) => plain({ weightDecay: 0.5, convention }).decay,
    );
    expect(decays).toEqual(["decoupled", "penalty"]);
  });

  it("is refused where its update forgets a slot, invents one, or has another shape", () => {
    const broken = (update: Parameters<typeof defineOptimizer>[0]["update"]) =>
      defineOptimizer({
        name: "broken",
        hyperparameters: { learningRate: 1 },
        init: ({ parameter }) => ({ a: zerosLike(parameter) }),
        update,
      })();
    const run = (update: Parameters<typeof broken>[0]) =>
      caught(() => trajectory(reference, broken(update), [1, 2], [[1, 1]], 1));
    expect(run(({ gradient }) => ({ update: gradient })).message).toBe(
      '`update` of optimizer "broken" must return each slot that init made, ["a"]; received []',
    );
    expect(run(({ gradient: g, slots }) => ({ update: g, slots: { ...slots, b: g } })).message).toBe(
      '`update` of optimizer "broken" must return each slot that init made, ["a"]; received ["a","b"]',
    );
    const shape = run(({ gradient, slots }) => ({ update: sum(gradient), slots }));
    expect([shape.code, shape.message]).toEqual([
      "invalid_shape",
      '`update` of optimizer "broken" must return an update of the parameter\'s shape [2]; received shape []',
    ]);
    expect(run(({ gradient }) => ({ update: gradient, slots: { a: sum(gradient) } })).message).toBe(
      '`update` of optimizer "broken" must return slot "a" of shape [2]; received shape []',
    );
    expect(run(({ gradient }) => ({ update: gradient, slots: { a: 0 as never } })).message).toBe(
      '`update` of optimizer "broken" must return slot "a" of shape [2]; received 0',
    );
    const init = (result: unknown) =>
      caught(() =>
        trajectory(
          reference,
          defineOptimizer({
            name: "broken",
            hyperparameters: { learningRate: 1 },
            init: () => result as never,
            update: ({ gradient }) => ({ update: gradient }),
          })(),
          [1, 2],
          [[1, 1]],
          1,
        ),
      ).message;
    expect(init({ m: [0, 0] })).toBe(
      '`init` of optimizer "broken" must return an object of values; received {"m":[0,0]}',
    );
    expect(init(3)).toBe('`init` of optimizer "broken" must return an object of values; received 3');
    expect(run(() => undefined as never).message).toBe(
      '`update` of optimizer "broken" must return { update, slots } of values; received undefined',
    );
    expect(run(() => ({ update: 1 as never })).message).toBe(
      '`update` of optimizer "broken" must return { update, slots } of values; received {"update":1}',
    );
  });
});
