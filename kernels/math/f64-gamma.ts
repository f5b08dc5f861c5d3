/**
 * Float64 ln |gamma|. On [0.5, 2.5] a minimax polynomial for ln gamma(2 + t) / t keeps the zeros at 1 and 2
 * exact; [2.5, 8) comes down by the recurrence gamma(x + 1) = x gamma(x); from 8 on Stirling's series
 * (Abramowitz and Stegun 6.1.40) with eight terms; negative x by reflection (6.1.17).
 *
 * Error <= 4 ulp for x > 0. For x < 0 it is 4 ulp of the larger of the two logarithms that reflection
 * subtracts: the zeros between the poles have no relative accuracy.
 */
import { f64_log, f64_log1p } from "./f64-log";

/** ln gamma(2 + t) for |t| <= 0.5; the fit is within 2^-57. */
function near_two(t: f64): f64 {
  let p: f64 = -5.5042124304750046e-9;
  p = p * t + 2.6345746516349061e-7;
  p = p * t - 5.7909866036748895e-7;
  p = p * t + 9.3556885150765667e-7;
  p = p * t - 1.973177140046171e-6;
  p = p * t + 4.3782544213608816e-6;
  p = p * t - 9.4571388887077376e-6;
  p = p * t + 2.0507003917544317e-5;
  p = p * t - 4.4923513265679968e-5;
  p = p * t + 9.9457498658188045e-5;
  p = p * t - 2.2315500427724154e-4;
  p = p * t + 5.0966952756785824e-4;
  p = p * t - 1.1927538992626359e-3;
  p = p * t + 2.8905103305918436e-3;
  p = p * t - 7.3855510289891476e-3;
  p = p * t + 2.0580808427787492e-2;
  p = p * t - 6.7352301053195021e-2;
  p = p * t + 3.224670334241132e-1;
  p = p * t + 4.2278433509846713e-1;
  return t * p;
}

/** (x - 1/2) ln x - x + ln(2 pi) / 2 + 1 / (12 x) - ..., arranged so that nothing large cancels. */
@inline
function stirling(x: f64): f64 {
  const s = 1 / (x * x);
  let p: f64 = -2.9550653594771242e-2; // the terms are B(2k) / (2k (2k - 1))
  p = p * s + 6.4102564102564103e-3;
  p = p * s - 1.9175269175269175e-3;
  p = p * s + 8.4175084175084175e-4;
  p = p * s - 5.9523809523809524e-4;
  p = p * s + 7.9365079365079365e-4;
  p = p * s - 2.7777777777777778e-3;
  p = p * s + 8.3333333333333333e-2;
  const half_log_two_pi_less_half = 4.1893853320467273e-1;
  return (x - 0.5) * (f64_log(x) - 1) + (half_log_two_pi_less_half + p / x);
}

/** ln gamma(x) for x > 0. */
function positive(x: f64): f64 {
  if (x < 0.5) return near_two(x) - f64_log1p(x) - f64_log(x);
  if (x < 1.5) return near_two(x - 1) - f64_log1p(x - 1);
  if (x < 2.5) return near_two(x - 2);
  if (x >= 8) return stirling(x);
  let product: f64 = 1;
  while (x >= 2.5) {
    x -= 1;
    product *= x;
  }
  return f64_log(product) + near_two(x - 2);
}

/** ln |gamma(x)|; infinity at 0, at the negative integers and at both infinities. */
export function f64_lgamma(x: f64): f64 {
  if (isNaN(x)) return x;
  if (abs(x) == Infinity) return Infinity;
  if (x > 0) return positive(x);
  const fraction = x - nearest(x);
  if (fraction == 0) return Infinity;
  // gamma(x) gamma(-x) = -pi / (x sin(pi x))
  const log_pi = 1.1447298858494002;
  return log_pi - f64_log(abs(x * Math.sin(Math.PI * fraction))) - positive(-x);
}
