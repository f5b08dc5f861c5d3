/**
 * The tree-structured Parzen estimator: splits the trials into the better ones and the others, models the
 * density of each group, draws candidates from the first, and suggests the one with the largest ratio of the
 * two densities. The densities are in `parzen.ts`; there is no model of the objective.
 */

import type { RandomStream } from "../../../numerics/random.js";
import { flag, integer, number, type OptionRules, readOptions } from "../../../rules.js";
import { isCountable, isFresh, unseen } from "../../memo/unseen.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams, type Params, type SearchSpace } from "../../space/space.js";
import { firstPoint } from "../first.js";
import type { Strategy, SuggestContext } from "../strategy.js";
import { drawStratified } from "../stratified.js";
import { betterTrials } from "./better.js";
import { blockAfter, createBlockMemory } from "./blocks.js";
import { columnOf } from "./kernels.js";
import { densitiesOf, type Group, groupsOf, type Place } from "./models.js";
import { columnsOf } from "./observations.js";
import type { Bandwidth, Parzen } from "./parzen.js";

/** How `tpe` splits, models and draws. */
export interface TpeOptions {
  /**
   * Whether parameters that apply together are modelled together, by kernels around complete points.
   * Otherwise each parameter is modelled alone. Default true.
   */
  readonly multivariate?: boolean;
  /** How many trials must have finished before they are modelled, a positive integer. Default 10. */
  readonly startupTrials?: number;
  /**
   * How many candidates are drawn for each suggestion, an integer from 1 to 10,000: more of them exploit
   * more. Default 24, or 4 if parameters are modelled alone, each with separate candidates.
   */
  readonly candidates?: number;
  /**
   * The fraction of the finished trials that count as the better ones (at most 25); in (0, 1). Default 0.15.
   */
  readonly gamma?: number;
  /**
   * The weight of the uniform density relative to one trial, from 1e-9 to 1e9: more explores more. Default
   * 0.5.
   */
  readonly priorWeight?: number;
}

const RULES = {
  multivariate: [flag, true],
  startupTrials: [integer(), 10],
  candidates: integer(1, 10_000),
  gamma: [number("(0, 1)"), 0.15],
  priorWeight: [number("[1e-9, 1000000000]", "a positive number from 1e-9 to 1e9"), 0.5],
} satisfies OptionRules<TpeOptions>;

/** The widths of the kernels around the better trials and around the others. */
interface Widths {
  readonly better: Bandwidth;
  readonly others: Bandwidth;
}

// tuned on benchmark functions: kernels around complete points may be narrower than those of single
// parameters, which lose the relation between parameters; narrow kernels around the others avoid only places
// already seen
const jointly: Widths = { better: { scale: 0.7, power: 2 }, others: { scale: 0.5, power: 2 } };
const oneByOne: Widths = { better: { scale: 1, power: 1 }, others: { scale: 0.25, power: 1 } };

/**
 * The tree-structured Parzen estimator.
 *
 * Of n finished trials, the best min(25, ⌈gamma·n⌉) are the better ones. With l the density of their
 * parameters and g that of all others, TPE draws candidates from l and suggests the one with the largest
 * l(x)/g(x), which has the largest expected improvement (Bergstra et al.). Each density is a weighted mean of
 * kernels around the trials and the uniform density; the equations are at `createParzen`. Among the others,
 * the most recent 25 trials have full weight, and older ones less, linearly down to 1/n. Parameters under the
 * same condition are modelled together, from the trials in which they applied.
 *
 * Above 500 trials, only some are modelled as the others: the running ones, the most recent 25, and 40 of the
 * rest at even distances, each weighted by the trials that it represents. Then 2 trials in a row, rising to
 * 64 from 8,192 trials, are suggested from the densities before the first of them, unless the space is finite
 * or has a constraint.
 *
 * - With several objectives, the better trials are those of the first Pareto fronts; of a front that fits
 *   only in part,
 *   those that together dominate most. Each weighs what it adds to the hypervolume of the better ones,
 *   relative to the most that one adds, and at least a tenth (MOTPE, Ozaki et al.).
 * - Failed and diverged trials are never among the better ones. A pruned trial counts with the value that it
 *   had reached. Of equal values the earlier is better. Running trials are among the others, so that parallel
 *   trials keep apart.
 * - If a parameter has a default, the first suggestion is the point of the defaults, with the middle of the
 *   range for
 *   parameters without one. Until `startupTrials` trials have finished, suggestions are a Latin hypercube:
 *   the range of each parameter is divided into `startupTrials` parts (at most 1,000), and a suggestion falls
 *   into one of the parts used least.
 * - No point is repeated while a finite space has others.
 *
 * It differs from Optuna's `TPESampler` in the kernel widths, which follow the spread of the trials and may
 * become narrower; in `gamma` (0.1 there), `priorWeight` (1 there) and, with `multivariate: false`,
 * `candidates` (24 there); in the uniform density (a wide Gaussian there); in the start (random there); and
 * in that an integer on a log scale has the probability of its cell.
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
 * study.best.value < 0.5; // true
 * ```
 * @see J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization", NIPS
 * 24, 2011
 * @see S. Falkner, A. Klein and F. Hutter, "BOHB: robust and efficient hyperparameter optimization at scale",
 * ICML 2018
 * @see S. Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and their roles
 * for better empirical performance", arXiv:2304.11127, 2023
 * @see Y. Ozaki, Y. Tanigaki, S. Watanabe, M. Nomura and M. Onishi, "Multiobjective tree-structured Parzen
 * estimator", J. Artificial Intelligence Research 73, 2022
 */
export function tpe(options: TpeOptions = {}): Strategy {
  const read = readOptions(options, "tpe", RULES, " of tpe");
  const { startupTrials } = read;
  const settings = { ...read, candidates: read.candidates ?? (read.multivariate ? 24 : 4) };
  const drawsAhead = createBlockMemory((context, { size }, random) =>
    drawAhead(createSearch(context, settings), size, random),
  );
  return {
    name: "tpe",
    adaptive: true,
    multiObjective: true,
    options: Object.fromEntries(Object.entries(options).filter(([, given]) => given !== undefined)),
    suggest(context) {
      const { space, history } = context;
      const defaults = firstPoint(context);
      if (defaults !== undefined) return defaults;
      if (history.length < startupTrials) {
        return unseen(context, () => drawStratified(context, startupTrials));
      }
      const block = blockAfter(context.earlier.length);
      if (block.size > 1 && !mayRunOut(space)) {
        const ahead = drawsAhead(context, block)(context.earlier.length - block.start);
        if (isFresh(context, ahead)) return ahead;
      }
      return unseen(context, createDraw(createSearch(context, settings), context.random), 10);
    },
  };
}

/** The densities that suggestions are drawn from, given a history of at least `startupTrials`. */
interface Search {
  readonly context: SuggestContext;
  readonly groups: ReadonlyMap<string, Place>;
  /** How many candidates there are for each point. */
  readonly candidates: number;
  /** Whether to avoid candidates that complete a used or forbidden point. */
  readonly avoids: boolean;
  densities(group: Group): readonly [better: Parzen, others: Parzen];
}

function createSearch(context: SuggestContext, settings: Required<TpeOptions>): Search {
  const { space, history, earlier } = context;
  const { multivariate, candidates, gamma, priorWeight } = settings;
  const columns = columnsOf(space, earlier);
  const options = {
    better: betterTrials(context, gamma),
    trials: earlier.length,
    running: earlier.length - history.length,
    widths: multivariate ? jointly : oneByOne,
    priorWeight,
  };
  const known = new Map<Group, readonly [Parzen, Parzen]>();
  return {
    context,
    groups: groupsOf(space, multivariate),
    candidates,
    // parameters drawn alone are all redrawn: otherwise only the last would avoid earlier points
    avoids: multivariate && mayRunOut(space),
    densities(group) {
      const both = known.get(group) ?? densitiesOf(group, columns, options);
      known.set(group, both);
      return both;
    },
  };
}

/** Whether so few points may remain that candidates should avoid earlier ones. */
function mayRunOut(space: SearchSpace): boolean {
  return isCountable(space) || space.constraint !== undefined;
}

/**
 * Points with a group's coordinates added: the best of the candidates of each, if possible one that completes
 * a new, allowed point.
 */
function extend(
  { context, candidates, avoids, densities }: Search,
  points: readonly Float64Array[],
  group: Group,
  random: RandomStream,
): Float64Array[] {
  const [l, g] = densities(group);
  const count = points.length * candidates;
  const drawn = group.map(() => new Float64Array(count));
  for (let row = 0; row < count; row++) l.sample(random, drawn, row);
  const columns = group.map((coordinate, i) => columnOf(coordinate, drawn[i]));
  const [better, others] = [l.logDensities(columns), g.logDensities(columns)];
  const ratios = better.map((log, row) => log - others[row]);
  const extended = (point: Float64Array, row: number): Float64Array => {
    const whole = point.slice();
    for (let i = 0; i < group.length; i++) whole[group[i].at] = drawn[i][row];
    return whole;
  };
  return points.map((point, k) => {
    const [from, to] = [k * candidates, (k + 1) * candidates];
    let best = from;
    for (let row = from; row < to; row++) if (ratios[row] > ratios[best]) best = row;
    if (!avoids) return extended(point, best);
    const rows = Array.from({ length: candidates }, (_, i) => from + i).sort((a, b) => ratios[b] - ratios[a]);
    const fresh = rows.find((row) => !isBarred(context, extended(point, row)));
    return extended(point, fresh ?? best);
  });
}

/** A vector of units before anything is drawn. */
const blank = ({ names }: SearchSpace) => new Float64Array(names.length).fill(Number.NaN);

/** Draws points, one at a time. */
function createDraw(search: Search, random: RandomStream): () => Params {
  const { space } = search.context;
  return () => {
    let point: Float64Array = blank(space);
    return buildParams(space, (parameter, name) => {
      const { group, at } = search.groups.get(name) as Place;
      if (Number.isNaN(point[at])) [point] = extend(search, [point], group, random);
      return fromUnit(parameter, point[at]);
    });
  };
}

/** Draws the points of a block; each group of parameters has a separate random stream. */
function drawAhead(search: Search, size: number, random: RandomStream): (k: number) => Params {
  const { space } = search.context;
  const groups = [...new Set([...search.groups.values()].map(({ group }) => group))];
  for (const group of groups) search.densities(group); // while the trials are those before the block
  const drawn = new Map<Group, Float64Array[]>();
  const pointsWith = (group: Group): Float64Array[] => {
    const known = drawn.get(group);
    if (known) return known;
    const own = random.fork(1 + groups.indexOf(group));
    const points = extend(search, Array(size).fill(blank(space)), group, own);
    drawn.set(group, points);
    return points;
  };
  return (k) =>
    buildParams(space, (parameter, name) => {
      const { group, at } = search.groups.get(name) as Place;
      return fromUnit(parameter, pointsWith(group)[k][at]);
    });
}

/**
 * Whether a vector of units is a complete point that is used or forbidden; false while parameters that apply
 * are missing.
 */
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
