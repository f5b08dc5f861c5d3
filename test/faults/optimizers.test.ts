/**
 * Planted faults: each optimizer is written in parts, as in its paper, and keeps all laws; then one part at a
 * time has a mistake that people make, and `checkOptimizer` catches it. The parts are in `optimizerRules.ts`.
 */
import { describe, expect, it } from "vitest";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { defineOptimizer } from "../../src/optim/define.js";
import type { Optimizer, UpdateContext } from "../../src/optim/optimizer.js";
import {
  checkOptimizer,
  checkOptimizerLaw,
  type OptimizerCheckOptions,
  optimizerLaws,
} from "../../src/testing/optimizer.js";
import { cases } from "../cases.js";
import { oracleEquations } from "../optim/oracle.js";
import { EQUATIONS, FRESH, MINIMUM, type Parts, subjects } from "./optimizerRules.js";

/** An optimizer of parts. */
function built(name: string, numbers: Readonly<Record<string, number>>, parts: Parts, from = 0): Optimizer {
  const slotNames = Object.keys(parts).filter((part) => part !== "update");
  return defineOptimizer({
    name,
    hyperparameters: { learningRate: 0.1, ...numbers },
    init: ({ parameter }) => Object.fromEntries(slotNames.map((slot) => [slot, f.fullLike(parameter, from)])),
    update(context) {
      const slots: Record<string, Value> = {};
      for (const slot of slotNames) slots[slot] = parts[slot]({ ...context, new: slots });
      return { update: parts.update({ ...context, new: slots }), slots };
    },
  })();
}

function messageOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was found";
}

const SEED = 20261125;
/** So many cases catch a fault, also in the short form. */
const ENOUGH = 12;

/**
 * What the law that begins with these words says of an optimizer; the others, which would be tried before it,
 * take longer and say nothing of it.
 */
function messageOfLaw(optimizer: Optimizer, words: string, options: OptimizerCheckOptions = {}): string {
  const law = Object.keys(optimizerLaws).find((name) => name.startsWith(words));
  if (law === undefined) throw new Error(`no law begins with "${words}"`);
  return messageOf(() => checkOptimizerLaw(optimizer, law, { ...options, numRuns: ENOUGH, seed: SEED }));
}

describe.each(Object.entries(subjects))("%s", (name, { numbers, parts, from, oracle, faults }) => {
  const [of, convention, config] = oracle;
  const equations = oracleEquations(of, convention, { learningRate: 0.1, ...config });

  it("as written here keeps all laws", () => {
    checkOptimizer(built(name, numbers, parts, from), { equations, numRuns: cases(6), seed: SEED });
  });

  it.each(faults)("with %s is caught", (_, wrong, law) => {
    const faulty = built(name, numbers, { ...parts, ...wrong }, from);
    const message = messageOfLaw(faulty, law, { equations });
    expect(message).toContain(`optimizer "${name}" breaks the law "${law}`);
    expect(message).toMatch(
      /weight \d is .* after step|of the initial excess .* over the minimum, .* is left after/,
    );
    expect(message).toContain(`{ seed: ${SEED}, path: `);
  });

  it("with weight decay as a penalty in place of decoupled is caught", () => {
    const decayed = { ...built(name, numbers, parts, from), decay: "penalty" } as const;
    const hyperparameters = { ...decayed.hyperparameters, weightDecay: 0.25 };
    const rule = oracleEquations(of, convention, { learningRate: 0.1, ...config, weightDecay: 0.25 });
    const options = { equations: rule, numRuns: ENOUGH, seed: SEED };
    checkOptimizerLaw({ ...decayed, decay: "decoupled", hyperparameters }, EQUATIONS, options);
    expect(messageOfLaw({ ...decayed, hyperparameters }, EQUATIONS, { equations: rule })).toContain(
      EQUATIONS,
    );
  });
});

/** Faults of structure, which no equations for one weight can express. */
const structures: readonly (readonly [
  what: string,
  update: (context: UpdateContext) => Value,
  law: string,
])[] = [
  [
    "a state outside its slots",
    (() => {
      let calls = 1;
      return ({ gradient: g, hyperparameters: { learningRate } }) =>
        f.neg(f.mul(f.div(learningRate, calls++), g));
    })(),
    "depends on parameters, gradients, slots and step alone",
  ],
  [
    "a rate that depends on the place",
    ({ gradient: g, hyperparameters: { learningRate } }) => {
      const places = Array.from({ length: g.shape[0] }, (_, i) => 1 + i / 8);
      return f.neg(f.mul(learningRate, f.mul(g, f.constant(g.graph, places))));
    },
    "treats every number of a parameter alike",
  ],
  [
    "the largest gradient of its array as the scale",
    ({ gradient: g, hyperparameters: { learningRate } }) =>
      f.neg(f.mul(learningRate, f.div(g, f.add(f.max(f.abs(g)), 1e-6)))),
    "does not depend on how parameters are divided",
  ],
  [
    "a drift",
    ({ gradient: g, hyperparameters: { learningRate } }) => f.neg(f.mul(learningRate, f.add(g, 0.001))),
    FRESH,
  ],
  [
    "a division by the gradient",
    ({ gradient: g, hyperparameters: { learningRate } }) => f.neg(f.mul(learningRate, f.div(f.square(g), g))),
    FRESH,
  ],
  [
    "a gradient squared",
    ({ gradient: g, hyperparameters: { learningRate } }) => f.neg(f.mul(learningRate, f.mul(f.abs(g), g))),
    "stays finite",
  ],
  [
    "a step of constant size",
    ({ gradient: g, hyperparameters: { learningRate } }) => f.mul(learningRate, f.sign(g)),
    MINIMUM,
  ],
];

it.each(structures)("%s is caught", (_, update, law) => {
  const faulty = defineOptimizer({
    name: "faulty",
    hyperparameters: { learningRate: 0.1 },
    update: (context) => ({ update: update(context) }),
  })();
  const message = messageOfLaw(faulty, law);
  expect(message).toContain(`optimizer "faulty" breaks the law "${law}`);
});
