/** Every built-in optimizer, in both conventions and with its options, keeps the laws of optimizers. */
import { describe, expect, it } from "vitest";
import { add, mul, neg, sign, zerosLike } from "../../src/graph/functions.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { checkOptimizer, checkOptimizerLaw, optimizerLaws } from "../../src/testing/optimizer.js";
import { cases } from "../cases.js";
import { oracleEquations } from "./oracle.js";

/** Beside the defaults, which all are tested with. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, number | boolean>>[]>> = {
  sgd: [{ momentum: 0.9 }, { momentum: 0.9, nesterov: true }, { weightDecay: 0.1 }],
  adam: [{ amsgrad: true }, { weightDecay: 0.1 }],
  rmsprop: [{ centered: true }, { momentum: 0.5 }],
};
const configs = Object.keys(optimizers).flatMap((name) =>
  (["keras", "torch"] as const).flatMap((convention) =>
    [{}, ...(variants[name] ?? [])].map((config) => [name, convention, config] as const),
  ),
);

it("covers every optimizer", () => {
  expect(Object.keys(variants).filter((name) => !(name in optimizers))).toEqual([]);
});

describe.each(configs)("%s, %s, %j", (name, convention, config) => {
  const optimizer = getOptimizer(name, { convention, ...config });
  const { learningRate } = optimizer.hyperparameters;
  const equations = oracleEquations(name, convention, { learningRate, ...config });
  it.each(Object.keys(optimizerLaws))("%s", (law) =>
    checkOptimizerLaw(optimizer, law, { equations, numRuns: cases(12) }),
  );
});

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
