/**
 * The tree-structured Parzen estimator: splits the trials into the better and the others, models the density of each
 * group, and takes of some draws from the first the one that is likeliest in it relative to the second. The densities
 * are `tpe/parzen.ts`; there is no model of the objective, and no trial is run here.
 */

import { check, checkOptions, show } from "../../../errors.js";
import { isCountable, isFresh, unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit, toUnit, valueCount } from "../../space/scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space/space.js";
import { valueKey } from "../../space/value.js";
import { costsOf } from "../../trial/costs.js";
import type { Strategy, SuggestContext } from "../strategy.js";
import type { Coordinate } from "./kernels.js";
import { columnsOf } from "./observations.js";
import { type Bandwidth, createParzen, type Parzen } from "./parzen.js";

/** How `tpe` splits, models and draws. */
export interface TpeOptions {
  /**
   * Whether parameters that apply together are modelled together, so that kernels stand on whole points. Otherwise each
   * parameter is modelled alone. Default true.
   */
  readonly multivariate?: boolean;
  /** How many trials must have finished before it models them, an integer from 1. Default 10. */
  readonly startupTrials?: number;
  /**
   * How many draws it takes the best of, an integer from 1: more of them exploit more. Default 24, and 4 if parameters
   * are modelled alone, since then the best of each is taken.
   */
  readonly candidates?: number;
  /** The share of the finished trials that are the better ones, of which there are at most 25; in (0, 1). Default 0.15. */
  readonly gamma?: number;
  /** What the uniform density weighs beside one trial, positive: more explores more. Default 0.5. */
  readonly priorWeight?: number;
}

/** How wide the kernels are on the better trials and on the others. */
interface Widths {
  readonly better: Bandwidth;
  readonly others: Bandwidth;
}

// found by trial on benchmark functions: whole points allow narrower kernels than parameters one by one, which lose
// what belongs together; narrow kernels of the others keep off places already seen
const jointly: Widths = { better: { scale: 0.7, power: 2 }, others: { scale: 0.5, power: 2 } };
const oneByOne: Widths = { better: { scale: 1, power: 1 }, others: { scale: 0.25, power: 1 } };

/** The better trials are at most this many, and this many of the latest trials have full weight. */
const FEW = 25;

/**
 * The tree-structured Parzen estimator.
 *
 * Of n finished trials the best min(25, ⌈gamma·n⌉) are the better ones. With l the density of their parameters and g
 * that of all others, it draws from l and suggests the draw x with the greatest l(x)/g(x), which is the one of greatest
 * expected improvement (Bergstra et al.). Each density is a mean of kernels around the trials and of the uniform
 * density; equations are at `createParzen`. Among the others, trials before the latest 25 weigh less, linearly down to
 * 1/n of those. Parameters under the same condition are modelled together, from the trials in which they applied.
 *
 * - Failed and diverged trials are never among the better, pruned trials count with the value they had reached, and of
 *   equal values the earlier is better. Trials that still run are among the others, so that those side by side
 *   keep apart.
 * - If a parameter has a default, the first suggestion is the defaults, with the middle of the range for parameters
 *   that have none. Until `startupTrials` trials have finished, suggestions are a Latin hypercube: the range of each
 *   parameter is cut into as many parts (at most 1,000), and a suggestion falls into one of those used least.
 * - No point comes twice while a finite space has others.
 *
 * It differs from Optuna's `TPESampler` in the widths of kernels, which follow the spread of the trials and may become
 * narrower; in `gamma` (0.1 there), `priorWeight` (1 there) and, for parameters alone, `candidates` (24 there); in the
 * uniform density (a wide Gaussian there), in the start (random there), and in that integers on a log scale have
 * the probability of their cell.
 *
 * @throws FettleError `invalid_argument` for options outside their ranges, `unknown_name` for others
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
 */
export function tpe(options: TpeOptions = {}): Strategy {
  checkOptions(options, "tpe", ["multivariate", "startupTrials", "candidates", "gamma", "priorWeight"]);
  const { multivariate = true, startupTrials = 10, gamma = 0.15, priorWeight = 0.5 } = options;
  const { candidates = multivariate ? 24 : 4 } = options;
  check(
    typeof multivariate === "boolean",
    () => `multivariate of tpe is true or false, received ${show(multivariate)}`,
  );
  for (const [name, figure] of Object.entries({ startupTrials, candidates })) {
    check(
      Number.isSafeInteger(figure) && figure > 0,
      () => `${name} of tpe is a positive integer, received ${show(figure)}`,
    );
  }
  check(
    typeof gamma === "number" && gamma > 0 && gamma < 1,
    () => `gamma of tpe lies between 0 and 1, received ${show(gamma)}`,
  );
  check(
    Number.isFinite(priorWeight) && priorWeight > 0,
    () => `priorWeight of tpe is a positive number, received ${show(priorWeight)}`,
  );
  const settings = { multivariate, startupTrials, candidates, gamma, priorWeight };
  return {
    name: "tpe",
    adaptive: true,
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

/** A draw that falls, parameter by parameter, into one of the strata in which the fewest trials are. */
function drawStratified({ space, earlier, random }: SuggestContext, strata: number): Params {
  return buildParams(space, (parameter, name) => {
    const counts = new Array<number>(Math.min(strata, valueCount(parameter), 1000)).fill(0);
    const last = counts.length - 1;
    for (const params of earlier) {
      if (!Object.hasOwn(params, name)) continue;
      counts[Math.min(last, Math.floor(toUnit(parameter, params[name]) * counts.length))]++;
    }
    const least = counts.reduce((a, b) => Math.min(a, b));
    const free = [...counts.keys()].filter((stratum) => counts[stratum] === least);
    const u = random.uniform() * free.length;
    const i = Math.floor(u);
    return fromUnit(parameter, (free[i] + (u - i)) / counts.length);
  });
}

/** Makes suggestions from a history that is long enough. */
function createDraw(
  context: SuggestContext,
  { multivariate, candidates, gamma, priorWeight }: Required<TpeOptions>,
): () => Params {
  const { space, earlier, random } = context;
  const columns = columnsOf(space, earlier);
  const isBetter = betterOf(context, gamma);
  const groups = groupsOf(space, multivariate);
  const widths = multivariate ? jointly : oneByOne;
  const model = (coordinates: readonly Coordinate[], among: 0 | 1): Parzen => {
    const applies = columns[coordinates[0].at];
    const rows: number[] = [];
    for (let i = 0; i < earlier.length; i++) {
      if (isBetter[i] === among && !Number.isNaN(applies[i])) rows.push(i);
    }
    return createParzen({
      coordinates,
      observations: coordinates.map(({ at }) => pick(columns[at], rows)),
      weights: weightsByAge(rows.length),
      priorWeight,
      bandwidth: among ? widths.better : widths.others,
    });
  };
  const models = new Map<readonly Coordinate[], readonly [Parzen, Parzen]>();
  const modelsOf = (group: readonly Coordinate[]) => {
    const known = models.get(group) ?? [model(group, 1), model(group, 0)];
    models.set(group, known);
    return known;
  };
  // of parameters drawn alone, the last would bear all of the avoiding: there, all are drawn again
  const avoids = multivariate && (isCountable(space) || space.constraint !== undefined);

  /** The point with the group's coordinates drawn: the best draw, but none that ends in an earlier point or one that does not exist, if it can be helped. */
  const extend = (point: Float64Array, group: readonly Coordinate[]): Float64Array => {
    const [l, g] = modelsOf(group);
    const draws = Array.from({ length: candidates }, () => {
      const extended = point.slice();
      l.sample(random, extended);
      return extended;
    });
    const [better, others] = [l.logDensities(draws), g.logDensities(draws)];
    const order = [...draws.keys()].sort((a, b) => better[b] - others[b] - (better[a] - others[a]));
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

/** 1 for the better trials, 0 for all others, by number. */
function betterOf({ history, earlier, direction }: SuggestContext, gamma: number): Uint8Array {
  const costs = costsOf(history, direction);
  const valued = history.reduce((count, { value }) => count + (value === null ? 0 : 1), 0);
  const count = Math.min(FEW, Math.ceil(gamma * valued));
  // numbers of the best so far, the best first
  const best: number[] = [];
  for (let i = 0; i < history.length; i++) {
    if (history[i].value === null) continue;
    let place = best.length;
    while (place > 0 && costs[i] < costs[best[place - 1]]) place--;
    if (place === count) continue;
    best.splice(place, 0, i);
    if (best.length > count) best.pop();
  }
  const isBetter = new Uint8Array(earlier.length);
  for (const number of best) isBetter[number] = 1;
  return isBetter;
}

/** Some numbers of a column. */
function pick(column: Float64Array, rows: readonly number[]): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let k = 0; k < rows.length; k++) picked[k] = column[rows[k]];
  return picked;
}

/** [n] weights of observations in their order: 1 for the latest 25, and for those before rising to it from 1/n. */
function weightsByAge(n: number): Float64Array {
  const old = n - FEW;
  const weights = new Float64Array(n).fill(1);
  for (let i = 0; i < old; i++) weights[i] = 1 / n + (i / old) * (1 - 1 / n);
  return weights;
}

/** Where a parameter is modelled: with which others, and its place in vectors of units. */
interface Place {
  readonly group: readonly Coordinate[];
  readonly at: number;
}

/** The groups in which parameters are modelled: those with the same condition, or each alone. */
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

/** Whether a vector of units is a whole point that is used or does not exist; not if parameters that apply are still open. */
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
