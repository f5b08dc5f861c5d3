/**
 * Scalings of one feature: fitted to its values in the training rows, applied to any. Definitions and edge
 * cases are scikit-learn's, except for quantiles: there are few, so that a model is small and other programs
 * can apply them, and no score is far beyond the others, because training would follow it.
 */
import { check, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { normQuantile } from "../../numerics/special.js";
import type { ScalingName } from "./options.js";

/** How one feature is scaled. */
export type Scaling =
  /** z = (v − center) / scale */
  | { readonly center: number; readonly scale: number }
  /** z is linear between knots, and constant beyond the ends. */
  | {
      /** Distinct quantiles of the training values, ascending, and the score of each. */
      readonly knots: readonly (readonly [quantile: number, score: number])[];
    };

export type ByKnots = Extract<Scaling, { readonly knots: unknown }>;

/** Features that are not scaled. */
export const UNSCALED: Scaling = { center: 0, scale: 1 };

/**
 * Fits a scaling to the values of the training rows: at least one, and no NaN.
 *
 * @param what - the name of the values in errors
 * @returns one for each feature of a number; see {@link featuresOf}
 * @throws FettleError `invalid_data` for values so far apart that float64 cannot hold their difference
 */
export function fitScaling(name: ScalingName, values: Float64Array, what = "numbers"): readonly Scaling[] {
  const scalings = FIT[name](values);
  check(
    scalings.every((scaling) => Number.isFinite(spanOf(scaling))),
    () => {
      const [low, high] = rangeOf(values);
      return `${what} must span less than ${Number.MAX_VALUE} to be scaled as ${show(name)}; received ${low} to ${high}; choose scale "standard"`;
    },
    "invalid_data",
  );
  return scalings;
}

const spanOf = (scaling: Scaling): number =>
  "knots" in scaling ? scaling.knots[scaling.knots.length - 1][0] - scaling.knots[0][0] : scaling.scale;

/** The names of the features of a scaling: one, with the name of the scaling, unless it is `parts`. */
export function featuresOf(name: ScalingName): readonly string[] {
  return name === "parts" ? Array.from({ length: PARTS }, (_, i) => `part ${i + 1}`) : [name];
}

const FIT: Readonly<Record<ScalingName, (values: Float64Array) => readonly Scaling[]>> = {
  none: () => [UNSCALED],
  standard: (values) => [standardOf(values)],
  minMax(values) {
    const [low, high] = rangeOf(values);
    return [{ center: low, scale: divisor(high - low, low, high) }];
  },
  robust(values) {
    const sorted = values.toSorted();
    const [low, center, high] = [1, 2, 3].map((part) => quantileOf(sorted, part, 4));
    return [{ center, scale: divisor(high - low, low, high) }];
  },
  /**
   * The score of a quantile is the normal quantile of the share of values below it, where equal values count
   * half.
   */
  quantile(values) {
    const sorted = values.toSorted();
    const count = sorted.length;
    const knots = [...new Set(cutsOf(sorted, STEPS))].map((quantile) => {
      const below = firstIndex(count, (i) => sorted[i] >= quantile);
      const upTo = firstIndex(count, (i) => sorted[i] > quantile);
      const share = (below + upTo) / 2 / count;
      return [quantile, normQuantile(Math.min(1 - TAIL, Math.max(TAIL, share)))] as const;
    });
    return [{ knots }];
  },
  /** How far a value is within each part, 0 before and 1 beyond it (Gorishniy et al., 2022), standardized. */
  parts(values) {
    const cuts = cutsOf(withRanks(values.slice(), ranksOf(values.length, PARTS)), PARTS);
    const passed = new Float64Array(values.length);
    return featuresOf("parts").map((_, i) => {
      const [from, to] = [cuts[i], cuts[i + 1]];
      if (from === to) return { knots: [[from, 0]] };
      for (let k = 0; k < values.length; k++) {
        passed[k] = Math.min(1, Math.max(0, (values[k] - from) / (to - from)));
      }
      const scaled = scalerOf(standardOf(passed));
      const knot = (quantile: number, share: number) => [quantile, scaled(share)] as const;
      return { knots: [knot(from, 0), knot(to, 1)] };
    });
  },
};

/** To mean 0 and standard deviation 1. */
export function standardOf(values: Float64Array): { readonly center: number; readonly scale: number } {
  const center = meanOf(values);
  return { center, scale: deviationOf(values, center) };
}

/** Rows that decide whether a column has parts: sorting more would take longer than a small network. */
const LOOKED_AT = 20_000;

/**
 * Whether the parts of a column are more than a single line, judged by 20,000 rows at even distances: not if
 * only one part varies. NaN is a missing cell.
 */
export function hasParts(values: Floats): boolean {
  const length = Math.min(LOOKED_AT, values.length);
  const some = Float64Array.from({ length }, (_, i) => values[Math.floor((i * values.length) / length)]);
  const present = some.filter((value) => !Number.isNaN(value));
  return new Set(cutsOf(withRanks(present, ranksOf(present.length, PARTS)), PARTS)).size > 2;
}

/** Values at about equal steps of probability, from the least to the greatest; some may be equal. */
function cutsOf(sorted: Float64Array, parts: number): number[] {
  return ranksOf(sorted.length, parts).map((rank) => sorted[rank]);
}

const ranksOf = (count: number, parts: number): number[] =>
  Array.from({ length: parts + 1 }, (_, i) => Math.round((i * (count - 1)) / parts));

/** Rounds of a selection before the rest is sorted: enough unless the values are chosen to slow it down. */
const ROUNDS = 100;

/**
 * Moves values so that some ranks, ascending, hold what sorting would put there. A few ranks take a quarter
 * of the time of sorting.
 *
 * @see C. A. R. Hoare, "Algorithm 65: find", CACM 4(7), 1961
 */
function withRanks(values: Float64Array, ranks: readonly number[]): Float64Array {
  let first = 0;
  for (const rank of ranks) {
    let [low, high] = [first, values.length - 1];
    for (let round = 0; low < high; round++) {
      if (round === ROUNDS) {
        values.subarray(low, high + 1).sort();
        break;
      }
      const pivot = values[rank];
      let [i, j] = [low, high];
      while (i <= j) {
        while (values[i] < pivot) i++;
        while (values[j] > pivot) j--;
        if (i > j) break;
        [values[i], values[j]] = [values[j], values[i]];
        i++;
        j--;
      }
      if (rank > j) low = i;
      if (rank < i) high = j;
    }
    first = rank;
  }
  return values;
}

/** Steps of probability between the quantiles of `quantile`. */
const STEPS = 16;
/** Parts of a number. */
const PARTS = 4;
/** The share of a tail within which values count as its end. */
const TAIL = 0.005;

/** The scaled value; NaN or infinite if `value` is too far from the training values. */
export function scalerOf(scaling: Scaling): (value: number) => number {
  if ("knots" in scaling) return betweenKnots(scaling);
  const { center, scale } = scaling;
  return (value) => (value - center) / scale;
}

function betweenKnots({ knots }: ByKnots): (value: number) => number {
  const quantiles = Float64Array.from(knots, ([quantile]) => quantile);
  const scores = Float64Array.from(knots, ([, score]) => score);
  const last = knots.length - 1;
  return (value) => {
    if (value <= quantiles[0]) return scores[0];
    if (value >= quantiles[last]) return scores[last];
    let [from, to] = [0, last];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (quantiles[middle] <= value) from = middle;
      else to = middle;
    }
    const share = (value - quantiles[from]) / (quantiles[to] - quantiles[from]);
    // rounding must not exceed the next knot, so that order is kept
    return Math.min(scores[from] + (scores[to] - scores[from]) * share, scores[to]);
  };
}

/** The first index for which `holds`, which holds for all after it; `length` if for none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [from, to] = [0, length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The mean of the values that are not NaN; NaN if there are none. */
export function meanOf(values: Float64Array): number {
  // Summing differences from the first value keeps the digits of a mean that is large compared with its
  // deviation, and makes the mean of a constant exact.
  let origin = Number.NaN;
  let count = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    if (count++ === 0) origin = value;
    sum += value - origin;
  }
  const mean = origin + sum / count;
  // for values whose sum or differences overflow float64
  return Number.isFinite(mean) || count === 0 ? mean : meanOf(values.map((value) => value * LESS)) / LESS;
}

/** Powers of two that bring numbers into the range where float64 can hold their squares, without rounding. */
const LESS = 2 ** -600;
const MORE = 2 ** 600;
/** Squares of numbers below it lose digits. */
const SMALL = 2 ** -400;

/**
 * The factor with which float64 holds the squares of differences with all digits; usually 1.
 *
 * @param variance - computed without the factor
 */
export function factorFor(variance: number, values: Float64Array): number {
  if (!Number.isFinite(variance)) return LESS;
  return variance < SMALL * SMALL && values.every((value) => Math.abs(value) < SMALL) ? MORE : 1;
}

/** The population standard deviation, 1 if the values are constant up to rounding. */
function deviationOf(values: Float64Array, mean: number): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) * (values[i] - mean);
  const factor = factorFor(squares / values.length, values);
  if (factor === 1) return deviationBy(values.length, squares, mean) ?? 1;
  squares = 0;
  for (const value of values) squares += (value * factor - mean * factor) * (value * factor - mean * factor);
  // 0 for numbers that float64 cannot distinguish
  return (deviationBy(values.length, squares, mean * factor) ?? factor) / factor || 1;
}

/** Undefined if constant up to rounding. */
function deviationBy(count: number, squares: number, mean: number): number | undefined {
  const variance = squares / count;
  // scikit-learn's bound on the variance that rounding gives a constant.
  const noise = count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
  return variance > noise ? Math.sqrt(variance) : undefined;
}

function rangeOf(values: Float64Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/**
 * The quantile of ascending values at the probability `part / whole`, linear between neighbours (NumPy's
 * default).
 */
export function quantileOf(sorted: Floats, part: number, whole: number): number {
  const place = (part * (sorted.length - 1)) / whole; // exact if it falls on a value
  const below = Math.floor(place);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  const share = place - below;
  // for neighbours whose difference overflows float64
  if (!Number.isFinite(high - low)) return low * (1 - share) + high * share;
  // From the nearer end, so that the result stays between the two.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** The difference of two numbers as a divisor; 1 if it differs from 0 only by rounding. */
function divisor(difference: number, low: number, high: number): number {
  const size = Math.min(1, Math.max(Math.abs(low), Math.abs(high)));
  return difference <= 10 * Number.EPSILON * size ? 1 : difference;
}
