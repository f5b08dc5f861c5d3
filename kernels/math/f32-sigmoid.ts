/**
 * Sigmoid and tanh of arrays, as four loops over a block that stays in L1. In one loop over the whole function a processor waits: it looks a
 * few hundred instructions ahead, which are four or five vectors of so long a chain, and a dozen of each part of it. Constants stay in
 * registers for the length of a loop.
 *
 * Both are made of e^y, by the method of f32.ts, with y = -min(|x|, 105) or 2 min(|x|, 10); its parts are left in memory between the loops. Arguments and errors are as there.
 */
import { EXP, LN2, LOG2_E, NUMBERS, ONE, SIGN } from "./f32";
import { c, entry, horner } from "./lanes";

/** Bytes of a block. */
const BLOCK: i32 = 1024;

/** Three vectors for each vector of a block. */
const parts: usize = memory.data(3 * BLOCK, 16);
const PARTS_STEP: usize = 48;
/** The exponent of e^y, shifted; then e^y. */
const POWER: usize = 0;
/** r = y - n ln 2. */
const REST: usize = 16;
/** What the rounding of r lost; then e^r - 1 - r, with it. */
const TAIL: usize = 32;

/** As in f32.ts, for 2^(n + 64), which is normal where e^y is not; and 2^-64. */
const SHIFT_UP: usize = memory.data<f32>([12582976, 5.421010862427522e-20]);

/** P of tanh, from its highest power down; where the fit ends; 2. */
const TANH: usize = memory.data<f32>([-0.00571405748, 0.0206480604, -0.0537427738, 0.133314833, -0.333332837, 0.625, 2]);

/** 1 / (1 + e^-x) of `bytes` (a multiple of 16) of x; `dst` may be `src`. Error <= 2 ulp. */
export function sigmoid_f32(dst: usize, src: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const length = min<usize>(BLOCK, bytes - at);
    remainders(src + at, length, c(105), c(-1));
    tails(length);
    powers(length);
    sigmoids(dst + at, src + at, length);
  }
}

/**
 * tanh x, in the same way: x + x^3 P(x^2) for |x| < 0.625 (the fit is within 2^-27), otherwise 1 - 2 / (e^(2|x|) + 1), as in
 * Cephes. Error <= 1.5 ulp.
 */
export function tanh_f32(dst: usize, src: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const length = min<usize>(BLOCK, bytes - at);
    remainders(src + at, length, c(10), c(2));
    tails(length);
    powers(length);
    tanhs(dst + at, src + at, length);
  }
}

/** y = factor min(|x|, most) = n ln 2 + r, with ln 2 in two parts. */
function remainders(x: usize, bytes: usize, most: v128, factor: v128): void {
  const sign = entry(NUMBERS, SIGN);
  const log2_e = entry(NUMBERS, LOG2_E);
  const shift = entry(SHIFT_UP, 0);
  const ln2_high = entry(NUMBERS, LN2);
  const ln2_low = entry(NUMBERS, LN2 + 1);
  for (let to = parts, end = x + bytes; x < end; x += 16, to += PARTS_STEP) {
    const y = f32x4.mul(f32x4.pmin(v128.andnot(v128.load(x), sign), most), factor);
    const shifted = f32x4.add(f32x4.mul(y, log2_e), shift);
    const n = f32x4.sub(shifted, shift);
    const high = f32x4.sub(y, f32x4.mul(n, ln2_high));
    const low = f32x4.mul(n, ln2_low);
    const r = f32x4.sub(high, low);
    v128.store(to, shifted, POWER);
    v128.store(to, r, REST);
    v128.store(to, f32x4.sub(f32x4.sub(high, r), low), TAIL);
  }
}

/** e^r - 1 - r = r^2 Q(r), plus what the rounding of r lost. */
function tails(bytes: usize): void {
  const q0 = entry(EXP, 0);
  const q1 = entry(EXP, 1);
  const q2 = entry(EXP, 2);
  const q3 = entry(EXP, 3);
  const q4 = entry(EXP, 4);
  for (let at = parts, end = parts + 3 * bytes; at < end; at += PARTS_STEP) {
    const r = v128.load(at, REST);
    const q = horner(horner(horner(horner(q0, r, q1), r, q2), r, q3), r, q4);
    v128.store(at, f32x4.add(f32x4.mul(f32x4.mul(r, r), q), v128.load(at, TAIL)), TAIL);
  }
}

/** e^y = 2^n e^r, where 1 + r keeps its rounding error. */
function powers(bytes: usize): void {
  const one = entry(NUMBERS, ONE);
  const unshift = entry(SHIFT_UP, 1);
  for (let at = parts, end = parts + 3 * bytes; at < end; at += PARTS_STEP) {
    const r = v128.load(at, REST);
    const sum = f32x4.add(one, r);
    const lost = f32x4.add(f32x4.sub(one, sum), r);
    const p = f32x4.add(sum, f32x4.add(lost, v128.load(at, TAIL)));
    const power = i32x4.add(i32x4.shl(v128.load(at, POWER), 23), one);
    v128.store(at, f32x4.mul(f32x4.mul(p, power), unshift), POWER);
  }
}

/** `sigmoid_of` in f32.ts, whose numerator min(e^x, 1) is here the greater of z <= 1 and what is 1 for x >= 0. */
function sigmoids(dst: usize, x: usize, bytes: usize): void {
  const one = entry(NUMBERS, ONE);
  const zero = c(0);
  for (let at = parts, end = x + bytes; x < end; x += 16, dst += 16, at += PARTS_STEP) {
    const z = v128.load(at, POWER);
    const sum = f32x4.add(one, z);
    const lost = f32x4.sub(z, f32x4.sub(sum, one));
    const q = f32x4.div(f32x4.pmax(z, v128.and(f32x4.ge(v128.load(x), zero), one)), sum);
    v128.store(dst, f32x4.sub(q, f32x4.mul(f32x4.mul(q, f32x4.sub(one, q)), lost)));
  }
}

function tanhs(dst: usize, x: usize, bytes: usize): void {
  const one = entry(NUMBERS, ONE);
  const sign = entry(NUMBERS, SIGN);
  const p0 = entry(TANH, 0);
  const p1 = entry(TANH, 1);
  const p2 = entry(TANH, 2);
  const p3 = entry(TANH, 3);
  const p4 = entry(TANH, 4);
  const fitted = entry(TANH, 5);
  const two = entry(TANH, 6);
  for (let at = parts, end = x + bytes; x < end; x += 16, dst += 16, at += PARTS_STEP) {
    const signed = v128.load(x);
    const a = v128.andnot(signed, sign);
    const z = f32x4.mul(a, a);
    const p = horner(horner(horner(horner(p0, z, p1), z, p2), z, p3), z, p4);
    const small = f32x4.add(a, f32x4.mul(a, f32x4.mul(z, p)));
    const large = f32x4.sub(one, f32x4.div(two, f32x4.add(v128.load(at, POWER), one)));
    v128.store(dst, v128.or(v128.bitselect(small, large, f32x4.lt(a, fitted)), v128.and(signed, sign)));
  }
}
