/**
 * Sigmoid and tanh, made of e^r = (B + r) / (B - r) with B = r coth(r / 2), which is even in r and nearly 2.
 * So a division that both need anyway replaces half a polynomial, and numerator and denominator are sums that
 * do not cancel.
 *
 * Arrays take two loops over a block that stays in L1, with r and its exponent in memory between them. A
 * processor looks ahead by four or five vectors of the entire function, a chain of operations that wait for
 * each other, and by a dozen of a half. Constants stay in registers for the length of a loop. Arguments and
 * errors are as in f32.ts.
 */
import { c, entry, horner } from "./lanes";

/** Bytes of a block. */
const BLOCK: i32 = 1024;

/** Two vectors for each vector of a block. */
const parts: usize = memory.data(2 * BLOCK, 16);
const PARTS_STEP: usize = 32;
/** r, the rest of an argument without n ln 2. */
const REST: usize = 0;
/** n with a bias, in the lowest bits of a float; moved up by 23 bits it is a power of two. */
const POWER: usize = 16;

/**
 * e^x is 0 below the first and lost in a sum with 1 above the second; 1 / ln 2; 1.5 * 2^23 plus the bias of
 * exponents plus 64, for 2^(n + 64), which is normal where e^x is not; ln 2 in two parts, as in f32.ts;
 * 2^-64; then B of r^2, within 2^-27.7, from its highest power down.
 */
const SIGMOID: usize = memory.data<f32>([
  -105, 30, 1.44269502, 12583103, 0.693359375, -2.12194442e-4, 5.421010862427522e-20, -0.0027667128, 0.166666254, 2,
]);

/**
 * The sign; tanh is 1 from here up; 2 / ln 2; 1.5 * 2^23 plus the bias of exponents less 1, for 2^(n - 1); ln
 * 2 / 2, whose product with n < 8 is exact; 1/2; then B / 2 of r^2 / 4.
 */
const TANH: usize = memory.data<f32>([-0.0, 10, 2.88539004, 12583038, 0.346573591, 0.5, -0.0221337024, 0.333332509, 1]);

/** B of r: `p0` z^2 + `p1` z + `p2` of z = r^2. */
@inline
function even(r: v128, p0: v128, p1: v128, p2: v128): v128 {
  const z = f32x4.mul(r, r);
  return horner(horner(p0, z, p1), z, p2);
}

/** 1 / (1 + e^-x) of `bytes` (a multiple of 16) of x; `dst` may be `src`. Error <= 2.5 ulp. */
export function sigmoid_f32(dst: usize, src: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const length = min<usize>(BLOCK, bytes - at);
    sigmoid_parts(src + at, length);
    sigmoids(dst + at, length);
  }
}

/** tanh x, in the same way. Error <= 2.5 ulp. */
export function tanh_f32(dst: usize, src: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const length = min<usize>(BLOCK, bytes - at);
    tanh_parts(src + at, length);
    tanhs(dst + at, src + at, length);
  }
}

/** x = n ln 2 + r. */
function sigmoid_parts(x: usize, bytes: usize): void {
  const least = entry(SIGMOID, 0);
  const most = entry(SIGMOID, 1);
  const log2_e = entry(SIGMOID, 2);
  const shift = entry(SIGMOID, 3);
  const ln2_high = entry(SIGMOID, 4);
  const ln2_low = entry(SIGMOID, 5);
  for (let to = parts, end = x + bytes; x < end; x += 16, to += PARTS_STEP) {
    const t = f32x4.pmax(f32x4.pmin(v128.load(x), most), least);
    const shifted = f32x4.add(f32x4.mul(t, log2_e), shift);
    const n = f32x4.sub(shifted, shift);
    v128.store(to, f32x4.sub(f32x4.sub(t, f32x4.mul(n, ln2_high)), f32x4.mul(n, ln2_low)), REST);
    v128.store(to, shifted, POWER);
  }
}

/** P / (P + B - r) of P = 2^n (B + r). */
function sigmoids(dst: usize, bytes: usize): void {
  const unshift = entry(SIGMOID, 6);
  const p0 = entry(SIGMOID, 7);
  const p1 = entry(SIGMOID, 8);
  const p2 = entry(SIGMOID, 9);
  for (let at = parts, end = dst + bytes; dst < end; dst += 16, at += PARTS_STEP) {
    const r = v128.load(at, REST);
    const b = even(r, p0, p1, p2);
    const p = f32x4.mul(f32x4.mul(f32x4.add(b, r), i32x4.shl(v128.load(at, POWER), 23)), unshift);
    v128.store(dst, f32x4.div(p, f32x4.add(p, f32x4.sub(b, r))));
  }
}

/**
 * a sigmoid(x) - b sigmoid(-x), with the bits of the two separately: for -x, n and r have the opposite sign,
 * so that with P and D = B - r of -|x| the two are P / (P + D) and D / (P + D).
 */
export function cross_entropy_slope_f32x4(a: v128, x: v128, b: v128): v128 {
  const t = f32x4.pmax(v128.or(x, entry(TANH, 0)), entry(SIGMOID, 0));
  const shifted = f32x4.add(f32x4.mul(t, entry(SIGMOID, 2)), entry(SIGMOID, 3));
  const n = f32x4.sub(shifted, entry(SIGMOID, 3));
  const r = f32x4.sub(f32x4.sub(t, f32x4.mul(n, entry(SIGMOID, 4))), f32x4.mul(n, entry(SIGMOID, 5)));
  const e = even(r, entry(SIGMOID, 7), entry(SIGMOID, 8), entry(SIGMOID, 9));
  const p = f32x4.mul(f32x4.mul(f32x4.add(e, r), i32x4.shl(shifted, 23)), entry(SIGMOID, 6));
  const d = f32x4.sub(e, r);
  const sum = f32x4.add(p, d);
  const negative = f32x4.lt(x, c(0));
  const lower = f32x4.div(p, sum);
  const upper = f32x4.div(d, sum);
  return f32x4.sub(
    f32x4.mul(a, v128.bitselect(lower, upper, negative)),
    f32x4.mul(b, v128.bitselect(upper, lower, negative)),
  );
}

/** |x| = n ln 2 / 2 + r, so that e^(2 |x|) = 2^n e^(2 r). */
function tanh_parts(x: usize, bytes: usize): void {
  const sign = entry(TANH, 0);
  const most = entry(TANH, 1);
  const log2_e = entry(TANH, 2);
  const shift = entry(TANH, 3);
  const ln2 = entry(TANH, 4);
  for (let to = parts, end = x + bytes; x < end; x += 16, to += PARTS_STEP) {
    const a = f32x4.pmin(v128.andnot(v128.load(x), sign), most);
    const shifted = f32x4.add(f32x4.mul(a, log2_e), shift);
    v128.store(to, f32x4.sub(a, f32x4.mul(f32x4.sub(shifted, shift), ln2)), REST);
    v128.store(to, shifted, POWER);
  }
}

/**
 * N / (N + B - r) of N = (2^n (B + r) - (B - r)) / 2, where the parts of r and of B are each one product:
 * near 0, N is r itself. The quotient is never above 1.
 */
function tanhs(dst: usize, x: usize, bytes: usize): void {
  const sign = entry(TANH, 0);
  const half = entry(TANH, 5);
  const p0 = entry(TANH, 6);
  const p1 = entry(TANH, 7);
  const p2 = entry(TANH, 8);
  for (let at = parts, end = x + bytes; x < end; x += 16, dst += 16, at += PARTS_STEP) {
    const r = v128.load(at, REST);
    const b = even(r, p0, p1, p2);
    const power = i32x4.shl(v128.load(at, POWER), 23);
    const n = f32x4.add(f32x4.mul(f32x4.sub(power, half), b), f32x4.mul(f32x4.add(power, half), r));
    const q = f32x4.div(n, f32x4.add(n, f32x4.sub(b, r)));
    v128.store(dst, v128.or(q, v128.and(v128.load(x), sign)));
  }
}
