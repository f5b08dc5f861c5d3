/**
 * Activations that are compositions of operations, and so need neither a gradient rule nor a kernel. `relu`,
 * `tanh`, `sigmoid`,
 * `softplus`, `softmax` and `logSoftmax` are operations. Definitions and defaults are those of Keras 3.
 *
 * For every finite x that float32 holds, results and gradients are finite and none is NaN; NaN stays NaN.
 * Exceptions: `selu` if its factor 1.05 overflows, and steep slopes. The branch not taken never overflows,
 * because `select` gives it harmless numbers.
 *
 * At kinks: at 0 the gradient is that of the left side; at 6, ±3 and ±1, where functions become constant, it
 * is 0, as in PyTorch.
 *
 * @example
 * ```ts
 * const activate = compile((x: Value) => leakyRelu(x, 0.1), [3]);
 * createEngine().load(activate)([-10, 0, 2]); // [-1, 0, 2]
 * ```
 */
import type { Value } from "./graph.js";
import type { Operand } from "./operations/append.js";
import {
  abs,
  add,
  div,
  erf,
  expm1,
  greater,
  greaterEqual,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  select,
  sigmoid,
  softplus,
  tanh,
} from "./operations/elementwise.js";

// Rectifiers

/**
 * x where x > 0, else `negativeSlope` · x (A. Maas and others, 2013). The default is 0.2 in Keras, 0.3 in its
 * layer, and 0.01 in PyTorch. Its gradient at 0 is the slope.
 */
export const leakyRelu = (x: Value, negativeSlope: Operand = 0.2): Value =>
  mul(x, select(greater(x, 0), 1, negativeSlope));

/** x in [0, 6], otherwise the nearer bound; its gradient is 0 at both. */
export const relu6 = (x: Value): Value => select(greaterEqual(x, 6), 6, relu(x));

/** x in [−1, 1], otherwise the nearer bound; its gradient is 0 at both. */
export const hardTanh = (x: Value): Value =>
  select(greaterEqual(x, 1), 1, select(greaterEqual(-1, x), -1, x));

// Exponentials below 0

/**
 * x where x > 0, else `alpha` · (eˣ − 1) (D.-A. Clevert and others, arXiv:1511.07289, 2015). Its gradient at
 * 0 is `alpha`.
 */
export const elu = (x: Value, alpha: Operand = 1): Value => exponentialBelow(x, alpha, (z) => z);

/**
 * x where x > 0, else `alpha` · (e^(x / alpha) − 1), which is smooth for every alpha above 0 (J. T. Barron,
 * arXiv:1704.07483, 2017).
 */
export const celu = (x: Value, alpha: Operand = 1): Value =>
  exponentialBelow(x, alpha, (z) => (alpha === 1 ? z : div(z, alpha)));

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * 1.0507 · `elu(x, 1.6733)`, which preserves mean 0 and variance 1 of units through dense layers initialized
 * by `lecunNormal` (G. Klambauer and others, "Self-normalizing neural networks", NeurIPS 2017). Its gradient
 * at 0 is 1.7581.
 */
export const selu = (x: Value): Value => mul(SELU_SCALE, elu(x, SELU_ALPHA));

function exponentialBelow(x: Value, factor: Operand, scaled: (negative: Value) => Value): Value {
  const isPositive = greater(x, 0);
  return select(isPositive, x, mul(factor, expm1(scaled(select(isPositive, 0, x)))));
}

// Gates: x times a share in [0, 1]

/** x σ(x), also called swish (P. Ramachandran and others, arXiv:1710.05941, 2017). */
export const silu = (x: Value): Value => mul(x, sigmoid(x));

/**
 * x Φ(x), by the error function: ½ x (1 + erf(x/√2)) (D. Hendrycks and K. Gimpel, arXiv:1606.08415, 2016).
 */
export const gelu = (x: Value): Value => mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));

/** Beyond it, σ of the polynomial is 0 or 1 even in float64. */
const GELU_BOUND = 30;
/** 2 √(2/π) */
const TWO_SQRT_TWO_OVER_PI = 1.5957691216057308;

/**
 * The approximation of `gelu` by tanh: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), as x σ of twice that. Keras'
 * `gelu(x, approximate=True)`; it differs from `gelu` by at most 5e-4.
 */
export function geluTanh(x: Value): Value {
  const z = maximum(minimum(x, GELU_BOUND), -GELU_BOUND);
  const cubic = mul(z, add(1, mul(0.044715, mul(z, z))));
  return mul(x, sigmoid(mul(TWO_SQRT_TWO_OVER_PI, cubic)));
}

/** x tanh(log(1 + eˣ)) (D. Misra, arXiv:1908.08681, 2019). */
export const mish = (x: Value): Value => mul(x, tanh(softplus(x)));

/**
 * `relu6(x + 3)` / 6: straight from 0 at −3 to 1 at 3, as in Keras 3 and PyTorch. Keras 2 and TensorFlow.js
 * have 0.2 x + 0.5.
 */
export const hardSigmoid = (x: Value): Value => div(relu6(add(x, 3)), 6);

/**
 * x `hardSigmoid(x)`, also called hard swish (A. Howard and others, arXiv:1905.02244, 2019). Its gradient is
 * 0 at −3 and 1 at 3.
 */
export const hardSilu = (x: Value): Value => mul(x, hardSigmoid(x));

// Others

/** log σ(x) = −log(1 + e⁻ˣ), without overflow. */
export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)));

/** x / (1 + |x|) */
export const softsign = (x: Value): Value => div(x, add(1, abs(x)));
