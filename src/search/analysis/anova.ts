/**
 * The functional analysis of variance of a tree: how much of what it predicts is the doing of one feature by itself,
 * or of two together. Exact sums over leaves, no sampling. It grows no trees (`forest.ts` does).
 *
 * Features are independent of each other, each with a measure of its own, so that the share of the box that a leaf
 * stands for is the product of its shares of the features.
 *
 * @see F. Hutter, H. Hoos and K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
 * ICML 2014; G. Hooker, "Generalized Functional ANOVA Diagnostics for High-Dimensional Functions of Dependent
 * Variables", JCGS 16, 2007
 */

import type { Tree } from "./forest.js";

/** How one feature is spread: uniform over intervals that do not overlap, or over categories with weights; not nothing. */
export type Measure =
  | { readonly intervals: readonly (readonly [low: number, high: number])[] }
  | { readonly weights: Float64Array };

/** Pieces `from` to `to - 1`. */
type Run = readonly [from: number, to: number];

/** Pieces of one feature on which a tree is constant, with their shares of its measure, and which of them each leaf covers. */
interface Pieces {
  readonly shares: Float64Array;
  /** [leaves] */
  readonly covered: readonly (readonly Run[])[];
}

/** A tree that is ready to be integrated. */
export interface Analysis {
  readonly mean: number;
  readonly variance: number;
  /** The variance of what feature `j` does by itself: of the mean over all others. */
  main(j: number): number;
  /** The variance of what two features do together beyond what either does by itself. */
  pair(i: number, j: number): number;
  /** The mean over all other features where feature `j` is at `x` (a number, or the index of a category). */
  at(j: number, x: number): number;
}

/** Analyses a tree under a measure of each feature. */
export function analyse({ leaves }: Tree, measures: readonly Measure[]): Analysis {
  const shares = leaves.map(({ box }) =>
    Float64Array.from(measures, (measure, j) =>
      "weights" in measure
        ? weightWithin(measure.weights, box.within[j] as Uint8Array)
        : lengthWithin(measure.intervals, box.low[j], box.high[j]),
    ),
  );
  /** The share of the box that is a leaf's, but for some features. */
  const weight = (leaf: number, except: readonly number[] = []): number => {
    let product = 1;
    for (let j = 0; j < measures.length; j++) if (!except.includes(j)) product *= shares[leaf][j];
    return product;
  };
  let mean = 0;
  leaves.forEach(({ value }, leaf) => {
    mean += weight(leaf) * value;
  });
  let variance = 0;
  leaves.forEach(({ value }, leaf) => {
    variance += weight(leaf) * (value - mean) * (value - mean);
  });

  const piecesOf = once((j: number): Pieces => {
    const measure = measures[j];
    if ("weights" in measure) {
      const covered = leaves.map(({ box }) => runsOfOnes(box.within[j] as Uint8Array));
      return { shares: normalized(measure.weights), covered };
    }
    const bounds = Float64Array.from(new Set(leaves.flatMap(({ box }) => [box.low[j], box.high[j]]))).sort();
    const place = new Map(Array.from(bounds, (bound, i) => [bound, i]));
    const covered = leaves.map(({ box }): Run[] => [
      [place.get(box.low[j]) as number, place.get(box.high[j]) as number],
    ]);
    const shares = bounds.subarray(1).map((high, i) => lengthWithin(measure.intervals, bounds[i], high));
    return { shares, covered };
  });

  // Means over all other features, less the mean, on each piece: a leaf adds to all its pieces, so changes from one
  // piece to the next are noted first and summed up after.
  const main = once((j: number): number => {
    const { shares, covered } = piecesOf(j);
    const changes = new Float64Array(shares.length + 1);
    leaves.forEach(({ value }, leaf) => {
      const part = weight(leaf, [j]) * (value - mean);
      for (const [from, to] of covered[leaf]) {
        changes[from] += part;
        changes[to] -= part;
      }
    });
    let [sum, centred] = [0, 0];
    shares.forEach((share, piece) => {
      centred += changes[piece];
      sum += share * centred * centred;
    });
    return sum;
  });

  const pair = (i: number, j: number): number => {
    const [rows, columns] = [piecesOf(i), piecesOf(j)];
    const width = columns.shares.length + 1;
    const changes = new Float64Array((rows.shares.length + 1) * width);
    leaves.forEach(({ value }, leaf) => {
      const part = weight(leaf, [i, j]) * (value - mean);
      for (const [top, bottom] of rows.covered[leaf]) {
        for (const [left, right] of columns.covered[leaf]) {
          changes[top * width + left] += part;
          changes[top * width + right] -= part;
          changes[bottom * width + left] -= part;
          changes[bottom * width + right] += part;
        }
      }
    });
    let sum = 0;
    const above = new Float64Array(width);
    rows.shares.forEach((rowShare, row) => {
      let centred = 0;
      columns.shares.forEach((share, column) => {
        above[column] += changes[row * width + column];
        centred += above[column];
        sum += rowShare * share * centred * centred;
      });
    });
    // never below 0 but by rounding
    return Math.max(0, sum - main(i) - main(j));
  };

  const at = (j: number, x: number): number => {
    let sum = 0;
    leaves.forEach(({ box: { low, high, within }, value }, leaf) => {
      const mask = within[j];
      // points on a bound belong to the part below it, as in the tree
      const inside = mask ? mask[x] === 1 : x <= high[j] && (x > low[j] || low[j] === 0);
      if (inside) sum += weight(leaf, [j]) * value;
    });
    return sum;
  };

  return { mean, variance, main, pair, at };
}

function lengthWithin(
  intervals: readonly (readonly [low: number, high: number])[],
  low: number,
  high: number,
): number {
  let [inside, total] = [0, 0];
  for (const [from, to] of intervals) {
    total += to - from;
    inside += Math.max(0, Math.min(high, to) - Math.max(low, from));
  }
  return inside / total;
}

function weightWithin(weights: Float64Array, within: Uint8Array): number {
  let [inside, total] = [0, 0];
  weights.forEach((weight, i) => {
    total += weight;
    inside += weight * within[i];
  });
  return inside / total;
}

function normalized(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function runsOfOnes(mask: Uint8Array): Run[] {
  return [...mask.keys()].filter((i) => mask[i] === 1).map((i) => [i, i + 1]);
}

/** `compute`, which is called once for each argument. */
function once<T>(compute: (j: number) => T): (j: number) => T {
  const known = new Map<number, T>();
  return (j) => {
    if (!known.has(j)) known.set(j, compute(j));
    return known.get(j) as T;
  };
}
