/**
 * A random forest of regression trees: a model of values over a box, in which each leaf has its part of the
 * box. It knows no trials and no parameters; `anova.ts` integrates it.
 */

import type { RandomStream } from "../../numerics/random.js";

/**
 * One direction of the box. An ordered feature, in [0, 1], has a function that places the threshold between
 * two neighbours
 * `a < b` by a uniform `u` in [0, 1): a number in [a, b), up to which points go left. A categorical feature
 * has the number of its categories; its coordinates are their indices.
 */
export type Feature =
  | { readonly cut: (a: number, b: number, u: number) => number }
  | { readonly categories: number };

/** The part of the box that a leaf covers. */
export interface Box {
  /** The bounds of each ordered feature, [features]. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** For each categorical feature, 1 for the categories within; undefined for an ordered one. */
  readonly within: readonly (Uint8Array | undefined)[];
}

/** A leaf: a part of the box, and the mean of the values in it. */
export interface Leaf {
  readonly box: Box;
  readonly value: number;
}

/** A tree: its leaves cover the entire box, and overlap only at their bounds. */
export interface Tree {
  readonly leaves: readonly Leaf[];
  /** The value at a point, [features]. */
  predict(point: ArrayLike<number>): number;
}

/** How a tree is grown. */
export interface TreeOptions {
  /** A split leaves at least this many points on either side. */
  readonly minSamplesLeaf: number;
  /** The largest number of successive splits, which limits chains of outliers. Default 64. */
  readonly maxDepth?: number;
  readonly random: RandomStream;
}

/** The side of a category without points in a node is chosen at random; 1 is left, 0 right. */
const OPEN = 2;

/** A split of a node's points: between two places of an ordered feature, or by category. */
type Split =
  | { readonly feature: number; readonly score: number; readonly between: readonly [number, number] }
  | { readonly feature: number; readonly score: number; readonly sides: Uint8Array };

/** A split as it is applied to points. */
type Test =
  | { readonly feature: number; readonly threshold: number }
  | { readonly feature: number; readonly left: Uint8Array };
type Node =
  | { readonly leaf: Leaf }
  | { readonly test: Test; readonly children: readonly [left: Node, right: Node] };

/**
 * Grows a tree that splits the box as long as that reduces the squared error, by the best split over all
 * features, chosen at random among equally good ones. The threshold of an ordered feature is drawn between
 * its two neighbours, so that a forest's mean is smooth where it has no data. Categories are split in the
 * order of their mean values, which includes the best split into two groups (Fisher, 1958; it may be missed
 * if `minSamplesLeaf` forbids some splits). Categories that no point of a node has go to either side at
 * random.
 *
 * @param columns - the coordinates of the points, [features][points]
 * @param values - [points], at least one
 * @see L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and Regression Trees", 1984; for
 * drawn thresholds F. Hutter, L. Xu, H. Hoos and K. Leyton-Brown, "Algorithm runtime prediction", Artificial
 * Intelligence 206, 2014
 */
export function growTree(
  features: readonly Feature[],
  columns: readonly Float64Array[],
  values: Float64Array,
  options: TreeOptions,
): Tree {
  const { maxDepth = 64 } = options;
  const leaves: Leaf[] = [];
  const goesLeft = new Uint8Array(values.length);
  const spare = new Int32Array(values.length);

  /** The points by each ordered feature, and in any order for the others; a node has a range of each. */
  const orders = features.map((feature, j) => {
    const everyPoint = Int32Array.from(values, (_, i) => i);
    if ("categories" in feature) return everyPoint;
    return everyPoint.sort((a, b) => columns[j][a] - columns[j][b] || a - b);
  });

  const grow = (from: number, to: number, box: Box, depth: number): Node => {
    const split =
      depth < maxDepth ? bestSplit(features, { columns, values, orders, from, to }, options) : undefined;
    if (split === undefined) {
      const leaf = { box, value: meanOf(values, orders[0], from, to) };
      leaves.push(leaf);
      return { leaf };
    }
    const { feature } = split;
    const column = columns[feature];
    let middle = from;
    for (let i = from; i < to; i++) {
      const point = orders[0][i];
      const left = "sides" in split ? split.sides[column[point]] === 1 : column[point] <= split.between[0];
      goesLeft[point] = left ? 1 : 0;
      if (left) middle++;
    }
    for (const order of orders) divide(order, from, to, goesLeft, spare);
    const test = testOf(features[feature], split, options.random);
    const [boxLeft, boxRight] = divideBox(box, test);
    return {
      test,
      children: [grow(from, middle, boxLeft, depth + 1), grow(middle, to, boxRight, depth + 1)],
    };
  };

  const root = grow(0, values.length, wholeBox(features), 0);
  return {
    leaves,
    predict(point) {
      let node = root;
      while ("test" in node) node = node.children[passes(node.test, point) ? 0 : 1];
      return node.leaf.value;
    },
  };
}

/**
 * Grows each tree from a bootstrap sample: as many points as there are, drawn with replacement.
 *
 * @param draw - returns the coordinates of the points, [features][points], for one tree; missing coordinates
 * may be drawn at random for each tree
 * @see L. Breiman, "Random Forests", Machine Learning 45, 2001
 */
export function growForest(
  features: readonly Feature[],
  draw: (random: RandomStream) => readonly Float64Array[],
  values: Float64Array,
  trees: number,
  { minSamplesLeaf, random }: TreeOptions,
): Tree[] {
  return Array.from({ length: trees }, (_, i) => {
    const own = random.fork(i);
    const chosen = new Int32Array(values.length).map(() => own.integer(values.length));
    const columns = draw(own).map((column) => pick(column, chosen));
    return growTree(features, columns, pick(values, chosen), { minSamplesLeaf, random: own });
  });
}

function pick(numbers: Float64Array, chosen: Int32Array): Float64Array {
  const picked = new Float64Array(chosen.length);
  for (let i = 0; i < chosen.length; i++) picked[i] = numbers[chosen[i]];
  return picked;
}

/** The points of a node: places `from` to `to - 1` of each order. */
interface Points {
  readonly columns: readonly Float64Array[];
  readonly values: Float64Array;
  readonly orders: readonly Int32Array[];
  readonly from: number;
  readonly to: number;
}

interface Scored extends Points {
  /** Of the values. */
  readonly mean: number;
  /**
   * How much a split reduces the squared error, with values relative to their mean; -1 if it is not allowed.
   */
  readonly scoreOf: (sum: number, count: number) => number;
}

/** The split that reduces the squared error most; undefined if none does. */
function bestSplit(
  features: readonly Feature[],
  points: Points,
  { minSamplesLeaf, random }: TreeOptions,
): Split | undefined {
  const { values, orders, from, to } = points;
  const size = to - from;
  let differs = from + 1;
  while (differs < to && values[orders[0][differs]] === values[orders[0][from]]) differs++;
  if (size < 2 * minSamplesLeaf || differs >= to) return undefined;
  const mean = meanOf(values, orders[0], from, to);
  const scoreOf = (sum: number, count: number): number =>
    count < minSamplesLeaf || size - count < minSamplesLeaf
      ? -1
      : sum * sum * (1 / count + 1 / (size - count));
  const scored = { ...points, mean, scoreOf };
  let best: Split | undefined;
  for (const feature of random.permutation(features.length)) {
    const kind = features[feature];
    const split =
      "categories" in kind ? bestGroups(feature, kind.categories, scored) : bestCut(feature, scored);
    if (split && (best === undefined || split.score > best.score)) best = split;
  }
  return best;
}

/** The best split between two neighbours. */
function bestCut(feature: number, points: Scored): Split | undefined {
  const { columns, values, orders, from, to, mean, scoreOf } = points;
  const [column, sorted] = [columns[feature], orders[feature]];
  let [sum, score, place] = [0, 0, 0];
  for (let i = from + 1; i < to; i++) {
    sum += values[sorted[i - 1]] - mean;
    if (column[sorted[i - 1]] === column[sorted[i]]) continue;
    const found = scoreOf(sum, i - from);
    if (found > score) [score, place] = [found, i];
  }
  if (place === 0) return undefined;
  return { feature, score, between: [column[sorted[place - 1]], column[sorted[place]]] };
}

/**
 * The best split of categories into two groups: the first ones, in the order of their mean values, and the
 * rest.
 */
function bestGroups(feature: number, categories: number, points: Scored): Split | undefined {
  const { columns, values, orders, from, to, mean, scoreOf } = points;
  const column = columns[feature];
  const sums = new Float64Array(categories);
  const counts = new Float64Array(categories);
  for (let i = from; i < to; i++) {
    const point = orders[feature][i];
    sums[column[point]] += values[point] - mean;
    counts[column[point]]++;
  }
  const present: number[] = [];
  for (let category = 0; category < categories; category++) if (counts[category] > 0) present.push(category);
  present.sort((a, b) => sums[a] / counts[a] - sums[b] / counts[b] || a - b);
  let [sum, count, score, place] = [0, 0, 0, 0];
  for (let i = 1; i < present.length; i++) {
    sum += sums[present[i - 1]];
    count += counts[present[i - 1]];
    const found = scoreOf(sum, count);
    if (found > score) [score, place] = [found, i];
  }
  if (place === 0) return undefined;
  const sides = new Uint8Array(categories).fill(OPEN);
  present.forEach((category, i) => {
    sides[category] = i < place ? 1 : 0;
  });
  return { feature, score, sides };
}

/** Moves the points of a range that go left before those that go right; each side keeps its order. */
function divide(order: Int32Array, from: number, to: number, goesLeft: Uint8Array, spare: Int32Array): void {
  let [left, right] = [from, 0];
  for (let i = from; i < to; i++) {
    const point = order[i];
    if (goesLeft[point] === 1) order[left++] = point;
    else spare[right++] = point;
  }
  for (let i = 0; i < right; i++) order[left + i] = spare[i];
}

function testOf(kind: Feature, split: Split, random: RandomStream): Test {
  const { feature } = split;
  if ("sides" in split) {
    return { feature, left: split.sides.map((side) => (side === OPEN ? random.integer(2) : side)) };
  }
  const { cut } = kind as Extract<Feature, { cut: unknown }>;
  return { feature, threshold: cut(...split.between, random.uniform()) };
}

function passes(test: Test, point: ArrayLike<number>): boolean {
  const x = point[test.feature];
  return "threshold" in test ? x <= test.threshold : test.left[x] === 1;
}

function wholeBox(features: readonly Feature[]): Box {
  return {
    low: features.map(() => 0),
    high: features.map(() => 1),
    within: features.map((feature) =>
      "categories" in feature ? new Uint8Array(feature.categories).fill(1) : undefined,
    ),
  };
}

function divideBox({ low, high, within }: Box, test: Test): [left: Box, right: Box] {
  const { feature } = test;
  if ("threshold" in test) {
    const { threshold } = test;
    return [
      { low, high: high.with(feature, threshold), within },
      { low: low.with(feature, threshold), high, within },
    ];
  }
  const side = (wanted: number): Box => ({
    low,
    high,
    within: within.map((mask, j) =>
      j === feature && mask ? mask.map((inside, k) => (test.left[k] === wanted ? inside : 0)) : mask,
    ),
  });
  return [side(1), side(0)];
}

/** The mean over places `from` to `to - 1` of an order. */
function meanOf(values: Float64Array, order: Int32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[order[i]];
  return sum / (to - from);
}
