/**
 * The loops over trials of a Gaussian process, in float64: covariances of a point with others, gradients of
 * the posterior, and those of the likelihood. `src/search/strategies/gp/kernel.ts` says what each computes
 * and calls them. Sums are in the order of their indices. Arrays over trials begin `stride` numbers after one
 * another, with stride even: what they have from n on is never used.
 */
import { c2, exp_f64x2 } from "../math/f64x2";

/**
 * For each of n others: the squared distances to `point` along each of `axes` parameters, of which parameter
 * p has widths[p] coordinates; values = joint M(their sum) + alone, where alone is the sum of own M(each).
 * With slopes, not 0, also those of the values by each squared distance. Coordinates of the others are by
 * coordinate, squares and slopes by parameter.
 *
 * With r^2 = 5 d^2, r at most 708: M = (1 + r + r^2/3) e^-r, and -dM/dd^2 = 5/6 (1 + r) e^-r. Errors are at
 * most 6 ulp, and r ulp more by the rounding of r.
 */
export function covariances(
  widths: usize, axes: i32, point: usize, others: usize, stride: i32, n: i32, joint: f64, own: f64,
  squares: usize, values: usize, alone: usize, slopes: usize,
): void {
  const next = <usize>stride << 3;
  for (let at: usize = 0, end = <usize>n << 3; at < end; at += 16) {
    let sum = c2(0);
    let coordinate = point;
    let other = others + at;
    for (let p: usize = 0, to = squares + at; p < <usize>axes; p++, to += next) {
      let square = c2(0);
      for (let c = load<i32>(widths + (p << 2)); c > 0; c--, coordinate += 8, other += next) {
        const difference = f64x2.sub(v128.load64_splat(coordinate), v128.load(other));
        square = f64x2.add(square, f64x2.mul(difference, difference));
      }
      v128.store(to, square);
      sum = f64x2.add(sum, square);
    }
    let shared = c2(0), sharedSlope = c2(0), apart = c2(0);
    for (let p = -1, from = squares + at, to = slopes + at; p < axes; p++) {
      const isShared = p < 0;
      let value = c2(0), slope = c2(0);
      if (isShared || own > 0) {
        const square = isShared ? sum : v128.load(from);
        const factor = c2(isShared ? joint : own);
        const r = f64x2.pmin(f64x2.sqrt(f64x2.mul(square, c2(5))), c2(708));
        const decayed = exp_f64x2(f64x2.neg(r));
        const line = f64x2.add(r, c2(1));
        value = f64x2.mul(factor, f64x2.mul(decayed, f64x2.add(line, f64x2.mul(f64x2.mul(r, r), c2(1 / 3.0)))));
        slope = f64x2.mul(factor, f64x2.mul(f64x2.mul(decayed, line), c2(5 / 6.0)));
      }
      if (isShared) {
        shared = value;
        sharedSlope = slope;
        continue;
      }
      apart = f64x2.add(apart, value);
      if (slopes) v128.store(to, f64x2.add(sharedSlope, slope));
      from += next;
      to += next;
    }
    v128.store(alone + at, apart);
    v128.store(values + at, f64x2.add(shared, apart));
  }
}

/** The sum of a[i] b[i]. */
export function dot_f64(a: usize, b: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (const end = a + (<usize>n << 3); a < end; a += 8, b += 8) sum += load<f64>(a) * load<f64>(b);
  return sum;
}

/**
 * The gradients of the mean, then those of the variance, by each coordinate of `point`: with
 * alpha = A^-1 y and solved = A^-1 k, of which dk_i/dx_c is -2 slope_i times the difference of coordinates.
 */
export function posterior_gradients(
  widths: usize, axes: i32, point: usize, others: usize, stride: i32, n: i32,
  slopes: usize, alpha: usize, solved: usize, gradients: usize,
): void {
  const next = <usize>stride << 3;
  const factors = f64x2.replace_lane(c2(-2), 1, 4);
  for (let p: usize = 0; p < <usize>axes; p++, slopes += next) {
    for (let c = load<i32>(widths + (p << 2)); c > 0; c--, point += 8, others += next, gradients += 16) {
      const x = load<f64>(point);
      let sums = c2(0);
      for (let at: usize = 0, end = <usize>n << 3; at < end; at += 8) {
        const both = v128.load64_lane(solved + at, v128.load64_zero(alpha + at), 1);
        const by = f64x2.mul(f64x2.mul(factors, v128.load64_splat(slopes + at)), both);
        sums = f64x2.add(sums, f64x2.mul(by, c2(x - load<f64>(others + at))));
      }
      v128.store(gradients, sums);
    }
  }
}

/**
 * Adds what row i of A has, left of the diagonal, to the gradient of the likelihood: with m = A^-1 - alpha
 * alpha', sums[p] -= m slope square of parameter p, then += m k, and += m (alone - share k).
 */
export function likelihood_slopes(
  inverse: usize, alpha: usize, i: i32, values: usize, alone: usize, share: f64,
  slopes: usize, squares: usize, axes: i32, stride: i32, sums: usize,
): void {
  const next = <usize>stride << 3;
  const last = sums + (<usize>axes << 3);
  const own = load<f64>(alpha + (<usize>i << 3));
  let bySignal = load<f64>(last);
  let byShare = load<f64>(last, 8);
  for (let j: usize = 0, end = <usize>i << 3; j < end; j += 8) {
    const m = load<f64>(inverse + j) - own * load<f64>(alpha + j);
    const k = load<f64>(values + j);
    bySignal += m * k;
    byShare += m * (load<f64>(alone + j) - share * k);
    for (let to = sums, at = j; to < last; to += 8, at += next) {
      store<f64>(to, load<f64>(to) - m * load<f64>(slopes + at) * load<f64>(squares + at));
    }
  }
  store<f64>(last, bySignal);
  store<f64>(last, byShare, 8);
}
