/**
 * Makes built-in metrics: a definition becomes a function of two arrays with the properties of a
 * {@link Metric}, which also makes metrics with other options. Names include options, such as `f1Micro`, and
 * are parsed here.
 */
import type { Task } from "../data/dataset.js";
import type { MatrixLike } from "../data/matrix.js";
import { checkOptions, must, show } from "../errors.js";
import { exportedAs } from "../namespace.js";
import type { Floats } from "../ndarray.js";
import { readPair } from "./inputs.js";
import { counted } from "./lines.js";
import type { ConfigurableMetric, Metric } from "./metric.js";
import { type BuiltInMetric, metricAliases } from "./names.js";
import { metricRows } from "./truths.js";

type Compute = Metric["compute"];

/** The type of an option: one of some words, a number, or else a boolean, false by default. */
export interface OptionRule {
  readonly initial?: unknown;
  readonly words?: readonly string[];
  readonly rule?: string;
  readonly holds?: (value: number) => boolean;
}

/** By option, in the order of names. */
type OptionRules<Options> = { readonly [Name in keyof Options]-?: OptionRule };

/** The metric with that name. */
type Made<Options extends object, Name extends BuiltInMetric> = ConfigurableMetric<
  Options,
  (typeof metricAliases)[Name][number]
>;

/** The options of a metric without options. */
type NoOptions = Readonly<Record<string, never>>;

/** The option of metrics that score each label of a row separately. */
export interface LabelOptions {
  /**
   * Whether rows have any number of labels: `yTrue` holds 0 or 1 and `yPred` a probability for each,
   * `[rows, labels]`, and a label is predicted above 0.5. @defaultValue false
   */
  readonly multiLabel?: boolean;
}

export const LABELS: OptionRules<LabelOptions> = { multiLabel: {} };

/**
 * A metric of classes: of predicted classes, or of probabilities or other scores, see the table of metrics.
 *
 * @param make - the metric with these options; their values are checked
 */
export function classMetric<const Name extends BuiltInMetric, Options extends object = NoOptions>(
  name: Name,
  make: (options: Options) => Compute,
  rules?: OptionRules<Options>,
): Made<Options, Name> {
  const ofNumbers = (options: Options): Compute => {
    const compute = make(options);
    return (yTrue, yPred, outputs, weights) =>
      yPred.includes(Number.NaN) ? Number.NaN : compute(yTrue, yPred, outputs, weights);
  };
  return defineMetric(name, "classification", ofNumbers, rules);
}

/** A score of one output, [rows] each. */
export type Score = (yTrue: Float64Array, yPred: Float64Array, weightOf: (row: number) => number) => number;

/** A metric of quantities: the mean of a score over the outputs. */
export function quantityMetric<const Name extends BuiltInMetric, Options extends object = NoOptions>(
  name: Name,
  score: (options: Options) => Score,
  rules?: OptionRules<Options>,
): Made<Options, Name> {
  const ofOutputs = (options: Options): Compute => {
    const scoreOf = score(options);
    return (yTrue, yPred, outputs, weights) => {
      const weightOf = weighing(weights);
      let sum = 0;
      for (let j = 0; j < outputs; j++)
        sum += scoreOf(column(yTrue, outputs, j), column(yPred, outputs, j), weightOf);
      return sum / outputs;
    };
  };
  return defineMetric(name, "regression", ofOutputs, rules);
}

/** How options are parsed from names, and which names exist. */
interface Reader {
  /** The metric whose name is that of a built-in one plus this suffix for its options. */
  read(text: string): Metric | undefined;
  readonly rules: readonly (readonly [option: string, rule: OptionRule])[];
}

const readers = new WeakMap<Metric, Reader>();

/** What a built-in metric was made from. */
export interface Origin {
  readonly base: BuiltInMetric;
  readonly options: Readonly<Record<string, unknown>>;
}

const origins = new WeakMap<Metric, Origin>();

/** The name of a built-in metric without its options, and those; undefined for a custom metric. */
export const originOf = (metric: Metric): Origin | undefined => origins.get(metric);

/**
 * The metric with the options of the name's suffix, such as `Micro`; undefined if the suffix has no meaning.
 */
export function metricWith<M extends Metric>(metric: M, text: string): M | undefined {
  return readers.get(metric)?.read(text) as M | undefined;
}

/** All names of a metric with options, with `number` as a placeholder. */
export function namesWith(metric: Metric, number: string): string[] {
  const said = (readers.get(metric)?.rules ?? []).map(([option, { words, holds }]) =>
    holds ? (number !== "" && holds(Number(number)) ? [number] : []) : (words ?? [option]).map(capital),
  );
  return said.reduce(
    (names, texts) => names.flatMap((name) => [name, ...texts.map((text) => name + text)]),
    [metric.name],
  );
}

function defineMetric<Options extends object, Name extends BuiltInMetric>(
  base: Name,
  task: Task,
  make: (options: Options) => Compute,
  rules: object = {},
): Made<Options, Name> {
  const all = Object.entries(rules as Readonly<Record<string, OptionRule>>);
  const known = Object.fromEntries(all.map(([option]) => [option, true as const]));
  const withOptions = (given: Partial<Options>): Made<Options, Name> => {
    checkOptions(given, `metrics.${base}`, known);
    const own = given as Readonly<Record<string, unknown>>;
    const options = Object.fromEntries(
      all.map(([option, rule]) => [option, checked(`${option} of metrics.${base}`, rule, own[option])]),
    );
    const name = all.reduce<string>((name, [option, { initial = false }]) => {
      const value = options[option];
      return value === initial || value === undefined ? name : name + inName(option, value);
    }, base);
    const score = make(options as Options);
    const compute: Compute = (yTrue, yPred, outputs, weights) => {
      if (!yPred.includes(Number.NaN)) return score(yTrue, yPred, outputs, weights);
      const own = counted({ yTrue, yPred, outputs, ...(weights && { weights }) });
      return score(own.yTrue, own.yPred, outputs, own.weights);
    };
    const row = metricRows[base];
    const { direction, predictions } = row;
    const {
      multiLabel,
      average,
      power = 0,
    } = options as { multiLabel?: boolean; average?: string; power?: number };
    const ofOne = typeof row.truths === "function" ? row.truths(power) : row.truths;
    const truths = multiLabel || average === "samples" ? "labels" : ofOne;
    function metric(yTrue: MatrixLike, yPred: MatrixLike, sampleWeight?: ArrayLike<number>): number;
    function metric(options?: Partial<Options>): typeof metric;
    function metric(
      first: MatrixLike | Partial<Options> = {},
      yPred?: MatrixLike,
      sampleWeight?: ArrayLike<number>,
    ): unknown {
      if (yPred === undefined && !isArray(first)) return withOptions(first as Partial<Options>);
      const reading = { of: name, truths, predictions };
      const pair = readPair(first as MatrixLike, yPred as MatrixLike, sampleWeight, reading);
      return compute(pair.yTrue, pair.yPred, pair.outputs, pair.weights);
    }
    // Enumerable, unlike the name of other functions, so that a copy of a metric keeps it.
    Object.defineProperty(metric, "name", { value: name, enumerable: true });
    const made = Object.assign(metric, {
      aliases: metricAliases[base],
      direction,
      tasks: [task],
      ...(predictions === "decisions" && { decides: true }),
      truths,
      predictions,
      compute,
    });
    origins.set(made, { base, options });
    return exportedAs("metrics", name, made as unknown as Made<Options, Name>);
  };
  const byDefault = withOptions({});
  readers.set(byDefault, {
    rules: all,
    read(text) {
      if (text === "") return byDefault;
      const options = optionsIn(text, all);
      return options && withOptions(options as Partial<Options>);
    },
  });
  return byDefault;
}

function checked(name: string, { initial, words, holds, rule }: OptionRule, value: unknown): unknown {
  if (value === undefined) return initial;
  const fits = words
    ? words.includes(value as string)
    : holds
      ? Number.isFinite(value) && holds(value as number)
      : typeof value === "boolean";
  must(fits, name, rule ?? words?.map(show).join(" or ") ?? "true or false", value);
  return value;
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

/** How a name includes an option: `Micro`, `0.9`, `MultiLabel`. */
const inName = (option: string, value: unknown): string =>
  typeof value === "number" ? String(value) : capital(value === true ? option : String(value));

function optionsIn(
  text: string,
  rules: readonly (readonly [string, OptionRule])[],
): Readonly<Record<string, unknown>> | undefined {
  const options: Record<string, unknown> = {};
  let rest = text;
  for (const [option, { words, holds }] of rules) {
    const said = holds
      ? /^-?\d+(\.\d+)?(e[+-]?\d+)?/.exec(rest)?.[0]
      : (words ?? [option]).find((word) => rest.startsWith(capital(word)));
    if (said === undefined) continue;
    options[option] = holds ? Number(said) : words ? said : true;
    rest = rest.slice(said.length);
  }
  return rest === "" ? options : undefined;
}

const isArray = (given: unknown): boolean =>
  typeof given === "object" && given !== null && ("length" in given || "shape" in given);

/** How much a row counts: 1 without weights. */
export function weighing(weights: Floats | undefined): (row: number) => number {
  return weights ? (row) => weights[row] : () => 1;
}

/** One output, [rows]. */
export function column(values: Floats, outputs: number, j: number): Float64Array {
  const own = new Float64Array(values.length / outputs);
  for (let i = 0, k = j; i < own.length; i++, k += outputs) own[i] = values[k];
  return own;
}
