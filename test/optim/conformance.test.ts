/** Every built-in optimizer, in both conventions and with its options, keeps the laws of optimizers. */
import { describe, expect, it } from "vitest";
import { add, mul, neg, sign, zerosLike } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import {
  checkOptimizer,
  checkOptimizerLaw,
  type Equations,
  optimizerLaws,
} from "../../src/testing/optimizer.js";
import { cases } from "../cases.js";
import { oracleEquations } from "./oracle.js";

/** Beside the defaults, which all are tested with. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, number | boolean>>[]>> = {
  lamb: [{ weightDecay: 0.1 }],
  adafactor: [{ weightDecay: 0.1 }],
  muon: [{ nesterov: false }, { rmsRate: 0.5 }],
  scheduleFreeAdamW: [{ beta1: 0, warmupSteps: 3 }, { weightDecay: 0.1 }],
  sgd: [{ momentum: 0.9 }, { momentum: 0.9, nesterov: true }, { weightDecay: 0.1 }],
  adam: [{ amsgrad: true }, { weightDecay: 0.1 }],
  rmsprop: [{ centered: true }, { momentum: 0.5 }],
};
/** Around the rule of any: an average, and the mean of two gradients. */
const around = [{ useEma: true, emaMomentum: 0.75 }, { gradientAccumulationSteps: 2 }];

const configs = Object.keys(optimizers).flatMap((name) =>
  (["keras", "torch"] as const).flatMap((convention) =>
    [{}, ...(variants[name] ?? []), ...(name === "scheduleFreeAdamW" ? around.slice(1) : around)].map(
      (config) => [name, convention, config] as const,
    ),
  ),
);

/** A rule that is given the mean of two gradients at every second step. */
function everySecond(rule: Equations): Equations {
  let sum = 0;
  return (w, gradient, t) => {
    sum += gradient;
    if (t % 2 !== 0) return w;
    const mean = sum / 2;
    sum = 0;
    return rule(w, mean, t / 2);
  };
}

it("covers every optimizer", () => {
  expect(Object.keys(variants).filter((name) => !(name in optimizers))).toEqual([]);
});

describe.each(configs)("%s, %s, %j", (name, convention, config) => {
  const optimizer = getOptimizer(name, { convention, ...config });
  const { learningRate } = optimizer.hyperparameters;
  // a rule that sees arrays has no equations of one weight: arrays.test.ts follows it
  const rule = optimizer.perArray
    ? undefined
    : oracleEquations(name, convention, { learningRate, ...config });
  const equations = rule && (optimizer.accumulates ? () => everySecond(rule()) : rule);
  it.each(Object.keys(optimizerLaws))("%s", (law) =>
    checkOptimizerLaw(optimizer, law, { ...(equations && { equations }), numRuns: cases(3) }),
  );
});

it.each([
  ["a schedule", adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 20 }) })],
  ["accumulated gradients and tiny weights", sgd({ gradientAccumulationSteps: 3 })],
])("so does one with %s", (_, optimizer) => checkOptimizer(optimizer, { numRuns: cases(60), seed: 5 }));

it("so does a custom optimizer, held to its own equations", () => {
  const signed = defineOptimizer({
    name: "signed",
    hyperparameters: { learningRate: 0.01, beta: 0.5 },
    init: ({ parameter }) => ({ m: zerosLike(parameter) }),
    update({ gradient, slots, hyperparameters: { learningRate, beta } }) {
      const m = add(mul(beta, slots.m), gradient);
      return { update: neg(mul(learningRate, sign(m))), slots: { m } };
    },
  });
  const equations = () => {
    let m = 0;
    return (w: number, g: number) => {
      m = 0.5 * m + g;
      return w - 0.01 * Math.sign(m);
    };
  };
  checkOptimizer(signed(), { equations, numRuns: cases(20) });
});
