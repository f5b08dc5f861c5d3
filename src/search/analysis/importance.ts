/**
 * What a search says about its parameters once it has run: how much of the value is each one's doing, what value to
 * expect at each of its values, and how the best came down or up. Data for reports; it draws nothing and suggests
 * nothing.
 */

import { check, checkOptions, show, unknownName } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import type { Parameter } from "../space/parameter.js";
import { fromUnit, valueAt, valueCount } from "../space/scale.js";
import { resolveSpace, type SearchSpace, type Space, whyOutside } from "../space/space.js";
import { type ParamValue, sameValue } from "../space/value.js";
import { type Direction, isBetter, type TrialRecord } from "../trial/trial.js";
import { type Analysis, analyse } from "./anova.js";
import { drawPlace, featureOf, measuresWhere, placeOf, wholeOf } from "./features.js";
import { growForest, type Tree } from "./forest.js";

/** How the forest is grown that importances and marginals are read from. */
export interface ForestOptions {
  /** Decides everything random. Default 0. */
  readonly seed?: number;
  /** Default 64. */
  readonly trees?: number;
  /** Trials that a leaf stands for at least. More of them smooth over noise. Default 1. */
  readonly minSamplesLeaf?: number;
}

/** What importances are asked for. */
export interface ImportanceOptions extends ForestOptions {
  /** Whether what two parameters do together is worked out as well. Default false. */
  readonly pairs?: boolean;
}

/** Shares of the variance that trials' values have over the space; together at most 1. */
export interface Importances {
  /** What each parameter does by itself, the most important first. */
  readonly main: Readonly<Record<string, number>>;
  /** What two parameters do together beyond what each does by itself, the most important first; empty unless asked for. */
  readonly pairs: readonly { readonly parameters: readonly [string, string]; readonly share: number }[];
}

/** The value to expect at one value of a parameter, over all values of the others. */
export interface Marginal {
  readonly value: ParamValue;
  readonly mean: number;
  /** The standard deviation of the mean among the trees: how sure they are of it, not how much trials differ. */
  readonly std: number;
}

/** What is known after a trial. */
export interface BestSoFar {
  readonly number: number;
  /** The trial's own value; null if it has none. */
  readonly value: number | null;
  /** The best value of the complete trials up to this one; null before there is one. */
  readonly best: number | null;
}

type Records = readonly Pick<TrialRecord, "params" | "value" | "status">[];

/**
 * The importance of each parameter, by functional analysis of variance: a random forest is fitted to the trials, and
 * the variance of what it predicts over the whole space is divided exactly into what each parameter does by itself,
 * what each two do together, and so on. What `main` and `pairs` lack to 1 is done by more of them together.
 *
 * - Parameters are taken on their own scales: evenly over the logarithm for those with `log`.
 * - Complete trials count, and no others: a failed or diverged trial has no value to explain, and a pruned one that of
 *   a shorter training.
 * - A parameter that does not apply in a trial is drawn at random for each tree, since the trial would have been the
 *   same at any value of it. So it is important as far as it matters where it applies and as often as it applies.
 * - With no variance to divide, every share is 0.
 *
 * Trees are grown greedily: of two parameters that matter only together, as in an exclusive or, a forest learns little
 * from few trials where other parameters have many values.
 *
 * @param trials - records of a study; at least 2 of them complete
 * @param space - the space that they are of
 * @throws FettleError `invalid_data` for fewer complete trials; `invalid_space`; `invalid_argument`, `unknown_name` for
 * options, and for a trial that is not of the space
 * @example
 * ```ts
 * const space = { a: float(0, 1), b: float(0, 1) };
 * const study = createStudy({ space, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a, b }) => 4 * a + b, { trials: 100 });
 * const { main } = importances(study.trials, space);
 * Object.keys(main); // ["a", "b"]
 * main.a > 0.8; // true
 * ```
 * @see F. Hutter, H. Hoos and K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
 * ICML 2014
 */
export function importances(trials: Records, space: Space, options: ImportanceOptions = {}): Importances {
  checkOptions(options, "importances", [...FOREST_OPTIONS, "pairs"]);
  const { pairs: wanted = false } = options;
  const { searchSpace, trees } = fitForest(trials, space, options);
  const { names } = searchSpace;
  const measures = names.map((name) => wholeOf(searchSpace.parameters[name]));
  const analyses = trees.map((tree) => analyse(tree, measures)).filter(({ variance }) => variance > 0);
  /** The mean of a part's share over trees. */
  const share = (part: (analysis: Analysis) => number): number =>
    meanOf(analyses.map((analysis) => part(analysis) / analysis.variance));
  const main = names.map((name, j) => [name, share((analysis) => analysis.main(j))] as const);
  const pairs = !wanted
    ? []
    : names.flatMap((a, i) =>
        names.slice(i + 1).map((b, k) => ({
          parameters: [a, b] as const,
          share: share((analysis) => analysis.pair(i, i + 1 + k)),
        })),
      );
  return {
    main: Object.fromEntries(main.sort((a, b) => b[1] - a[1])),
    pairs: pairs.sort((a, b) => b.share - a.share),
  };
}

/**
 * The value to expect at each value of one parameter, over all values of the others, by the forest of
 * {@link importances}. For a parameter under a condition that is over the part of the space where it applies.
 *
 * @param name - a parameter of the space
 * @param options - as for importances; `points` is how many values of a number to take, from 2, spread evenly over its
 * scale with both ends; default 30, or all that it has if they are fewer. Choices have all of theirs
 * @returns values as the parameter has them, ascending or in the order of a choice, each once
 * @throws FettleError as {@link importances}; `unknown_name` for a parameter that the space does not have
 * @example
 * ```ts
 * const space = { rate: float(0.001, 1, { log: true }), kind: choice(["a", "b"]) };
 * const study = createStudy({ space, strategy: random(), direction: "minimize" });
 * await study.optimize(({ kind }) => (kind === "a" ? 1 : 3), { trials: 30 });
 * marginals(study.trials, space, "kind").map(({ value, mean }) => [value, mean]); // [["a", 1], ["b", 3]]
 * marginals(study.trials, space, "rate", { points: 4 }).length; // 4
 * ```
 */
export function marginals(
  trials: Records,
  space: Space,
  name: string,
  options: ForestOptions & { readonly points?: number } = {},
): Marginal[] {
  checkOptions(options, "marginals", [...FOREST_OPTIONS, "points"]);
  const { points = DEFAULT_POINTS } = options;
  check(
    Number.isSafeInteger(points) && points >= 2,
    () => `points is a number of values from 2, received ${show(points)}`,
  );
  const { searchSpace, trees } = fitForest(trials, space, options);
  const { names, parameters } = searchSpace;
  const index = names.indexOf(name);
  if (index < 0) throw unknownName("parameter", String(name), names);
  const measures = measuresWhere(searchSpace, name);
  const analyses = trees.map((tree) => analyse(tree, measures));
  return valuesOf(parameters[name], points).map((value) => {
    const x = placeOf(parameters[name], value);
    const means = analyses.map((analysis) => analysis.at(index, x));
    const mean = meanOf(means);
    return { value, mean, std: Math.sqrt(meanOf(means.map((m) => (m - mean) * (m - mean)))) };
  });
}

/**
 * The best value after each trial, in the order of their numbers.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: choice([3, 1, 2]) }, strategy: grid(), direction: "minimize" });
 * await study.optimize(({ x }) => x, { trials: 3 });
 * bestSoFar(study.trials, "minimize").map(({ best }) => best); // [3, 1, 1]
 * ```
 */
export function bestSoFar(trials: readonly TrialRecord[], direction: Direction): BestSoFar[] {
  let best: TrialRecord | undefined;
  return [...trials]
    .sort((a, b) => a.number - b.number)
    .map((record) => {
      if (isBetter(record, best, direction)) best = record;
      return { number: record.number, value: record.value, best: best?.value ?? null };
    });
}

const FOREST_OPTIONS = ["seed", "trees", "minSamplesLeaf"];
const DEFAULT_TREES = 64;
const DEFAULT_POINTS = 30;
/** Apart from the streams of studies, since a user may give both one seed. */
const FOREST_STREAM = 0x666f;

function fitForest(
  trials: Records,
  given: Space,
  { seed = 0, trees = DEFAULT_TREES, minSamplesLeaf = 1 }: ForestOptions,
): { searchSpace: SearchSpace; trees: readonly Tree[] } {
  for (const [name, value] of Object.entries({ trees, minSamplesLeaf })) {
    check(
      Number.isSafeInteger(value) && value > 0,
      () => `${name} is a positive number, received ${show(value)}`,
    );
  }
  const searchSpace = resolveSpace(given);
  const complete = trials.filter(({ status, value }) => status === "complete" && value !== null);
  check(
    complete.length >= 2,
    () => `a forest needs at least 2 complete trials, received ${complete.length} among ${trials.length}`,
    "invalid_data",
  );
  for (const { params } of complete) {
    const wrong = whyOutside(searchSpace, params);
    check(wrong === undefined, () => `trials are points of the space: ${wrong}`);
  }
  const parameters = searchSpace.names.map((name) => searchSpace.parameters[name]);
  const columns = searchSpace.names.map((name, j) =>
    Float64Array.from(complete, ({ params }) =>
      Object.hasOwn(params, name) ? placeOf(parameters[j], params[name]) : Number.NaN,
    ),
  );
  /** Every place of a parameter that does not apply, drawn. */
  const draw = (random: RandomStream) =>
    columns.map((column, j) => column.map((x) => (Number.isNaN(x) ? drawPlace(parameters[j], random) : x)));
  const values = Float64Array.from(complete, ({ value }) => value as number);
  const random = new RandomStream(seed, FOREST_STREAM);
  return {
    searchSpace,
    trees: growForest(parameters.map(featureOf), draw, values, trees, { minSamplesLeaf, random }),
  };
}

/** The values of a parameter that a picture of it shows. */
function valuesOf(parameter: Parameter, points: number): readonly ParamValue[] {
  if (parameter.type === "choice") return parameter.values;
  const count = valueCount(parameter);
  if (count <= points) return Array.from({ length: count }, (_, i) => valueAt(parameter, i));
  const spread = Array.from({ length: points }, (_, i) => fromUnit(parameter, i / (points - 1)));
  return spread.filter((value, i) => i === 0 || !sameValue(value, spread[i - 1]));
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
