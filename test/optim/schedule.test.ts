/** Schedules: the rates of Keras' and PyTorch's formulas, inside of the program, to the bit after a stop. */
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { constant, mul, step, sub } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import type { OptimizerName } from "../../src/optim/names.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { defineSchedule, numbersOfRate, rateAt, type Schedule } from "../../src/optim/schedule.js";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  warmup,
} from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { reference, stepProgram, trajectory, wasm } from "./drive.js";
import fixture from "./fixtures/pytorch.json" with { type: "json" };

/** The rates of the first `count` steps. */
function ratesOf(executor: Executor, schedule: Schedule, count: number): number[] {
  const numbers = numbersOfRate(schedule);
  const inputs = Object.fromEntries(Object.keys(numbers).map((name) => [name, []]));
  const program = compileStep({ inputs }, 1, ({ graph, inputs }) => ({
    outputs: { rate: rateAt(schedule, inputs, sub(step(graph), 1)) },
  }));
  const run = executor.start(program);
  for (const [name, value] of Object.entries(numbers)) run.write(name, value);
  const rates = Array.from({ length: count }, () => {
    run.advance(1);
    return run.read("rate")[0];
  });
  run.free();
  return rates;
}

const factories: Record<string, (config: never) => Schedule> = {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  warmup,
};

/**
 * In float64 a rate is some 10 roundings, and PyTorch's recurrence one a step: over 100 steps below 200 ·
 * 2^-53. In float32 the angle of a cosine is at most π with 4 roundings, so below 13 · 2^-24; 10 more of the
 * rate follow. Powers here have exponents below 100 of 0.95, whose rounding they amplify to 100 · 2^-24.
 */
const TOLERANCE = { reference: 1e-12, wasm: 128 * 2 ** -24 };

describe("schedules of PyTorch", () => {
  it.each(fixture.schedules.map((entry) => ({ ...entry, label: JSON.stringify(entry.options) })))(
    "$schedule $label",
    ({ schedule: name, options, rates }) => {
      const schedule = factories[name](options as never);
      const peak = Math.max(...rates);
      for (const executor of [reference, wasm]) {
        ratesOf(executor, schedule, rates.length).forEach((rate, t) => {
          expect(Math.abs(rate - rates[t]), `step ${t}`).toBeLessThanOrEqual(TOLERANCE[executor.name] * peak);
        });
      }
      expect(new Set(rates).size).toBeGreaterThan(3);
    },
  );

  it("are all of ours", () => {
    expect(new Set(fixture.schedules.map(({ schedule }) => schedule))).toEqual(
      new Set(Object.keys(factories)),
    );
  });
});

describe("schedules of Keras, by the formulas of its sources", () => {
  const lr = 0.25;
  const cosine = (x: number): number => 0.5 * (1 + Math.cos(Math.PI * x));
  const cases: [string, Schedule, (t: number) => number][] = [
    [
      "ExponentialDecay",
      exponentialDecay({ initialLearningRate: lr, decaySteps: 30, decayRate: 0.5 }),
      (t) => lr * 0.5 ** (t / 30),
    ],
    [
      "ExponentialDecay by stairs",
      exponentialDecay({ initialLearningRate: lr, decaySteps: 30, decayRate: 0.5, staircase: true }),
      (t) => lr * 0.5 ** Math.floor(t / 30),
    ],
    [
      "CosineDecay with alpha, which stays at its end",
      cosineDecay({ initialLearningRate: lr, decaySteps: 70, alpha: 0.125 }),
      (t) => lr * (0.875 * cosine(Math.min(t, 70) / 70) + 0.125),
    ],
    [
      "CosineDecay with a warm-up",
      warmup({
        learningRate: cosineDecay({ initialLearningRate: lr, decaySteps: 60 }),
        warmupSteps: 20,
        initialLearningRate: 0.125,
      }),
      (t) => (t < 20 ? 0.125 + (lr - 0.125) * (t / 20) : lr * cosine(Math.min(t - 20, 60) / 60)),
    ],
    [
      "CosineDecayRestarts, lower each time",
      cosineDecayRestarts({ initialLearningRate: lr, firstDecaySteps: 10, mMul: 0.5, alpha: 0.25 }),
      (t) => {
        const i = t < 10 ? 0 : t < 30 ? 1 : t < 70 ? 2 : 3;
        return lr * (0.75 * 0.5 ** i * cosine((t - 10 * (2 ** i - 1)) / (10 * 2 ** i)) + 0.25);
      },
    ],
    [
      "CosineDecayRestarts of one length",
      cosineDecayRestarts({ initialLearningRate: lr, firstDecaySteps: 10, tMul: 1, mMul: 0.5 }),
      (t) => lr * 0.5 ** Math.floor(t / 10) * cosine((t % 10) / 10),
    ],
    [
      "PiecewiseConstantDecay",
      piecewiseConstantDecay({ boundaries: [10, 20], values: [lr, 0.5, 0.0625] }),
      (t) => (t <= 10 ? lr : t <= 20 ? 0.5 : 0.0625),
    ],
  ];

  it.each(cases)("%s", (_, schedule, formula) => {
    for (const executor of [reference, wasm]) {
      ratesOf(executor, schedule, 100).forEach((rate, t) => {
        expect(Math.abs(rate - formula(t)), `step ${t}`).toBeLessThanOrEqual(TOLERANCE[executor.name] * 0.5);
      });
    }
  });
});

describe("edges", () => {
  it("a cosine begins at its rate and ends at 0, exactly, and stays", () => {
    const rates = ratesOf(wasm, cosineDecay({ initialLearningRate: 0.25, decaySteps: 10 }), 14);
    expect([rates[0], ...rates.slice(10)]).toEqual([0.25, 0, 0, 0, 0]);
  });

  // in float32 the quotient of logarithms is below 3 at the third restart by 7
  it.each([1, 1.5, 2, 3, 7])("restarts by %s are at the very step", (tMul) => {
    // the n-th restart of 64-step periods, while it is a whole step
    const starts = [0, 1, 2, 3, 4].map((n) => (tMul === 1 ? 64 * n : (64 * (tMul ** n - 1)) / (tMul - 1)));
    const schedule = cosineDecayRestarts({ initialLearningRate: 0.25, firstDecaySteps: 64, tMul });
    const rates = ratesOf(wasm, schedule, starts[4] + 1);
    for (const start of starts) expect(rates[start], `step ${start}`).toBe(0.25);
    for (const start of starts.slice(1)) expect(rates[start - 1]).toBeLessThan(0.001);
  });

  it("stairs are at the very step, far out too", () => {
    const schedule = exponentialDecay({
      initialLearningRate: 1,
      decaySteps: 7,
      decayRate: 0.5,
      staircase: true,
    });
    const rates = ratesOf(wasm, schedule, 71);
    expect(rates).toEqual(Array.from({ length: 71 }, (_, t) => 0.5 ** Math.floor(t / 7)));
  });

  it("a cycle rises from m/a to m and falls to m/(ab), where it stays", () => {
    const schedule = oneCycle({
      maxLearningRate: 0.5,
      totalSteps: 40,
      divFactor: 4,
      finalDivFactor: 8,
      pctStart: 0.25,
    });
    const rates = ratesOf(wasm, schedule, 45);
    expect([rates[0], rates[9], ...rates.slice(39)]).toEqual([0.125, 0.5, ...Array(6).fill(0.015625)]);
  });

  it("a warm-up of no steps is what it warms up", () => {
    const decay = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 3, decayRate: 0.5 });
    expect(ratesOf(wasm, warmup({ learningRate: decay, warmupSteps: 0 }), 9)).toEqual(
      ratesOf(wasm, decay, 9),
    );
  });
});

describe("an optimizer with a schedule", () => {
  const decay = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 });
  const list = Array.from({ length: 6 }, (_, t) => [t - 2.5, 3 - t * t]);

  it.each(Object.keys(optimizers) as OptimizerName[])("%s takes the rate of each step, from 0", (name) => {
    // the same rates by another schedule, which looks them up
    const table = piecewiseConstantDecay({
      boundaries: [0, 1, 2, 3, 4],
      values: [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625],
    });
    const [computed, tabled] = [decay, table].map((learningRate) =>
      trajectory(reference, getOptimizer(name, { weightDecay: 0.25, learningRate }), [1, 2], list, 6),
    );
    expect(computed).toEqual(tabled);
    expect(computed).not.toEqual(
      trajectory(reference, getOptimizer(name, { weightDecay: 0.25, learningRate: 0.5 }), [1, 2], list, 6),
    );
  });

  it("moves by it: sgd", () => {
    const expected: number[] = [];
    list.reduce((w, [g], t) => {
      expected.push(w - 0.5 ** (t + 1) * g);
      return expected[t];
    }, 1);
    const points = trajectory(wasm, sgd({ learningRate: decay }), [1, 1], list, 6);
    // short binary fractions: exact in float32 too
    expect(points.map(([w]) => w)).toEqual(expected);
  });

  it.each([
    ["keras", false],
    ["keras", true],
    ["torch", false],
    ["torch", true],
  ] as const)(
    "is in the velocity of sgd in keras, and outside of it in torch: %s, nesterov %s",
    (convention, nesterov) => {
      // keras.optimizers.SGD and torch.optim.SGD: the same at a rate that stays, and not at one that changes
      let [w, velocity] = [1, 0];
      const expected = list.map(([g], t) => {
        const rate = 0.5 ** (t + 1);
        const push = convention === "keras" ? -rate * g : g;
        velocity = 0.5 * velocity + push;
        const move = nesterov ? 0.5 * velocity + push : velocity;
        w += convention === "keras" ? move : -rate * move;
        return w;
      });
      const optimizer = sgd({ convention, nesterov, momentum: 0.5, learningRate: decay });
      // short binary fractions: exact in float32 too
      expect(trajectory(wasm, optimizer, [1, 1], list, 6).map(([x]) => x)).toEqual(expected);
    },
  );

  it("decays weights by it", () => {
    const nothing = list.map(() => [0, 0]);
    const points = trajectory(reference, adam({ learningRate: decay, weightDecay: 0.5 }), [1, 4], nothing, 6);
    let w = 1;
    points.forEach(([x], t) => {
      w *= 1 - 0.5 ** (t + 1) * 0.5;
      expect(Math.abs(x - w)).toBeLessThan(1e-15);
    });
  });

  it("gives init the first rate", () => {
    const optimizer = defineOptimizer({
      name: "remembers",
      hyperparameters: { learningRate: 1 },
      init: ({ parameter, hyperparameters: { learningRate } }) => ({
        kept: mul(learningRate, constant(parameter.graph, 8)),
      }),
      update: ({ gradient, slots }) => ({ update: mul(gradient, slots.kept), slots }),
    });
    expect(trajectory(reference, optimizer({ learningRate: decay }), [0, 0], [[1, 2]], 1)).toEqual([[4, 8]]);
  });

  it("has the schedule's numbers as its own, and shares a program where only they differ", () => {
    const cosine = (decaySteps: number, alpha = 0) =>
      adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps, alpha }) });
    expect(cosine(10).hyperparameters).toEqual({
      "learningRate.initialLearningRate": 0.1,
      "learningRate.decaySteps": 10,
      "learningRate.alpha": 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      weightDecay: 0,
    });
    expect(stepProgram(cosine(10))).toBe(stepProgram(cosine(20, 0.5)));
    const rates = [
      0.1,
      decay,
      warmup({ learningRate: 0.1, warmupSteps: 5 }),
      warmup({ learningRate: decay, warmupSteps: 5 }),
      exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5, staircase: true }),
      oneCycle({ maxLearningRate: 0.1, totalSteps: 10 }),
      cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5 }),
      cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5, tMul: 1 }),
      piecewiseConstantDecay({ boundaries: [1], values: [1, 2] }),
      piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2, 3] }),
    ];
    expect(new Set(rates.map((learningRate) => stepProgram(sgd({ learningRate })))).size).toBe(rates.length);
    let factor = 1;
    const custom = defineSchedule({
      name: "outer",
      required: ["base"],
      rate: ({ numbers }) => mul(numbers.base, factor),
    });
    const first = stepProgram(sgd({ learningRate: custom({ base: 1 }) }));
    factor = 100;
    expect(stepProgram(sgd({ learningRate: custom({ base: 1 }) }))).not.toBe(first);
  });
});
