/**
 * Optimizers of a user: any rule, held to its ranges and names, with the clipping, the decay and the
 * conventions of the built-in ones.
 */
import { describe, expect, it } from "vitest";
import { add, constant, mul, neg, sign, sub, sum, zerosLike } from "../../src/graph/functions.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { caught } from "./caught.js";
import { reference, trajectory, wasm } from "./drive.js";

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
      "hyperparameters of defineOptimizer must be an object with a default learningRate; received undefined",
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
