/**
 * The functional analysis of variance of a tree: how much of the variance of its predictions each feature
 * explains alone, and each pair beyond that. The sums over leaves are exact; nothing is sampled.
 *
 * Features are independent, each with its own measure, so the weight of a leaf (its fraction of the box) is
 * the product of its fractions of the features.
 *
 * @see F. Hutter, H. Hoos and K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
 * Importance", ICML 2014; G. Hooker, "Generalized Functional ANOVA Diagnostics for High-Dimensional Functions
 * of Dependent Variables", JCGS 16, 2007
 */

import { firstWhere } from "../../numerics/firstWhere.js";
import type { Leaf, Tree } from "./forest.js";

/**
 * The distribution of one feature: uniform over disjoint intervals, or over categories by weights; never
 * empty.
 */
export type Measure =
  | { readonly intervals: readonly (readonly [low: number, high: number])[] }
  | { readonly weights: Float64Array };

/** Pieces `from` to `to - 1`. */
type Run = readonly [from: number, to: number];

/**
 * Pieces of one feature on which a tree is constant, with their fractions of its measure, and those that each
 * leaf covers.
 */
interface Pieces {
  readonly shares: Float64Array;
  /** [leaves] */
  readonly covered: readonly (readonly Run[])[];
}

/** A tree under a measure of each feature. */
export class Analysis {
  readonly mean: number;
  readonly variance: number;
  private readonly leaves: readonly Leaf[];
  /** The fraction of each feature that a leaf covers, [leaves × features]. */
  private readonly shares: Float64Array;
  /** The variance that feature `j` explains by itself: that of the mean over all other features. */
  readonly main = byIndex((j) => this.computeMain(j));
  /** The weight of each leaf without feature `j`. */
  private readonly weightsWithout = byIndex((j) =>
    Float64Array.from(this.leaves, (_, leaf) => this.weight(leaf, j)),
  );
  private readonly piecesOf = byIndex((j) => computePieces(this.leaves, this.measures[j], j));

  constructor(
    { leaves }: Tree,
    private readonly measures: readonly Measure[],
  ) {
    this.leaves = leaves;
    this.shares = new Float64Array(leaves.length * measures.length);
    leaves.forEach(({ box }, leaf) => {
      measures.forEach((measure, j) => {
        this.shares[leaf * measures.length + j] =
          "weights" in measure
            ? weightWithin(measure.weights, box.within[j] as Uint8Array)
            : lengthWithin(measure.intervals, box.low[j], box.high[j]);
      });
    });
    let mean = 0;
    leaves.forEach(({ value }, leaf) => {
      mean += this.weight(leaf) * value;
    });
    let variance = 0;
    leaves.forEach(({ value }, leaf) => {
      variance += this.weight(leaf) * (value - mean) * (value - mean);
    });
    this.mean = mean;
    this.variance = variance;
  }

  /** The variance that two features explain together, beyond what each explains by itself. */
  pair(i: number, j: number): number {
    const [rows, columns] = [this.piecesOf(i), this.piecesOf(j)];
    const width = columns.shares.length + 1;
    const changes = this.changesOver(i, j, rows, columns);
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
    // below 0 only by rounding
    return Math.max(0, sum - this.main(i) - this.main(j));
  }

  /** The mean over all other features with feature `j` at `x` (a number, or the index of a category). */
  at(j: number, x: number): number {
    const weights = this.weightsWithout(j);
    let sum = 0;
    this.leaves.forEach(({ box: { low, high, within }, value }, leaf) => {
      const mask = within[j];
      // points on a bound belong to the part below it, as in the tree
      const inside = mask ? mask[x] === 1 : x <= high[j] && (x > low[j] || low[j] === 0);
      if (inside) sum += weights[leaf] * value;
    });
    return sum;
  }

  /** The fraction of the box that a leaf covers, without up to two features. */
  private weight(leaf: number, i = -1, j = -1): number {
    const count = this.measures.length;
    let product = 1;
    for (let k = 0; k < count; k++) {
      if (k !== i && k !== j) product *= this.shares[leaf * count + k];
    }
    return product;
  }

  /**
   * On each piece, the mean over all other features minus the overall mean. A leaf adds to all its pieces:
   * first the changes between neighbouring pieces are recorded, then they are summed.
   */
  private computeMain(j: number): number {
    const { shares, covered } = this.piecesOf(j);
    const weights = this.weightsWithout(j);
    const changes = new Float64Array(shares.length + 1);
    this.leaves.forEach(({ value }, leaf) => {
      const part = weights[leaf] * (value - this.mean);
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
  }

  /** The same changes over pairs of pieces, [rows + 1, columns + 1]. */
  private changesOver(i: number, j: number, rows: Pieces, columns: Pieces): Float64Array {
    const width = columns.shares.length + 1;
    const changes = new Float64Array((rows.shares.length + 1) * width);
    this.leaves.forEach(({ value }, leaf) => {
      const part = this.weight(leaf, i, j) * (value - this.mean);
      for (const [top, bottom] of rows.covered[leaf]) {
        for (const [left, right] of columns.covered[leaf]) {
          changes[top * width + left] += part;
          changes[top * width + right] -= part;
          changes[bottom * width + left] -= part;
          changes[bottom * width + right] += part;
        }
      }
    });
    return changes;
  }
}

/** A function of an index that computes each result once. */
function byIndex<T>(make: (index: number) => T): (index: number) => T {
  const known: T[] = [];
  return (index) => (known[index] ??= make(index));
}

function computePieces(leaves: readonly Leaf[], measure: Measure, j: number): Pieces {
  if ("weights" in measure) {
    const covered = leaves.map(({ box }) => runsOfOnes(box.within[j] as Uint8Array));
    return { shares: normalized(measure.weights), covered };
  }
  const all = new Float64Array(2 * leaves.length);
  leaves.forEach(({ box }, leaf) => {
    all[2 * leaf] = box.low[j];
    all[2 * leaf + 1] = box.high[j];
  });
  const bounds = all.sort().filter((bound, i) => i === 0 || bound !== all[i - 1]);
  const placeOf = (bound: number): number => firstWhere(bounds.length - 1, (i) => bounds[i] >= bound);
  const covered = leaves.map(({ box }): Run[] => [[placeOf(box.low[j]), placeOf(box.high[j])]]);
  const shares = bounds.subarray(1).map((high, i) => lengthWithin(measure.intervals, bounds[i], high));
  return { shares, covered };
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
