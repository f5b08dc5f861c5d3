/** The statistics of the report: order statistics, mean ranks with a bootstrap interval, the sign test. */
import { RandomStream } from "../../src/numerics/random.js";

/**
 * The quantile `q` of numbers in any order, some of them perhaps infinite, interpolated linearly (R's type
 * 7).
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  if (at === low || sorted[low] === sorted[high]) return sorted[low];
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** exp(mean of logs); the values must be positive. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}

/** The rank of each value, 1 for the least; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/**
 * The 95 % percentile interval of the mean over strata, by 2,000 bootstrap samples (Efron, 1979): each
 * stratum, here a function, is sampled by itself, since functions are fixed and seeds are not.
 */
export function bootstrapInterval(strata: readonly (readonly number[])[]): [low: number, high: number] {
  const random = new RandomStream(0);
  const means = Array.from({ length: 2000 }, () =>
    mean(strata.flatMap((values) => values.map(() => values[random.integer(values.length)]))),
  );
  return [quantile(means, 0.025), quantile(means, 0.975)];
}

/** The two-sided p-value of the exact sign test on `wins` and `losses`; ties are left out. */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  let [tail, log] = [0, -n * Math.LN2];
  for (let k = 0; k <= Math.min(wins, losses); k++) {
    tail += Math.exp(log);
    log += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
