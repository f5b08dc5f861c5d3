/** Words that the four-lane functions share. Each is inlined; none is exported to JavaScript. */

/** `x` in every lane. */
@inline
export function c(x: f32): v128 {
  return f32x4.splat(x);
}

/**
 * Number `i` of a table in every lane: one load, where V8 takes three instructions to make a constant, again
 * for each vector.
 */
@inline
export function entry(table: usize, i: usize): v128 {
  return v128.load32_splat(table + (i << 2));
}

/** One step of Horner's scheme: `p * x + a`, rounded twice. */
@inline
export function horner(p: v128, x: v128, a: v128): v128 {
  return f32x4.add(f32x4.mul(p, x), a);
}

/** The same with number `i` of a table. */
@inline
export function step_in(p: v128, x: v128, table: usize, i: usize): v128 {
  return horner(p, x, entry(table, i));
}

/** The same with one number. */
@inline
export function step(p: v128, x: v128, a: f32): v128 {
  return horner(p, x, c(a));
}

/** The sign bits of `x`. */
@inline
export function sign_bits(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x80000000));
}

/** The high two lanes in place of the low ones, for `promote_low`. */
@inline
export function high_half(x: v128): v128 {
  return v128.shuffle<i64>(x, x, 1, 1);
}

/** The low two lanes of `low`, then those of `high`. */
@inline
export function join_halves(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(low, high, 0, 2);
}
