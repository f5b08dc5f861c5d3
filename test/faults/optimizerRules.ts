/**
 * Optimizers in parts, as in their papers, and parts with mistakes that people make, each with the law that
 * catches it. These are data; `optimizers.test.ts` assembles and checks them.
 */
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { UpdateContext } from "../../src/optim/optimizer.js";
import { gatheredWeight, movingAverage } from "../../src/optim/terms.js";
import type { OracleConfig } from "../optim/oracle.js";

/** A slot or the update; `new` has the slots made before it. */
type Part = (context: UpdateContext & { readonly new: Readonly<Record<string, Value>> }) => Value;
/** All but "update" are slots, computed in this order. */
export type Parts = Readonly<Record<string, Part>>;

export const EQUATIONS = "follows its equations";
export const MINIMUM = "reaches the minimum of a well-conditioned quadratic";
export const FRESH = "does not move a new parameter while its gradient is 0";

/** An optimizer and what may be wrong with it. */
export interface Subject {
  readonly numbers: Readonly<Record<string, number>>;
  readonly parts: Parts;
  readonly from?: number;
  readonly oracle: readonly [name: string, convention: "keras" | "torch", config?: Partial<OracleConfig>];
  /** What is wrong, the wrong parts, and the law that says so. */
  readonly faults: readonly (readonly [what: string, wrong: Parts, law: string])[];
}

const squared: Part = ({ slots, gradient, hyperparameters: { beta2 } }) =>
  movingAverage(slots.v, f.square(gradient), beta2);
const averaged: Part = ({ slots, gradient, hyperparameters: { beta1 } }) =>
  movingAverage(slots.m, gradient, beta1);

export const subjects: Readonly<Record<string, Subject>> = {
  "sgd with momentum": {
    numbers: { momentum: 0.9 },
    parts: {
      v: ({ slots, gradient: g, hyperparameters: { learningRate, momentum } }) =>
        f.sub(f.mul(momentum, slots.v), f.mul(learningRate, g)),
      update: ({ new: { v } }) => v,
    },
    oracle: ["sgd", "keras", { momentum: 0.9 }],
    faults: [
      ["the sign of the step", { update: ({ new: { v } }) => f.neg(v) }, MINIMUM],
      [
        "the sign of the momentum",
        {
          v: ({ slots, gradient: g, hyperparameters: { learningRate, momentum } }) =>
            f.neg(f.add(f.mul(momentum, slots.v), f.mul(learningRate, g))),
        },
        EQUATIONS,
      ],
      ["the velocity of the step before", { update: ({ slots }) => slots.v }, EQUATIONS],
      [
        "momentum applied twice, as Nesterov's",
        {
          update: ({ new: { v }, gradient: g, hyperparameters: { learningRate, momentum } }) =>
            f.sub(f.mul(momentum, v), f.mul(learningRate, g)),
        },
        EQUATIONS,
      ],
      [
        "an average in place of a sum",
        {
          v: ({ slots, gradient: g, hyperparameters: { learningRate, momentum } }) =>
            movingAverage(slots.v, f.neg(f.mul(learningRate, g)), momentum),
        },
        EQUATIONS,
      ],
      [
        "a learning rate that is not read",
        {
          v: ({ slots, gradient: g, hyperparameters: { momentum } }) =>
            f.sub(f.mul(momentum, slots.v), f.mul(0.1, g)),
        },
        "does not move a parameter at a learning rate of 0",
      ],
    ],
  },
  adam: {
    numbers: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    parts: {
      m: averaged,
      v: squared,
      update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, beta2, epsilon } }) => {
        const rate = f.div(
          f.mul(learningRate, f.sqrt(gatheredWeight(beta2, step))),
          gatheredWeight(beta1, step),
        );
        return f.neg(f.mul(rate, f.div(m, f.add(f.sqrt(v), epsilon))));
      },
    },
    oracle: ["adam", "keras"],
    faults: [
      [
        "no correction of the mean",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta2, epsilon } }) =>
            f.neg(
              f.mul(
                f.mul(learningRate, f.sqrt(gatheredWeight(beta2, step))),
                f.div(m, f.add(f.sqrt(v), epsilon)),
              ),
            ),
        },
        EQUATIONS,
      ],
      [
        "no correction of the squares",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, epsilon } }) =>
            f.neg(
              f.mul(f.div(learningRate, gatheredWeight(beta1, step)), f.div(m, f.add(f.sqrt(v), epsilon))),
            ),
        },
        EQUATIONS,
      ],
      [
        "a correction without its root",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, beta2, epsilon } }) =>
            f.neg(
              f.mul(
                f.div(f.mul(learningRate, gatheredWeight(beta2, step)), gatheredWeight(beta1, step)),
                f.div(m, f.add(f.sqrt(v), epsilon)),
              ),
            ),
        },
        EQUATIONS,
      ],
      [
        "corrections that are a step late",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, beta2, epsilon } }) => {
            const late = f.add(step, 1);
            const rate = f.div(
              f.mul(learningRate, f.sqrt(gatheredWeight(beta2, late))),
              gatheredWeight(beta1, late),
            );
            return f.neg(f.mul(rate, f.div(m, f.add(f.sqrt(v), epsilon))));
          },
        },
        EQUATIONS,
      ],
      [
        "ε inside the root",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, beta2, epsilon } }) => {
            const rate = f.div(
              f.mul(learningRate, f.sqrt(gatheredWeight(beta2, step))),
              gatheredWeight(beta1, step),
            );
            return f.neg(f.mul(rate, f.div(m, f.sqrt(f.add(v, epsilon)))));
          },
        },
        EQUATIONS,
      ],
      [
        "no ε",
        {
          update: ({ new: { m, v }, step, hyperparameters: { learningRate, beta1, beta2 } }) => {
            const rate = f.div(
              f.mul(learningRate, f.sqrt(gatheredWeight(beta2, step))),
              gatheredWeight(beta1, step),
            );
            return f.neg(f.mul(rate, f.div(m, f.sqrt(v))));
          },
        },
        FRESH,
      ],
      [
        "β₁ and β₂ in each other's place",
        {
          m: ({ slots, gradient, hyperparameters: { beta2 } }) => movingAverage(slots.m, gradient, beta2),
          v: ({ slots, gradient, hyperparameters: { beta1 } }) =>
            movingAverage(slots.v, f.square(gradient), beta1),
        },
        MINIMUM,
      ],
      [
        "the squares of the mean in place of the mean of squares",
        {
          v: ({ new: { m }, slots, hyperparameters: { beta2 } }) =>
            movingAverage(slots.v, f.square(m), beta2),
        },
        EQUATIONS,
      ],
      [
        "squares that miss the factor 1 − β₂",
        {
          v: ({ slots, gradient, hyperparameters: { beta2 } }) =>
            f.add(f.mul(beta2, slots.v), f.square(gradient)),
        },
        EQUATIONS,
      ],
      [
        "gradients that are not squared",
        { v: ({ slots, gradient, hyperparameters: { beta2 } }) => movingAverage(slots.v, gradient, beta2) },
        "does not move a parameter at a learning rate of 0",
      ],
      ["a mean that forgets", { m: ({ gradient }) => gradient }, EQUATIONS],
    ],
  },
  rmsprop: {
    numbers: { rho: 0.9, epsilon: 1e-7 },
    parts: {
      v: ({ slots, gradient, hyperparameters: { rho } }) => movingAverage(slots.v, f.square(gradient), rho),
      update: ({ new: { v }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
        f.neg(f.div(f.mul(learningRate, g), f.sqrt(f.add(v, epsilon)))),
    },
    oracle: ["rmsprop", "keras"],
    faults: [
      [
        "ε outside of the root",
        {
          update: ({ new: { v }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
            f.neg(f.div(f.mul(learningRate, g), f.add(f.sqrt(v), epsilon))),
        },
        EQUATIONS,
      ],
      [
        "the average before this gradient",
        {
          update: ({ slots: { v }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
            f.neg(f.div(f.mul(learningRate, g), f.sqrt(f.add(v, epsilon)))),
        },
        MINIMUM,
      ],
      [
        "ρ and 1 − ρ in each other's place",
        {
          v: ({ slots, gradient, hyperparameters: { rho } }) =>
            movingAverage(slots.v, f.square(gradient), f.sub(1, rho)),
        },
        EQUATIONS,
      ],
      [
        "no root",
        {
          update: ({ new: { v }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
            f.neg(f.div(f.mul(learningRate, g), f.add(v, epsilon))),
        },
        EQUATIONS,
      ],
    ],
  },
  adagrad: {
    numbers: { epsilon: 1e-7 },
    from: 0.1,
    parts: {
      a: ({ slots, gradient }) => f.add(slots.a, f.square(gradient)),
      update: ({ new: { a }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
        f.neg(f.div(f.mul(learningRate, g), f.sqrt(f.add(a, epsilon)))),
    },
    oracle: ["adagrad", "keras"],
    faults: [
      ["squares that do not add up", { a: ({ gradient }) => f.square(gradient) }, EQUATIONS],
      [
        "sizes in place of squares",
        { a: ({ slots, gradient }) => f.add(slots.a, f.abs(gradient)) },
        EQUATIONS,
      ],
      [
        "a maximum in place of a sum",
        { a: ({ slots, gradient }) => f.maximum(slots.a, f.square(gradient)) },
        EQUATIONS,
      ],
    ],
  },
  adadelta: {
    numbers: { rho: 0.95, epsilon: 1e-7 },
    parts: {
      e: ({ slots, gradient, hyperparameters: { rho } }) => movingAverage(slots.e, f.square(gradient), rho),
      u: ({ slots, new: { e }, gradient: g, hyperparameters: { rho, epsilon } }) =>
        movingAverage(
          slots.u,
          f.square(f.mul(f.div(f.sqrt(f.add(slots.u, epsilon)), f.sqrt(f.add(e, epsilon))), g)),
          rho,
        ),
      update: ({ slots, new: { e }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
        f.neg(
          f.mul(learningRate, f.mul(f.div(f.sqrt(f.add(slots.u, epsilon)), f.sqrt(f.add(e, epsilon))), g)),
        ),
    },
    oracle: ["adadelta", "keras"],
    faults: [
      [
        "the squares before this gradient",
        {
          update: ({ slots, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
            f.neg(
              f.mul(
                learningRate,
                f.mul(f.div(f.sqrt(f.add(slots.u, epsilon)), f.sqrt(f.add(slots.e, epsilon))), g),
              ),
            ),
        },
        EQUATIONS,
      ],
      [
        "the updates after this one",
        {
          update: ({ new: { e, u }, gradient: g, hyperparameters: { learningRate, epsilon } }) =>
            f.neg(f.mul(learningRate, f.mul(f.div(f.sqrt(f.add(u, epsilon)), f.sqrt(f.add(e, epsilon))), g))),
        },
        EQUATIONS,
      ],
    ],
  },
};
