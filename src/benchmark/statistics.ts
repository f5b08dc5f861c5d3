/**
 * Statistics of runs: quantiles, ranks, intervals, and tests whether ranks differ. They know no optimizers
 * and no problems. The cost of a run that diverged is infinite.
 */
import { check } from "../errors.js";
import { RandomStream } from "../numerics/random.js";
import { exp, lgamma, log, normCdf, pow } from "../numerics/special.js";

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const ascending = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** The quantile `p`, by linear interpolation between neighbours; infinite if one of the two is. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort(ascending);
  const at = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === high ? low : low + (at - Math.floor(at)) * (high - low);
}

/** Ranks from 1, the least first; ties share their mean rank. */
export function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** A mean and its 95 % confidence interval. */
export interface MeanWithInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean of each column with its 95 % interval: the 2.5 % and 97.5 % quantiles of the means of 2,000
 * samples of complete rows, drawn with replacement from a fixed seed (B. Efron, "Bootstrap methods: another
 * look at the jackknife", Annals of Statistics 7, 1979). A sample includes all columns of a row, since they
 * are paired.
 *
 * @param rows - [rows, columns], at least one of each
 */
export function bootstrapMeans(rows: readonly (readonly number[])[]): MeanWithInterval[] {
  const random = new RandomStream(0);
  const samples = Array.from({ length: 2000 }, () => rows.map(() => rows[random.integer(rows.length)]));
  return rows[0].map((_, column) => {
    const of = (sample: typeof rows): number => mean(sample.map((row) => row[column]));
    const means = samples.map(of);
    return { mean: of(rows), low: quantile(means, 0.025), high: quantile(means, 0.975) };
  });
}

/**
 * The probability that a chi-squared variable of `freedom` degrees is above `x`: the upper incomplete gamma
 * function, by its series below the mean and by its continued fraction (Lentz) above.
 */
export function chiSquaredTail(x: number, freedom: number): number {
  if (x <= 0) return 1;
  const [a, z] = [freedom / 2, x / 2];
  const scale = exp(a * log(z) - z - lgamma(a));
  if (z < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * Number.EPSILON; n++) {
      term *= z / (a + n);
      sum += term;
    }
    return 1 - scale * sum;
  }
  let b = z + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1, change = 0; Math.abs(change - 1) > Number.EPSILON; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    change = c * d;
    fraction *= change;
  }
  return scale * fraction;
}

/** The result of Friedman's test. */
export interface FriedmanTest {
  readonly statistic: number;
  /** The probability of a statistic at least as large if the columns do not differ. */
  readonly p: number;
}

/**
 * Friedman's test of whether the columns of ranks differ, corrected for ties (M. Friedman, "The use of ranks
 * to avoid the assumption of normality", JASA 32, 1937). The probability is that of the chi-squared
 * distribution, which is close from about ten rows on.
 *
 * @param rows - ranks within each row, [rows, columns], at least two columns
 */
export function friedmanTest(rows: readonly (readonly number[])[]): FriedmanTest {
  const [n, k] = [rows.length, rows[0].length];
  const middle = (k + 1) / 2;
  const sums = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j] - middle, 0));
  const between = sums.reduce((total, sum) => total + sum ** 2, 0) / n;
  const within = rows.flat().reduce((total, rank) => total + (rank - middle) ** 2, 0) / (n * (k - 1));
  const statistic = within === 0 ? 0 : between / within;
  return { statistic, p: chiSquaredTail(statistic, k - 1) };
}

/** Half the range of the normal density; the rest adds nothing in float64. */
const WIDE = 9;
const STEPS = 256;

/**
 * The probability that the largest of `count` standard normal numbers is at most `q` above the least: the
 * studentized range at infinite degrees of freedom, k ∫ φ(z) (Φ(z) − Φ(z − q))ᵏ⁻¹ dz, by the trapezoid rule,
 * which is exact to rounding for such smooth functions.
 */
export function normalRangeCdf(q: number, count: number): number {
  if (q <= 0) return 0;
  const step = (2 * WIDE) / STEPS;
  let sum = 0;
  for (let i = 0; i <= STEPS; i++) {
    const z = i * step - WIDE;
    sum += exp(-0.5 * z * z) * pow(normCdf(z) - normCdf(z - q), count - 1);
  }
  return (count * step * sum) / Math.sqrt(2 * Math.PI);
}

/** The `q` whose `normalRangeCdf` is `p`, by bisection. */
export function normalRangeQuantile(p: number, count: number): number {
  let [low, high] = [0, 2 * WIDE];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalRangeCdf(middle, count) < p) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Nemenyi's critical difference: mean ranks of `columns` over `rows` that are further apart differ at the
 * level 1 − `confidence`, with all pairs compared at once (J. Demšar, "Statistical comparisons of classifiers
 * over multiple data sets", JMLR 7, 2006).
 *
 * @throws FettleError `invalid_argument` for fewer than two columns or one row
 */
export function nemenyiDifference(columns: number, rows: number, confidence = 0.95): number {
  check(
    columns >= 2 && rows >= 1,
    () =>
      `a comparison needs ranks of at least 2 columns over at least 1 row; received ${columns} and ${rows}`,
  );
  const q = normalRangeQuantile(confidence, columns) / Math.SQRT2;
  return q * Math.sqrt((columns * (columns + 1)) / (6 * rows));
}
