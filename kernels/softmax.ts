/**
 * Softmax and log-softmax of rows, shifted by the row's maximum so that nothing overflows, and the slope of
 * the latter. Not a loss: cross-entropy is composed of these.
 *
 * With d = x - max, e = exp(d) and Z = sum of e, summed in float64: softmax is e / Z and its logarithm
 * d - log1p(Z - 1), where Z - 1 is summed without the maximum's own e, 1, so that it keeps its digits when
 * one entry dominates.
 *
 * Error, with u = 2^-24, n columns and D = (sum of e |d|) / Z, the mean of |d| under softmax, which is
 * at most ln n; higher orders multiply the bounds by less than 1 + 2^-10:
 *   softmax      |error| <= (|d| + D + 8) u y + 2^-148
 *   log-softmax  |error| <= (|d| + |y| + 2 ln Z + D + 4 (1 - 1 / Z)) u + 2^-126
 * |d| u is the rounding of d, D u what that does to Z; exp adds 3 u to e and to Z, and the last two
 * roundings 2 u. So the logarithm of a probability near 1 is as precise as one far from it.
 *
 * An entry of -infinity has softmax 0 and logarithm -infinity. A row with NaN or +infinity, or of
 * only -infinity, is all NaN. The order of the sum depends only on the number of columns.
 */
import { exp_f32x4, log1p_f32x4, log_softmax_slope_f32x4 } from "./math/f32";
import { high_half } from "./math/lanes";
import { maxRow, sumRow } from "./reduce";

/**
 * dst[i] = softmax(src[i]), or its logarithm, for rows of `columns` contiguous floats. `dst` may be `src`.
 */
export function softmax_f32(src: usize, dst: usize, rows: i32, columns: i32, log: bool): void {
  const bytes = columns * 4;
  for (; rows > 0; --rows, src += bytes, dst += bytes) {
    const top = f32x4.splat(maxRow(src, columns));
    if (log) {
      const excess = <f32>exponentials(src, 0, bytes, top);
      subtract(src, dst, bytes, top, log1p_f32x4(f32x4.splat(excess)));
    } else {
      divide(dst, bytes, f32x4.splat(<f32>exponentials(src, dst, bytes, top)));
    }
  }
}

/**
 * dst[i] = g[i] (1 - E) - E (S - g[i]) with E = e^y[i], where S is the sum of g over the row as `sum_f32`
 * makes it: how log-softmax y passes a gradient g on. `dst` may be `y` or `g`. With the errors of e^y and e^y
 * - 1 and a rounding of each operation, |error| <= 6 u (|g| |1 - E| + E (|S - g| + |S|)) (1 + 2^-10) + 2^-149
 * (|S - g| + 2).
 */
export function log_softmax_slope_f32(y: usize, g: usize, dst: usize, rows: i32, columns: i32): void {
  const bytes = columns * 4;
  for (; rows > 0; --rows, y += bytes, g += bytes, dst += bytes) {
    const sum = f32x4.splat(<f32>sumRow(g, columns));
    for (let at = 0; at < bytes; at += 16) {
      const rest = bytes - at;
      if (rest >= 16) {
        const a = v128.load(g + at);
        v128.store(dst + at, log_softmax_slope_f32x4(a, v128.load(y + at), f32x4.sub(sum, a)));
      } else {
        const a = loadEdge(g + at, rest);
        storeEdge(dst + at, log_softmax_slope_f32x4(a, loadEdge(y + at, rest), f32x4.sub(sum, a)), rest);
      }
    }
  }
}

/**
 * The sum of exp(src - top), whose terms are written to `dst`; less 1, without rounding it off, if `dst` is
 * 0.
 */
function exponentials(src: usize, dst: usize, bytes: i32, top: v128): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let tops = i32x4.splat(0);
  for (let at = 0; at < bytes; at += 16) {
    const rest = bytes - at;
    let d: v128;
    let e: v128;
    if (rest >= 16) {
      d = f32x4.sub(v128.load(src + at), top);
      e = exp_f32x4(d);
    } else {
      // -1 past the row's end: the exponential of -infinity underflows, which takes as long as the rest of it
      const inside = i32x4.lt_s(i32x4(0, 4, 8, 12), i32x4.splat(rest));
      d = v128.bitselect(f32x4.sub(loadEdge(src + at, rest), top), f32x4.splat(-1), inside);
      e = v128.and(exp_f32x4(d), inside);
    }
    if (dst) {
      if (rest >= 16) v128.store(dst + at, e);
      else storeEdge(dst + at, e, rest);
    } else {
      const isTop = f32x4.eq(d, f32x4.splat(0));
      tops = i32x4.sub(tops, isTop);
      e = v128.andnot(e, isTop);
    }
    low = f64x2.add(low, f64x2.promote_low_f32x4(e));
    high = f64x2.add(high, f64x2.promote_low_f32x4(high_half(e)));
  }
  low = f64x2.add(low, high);
  const sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  if (dst) return sum;
  const ties = i32x4.extract_lane(tops, 0) + i32x4.extract_lane(tops, 1)
    + i32x4.extract_lane(tops, 2) + i32x4.extract_lane(tops, 3);
  return sum + <f64>(ties - 1);
}

/** dst /= sum. */
function divide(dst: usize, bytes: i32, sum: v128): void {
  for (; bytes >= 16; bytes -= 16, dst += 16) v128.store(dst, f32x4.div(v128.load(dst), sum));
  for (; bytes > 0; bytes -= 4, dst += 4) store<f32>(dst, load<f32>(dst) / f32x4.extract_lane(sum, 0));
}

/** dst = (src - top) - logarithm. */
function subtract(src: usize, dst: usize, bytes: i32, top: v128, logarithm: v128): void {
  for (; bytes >= 16; bytes -= 16, dst += 16, src += 16) {
    v128.store(dst, f32x4.sub(f32x4.sub(v128.load(src), top), logarithm));
  }
  for (; bytes > 0; bytes -= 4, dst += 4, src += 4) {
    const shifted = load<f32>(src) - f32x4.extract_lane(top, 0);
    store<f32>(dst, shifted - f32x4.extract_lane(logarithm, 0));
  }
}

/** The last 1 to 3 floats of a row, followed by 0. */
function loadEdge(from: usize, bytes: i32): v128 {
  let x = v128.load32_zero(from);
  if (bytes > 4) x = v128.load_lane<u32>(from, x, 1, 4);
  return bytes > 8 ? v128.load_lane<u32>(from, x, 2, 8) : x;
}

function storeEdge(to: usize, x: v128, bytes: i32): void {
  v128.store_lane<u32>(to, x, 0);
  if (bytes > 4) v128.store_lane<u32>(to, x, 1, 4);
  if (bytes > 8) v128.store_lane<u32>(to, x, 2, 8);
}
