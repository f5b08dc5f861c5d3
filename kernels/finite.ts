/**
 * Whether numbers are finite, four or two lanes at a time: x - x is +0 for a finite x and NaN for any other.
 * Nothing outside the operands is read or written; results do not depend on alignment.
 */

/** Whether n float32 are finite. */
export function all_finite_f32(src: usize, n: i32): bool {
  let odd = i32x4.splat(0);
  for (; n >= 8; n -= 8, src += 32) {
    const a = v128.load(src);
    const b = v128.load(src, 16);
    odd = v128.or(odd, v128.or(f32x4.sub(a, a), f32x4.sub(b, b)));
  }
  for (; n > 0; --n, src += 4) {
    const a = v128.load32_splat(src);
    odd = v128.or(odd, f32x4.sub(a, a));
  }
  return !v128.any_true(odd);
}

/** Whether n float64 are finite. */
export function all_finite_f64(src: usize, n: i32): bool {
  let odd = i32x4.splat(0);
  for (; n >= 4; n -= 4, src += 32) {
    const a = v128.load(src);
    const b = v128.load(src, 16);
    odd = v128.or(odd, v128.or(f64x2.sub(a, a), f64x2.sub(b, b)));
  }
  for (; n > 0; --n, src += 8) {
    const a = v128.load64_splat(src);
    odd = v128.or(odd, f64x2.sub(a, a));
  }
  return !v128.any_true(odd);
}
