/**
 * Sums and maxima along one axis: src[outer, r, inner] to dst[outer, inner], both contiguous
 * float32. dst must not overlap src.
 *
 * Sums run in float64 and round once, so an error is at most half a unit in the last place of
 * the result, plus (r - 1) 2^-53 / (1 - (r - 1) 2^-53) times the sum of magnitudes; in short,
 * the rounded exact sum unless the terms cancel. Infinities and NaN follow IEEE 754. A finite
 * sum overflows only if it exceeds float32 itself, whatever its partial sums.
 *
 * The order is fixed by r and by whether inner = 1. For inner > 1: ascending. For inner = 1:
 * eight partial sums take the elements modulo 8, ascending, while eight remain; the total is
 * ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)), to which the last r mod 8 are added, ascending.
 *
 * Maxima use `pmax`, which loses NaN, and a mask that keeps it: `f32x4.max`, nine instructions in a
 * chain on x86-64, took four times as long.
 */

/** dst[o, i] = sum over r of src[o, r, i]; 0 where r = 0. */
export function sum_f32(src: usize, dst: usize, outer: i32, r: i32, inner: i32): void {
  const step = r * inner * 4;
  for (; outer > 0; --outer, src += step, dst += inner * 4) {
    if (inner == 1) store<f32>(dst, <f32>sumRow(src, r));
    else sumColumns(src, dst, r, inner);
  }
}

/** dst[o, i] = max over r of src[o, r, i]; -infinity where r = 0, NaN if any is NaN; a zero is +0. */
export function max_f32(src: usize, dst: usize, outer: i32, r: i32, inner: i32): void {
  const step = r * inner * 4;
  for (; outer > 0; --outer, src += step, dst += inner * 4) {
    if (inner == 1) store<f32>(dst, maxRow(src, r));
    else maxColumns(src, dst, r, inner);
  }
}

/** The float64 sum of n contiguous floats. */
export function sumRow(src: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  for (; n >= 8; n -= 8, src += 32) {
    s0 = f64x2.add(s0, promote(src));
    s1 = f64x2.add(s1, promote(src + 8));
    s2 = f64x2.add(s2, promote(src + 16));
    s3 = f64x2.add(s3, promote(src + 24));
  }
  s0 = f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; n > 0; --n, src += 4) sum += <f64>load<f32>(src);
  return sum;
}

/** The maximum of n contiguous floats, as `max_f32` says. */
export function maxRow(src: usize, n: i32): f32 {
  let top = f32x4.splat(-Infinity);
  let other = top;
  let nan = i32x4.splat(0);
  for (; n >= 8; n -= 8, src += 32) {
    const x = v128.load(src);
    const y = v128.load(src, 16);
    top = f32x4.pmax(top, x);
    other = f32x4.pmax(other, y);
    nan = v128.or(nan, v128.or(f32x4.ne(x, x), f32x4.ne(y, y)));
  }
  for (; n > 0; --n, src += 4) {
    const x = v128.load32_splat(src);
    top = f32x4.pmax(top, x);
    nan = v128.or(nan, f32x4.ne(x, x));
  }
  top = f32x4.pmax(top, other);
  top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 2, 3, 0, 1));
  top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 1, 0, 3, 2));
  return v128.any_true(nan) ? NaN : f32x4.extract_lane(top, 0) + 0;
}

/** Two floats at `address`, in float64. */
@inline
function promote(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/**
 * Eight columns at a time, each pair with a separate chain of additions. Pairs past the last repeat the last
 * pair, which costs nothing while the chains wait for their additions.
 */
function sumColumns(src: usize, dst: usize, r: i32, inner: i32): void {
  const row = inner * 4;
  const last = row - 8;
  for (let i = 0; i < row; i += 32) {
    const c0 = min(i, last);
    const c1 = min(i + 8, last);
    const c2 = min(i + 16, last);
    const c3 = min(i + 24, last);
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let from = src;
    for (let p = r; p > 0; --p, from += row) {
      s0 = f64x2.add(s0, promote(from + c0));
      s1 = f64x2.add(s1, promote(from + c1));
      s2 = f64x2.add(s2, promote(from + c2));
      s3 = f64x2.add(s3, promote(from + c3));
    }
    put(dst + c0, s0);
    put(dst + c1, s1);
    put(dst + c2, s2);
    put(dst + c3, s3);
  }
}

/** Stores two float64 as float32. */
@inline
function put(to: usize, sums: v128): void {
  v128.store_lane<u64>(to, f32x4.demote_f64x2_zero(sums), 0);
}

function maxColumns(src: usize, dst: usize, r: i32, inner: i32): void {
  const row = inner * 4;
  let i = 0;
  for (; i + 4 <= inner; i += 4, src += 16, dst += 16) {
    let top = f32x4.splat(-Infinity);
    let nan = i32x4.splat(0);
    let from = src;
    for (let p = r; p > 0; --p, from += row) {
      const x = v128.load(from);
      top = f32x4.pmax(top, x);
      nan = v128.or(nan, f32x4.ne(x, x));
    }
    v128.store(dst, v128.or(f32x4.add(top, f32x4.splat(0)), nan));
  }
  for (; i < inner; ++i, src += 4, dst += 4) {
    let top = f32x4.splat(-Infinity);
    let nan = i32x4.splat(0);
    let from = src;
    for (let p = r; p > 0; --p, from += row) {
      const x = v128.load32_splat(from);
      top = f32x4.pmax(top, x);
      nan = v128.or(nan, f32x4.ne(x, x));
    }
    v128.store_lane<u32>(dst, v128.or(f32x4.add(top, f32x4.splat(0)), nan), 0);
  }
}
