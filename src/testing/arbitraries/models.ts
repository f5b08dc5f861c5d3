/**
 * Random dense networks with matching data, for property tests of training. A case is plain data, from which
 * equal models can be created; its data can be partly learned, so that losses decrease. It trains nothing.
 *
 * @example
 * ```ts
 * await fc.assert(
 *   fc.asyncProperty(anyModel(), async (given) => {
 *     const [first, second] = [modelOf(given, adam()), modelOf(given, adam())];
 *     const runs = [first, second].map((model) => model.fit(given.x, given.y, { epochs: 2, seed: given.seed }));
 *     const [a, b] = await Promise.all(runs);
 *     return a.history.loss[1] === b.history.loss[1];
 *   }),
 *   { numRuns: 5 },
 * );
 * ```
 */

import fc from "fast-check";
import { mustBeList, mustBeRecord } from "../../errors.js";
import type { Activation } from "../../nn/activations.js";
import { dense, dropout, type Layer } from "../../nn/layers/index.js";
import type { LossName } from "../../nn/losses/given.js";
import { type Sequential, sequential } from "../../nn/models/sequential.js";
import { RandomStream } from "../../numerics/random.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { flag, integer, type OptionRules, readOptions } from "../../rules.js";

/** A dense network and data for it. */
export interface ModelCase {
  /** Units of the hidden layers, each with its activation. */
  readonly hidden: readonly { readonly units: number; readonly activation: Activation }[];
  /** The dropout rate of the last hidden layer; 0 for no dropout layer. */
  readonly dropout: number;
  /** The activation of the last layer, which follows from the loss. */
  readonly output: Activation;
  readonly loss: LossName;
  /** [rows, columns], multiples of 2⁻¹⁰ in [−1, 1). */
  readonly x: readonly (readonly number[])[];
  /** [rows, units of the last layer]. */
  readonly y: readonly (readonly number[])[];
  readonly seed: number;
}

/** Which models. */
export interface ModelConstraints {
  /** The most rows of data, at least 2. Default 24. */
  readonly maxRows?: number;
  /** The most hidden layers. Default 2. */
  readonly maxHidden?: number;
  /** Whether there may be dropout. Default false. */
  readonly dropout?: boolean;
}

const RULES = {
  maxRows: [integer(2), 24],
  maxHidden: [integer(0), 2],
  dropout: [flag, false],
} satisfies OptionRules<ModelConstraints>;

const kinds = [
  { loss: "meanSquaredError", output: "linear" },
  { loss: "binaryCrossentropy", output: "sigmoid" },
  { loss: "categoricalCrossentropy", output: "softmax" },
] as const;

/** Networks of up to 2 hidden layers with 2 to 24 rows of data, of regression or classification. */
export function anyModel(constraints: ModelConstraints = {}): fc.Arbitrary<ModelCase> {
  const { maxRows, maxHidden, dropout: drops } = readOptions(constraints, "anyModel", RULES);
  const layer = fc.record({
    units: fc.integer({ min: 1, max: 7 }),
    activation: fc.constantFrom<Activation[]>("relu", "tanh", "sigmoid"),
  });
  return fc
    .record({
      hidden: fc.array(layer, { maxLength: maxHidden }),
      share: drops ? fc.constantFrom(0, 0.25, 0.5) : fc.constant(0),
      kind: fc.constantFrom(...kinds),
      rows: fc.integer({ min: 2, max: maxRows }),
      columns: fc.integer({ min: 1, max: 5 }),
      units: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat({ max: 2 ** 31 - 1 }),
    })
    .map(({ hidden, share, kind: { loss, output }, rows, columns, units, seed }): ModelCase => {
      const random = new RandomStream(seed);
      const x = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, () => (random.integer(2048) - 1024) / 1024),
      );
      const classes = loss === "categoricalCrossentropy" ? units + 1 : units;
      const y = x.map((row) => targetsOf(row, loss, classes, random));
      return { hidden, dropout: hidden.length > 0 ? share : 0, output, loss, x, y, seed };
    });
}

/** Targets that depend on the row, with noise in one of eight. */
function targetsOf(row: readonly number[], loss: LossName, units: number, random: RandomStream): number[] {
  const sum = row.reduce((a, b) => a + b, 0);
  const noisy = random.integer(8) === 0;
  const noise = random.integer(units);
  if (loss === "meanSquaredError")
    return Array.from({ length: units }, (_, i) => sum * (i + 1) * 0.25 + (noisy ? 0.5 : 0));
  if (loss === "binaryCrossentropy")
    return Array.from({ length: units }, (_, i) => Number(sum > i / 4 !== noisy));
  const hot = noisy ? noise : Math.min(units - 1, Math.max(0, Math.floor((sum + 1) * 0.5 * units)));
  return Array.from({ length: units }, (_, i) => Number(i === hot));
}

/** A new compiled model of a case. */
export function modelOf(given: ModelCase, optimizer: Optimizer): Sequential {
  mustBeRecord("given", given, "a case, as anyModelCase makes");
  mustBeList("hidden", given.hidden, "a list of layers");
  mustBeList("y", given.y, "a list of rows");
  const layers: Layer[] = given.hidden.map(({ units, activation }) => dense(units, { activation }));
  if (given.dropout > 0) layers.push(dropout(given.dropout));
  const model = sequential([...layers, dense(given.y[0].length, { activation: given.output })]);
  model.compile({ optimizer, loss: given.loss });
  return model;
}
