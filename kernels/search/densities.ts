/**
 * The loops over observations of a Parzen estimator, in float64: the weights of truncated normal kernels on
 * the unit interval, and the density of their mixture. `src/numerics/mixture.ts` defines kernels and
 * coordinates, and calls these. Addresses are bytes, aligned to 8; arrays do not overlap. n >= 0 is even
 * where it says so: the caller pads with logarithms of -infinity. NaN is not checked for.
 */
import { f64_exp } from "../math/f64-exp";
import { f64_log } from "../math/f64-log";
import { f64_normCdf } from "../math/f64-normal";
import { c2, exp_f64x2, normal_above_f64x2 } from "../math/f64x2";

const LOG_SQRT_TWO_PI: f64 = 0.9189385332046728;

/**
 * logs[k] += by - ln of the mass that a normal of mean means[k], in [0, 1], and width sigma <= 1 has on [0,
 * 1], which is at least 0.34. n is even.
 */
export function add_truncations(logs: usize, means: usize, n: i32, sigma: f64, by: f64): void {
  const factor = c2(1 / sigma);
  const end = logs + (n << 3);
  for (; logs < end; logs += 16, means += 16) {
    const mean = v128.load(means);
    const below = normal_above_f64x2(f64x2.mul(mean, factor));
    const above = normal_above_f64x2(f64x2.mul(f64x2.sub(c2(1), mean), factor));
    const mass = f64x2.sub(c2(1), f64x2.add(below, above));
    const log_mass = f64x2.replace_lane(
      f64x2.splat(f64_log(f64x2.extract_lane(mass, 0))), 1, f64_log(f64x2.extract_lane(mass, 1)),
    );
    v128.store(logs, f64x2.add(v128.load(logs), f64x2.sub(c2(by), log_mass)));
  }
}

/** logs[k] += ln of the mass that a normal of mean means[k] and width sigma has on [from, from + width]. */
export function add_masses(logs: usize, means: usize, n: i32, sigma: f64, from: f64, width: f64): void {
  const w = width / sigma;
  // the difference of two distribution functions would cancel; the series in w errs by about its next term,
  // w^6 (z^6 + 6 z^4 + 3 z^2 - 1) / 181440
  const narrow = w < 0.15;
  const w2 = w * w;
  const log_width = narrow ? f64_log(w) - LOG_SQRT_TWO_PI : 0;
  for (let k = 0; k < n; k++) {
    const a = (from - load<f64>(means + (k << 3))) / sigma;
    let mass: f64;
    if (narrow) {
      const z2 = (a + w / 2) * (a + w / 2);
      mass = log_width - z2 / 2 + w2 * ((z2 - 1) / 24 - (w2 * ((z2 + 4) * z2 - 2)) / 2880);
    } else {
      const b = a + w;
      // in the tail where the distribution function is small, and keeps its digits
      mass = f64_log(a > 0 ? f64_normCdf(-a) - f64_normCdf(-b) : f64_normCdf(b) - f64_normCdf(a));
    }
    const at = logs + (k << 3);
    store<f64>(at, load<f64>(at) + mass);
  }
}

/**
 * The words of a factor, a coordinate of a mixture: for a normal one the address of its means, that of its
 * values by point, and 1 / (sqrt(2) sigma); for a discrete one nothing, the address of the addresses of its
 * kernels' logarithms by point, and 0.
 */
const FACTOR_BYTES: usize = 16;
const AT: usize = 4;
const SCALE: usize = 8;

/**
 * logs[p] = ln(e^logs[p] + the sum over k of e^weights[k] times the product of the factors of kernel k at
 * point p). n is even;
 * `room` has room for n numbers.
 */
export function mixture(logs: usize, points: i32, weights: usize, n: i32, factors: usize, count: i32, room: usize): void {
  for (let p = 0; p < points; p++) {
    memory.copy(room, weights, <usize>n << 3);
    for (let i = 0; i < count; i++) {
      const factor = factors + <usize>i * FACTOR_BYTES;
      const at = load<u32>(factor, AT);
      const scale = load<f64>(factor, SCALE);
      if (scale == 0) add_all(room, load<u32>(at + (<usize>p << 2)), n);
      else subtract_squares(room, load<u32>(factor), n, load<f64>(at + (<usize>p << 3)), scale);
    }
    const log = logs + (<usize>p << 3);
    store<f64>(log, log_sum_exp(room, n, load<f64>(log)));
  }
}

/** logs[k] -= ((x - means[k]) factor)^2. n is even. */
function subtract_squares(logs: usize, means: usize, n: i32, x: f64, factor: f64): void {
  const end = logs + (n << 3);
  for (; logs < end; logs += 16, means += 16) {
    const z = f64x2.mul(f64x2.sub(c2(x), v128.load(means)), c2(factor));
    v128.store(logs, f64x2.sub(v128.load(logs), f64x2.mul(z, z)));
  }
}

/** logs[k] += more[k]. n is even. */
function add_all(logs: usize, more: usize, n: i32): void {
  const end = logs + (n << 3);
  for (; logs < end; logs += 16, more += 16) {
    v128.store(logs, f64x2.add(v128.load(logs), v128.load(more)));
  }
}

/** ln(e^logs[0] + ... + e^last). Terms below e^-708 of the largest count as that. n is even. */
export function log_sum_exp(logs: usize, n: i32, last: f64): f64 {
  const end = logs + (n << 3);
  let top = c2(last);
  for (let at = logs; at < end; at += 16) top = f64x2.pmax(top, v128.load(at));
  const largest = max(f64x2.extract_lane(top, 0), f64x2.extract_lane(top, 1));
  let sums = c2(0);
  for (let at = logs; at < end; at += 16) {
    const x = f64x2.sub(v128.load(at), c2(largest));
    sums = f64x2.add(sums, exp_f64x2(f64x2.pmax(x, c2(-708))));
  }
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) + f64_exp(last - largest);
  return largest + f64_log(sum);
}
