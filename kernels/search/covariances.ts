/**
 * The loop over trials that computes a Gaussian process's covariances from distances, in float64.
 * `src/numerics/matern.ts` calls it.
 */
import { c2, exp_f64x2 } from "../math/f64x2";

/**
 * With r^2 = 5 squares[k], where r is at most 708: squares[k] = s (1 + r + r^2/3) e^-r and
 * slopes[k] = 5/6 s (1 + r) e^-r. n >= 0 is even; squares are not negative.
 * Errors <= 6 ulp, and r ulp more by the rounding of r.
 */
export function matern(squares: usize, slopes: usize, n: i32, s: f64): void {
  const end = squares + (n << 3);
  for (; squares < end; squares += 16, slopes += 16) {
    const r = f64x2.pmin(f64x2.sqrt(f64x2.mul(v128.load(squares), c2(5))), c2(708));
    const decayed = f64x2.mul(exp_f64x2(f64x2.neg(r)), c2(s));
    const line = f64x2.add(r, c2(1));
    const curve = f64x2.add(line, f64x2.mul(f64x2.mul(r, r), c2(1 / 3.0)));
    v128.store(squares, f64x2.mul(decayed, curve));
    v128.store(slopes, f64x2.mul(f64x2.mul(decayed, line), c2(5 / 6.0)));
  }
}
