/** What a loss is, and how built-in losses are made: from a definition with options and aliases. */
import { check, checkOptions, must, show } from "../../errors.js";
import { mean, mul, sum } from "../../graph/functions.js";
import { Value } from "../../graph/graph.js";
import { exportedAs } from "../../namespace.js";
import { madeBy, madeFrom } from "../../recipe.js";

/**
 * From truth and prediction, both [rows, units], to a scalar: the mean over the batch. Written in operations on values. One that
 * takes weights, [rows, 1], as a third argument can be trained with `sampleWeight` and `classWeight`; it is then the mean of each
 * row's loss times its weight, and the weights have a mean of 1 over all rows that are trained on.
 *
 * @example
 * ```ts
 * // a squared error that counts ten times where the truth is positive
 * const weighted: LossFunction = (yTrue, yPred) =>
 *   mean(mul(add(1, mul(9, greater(yTrue, 0))), square(sub(yPred, yTrue))));
 * createEngine().load(compile(weighted, [2, 1], [2, 1]))([[-1], [1]], [[0], [0]]); // 5.5
 * ```
 */
export type LossFunction = (yTrue: Value, yPred: Value, weights?: Value) => Value;

/** The mean of numbers of rows, [rows, …], each times the weight of its row, [rows, 1], if there are weights. */
export function weightedMean(values: Value, weights: Value | undefined): Value {
  if (weights === undefined) return mean(values);
  return mean(mul(values.shape.length === 1 ? sum(weights, -1) : weights, values));
}

/** The options of a loss that has none. */
export type NoOptions = Readonly<Record<string, never>>;

/**
 * A built-in loss. It is a {@link LossFunction}, with default options; called with options, or with nothing, it returns the
 * `LossFunction` with those options.
 */
export interface BuiltInLoss<Options extends object = NoOptions, Alias extends string = string> {
  (options?: Partial<Options>): LossFunction;
  (yTrue: Value, yPred: Value, weights?: Value): Value;
  /** Other names it is known by, such as those of Keras. */
  readonly aliases: readonly Alias[];
}

interface Definition<Options extends object, Alias extends string> {
  /** The name under which it is exported. */
  readonly name: string;
  /** The names of Keras for the same loss. */
  readonly aliases: readonly Alias[];
  /** Every option with its default. */
  readonly defaults: Options;
  /** The loss with these options; checks their values, but not their names. */
  readonly make: (options: Options) => LossFunction;
}

/** A built-in loss with options. */
export function defineLoss<Options extends object, const Alias extends string>(
  definition: Definition<Options, Alias>,
): BuiltInLoss<Options, Alias> {
  const { name, aliases, defaults } = definition;
  const known = Object.fromEntries(Object.keys(defaults).map((option) => [option, true as const]));
  const withOptions = (options: Partial<Options>): LossFunction => {
    checkOptions(options, `losses.${name}`, known);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const all: Options = { ...defaults, ...Object.fromEntries(given) };
    const loss = madeFrom(exportedAs("losses", name, definition.make(all)), [name, all]);
    return madeBy(loss, { name, options: { ...options } });
  };
  const byDefault = withOptions({});
  function loss(options?: Partial<Options>): LossFunction;
  function loss(yTrue: Value, yPred: Value, weights?: Value): Value;
  function loss(first: Partial<Options> | Value = {}, yPred?: Value, weights?: Value): LossFunction | Value {
    if (first instanceof Value) {
      must(yPred instanceof Value, `yPred of losses.${name}`, "a value of a graph", yPred);
      return byDefault(first, yPred, weights);
    }
    check(
      yPred === undefined,
      () =>
        `yTrue and yPred of losses.${name} must be values of a graph; received ${show(first)} and ${show(yPred)}; ` +
        "to score arrays, use a function of metrics",
    );
    return withOptions(first);
  }
  Object.defineProperty(loss, "name", { value: name });
  const exported = exportedAs("losses", name, Object.assign(loss, { aliases }));
  return madeBy(madeFrom(exported, [name, defaults]), { name, options: {} });
}

/** A built-in loss without options. */
export function plainLoss<const Alias extends string>(
  definition: Pick<Definition<NoOptions, Alias>, "name" | "aliases"> & { readonly loss: LossFunction },
): BuiltInLoss<NoOptions, Alias> {
  const { name, aliases, loss } = definition;
  return defineLoss<NoOptions, Alias>({ name, aliases, defaults: {}, make: () => loss });
}
