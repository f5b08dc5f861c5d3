/**
 * The tree-structured Parzen estimator: splits the trials into the better ones and the others, models the density of
 * each group, draws candidates from the first, and suggests the one with the largest ratio of the two densities. The
 * densities are in `parzen.ts`; there is no model of the objective.
 */

import { checkOptions, must, mustBeInteger, type OptionNames } from "../../../errors.js";
import { isCountable, isFresh, unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit, valueCount } from "../../space/scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space/space.js";
import { valueKey } from "../../space/value.js";
import type { Strategy, SuggestContext } from "../strategy.js";
import { drawStratified } from "../stratified.js";
import { betterTrials } from "./better.js";
import type { Coordinate } from "./kernels.js";
import { columnsOf } from "./observations.js";
import { type Bandwidth, createParzen, type Parzen } from "./parzen.js";

/** How `tpe` splits, models and draws. */
export interface TpeOptions {
  /**
   * Whether parameters that apply together are modelled together, by kernels around whole points. Otherwise each
   * parameter is modelled alone. Default true.
   */
  readonly multivariate?: boolean;
  /** How many trials must have finished before they are modelled, a positive integer. Default 10. */
  readonly startupTrials?: number;
  /**
   * How many candidates are drawn for each suggestion, a positive integer: more of them exploit more. Default 24, or 4 if
   * parameters are modelled alone, each with candidates of its own.
   */
  readonly candidates?: number;
  /** The fraction of the finished trials that count as the better ones (at most 25); in (0, 1). Default 0.15. */
  readonly gamma?: number;
  /** The weight of the uniform density relative to one trial, positive: more explores more. Default 0.5. */
  readonly priorWeight?: number;
}

const TPE_OPTIONS: OptionNames<TpeOptions> = {
  multivariate: true,
  startupTrials: true,
  candidates: true,
  gamma: true,
  priorWeight: true,
};

/** The widths of the kernels around the better trials and around the others. */
interface Widths {
  readonly better: Bandwidth;
  readonly others: Bandwidth;
}

// tuned on benchmark functions: kernels around whole points may be narrower than those of single parameters, which lose
// how parameters belong together; narrow kernels around the others avoid only places already seen
const jointly: Widths = { better: { scale: 0.7, power: 2 }, others: { scale: 0.5, power: 2 } };
const oneByOne: Widths = { better: { scale: 1, power: 1 }, others: { scale: 0.25, power: 1 } };

/** The number of most recent trials that have full weight. */
const RECENT = 25;
/** Up to this many trials, all are modelled; of more, only some of the others (see `modelled`). */
const EXACT_TRIALS = 500;
/** How many of more trials stand for all others that are neither recent nor running. */
const SPREAD = 40;

/**
 * The tree-structured Parzen estimator.
 *
 * Of n finished trials, the best min(25, ⌈gamma·n⌉) are the better ones. With l the density of their parameters and g
 * that of all others, TPE draws candidates from l and suggests the one with the largest l(x)/g(x), which has the largest
 * expected improvement (Bergstra et al.). Each density is a weighted mean of kernels around the trials and the uniform
 * density; the equations are at `createParzen`. Among the others, the most recent 25 trials have full weight, and older
 * ones less, linearly down to 1/n. Of more than 500 trials, some are modelled as the others: those that run, the most recent 25,
 * and 40 of the rest at even distances, each of which weighs as much as the trials that it stands for. Parameters under the same condition are modelled together, from the trials in which
 * they applied.
 *
 * - With several objectives, the better trials are those of the first Pareto fronts; of a front that fits only in part,
 *   those that together dominate most. Each weighs what it adds to the hypervolume of the better ones, relative to the most
 *   that one adds, and at least a tenth (MOTPE, Ozaki et al.).
 * - Failed and diverged trials are never among the better ones. A pruned trial counts with the value that it had reached.
 *   Of equal values the earlier is better. Running trials are among the others, so that trials side by side keep apart.
 * - If a parameter has a default, the first suggestion is the point of the defaults, with the middle of the range for
 *   parameters without one. Until `startupTrials` trials have finished, suggestions are a Latin hypercube: the range of
 *   each parameter is divided into `startupTrials` parts (at most 1,000), and a suggestion falls into one of the parts
 *   used least.
 * - No point is repeated while a finite space has others.
 *
 * It differs from Optuna's `TPESampler` in the kernel widths, which follow the spread of the trials and may become
 * narrower; in `gamma` (0.1 there), `priorWeight` (1 there) and, with `multivariate: false`, `candidates` (24 there); in
 * the uniform density (a wide Gaussian there); in the start (random there); and in that an integer on a log scale has the
 * probability of its cell.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 10), y: float(0, 15) },
 *   strategy: tpe({ startupTrials: 8 }),
 *   direction: "minimize",
 *   seed: 1,
 * });
 * await study.optimize(({ x, y }) => (x - 3) ** 2 + (y - 2) ** 2, { trials: 60 });
 * study.best!.value! < 0.5; // true
 * ```
 * @see J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization", NIPS 24, 2011
 * @see S. Falkner, A. Klein and F. Hutter, "BOHB: robust and efficient hyperparameter optimization at scale", ICML 2018
 * @see S. Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and their roles for
 * better empirical performance", arXiv:2304.11127, 2023
 * @see Y. Ozaki, Y. Tanigaki, S. Watanabe, M. Nomura and M. Onishi, "Multiobjective tree-structured Parzen estimator", J.
 * Artificial Intelligence Research 73, 2022
 */
export function tpe(options: TpeOptions = {}): Strategy {
  const settings = withDefaults(options);
  const { startupTrials } = settings;
  return {
    name: "tpe",
    adaptive: true,
    multiObjective: true,
    options: Object.fromEntries(Object.entries(options).filter(([, given]) => given !== undefined)),
    suggest(context) {
      const { space, suggested, history } = context;
      const defaults = suggested === 0 ? defaultPoint(space) : undefined;
      if (defaults && isFresh(context, defaults)) return defaults;
      if (history.length < startupTrials) {
        return unseen(context, () => drawStratified(context, startupTrials));
      }
      return unseen(context, createDraw(context, settings), 10);
    },
  };
}

/** Options with their defaults, checked. */
function withDefaults(options: TpeOptions): Required<TpeOptions> {
  checkOptions(options, "tpe", TPE_OPTIONS);
  const { multivariate = true, startupTrials = 10, gamma = 0.15, priorWeight = 0.5 } = options;
  const { candidates = multivariate ? 24 : 4 } = options;
  must(typeof multivariate === "boolean", "multivariate of tpe", "true or false", multivariate);
  mustBeInteger("startupTrials of tpe", startupTrials);
  mustBeInteger("candidates of tpe", candidates);
  must(typeof gamma === "number" && gamma > 0 && gamma < 1, "gamma of tpe", "a number in (0, 1)", gamma);
  must(
    Number.isFinite(priorWeight) && priorWeight > 0,
    "priorWeight of tpe",
    "a positive number",
    priorWeight,
  );
  return { multivariate, startupTrials, candidates, gamma, priorWeight };
}

/** Draws suggestions, given a history of at least `startupTrials`. */
function createDraw(
  context: SuggestContext,
  { multivariate, candidates, gamma, priorWeight }: Required<TpeOptions>,
): () => Params {
  const { space, earlier, random } = context;
  const columns = columnsOf(space, earlier);
  const better = betterTrials(context, gamma);
  const { numbers, stride } = modelled(earlier.length, context.history.length);
  const groups = groupsOf(space, multivariate);
  const widths = multivariate ? jointly : oneByOne;
  const model = (coordinates: readonly Coordinate[], among: boolean): Parzen => {
    const applies = columns[coordinates[0].at];
    const rows: number[] = [];
    for (const i of among ? better.keys() : numbers) {
      if (better.has(i) === among && !Number.isNaN(applies[i])) rows.push(i);
    }
    return createParzen({
      coordinates,
      observations: coordinates.map(({ at }) => pick(columns[at], rows)),
      weights: among
        ? Float64Array.from(rows, (i) => better.get(i) as number)
        : weightsByAge(rows.length, stride),
      priorWeight,
      bandwidth: among ? widths.better : widths.others,
    });
  };
  const models = new Map<readonly Coordinate[], readonly [Parzen, Parzen]>();
  const modelsOf = (group: readonly Coordinate[]) => {
    const known = models.get(group) ?? [model(group, true), model(group, false)];
    models.set(group, known);
    return known;
  };
  // parameters drawn alone are all drawn again: otherwise only the last would be chosen to avoid earlier points
  const avoids = multivariate && (isCountable(space) || space.constraint !== undefined);

  /** The point with the group's coordinates added: the best candidate, if possible one that completes a new, allowed point. */
  const extend = (point: Float64Array, group: readonly Coordinate[]): Float64Array => {
    const [l, g] = modelsOf(group);
    const draws = Array.from({ length: candidates }, () => {
      const extended = point.slice();
      l.sample(random, extended);
      return extended;
    });
    const [better, others] = [l.logDensities(draws), g.logDensities(draws)];
    const ratios = better.map((log, i) => log - others[i]);
    const order = [...draws.keys()].sort((a, b) => ratios[b] - ratios[a]);
    const fresh = avoids ? order.find((i) => !isBarred(context, draws[i])) : undefined;
    return draws[fresh ?? order[0]];
  };

  return () => {
    let point: Float64Array = new Float64Array(space.names.length).fill(Number.NaN);
    return buildParams(space, (parameter, name) => {
      const { group, at } = groups.get(name) as Place;
      if (Number.isNaN(point[at])) point = extend(point, group);
      return fromUnit(parameter, point[at]);
    });
  };
}

/**
 * Which trials may be modelled as the others: all; of more than `EXACT_TRIALS`, the most recent 25 and all that run, and
 * for the rest some at even distances.
 *
 * @returns their numbers, ascending, and how many trials each but the most recent stands for
 */
function modelled(
  trials: number,
  finished: number,
): { readonly numbers: readonly number[]; readonly stride: number } {
  if (trials <= EXACT_TRIALS) return { numbers: Array.from({ length: trials }, (_, i) => i), stride: 1 };
  const latest = Math.max(RECENT, trials - finished);
  const spread = Math.min(SPREAD, trials - latest);
  const stride = (trials - latest) / Math.max(1, spread);
  return {
    numbers: Array.from({ length: spread + latest }, (_, k) =>
      k < spread ? Math.floor(k * stride) : trials - latest + (k - spread),
    ),
    stride,
  };
}

/** Some rows of a column. */
function pick(column: Float64Array, rows: readonly number[]): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let k = 0; k < rows.length; k++) picked[k] = column[rows[k]];
  return picked;
}

/**
 * [n], the weights of observations in their order: 1 for the most recent 25, rising to 1 from 1/n for older ones, which
 * stand for `stride` trials each.
 */
function weightsByAge(n: number, stride: number): Float64Array {
  const old = n - RECENT;
  const weights = new Float64Array(n).fill(1);
  for (let i = 0; i < old; i++) weights[i] = stride * (1 / n + (i / old) * (1 - 1 / n));
  return weights;
}

/** The group with which a parameter is modelled, and its place in vectors of units. */
interface Place {
  readonly group: readonly Coordinate[];
  readonly at: number;
}

/** The groups in which parameters are modelled: parameters with the same condition, or each alone. */
function groupsOf(space: SearchSpace, multivariate: boolean): ReadonlyMap<string, Place> {
  const groups = new Map<string, Coordinate[]>();
  const places = new Map<string, Place>();
  for (const name of space.order) {
    const parameter = space.parameters[name];
    const key = multivariate ? valueKey(parameter.when ?? {}) : name;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    const at = space.names.indexOf(name);
    group.push({ parameter, at, count: valueCount(parameter) });
    places.set(name, { group, at });
  }
  return places;
}

/** Whether a vector of units is a whole point that is used or forbidden; false while parameters that apply are missing. */
function isBarred(context: SuggestContext, point: Float64Array): boolean {
  const { space } = context;
  let open = false;
  const params = buildParams(space, (parameter, name) => {
    const unit = point[space.names.indexOf(name)];
    open ||= Number.isNaN(unit);
    return fromUnit(parameter, open ? 0 : unit);
  });
  return !open && !isFresh(context, params);
}
