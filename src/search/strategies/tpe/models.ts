/**
 * The densities that TPE compares after some trials: which parameters are modelled together, which trials are
 * the others, and their weights. `better.ts` chooses the better ones, `parzen.ts` defines a density.
 */

import { valueCount } from "../../space/scale.js";
import type { SearchSpace } from "../../space/space.js";
import { valueKey } from "../../space/value.js";
import type { Coordinate } from "./kernels.js";
import { type Bandwidth, createParzen, type Parzen } from "./parzen.js";

/** Up to this many trials, all are modelled; beyond, only some of the others (see `othersAmong`). */
export const EXACT_TRIALS = 500;
/** The number of most recent trials that have full weight. */
const RECENT = 25;
/** How many trials then represent all others that are neither recent nor running. */
const SPREAD = 40;

/** The parameters that are modelled together. */
export type Group = readonly Coordinate[];

/** The group with which a parameter is modelled, and its place in vectors of units. */
export interface Place {
  readonly group: Group;
  readonly at: number;
}

/** The groups in which parameters are modelled: parameters with the same condition, or each alone. */
export function groupsOf(space: SearchSpace, multivariate: boolean): ReadonlyMap<string, Place> {
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

/** How densities are made. */
export interface ModelOptions {
  /** The weights of the better trials by number, ascending. */
  readonly better: ReadonlyMap<number, number>;
  /** How many trials there are, and how many of them, the most recent, have not finished. */
  readonly trials: number;
  readonly running: number;
  /** The widths of the kernels around the better trials and around the others. */
  readonly widths: { readonly better: Bandwidth; readonly others: Bandwidth };
  readonly priorWeight: number;
}

/**
 * The densities of the better trials and of the others.
 *
 * @param columns - units of all trials, by parameter
 */
export function densitiesOf(
  coordinates: Group,
  columns: readonly Float64Array[],
  { better, trials, running, widths, priorWeight }: ModelOptions,
): readonly [better: Parzen, others: Parzen] {
  const applies = (number: number) => !Number.isNaN(columns[coordinates[0].at][number]);
  const parzenOf = (rows: readonly number[], weights: Float64Array, bandwidth: Bandwidth) =>
    createParzen({
      coordinates,
      observations: coordinates.map(({ at }) => pick(columns[at], rows)),
      weights,
      priorWeight,
      bandwidth,
    });
  const good = [...better.keys()].filter(applies);
  const goodWeights = Float64Array.from(good, (number) => better.get(number) as number);
  const { numbers, distant, stride } = othersAmong(trials, running);
  const isOther = (number: number) => applies(number) && !better.has(number);
  const others = numbers.filter(isOther);
  const far = numbers.slice(0, distant).filter(isOther).length;
  return [
    parzenOf(good, goodWeights, widths.better),
    parzenOf(others, weightsByAge(others.length, far, stride), widths.others),
  ];
}

/** Some rows of a column. */
function pick(column: Float64Array, rows: readonly number[]): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let k = 0; k < rows.length; k++) picked[k] = column[rows[k]];
  return picked;
}

/**
 * Which trials may be modelled as the others: all; of more than `EXACT_TRIALS`, the most recent 25 and all
 * that run, and before them some at even distances.
 *
 * @returns their numbers, ascending; how many are at a distance, and how many trials each of those represents
 */
function othersAmong(trials: number, running: number) {
  if (trials <= EXACT_TRIALS)
    return { numbers: Array.from({ length: trials }, (_, i) => i), distant: 0, stride: 1 };
  const latest = Math.min(trials, Math.max(RECENT, running));
  const distant = Math.min(SPREAD, trials - latest);
  const stride = (trials - latest) / Math.max(1, distant);
  const numbers = Array.from({ length: distant + latest }, (_, k) =>
    k < distant ? Math.floor(k * stride) : trials - latest + (k - distant),
  );
  return { numbers, distant, stride };
}

/**
 * [n], the weights of observations in their order: 1 for the most recent 25, rising to 1 from 1/n for older
 * ones, of which the first `distant` represent `stride` trials each.
 */
function weightsByAge(n: number, distant: number, stride: number): Float64Array {
  const old = n - RECENT;
  const weights = new Float64Array(n).fill(1);
  for (let i = 0; i < old; i++) weights[i] = (i < distant ? stride : 1) * (1 / n + (i / old) * (1 - 1 / n));
  return weights;
}
