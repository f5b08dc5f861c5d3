/**
 * Scalings of one feature: learnt from its values in the training rows, applied to any. Definitions and their edge cases
 * are scikit-learn's, but for quantiles: few of them, so that a model is small and other programs can apply them, and no score far
 * beyond the others, which training would follow.
 */
import type { Floats } from "../../ndarray.js";
import { normQuantile } from "../../numerics/special.js";
import type { ScalingName } from "./options.js";

/** How one feature is scaled. */
export type Scaling =
  /** z = (v − center) / scale */
  | { readonly center: number; readonly scale: number }
  /** z is linear between knots, and that of the nearer end beyond. */
  | {
      /**
       * Quantiles of the training values at about equal steps of probability, ascending, none twice; and the score of each: the normal
       * quantile of the share of training values below it, of which equal ones count half.
       */
      readonly knots: readonly (readonly [quantile: number, score: number])[];
    };

export type ByKnots = Extract<Scaling, { readonly knots: unknown }>;

/** Features that are not scaled. */
export const UNSCALED: Scaling = { center: 0, scale: 1 };

/** Learns a scaling from the values of the training rows, of which there is at least one and none is NaN. */
export function fitScaling(name: ScalingName, values: Float64Array): Scaling {
  return FIT[name](values);
}

const FIT: Readonly<Record<ScalingName, (values: Float64Array) => Scaling>> = {
  none: () => UNSCALED,
  standard(values) {
    const center = meanOf(values);
    return { center, scale: deviationOf(values, center) };
  },
  minMax(values) {
    const [low, high] = rangeOf(values);
    return { center: low, scale: usable(high - low) };
  },
  robust(values) {
    const sorted = values.toSorted();
    return {
      center: quantileOf(sorted, 1, 2),
      scale: usable(quantileOf(sorted, 3, 4) - quantileOf(sorted, 1, 4)),
    };
  },
  quantile(values) {
    const sorted = values.toSorted();
    const count = sorted.length;
    const places = Array.from({ length: PARTS + 1 }, (_, i) => Math.round((i * (count - 1)) / PARTS));
    const quantiles = [...new Set(places.map((place) => sorted[place]))];
    const knots = quantiles.map((quantile) => {
      const below = firstIndex(count, (i) => sorted[i] >= quantile);
      const upTo = firstIndex(count, (i) => sorted[i] > quantile);
      const share = (below + upTo) / 2 / count;
      return [quantile, normQuantile(Math.min(1 - TAIL, Math.max(TAIL, share)))] as const;
    });
    return { knots };
  },
};

/** Parts of equal probability between quantiles. */
const PARTS = 16;
/** The share of a tail within which values count as its end. */
const TAIL = 0.005;

/** The scaled value; NaN or infinite where `value` is too far from the training values. */
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
    // not above the next by rounding, so that order is kept
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

/** The mean of the values that are present; NaN if none is. */
export function meanOf(values: Float64Array): number {
  // Summing differences from the first value keeps the digits of a mean that is large beside its
  // deviation, and makes the mean of a constant that constant exactly.
  let origin = Number.NaN;
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (count++ === 0) origin = value;
    sum += value - origin;
  }
  return origin + sum / count;
}

/** The population standard deviation, 1 if the values are constant up to rounding. */
function deviationOf(values: Float64Array, mean: number): number {
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  const count = values.length;
  const variance = squares / count;
  // scikit-learn's bound on what rounding alone makes of a constant's variance.
  const noise = count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
  return variance > noise ? Math.sqrt(variance) : 1;
}

function rangeOf(values: Float64Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** The quantile of ascending values at the probability `part / whole`, linear between neighbours (NumPy's default). */
export function quantileOf(sorted: Floats, part: number, whole: number): number {
  const place = (part * (sorted.length - 1)) / whole; // exact where it falls on a value
  const below = Math.floor(place);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  const share = place - below;
  // From the nearer end, so that the result stays between the two.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** A divisor; 1 in place of one that only rounding keeps from 0. */
function usable(scale: number): number {
  return scale < 10 * Number.EPSILON ? 1 : scale;
}
