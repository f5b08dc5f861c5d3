/**
 * Pieces with equal recipes do the same: a model of built-in pieces, which may share what was traced of
 * another, has the programs of its copy without recipes, which is traced by itself.
 */

import fc from "fast-check";
import { expect, it } from "vitest";
import { activations } from "../../src/nn/activations.js";
import { activation, dense, dropout, type Layer, reshape } from "../../src/nn/layers/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { getLoss, losses } from "../../src/nn/losses/registry.js";
import type { Architecture, ProgramKind } from "../../src/nn/programs/architecture.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf, sameTraining } from "../../src/nn/programs/programs.js";
import { maxNorm } from "../../src/nn/weights/constraints.js";
import { initializers } from "../../src/nn/weights/initializers.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import type { Rate, Schedule } from "../../src/optim/schedule.js";
import * as schedules from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { recipeOf } from "../../src/recipe.js";
import { cases } from "../cases.js";
import { compiled } from "../nn/support.js";

const KINDS: readonly ProgramKind[] = ["initialize", "train", "evaluate", "predict"];

const keyOf = <T extends object>(table: T) =>
  fc.constantFrom(...(Object.keys(table) as (keyof T & string)[]));
const few = fc.constantFrom(0, 0.25, 0.5);

/** At most two of the options, so that equal recipes and near ones are frequent. */
const some = (options: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc
    .tuple(fc.record(options), fc.subarray(Object.keys(options), { maxLength: 2 }))
    .map(([all, names]) => Object.fromEntries(names.map((name) => [name, all[name]])));

const constraints = ["maxNorm", "minMaxNorm", "nonNeg", "unitNorm"] as const;
const layer: fc.Arbitrary<Layer> = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: 1, max: 2 }),
      some({
        activation: keyOf(activations),
        useBias: fc.boolean(),
        kernelInitializer: keyOf(initializers),
        biasInitializer: keyOf(initializers),
        kernelRegularizer: fc.constantFrom({ l1: 0.1 }, { l2: 0.1 }, { l1: 0.2, l2: 0.1 }),
        biasRegularizer: fc.constantFrom({ l1: 0.1 }, { l2: 0.1 }),
        kernelConstraint: fc.constantFrom(...constraints, maxNorm({ maxValue: 3 }), maxNorm({ axis: 1 })),
        biasConstraint: fc.constantFrom(...constraints),
      }),
    )
    .map(([units, options]) => dense(units, options)),
  few.map(dropout),
  keyOf(activations).map(activation),
);

const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc
    .record({ decayRate: few, staircase: fc.boolean() })
    .map((options) => schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, ...options })),
  few.map((alpha) => schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 10, alpha })),
  few.map((alpha) => schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 10, alpha })),
  fc.boolean().map((linear) => schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 10, linear })),
  fc.integer({ min: 1, max: 3 }).map((n) =>
    schedules.piecewiseConstantDecay({
      boundaries: Array.from({ length: n }, (_, i) => i + 1),
      values: Array.from({ length: n + 1 }, (_, i) => 1 / (i + 1)),
    }),
  ),
);
const rate: fc.Arbitrary<Rate> = fc.oneof(
  few,
  schedule,
  fc.oneof(few, schedule).map((learningRate) => schedules.warmup({ learningRate, warmupSteps: 3 })),
);

/** The switches and the numbers that traits depend on. */
const own: Readonly<Record<string, Record<string, fc.Arbitrary<unknown>>>> = {
  sgd: { momentum: few, nesterov: fc.boolean() },
  rmsprop: { momentum: few, centered: fc.boolean() },
  adam: { amsgrad: fc.boolean() },
  adamw: { amsgrad: fc.boolean() },
  muon: {
    nesterov: fc.boolean(),
    rmsRate: few,
    excludeLayers: fc.subarray(["dense_1", "dense_2"]),
  },
};
const optimizer: fc.Arbitrary<Optimizer> = keyOf(optimizers).chain((name) =>
  some({
    learningRate: rate,
    weightDecay: few,
    decoupledWeightDecay: fc.boolean(),
    convention: fc.constantFrom("keras", "torch"),
    gradientAccumulationSteps: fc.integer({ min: 1, max: 3 }),
    average:
      name === "scheduleFreeAdamW"
        ? fc.constant({})
        : fc.constantFrom({}, { useEma: true }, { useEma: true, emaOverwriteFrequency: 3 }),
    ...own[name],
  }).chain(({ average, ...options }) =>
    fc
      .constantFrom({}, { clipValue: 1 }, { clipNorm: 1 }, { globalClipNorm: 2 })
      .map((clipping) => getOptimizer(name, { ...options, ...(average as object | undefined), ...clipping })),
  ),
);

const loss: fc.Arbitrary<LossFunction> = fc.oneof(
  keyOf(losses).map((name) => getLoss(name)),
  fc.boolean().map((fromLogits) => losses.binaryCrossentropy({ fromLogits })),
  fc.boolean().map((fromLogits) => losses.categoricalCrossentropy({ fromLogits })),
  few.map((labelSmoothing) => losses.sparseCategoricalCrossentropy({ labelSmoothing })),
  fc.constantFrom(1, 2).map((delta) => losses.huber({ delta })),
  fc
    .constantFrom<(number | number[])[]>(1, 2, [1, 2], [2, 1])
    .map((alpha) => losses.categoricalFocalCrossentropy({ alpha })),
);

/**
 * Two units, since some losses take two classes or more, or a mean and a variance; hazards are one, and
 * labels have steps.
 */
const underLoss = (piece: LossFunction) => ({
  layers: recipeOf(piece)?.includes("ctc")
    ? [dense(4), reshape([2, 2])]
    : [dense(recipeOf(piece)?.includes("coxPartialLikelihood") ? 1 : 2)],
  optimizer: sgd(),
  loss: piece,
});

/** One piece at a time, so that many of a thousand models have equal recipes. */
const model = fc.oneof(
  layer.map((piece) => ({ layers: [piece, dense(1)], optimizer: sgd(), loss: getLoss("mse") })),
  // two layers, of which muon may leave out either
  optimizer.map((piece) => ({ layers: [dense(1), dense(1)], optimizer: piece, loss: getLoss("mse") })),
  loss.map(underLoss),
);

interface Pieces {
  readonly layers: readonly Layer[];
  readonly optimizer: Optimizer;
  readonly loss: LossFunction;
}

/**
 * Compares the two ways to a program: by recipe, and by tracing copies that have none.
 *
 * @param seen - by recipe
 */
function compareWays({ layers, optimizer, loss }: Pieces, seen: Map<string, Architecture>): void {
  const recipes = [...layers, optimizer, loss].map(recipeOf);
  expect(recipes).not.toContain(undefined);
  const given = architectureFrom(compiled([...layers], { optimizer, loss }).described(), 2);
  const copies = layers.map((piece) => ({ ...piece }));
  const copy = architectureFrom(compiled(copies, { optimizer, loss }).described(), 2);
  expect(copies.map(recipeOf)).toEqual(layers.map(() => undefined));
  for (const kind of KINDS) expect(programOf(given, kind, 4), kind).toBe(programOf(copy, kind, 4));
  const before = seen.get(String(recipes)) ?? copy;
  expect(sameTraining(before, copy), String(recipes)).toBe(true);
  seen.set(String(recipes), copy);
}

it("equal recipes mean equal programs", () => {
  const seen = new Map<string, Architecture>();
  fc.assert(
    fc.property(model, (pieces) => compareWays(pieces, seen)),
    { numRuns: cases(200) },
  );
});

/** A model of one piece of each name. */
const named: Readonly<Record<string, (name: string) => Pieces>> = {
  activations: (name) => ({
    layers: [activation(name as "relu"), dense(1)],
    optimizer: sgd(),
    loss: getLoss("mse"),
  }),
  initializers: (name) => ({
    layers: [dense(2, { kernelInitializer: name as "zeros" })],
    optimizer: sgd(),
    loss: getLoss("mse"),
  }),
  optimizers: (name) => ({
    layers: [dense(1), dense(1)],
    optimizer: getOptimizer(name as "sgd"),
    loss: getLoss("mse"),
  }),
  losses: (name) => underLoss(getLoss(name as "mse")),
};
const everyName = Object.entries({ activations, initializers, optimizers, losses }).flatMap(([kind, table]) =>
  Object.keys(table).map((name) => [kind, name] as const),
);

it.each(everyName)("of %s, %s has the program of its recipe", (kind, name) => {
  compareWays(named[kind](name), new Map());
});

it("a piece that has a recipe cannot be changed", () => {
  const pieces = fc.oneof<fc.Arbitrary<object>[]>(layer, schedule, optimizer, loss);
  fc.assert(
    fc.property(pieces, (piece) => {
      for (const part of [piece, ...Object.values(piece)])
        if (typeof part === "object" && !Array.isArray(part)) expect(Object.isFrozen(part)).toBe(true);
      expect(Object.isFrozen(piece)).toBe(true);
    }),
  );
});
