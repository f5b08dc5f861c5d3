/** The contract of a loss, and how built-in losses are made: from a definition with options and aliases. */
import { check, checkOptions, must, show } from "../../errors.js";
import { maximum, mean, minimum, mulNoNan, reshape } from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import type { Interval } from "../../interval.js";
import { exportedAs } from "../../namespace.js";
import { madeBy, madeFrom } from "../../recipe.js";
import { finite } from "../../rules.js";
import { type BuiltInLossName, type LossAlias, lossAliases } from "./names.js";

/**
 * From truth and prediction, both [rows, units], or rows of the shape of the output, to a scalar: the mean
 * over the batch. Written in operations on values. A loss with a third argument for weights, [rows, 1],
 * supports `sampleWeight` and `classWeight`; it is then the mean of each row's loss times its weight, and the
 * weights have a mean of 1 over all training rows.
 *
 * @example
 * ```ts
 * // a squared error that counts ten times if the truth is positive
 * const weighted: LossFunction = (yTrue, yPred) =>
 *   mean(mul(add(1, mul(9, greater(yTrue, 0))), square(sub(yPred, yTrue))));
 * createEngine().load(compile(weighted, [2, 1], [2, 1]))([[-1], [1]], [[0], [0]]); // 5.5
 * ```
 */
export type LossFunction = (yTrue: Value, yPred: Value, weights?: Value) => Value;

/** A loss of entire sequences, which also receives the steps that count, [rows, steps], if some do not. */
export type SequenceLoss = (yTrue: Value, yPred: Value, weights?: Value, mask?: Value) => Value;

/**
 * The mean of numbers of rows, [rows, …], each times the weight of its row, [rows, 1], if there are weights.
 */
export function weightedMean(values: Value, weights: Value | undefined): Value {
  if (weights === undefined) return mean(values);
  // terms that do not count may be infinite
  return mean(mulNoNan(values, weightsBeside(weights, values)));
}

/** Weights of rows, [rows, 1], in a shape that multiplies numbers of rows, [rows, …]. */
export function weightsBeside(weights: Value, { shape }: Value): Value {
  return reshape(weights, [weights.shape[0], ...shape.slice(1).map(() => 1)]);
}

/** The options of a loss without options. */
export type NoOptions = Readonly<Record<string, never>>;

/** For losses without options. */
export const NO_OPTIONS: NoOptions = {};

/**
 * A built-in loss. It is a {@link LossFunction}, with default options; called with options, or with nothing,
 * it returns the
 * `LossFunction` with those options.
 */
export interface BuiltInLoss<Options extends object = NoOptions, Alias extends string = string> {
  (options?: Partial<Options>): LossFunction;
  (yTrue: Value, yPred: Value, weights?: Value): Value;
  /** Aliases, such as its names in Keras. */
  readonly aliases: readonly Alias[];
}

interface Definition<Options extends object, Name extends BuiltInLossName> {
  readonly name: Name;
  /** Every option with its default. */
  readonly defaults: Options;
  /** The ranges of its numbers. */
  readonly ranges?: { readonly [Option in keyof NoInfer<Options>]?: Interval };
}

/** A built-in loss. */
export function defineLoss<Options extends object, const Name extends BuiltInLossName>(
  definition: Definition<Options, Name> & {
    /**
     * The loss with these options. Numbers with a range and booleans are checked here; the definition checks
     * the others.
     */
    readonly make: (options: NoInfer<Options>) => LossFunction;
  },
): BuiltInLoss<Options, LossAlias<Name>> {
  const { name, defaults } = definition;
  const known = Object.fromEntries(Object.keys(defaults).map((option) => [option, true as const]));
  const withOptions = (options: Partial<Options>): LossFunction => {
    checkOptions(options, `losses.${name}`, known);
    const given = Object.entries(options)
      .filter(([, value]) => value !== undefined)
      // a copy, since a loss must not change with the caller's array
      .map(([option, value]) => [option, Array.isArray(value) ? [...value] : value] as const);
    const all: Options = { ...defaults, ...Object.fromEntries(given) };
    checkValues(all, definition);
    const make: SequenceLoss = definition.make(all);
    const checked: SequenceLoss = (yTrue, yPred, weights, mask) => {
      mustBeValues(name, yTrue, yPred);
      return make(yTrue, yPred, weights, mask);
    };
    const loss = madeFrom(exportedAs("losses", name, checked), [name, all]);
    return madeBy(loss, { name, options: Object.fromEntries(given) });
  };
  const byDefault = withOptions({});
  function loss(options?: Partial<Options>): LossFunction;
  function loss(yTrue: Value, yPred: Value, weights?: Value): Value;
  function loss(first: Partial<Options> | Value = {}, yPred?: Value, weights?: Value): LossFunction | Value {
    if (first instanceof Value) return byDefault(first, yPred as Value, weights);
    check(
      yPred === undefined,
      () =>
        `yTrue and yPred of losses.${name} must be values of a graph; received ${show(first)} and ${show(yPred)}; ` +
        "to score arrays, use a function of metrics",
    );
    return withOptions(first);
  }
  Object.defineProperty(loss, "name", { value: name });
  const exported = exportedAs("losses", name, Object.assign(loss, { aliases: lossAliases[name] }));
  return madeBy(madeFrom(exported, [name, defaults]), { name, options: {} });
}

function mustBeValues(name: string, yTrue: unknown, yPred: unknown): void {
  for (const [which, value] of Object.entries({ yTrue, yPred }))
    must(value instanceof Value, `${which} of losses.${name}`, "a value of a graph", value);
}

function checkValues<Options extends object>(
  options: Options,
  { name, defaults, ranges }: Definition<Options, BuiltInLossName>,
): void {
  for (const option in defaults) {
    const value: unknown = options[option];
    const range = ranges?.[option];
    if (typeof defaults[option] === "boolean") must(typeof value === "boolean", option, "a boolean", value);
    if (range) finite(range)(`${option} of losses.${name}`, value);
  }
}

/**
 * A built-in loss that is a mean over rows, and over units if `of` returns a number for each: [rows] or
 * [rows, units].
 */
export function meanLoss<Options extends object, const Name extends BuiltInLossName>(
  definition: Definition<Options, Name> & {
    readonly of: (yTrue: Value, yPred: Value, options: NoInfer<Options>) => Value;
  },
): BuiltInLoss<Options, LossAlias<Name>> {
  return defineLoss({
    ...definition,
    make: (options) => (yTrue, yPred, weights) => weightedMean(definition.of(yTrue, yPred, options), weights),
  });
}

/** Keras' epsilon, added to denominators and used to clip probabilities. */
export const EPSILON = 1e-7;

/** Numbers from 1e-7 to `high`, as Keras clips them. */
export const clip = (x: Value, high: number): Value => minimum(maximum(x, EPSILON), high);
