/**
 * Intervals of 95 % from the influence of rows on a score, by two closed forms: Wilson's for shares, and for
 * all else Hall's transformation, which corrects Student's interval for skewness. This file knows no metric,
 * and draws nothing at random.
 *
 * Notation: φᵢ the influence of row i on the score θ, wᵢ its weight, W = Σ w; ηᵢ = wᵢφᵢ / W, the change of θ
 * if the weight of row i grows by a share; σ² = Σ η², the variance of θ; a = Σ η³ / 6σ³, its acceleration; c
 * its curvature along η.
 *
 * A weight is how much a row counts, not how many rows it represents: only ratios matter, a row of weight 0
 * changes nothing, and a row of weight 2 is one observation that counts twice.
 */
import type { Floats } from "../../ndarray.js";
import { typicalWeight, weighed } from "./predicted.js";

/** The ends of an interval that contains the true value in 95 of 100 cases. */
export type ScoreInterval = readonly [low: number, high: number];

/** An interval, and whether it rests on a few rows. */
export interface Estimate {
  readonly interval: ScoreInterval;
  /**
   * The number of rows that decide the interval, if so few that it may be too narrow: with a few rows more or
   * less, it would change. 0 if all rows are alike, so that nothing is known of their spread.
   */
  readonly decidedBy?: number;
}

/** How rows move a score, to first order. */
export interface Effect {
  /** [rows] φ; their weighted mean is 0. */
  readonly influence: Float64Array;
  /** The influence of kinds of rows that the sample lacks: they count in σ and a, not in the score. */
  readonly unseen?: Unseen;
  /** [rows] each: how rows move the components of the score, such as both errors of a ratio. */
  readonly parts?: readonly Float64Array[];
  /**
   * The bias: the mean score of samples minus the score of all rows. @defaultValue that of a function of one
   * mean, b = cσ
   */
  readonly bias?: number;
}

/** Unseen rows: the influence of each, and how many are added. */
export interface Unseen {
  readonly influence: Float64Array;
  readonly mass: Float64Array;
  /** Whether they count only in σ. @defaultValue false */
  readonly isEven?: boolean;
  /** For how many of them in a row another model may have the reverse influence. @defaultValue 1, the same */
  readonly group?: number;
}

/** Each row's part of a share: the score is Σ w·`part` / Σ w·`whole`. */
export interface Share {
  /** [rows] from 0 to `whole`. */
  readonly part: Float64Array;
  /** [rows] */
  readonly whole: Float64Array;
  /**
   * [rows] 1 for the rows of the class of a right row of the share, because weights may depend on the class.
   * @defaultValue all
   */
  readonly right?: Float64Array;
  /** [rows] The same of a wrong row. @defaultValue all */
  readonly wrong?: Float64Array;
  /** The ratio of the odds of the score to those of the share. @defaultValue 1 */
  readonly odds?: number;
}

/** The normal quantile of 0.975. */
const Z = 1.959963984540054;
/**
 * Samples of n rows underestimate skewness, by 1 + this / n^¼; chosen by simulation (`docs/validation.md`).
 */
const LOST_SKEWNESS = 0.8;
/** A few rows decide if fewer than this · n^¼ make up the variance; also chosen by simulation. */
const FEW_CARRY = 1.25;
/** The largest share of rounding errors in the variance. */
const ROUNDING = 1e-18;
/** Fewer rows than this do not support an interval of a mean. */
const FEW_ROWS = 30;
/** Fewer right or wrong rows than this decide a share. */
export const FEW = 4;

/**
 * Wilson's interval of a share.
 *
 * @param rows - the number of rows; with weights, the effective number
 * @see E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927
 */
export function wilson(share: number, rows: number): ScoreInterval {
  const added = (Z * Z) / rows;
  const middle = share + added / 2;
  const reach = Z * Math.sqrt((share * (1 - share)) / rows + added / (4 * rows));
  return [Math.max(0, (middle - reach) / (1 + added)), Math.min(1, (middle + reach) / (1 + added))];
}

/**
 * Wilson's interval of a share of weighted rows, for as many rows as have its variance. Two right and two
 * wrong rows, with the weight of their class, are added to estimate it, so that it exists if all rows are
 * right; without weights it is the number of rows.
 *
 * @see L. Kish, "Survey sampling", 1965; N. Dean and M. Pagano, "Evaluating confidence interval methods for
 * binomial proportions in clustered surveys", J. Survey Statistics and Methodology 3, 2015
 */
export function shareInterval(share: Share, weights?: Floats): Estimate {
  const { part, whole, odds = 1 } = share;
  let [sum, parts, count, size] = [0, 0, 0, 0];
  for (let i = 0; i < part.length; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * whole[i];
    parts += weight * part[i];
    count += whole[i] > 0 ? 1 : 0;
    size += whole[i];
  }
  // nothing to divide by: no information
  if (sum === 0) return { interval: [0, 1], decidedBy: 0 };
  const [right, wrong] = unseenWeights(share, weights).map((weight) => (weight * size) / count);
  const all = sum + 2 * (right + wrong);
  const smoothed = (parts + 2 * right) / all;
  let variance = 2 * (square(right * (1 - smoothed)) + square(wrong * smoothed));
  for (let i = 0; i < part.length; i++)
    variance += square((weights?.[i] ?? 1) * (part[i] - smoothed * whole[i]));
  variance /= square(all);
  const rows = Math.max(1, (smoothed * (1 - smoothed)) / variance - 4);
  const score = Math.min(1, parts / sum);
  const [low, high] = wilson(score, rows).map((end) => (end * odds) / (end * odds + 1 - end));
  const rarer = Math.min(score, 1 - score) * rows;
  const few = rarer < FEW ? rarer : rows < 2 * FEW ? rows : undefined;
  return { interval: [low, high], ...(few !== undefined && { decidedBy: Math.round(few) }) };
}

/** The weights of an unseen right and wrong row: those of their class. */
const unseenWeights = ({ part, right, wrong }: Share, weights: Floats | undefined): number[] =>
  [right, wrong].map((of) =>
    weights && of ? typicalWeight(of, weights) : weighed(part.length, weights).typical,
  );

/** How rows move a score that is a share. */
export function shareEffect(of: Share, weights?: Floats): Effect {
  const { part, whole, odds = 1 } = of;
  let [all, sum, parts] = [0, 0, 0];
  for (let i = 0; i < part.length; i++) {
    const weight = weights?.[i] ?? 1;
    all += weight;
    sum += weight * whole[i];
    parts += weight * part[i];
  }
  const share = sum > 0 ? parts / sum : 0;
  const stretched = odds * share + 1 - share;
  const by = sum > 0 ? (all / sum) * (odds / (stretched * stretched)) : 0;
  const influence = part.map((own, i) => by * (own - share * whole[i]));
  const { typical } = weighed(part.length, weights);
  const [right, wrong] = unseenWeights(of, weights).map((weight) => (by * weight) / typical);
  const unseen = {
    influence: Float64Array.of(right * (1 - share), -wrong * share),
    mass: Float64Array.of(0.5, 0.5),
    group: 2,
    isEven: true,
  };
  return { influence, unseen };
}

/**
 * The interval of a score by Hall's transformation: θ − σT, where T + kT² + k²T³/3 + z = ∓t with k = 2a + c,
 * z = a, or a + c − b/σ with the bias b of the score, and t Student's quantile. Unless unseen rows were
 * added, a and k are enlarged by 1 + 0.8 / n^¼, because samples underestimate skewness, and σ² by 1 + Σ η⁴ /
 * σ⁴, because it is random too.
 *
 * @param bend - the curvature of the score along η / σ, c; 0 for means
 * @param range - the least and largest possible score
 * @see P. Hall, "On the removal of skewness by transformation", J. Royal Statistical Society B 54, 1992; for
 * c and b T. DiCiccio and B. Efron, "More accurate confidence intervals in exponential families", Biometrika
 * 79, 1992
 */
export function skewedInterval(
  score: number,
  { influence, unseen, parts = [], bias }: Effect,
  weights: Floats | undefined,
  bend: (sigma: number) => number,
  [least, most]: ScoreInterval,
): Estimate {
  const { sum, typical, rows } = weighed(influence.length, weights);
  let [squares, cubes] = [0, 0];
  for (let i = 0; i < influence.length; i++) {
    const share = (weights?.[i] ?? 1) / sum;
    const eta = share * influence[i];
    // a row is nearer to a mean that includes it: n / (n − 1) without weights
    squares += (eta * eta) / Math.max(share, 1 - 2 * share + typical / sum);
    cubes += eta * eta * eta;
  }
  const seen = squares;
  if (unseen) {
    for (let i = 0; i < unseen.mass.length; i++) {
      const eta = (typical * unseen.influence[i]) / sum;
      squares += unseen.mass[i] * eta * eta;
      if (!unseen.isEven) cubes += unseen.mass[i] * eta * eta * eta;
    }
  }
  const sigma = Math.sqrt(squares);
  // rows of one class: no information
  if (Number.isNaN(sigma)) return { interval: [least, most], decidedBy: 0 };
  if (sigma === 0) return { interval: [score, score], decidedBy: 0 };
  const carry = carriers(influence, weights);
  // unseen rows replace both corrections
  const quarter = Math.sqrt(Math.sqrt(rows));
  const lost = unseen ? 1 : 1 + LOST_SKEWNESS / quarter;
  const spread = unseen ? sigma : sigma * Math.sqrt(1 + 1 / carry);
  const a = (lost * cubes) / (6 * squares * sigma);
  const c = bend(sigma);
  const z = bias === undefined ? a : a + c - bias / sigma;
  const t = studentQuantile(rows - 1);
  const ends = [t, -t].map((y) => score - spread * inverse(y - z, 2 * a + lost * c));
  const fewest = FEW_CARRY * Math.sqrt(Math.sqrt(influence.length));
  // unseen rows may hide how few were seen
  const few =
    rows < FEW_ROWS || seen < squares / 2 || carry < fewest
      ? influence
      : parts.find((part) => carriers(part, weights) < fewest);
  return {
    interval: [Math.max(least, ends[0]), Math.min(most, ends[1])],
    // for a perfect model, only rounding moves the score
    ...(few && { decidedBy: seen < ROUNDING * squares ? 0 : heaviest(few, weights) }),
  };
}

/** The x of x + kx² + k²x³/3 = y, which is (∛(1 + 3ky) − 1) / k, without its cancellation. */
function inverse(y: number, k: number): number {
  const root = cubeRoot(1 + 3 * k * y);
  return (3 * y) / (root * root + root + 1);
}

/** By Newton's method, so that all runtimes give the same bits. */
function cubeRoot(x: number): number {
  const size = Math.abs(x);
  if (size === 0) return 0;
  let root = Math.max(1, size);
  for (let next = root; ; root = next) {
    next = (2 * root + size / (root * root)) / 3;
    if (!(next < root)) return x < 0 ? -root : root;
  }
}

/** How many rows make up the variance: (Σ η²)² / Σ η⁴; n if all contribute equally, NaN if none does. */
function carriers(influence: Float64Array, weights: Floats | undefined): number {
  let [squares, fourths] = [0, 0];
  for (let i = 0; i < influence.length; i++) {
    const moved = square((weights?.[i] ?? 1) * influence[i]);
    squares += moved;
    fourths += moved * moved;
  }
  return (squares * squares) / fourths;
}

/** How many rows, the largest first, make up half of the variance. */
function heaviest(influence: Float64Array, weights: Floats | undefined): number {
  const shares = influence.map((each, i) => square((weights?.[i] ?? 1) * each)).sort();
  const half = shares.reduce((sum, each) => sum + each, 0) / 2;
  let [sum, count] = [0, 0];
  while (sum < half && count < shares.length) sum += shares[shares.length - ++count];
  return count;
}

/**
 * Student's quantile of 0.975, by its expansion in 1 / degrees of freedom, at least 3. Error < 0.01.
 *
 * @see M. Abramowitz and I. Stegun, "Handbook of mathematical functions", 26.7.5, 1964
 */
export function studentQuantile(freedom: number): number {
  const z2 = Z * Z;
  const terms = [
    (z2 + 1) / 4,
    ((5 * z2 + 16) * z2 + 3) / 96,
    (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
    ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160,
  ];
  const nu = Math.max(3, freedom);
  return Z * (1 + terms.reduceRight((sum, term) => (term + sum) / nu, 0));
}

const square = (x: number): number => x * x;
