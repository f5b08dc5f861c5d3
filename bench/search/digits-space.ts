/**
 * The configurations of the table `digits.json`: the levels of each factor, and the space over their indices
 * that strategies search. `make-table.ts` trains them, `digits.ts` looks them up.
 */
import { choice, int, type Params } from "fettle";

type OrderedFactor = "learningRate" | "momentum" | "weightDecay" | "units" | "batchSize";

/** The levels of the ordered factors, from least to greatest. */
export const levels: Readonly<Record<OrderedFactor, readonly number[]>> = {
  learningRate: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3],
  momentum: [0, 0.5, 0.8, 0.9, 0.97],
  weightDecay: [0, 1e-3, 1e-2],
  units: [8, 16, 32, 64],
  batchSize: [16, 32, 64],
};

export const activations = ["relu", "tanh", "sigmoid"] as const;

/** Ordered factors by the index of their level, so that they are as ordered for every library. */
export const digitsSpace = {
  learningRate: int(0, levels.learningRate.length - 1),
  momentum: int(0, levels.momentum.length - 1),
  weightDecay: int(0, levels.weightDecay.length - 1),
  units: int(0, levels.units.length - 1),
  batchSize: int(0, levels.batchSize.length - 1),
  activation: choice(activations),
};

/** How many configurations there are. */
export const configurations = Object.values(levels).reduce<number>(
  (product, { length }) => product * length,
  activations.length,
);

/** The place of a configuration in the table: nested loops in declared order, the last one fastest. */
export function placeOf(params: Params): number {
  let place = 0;
  for (const [name, { length }] of Object.entries(levels)) place = place * length + (params[name] as number);
  return place * activations.length + activations.indexOf(params.activation as (typeof activations)[number]);
}
