/**
 * What finished trials say about the parameters: how important each one is, which value to expect at each of
 * its values, and how the best value has improved. Data for reports.
 */

import {
  check,
  checkOptions,
  must,
  mustBeBoolean,
  mustBeInteger,
  type OptionNames,
  unknownName,
} from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import type { Parameter } from "../space/parameter.js";
import { fromUnit, valueAt, valueCount } from "../space/scale.js";
import { resolveSpace, type SearchSpace, type Space, whyOutside } from "../space/space.js";
import { type ParamValue, sameValue } from "../space/value.js";
import { type Direction, isBetter, mustBeDirection, mustBeTrials, type TrialRecord } from "../trial/trial.js";
import { Analysis, type Measure } from "./anova.js";
import { drawPlace, featureOf, measuresWhere, placeOf, wholeOf } from "./features.js";
import { growForest, type Tree } from "./forest.js";

/** How the forest is grown that importances and marginals are computed from. */
export interface ForestOptions {
  /** Decides everything random. Default 0. */
  readonly seed?: number;
  /** How many trees there are, at most 10,000. Default 64. */
  readonly trees?: number;
  /** The least number of trials in a leaf. A larger number smooths over noise. Default 1. */
  readonly minSamplesLeaf?: number;
}

/** How importances are computed. */
export interface ImportanceOptions extends ForestOptions {
  /** Whether interactions of two parameters are computed too. Default false. */
  readonly pairs?: boolean;
}

/** How marginals are computed. */
export interface MarginalOptions extends ForestOptions {
  /** How many values of a number to take, from 2 to 10,000. Default 30. */
  readonly points?: number;
}

const FOREST_OPTIONS: OptionNames<ForestOptions> = { seed: true, trees: true, minSamplesLeaf: true };
const IMPORTANCE_OPTIONS: OptionNames<ImportanceOptions> = { ...FOREST_OPTIONS, pairs: true };
const MARGINAL_OPTIONS: OptionNames<MarginalOptions> = { ...FOREST_OPTIONS, points: true };

/** Fractions of the variance of the value over the space; together at most 1. */
export interface Importances {
  /** The variance that each parameter explains by itself, the most important first. */
  readonly main: Readonly<Record<string, number>>;
  /**
   * The variance that two parameters explain together beyond that, the most important first; empty without
   * the option `pairs`.
   */
  readonly pairs: readonly { readonly parameters: readonly [string, string]; readonly share: number }[];
}

/** The expected value of the objective at one value of a parameter, over all values of the others. */
export interface Marginal {
  readonly value: ParamValue;
  readonly mean: number;
  /** The standard deviation of the mean among the trees: how uncertain it is, not how much trials differ. */
  readonly std: number;
}

/** The best value up to one trial. */
export interface BestSoFar {
  readonly number: number;
  /** The trial's own value; null if it has none. */
  readonly value: number | null;
  /** The best value of the complete trials up to this one; null while there is none. */
  readonly best: number | null;
}

/** What an analysis reads of a trial. */
export type ScoredTrial = Pick<TrialRecord, "params" | "value" | "status">;

/**
 * The importance of each parameter, by functional analysis of variance: a random forest is fitted to the
 * trials, and the variance of its predictions over the entire space is divided exactly into the parts that
 * each parameter explains by itself, that each two explain together, and so on. The remainder of `main` and
 * `pairs` to 1 is explained by three or more parameters together.
 *
 * - Each parameter is used on its own scale: evenly over the logarithm for those with `log`.
 * - Only complete trials count: a failed or diverged trial has no value, and a pruned one has that of a
 *   shorter training.
 * - A parameter that does not apply in a trial is drawn at random for each tree, since the trial would have
 *   been the
 *   same at any value of it. So its importance includes how often it applies.
 * - Without any variance, every importance is 0.
 *
 * Trees are grown greedily. From few trials, a forest learns little about two parameters that matter only
 * together, as in an exclusive or, if other parameters have many values.
 *
 * @param trials - `study.trials`, at least 2 of them complete
 * @param space - `study.space`
 * @throws FettleError `invalid_data` for fewer complete trials; `invalid_space`; `invalid_argument`,
 * `unknown_name` for anything but trials of the space, and for invalid options
 * @example
 * ```ts
 * const space = { a: float(0, 1), b: float(0, 1) };
 * const study = createStudy({ space, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a, b }) => 4 * a + b, { trials: 100 });
 * const { main } = importances(study.trials, space);
 * Object.keys(main); // ["a", "b"]
 * main.a > 0.8; // true
 * ```
 * @see F. Hutter, H. Hoos and K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
 * Importance", ICML 2014
 */
export function importances(
  trials: readonly ScoredTrial[],
  space: Space,
  options: ImportanceOptions = {},
): Importances {
  checkOptions(options, "importances", IMPORTANCE_OPTIONS);
  mustBeBoolean("pairs", options.pairs);
  return new FittedForest(trials, space, options).importances(options.pairs);
}

/**
 * The expected value of the objective at each value of one parameter, over all values of the others, by the
 * forest of {@link importances}. For a parameter under a condition, this covers the part of the space where
 * it applies.
 *
 * @param name - a parameter of the space
 * @param options - as for importances; `points` is how many values of a number to take, at least 2, spread
 * evenly over its scale including both ends: default 30, or all of its values if there are fewer. All values
 * of a choice are taken
 * @returns one entry for each value, ascending, or in the order of a choice
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
  trials: readonly ScoredTrial[],
  space: Space,
  name: string,
  options: MarginalOptions = {},
): Marginal[] {
  checkOptions(options, "marginals", MARGINAL_OPTIONS);
  const { points = DEFAULT_POINTS } = options;
  mustBeInteger("points of marginals", points, 2, 10_000);
  return new FittedForest(trials, space, options).marginals(name, points);
}

/**
 * A forest fitted to the complete trials once, for {@link importances} and any number of {@link marginals}.
 */
export class FittedForest {
  private readonly space: SearchSpace;
  private readonly trees: readonly Tree[];
  /** Each tree over the entire space. */
  private readonly whole: readonly Analysis[];

  /** @throws FettleError as {@link importances} */
  constructor(trials: readonly ScoredTrial[], space: Space, options: ForestOptions = {}) {
    const { searchSpace, trees } = fitForest(trials, space, options);
    this.space = searchSpace;
    this.trees = trees;
    this.whole = this.analysesOver(searchSpace.names.map((name) => wholeOf(searchSpace.parameters[name])));
  }

  /** @param wanted - whether pairs are computed too */
  importances(wanted = false): Importances {
    const { names } = this.space;
    const analyses = this.whole.filter(({ variance }) => variance > 0);
    /** The mean over trees of a part of the variance, as a fraction. */
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

  /** @throws FettleError `unknown_name` for a parameter that the space does not have */
  marginals(name: string, points = DEFAULT_POINTS): Marginal[] {
    const { names, parameters } = this.space;
    const index = names.indexOf(name);
    if (index < 0) throw unknownName("parameter", name, names);
    const parameter = parameters[name];
    const analyses = parameter.when ? this.analysesOver(measuresWhere(this.space, name)) : this.whole;
    return valuesOf(parameter, points).map((value) => {
      const x = placeOf(parameter, value);
      const means = analyses.map((analysis) => analysis.at(index, x));
      const mean = meanOf(means);
      return { value, mean, std: Math.sqrt(meanOf(means.map((m) => (m - mean) * (m - mean)))) };
    });
  }

  private analysesOver(measures: readonly Measure[]): Analysis[] {
    return this.trees.map((tree) => new Analysis(tree, measures));
  }
}

/**
 * The best value after each trial, in the order of their numbers.
 *
 * @param trials - `study.trials`
 * @throws FettleError `invalid_argument` for anything but a list of trials and a direction
 * @example
 * ```ts
 * const study = createStudy({ space: { x: choice([3, 1, 2]) }, strategy: grid(), direction: "minimize" });
 * await study.optimize(({ x }) => x, { trials: 3 });
 * bestSoFar(study.trials, "minimize").map(({ best }) => best); // [3, 1, 1]
 * ```
 */
export function bestSoFar(trials: readonly TrialRecord[], direction: Direction): BestSoFar[] {
  mustBeTrials(trials);
  mustBeDirection(direction);
  let best: TrialRecord | undefined;
  return [...trials]
    .sort((a, b) => a.number - b.number)
    .map((record) => {
      if (isBetter(record, best, direction)) best = record;
      return { number: record.number, value: record.value, best: best?.value ?? null };
    });
}

const DEFAULT_TREES = 64;
const DEFAULT_POINTS = 30;
/** Different from the streams of studies, since a user may pass the same seed to both. */
const FOREST_STREAM = 0x666f;

function fitForest(
  trials: readonly ScoredTrial[],
  space: Space,
  { seed = 0, trees = DEFAULT_TREES, minSamplesLeaf = 1 }: ForestOptions,
): { searchSpace: SearchSpace; trees: readonly Tree[] } {
  mustBeTrials(trials);
  mustBeInteger("trees", trees, 1, 10_000);
  mustBeInteger("minSamplesLeaf", minSamplesLeaf);
  const searchSpace = resolveSpace(space);
  const complete = trials.filter(({ status, value }) => status === "complete" && value !== null);
  const { length } = complete;
  const name = `the number of complete trials among ${trials.length}`;
  must(length >= 2, name, "at least 2, to fit a forest", length, "invalid_data");
  for (const { params } of complete) {
    const wrong = whyOutside(searchSpace, params);
    check(wrong === undefined, () => `trials must be points of the space: ${wrong}`);
  }
  const parameters = searchSpace.names.map((name) => searchSpace.parameters[name]);
  const columns = searchSpace.names.map((name, j) =>
    Float64Array.from(complete, ({ params }) =>
      Object.hasOwn(params, name) ? placeOf(parameters[j], params[name]) : Number.NaN,
    ),
  );
  const hasGaps = columns.map((column) => column.includes(Number.NaN));
  /** The columns, with places drawn for parameters that do not apply. */
  const draw = (random: RandomStream) =>
    columns.map((column, j) =>
      hasGaps[j] ? column.map((x) => (Number.isNaN(x) ? drawPlace(parameters[j], random) : x)) : column,
    );
  const values = Float64Array.from(complete, ({ value }) => value as number);
  const random = new RandomStream(seed, FOREST_STREAM);
  return {
    searchSpace,
    trees: growForest(parameters.map(featureOf), draw, values, trees, { minSamplesLeaf, random }),
  };
}

/** The values of a parameter at which its marginal is computed. */
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
