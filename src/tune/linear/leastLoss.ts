/**
 * The coefficients with the least penalized loss, by L-BFGS in coordinates in which its curvature is about
 * the same in all directions: so nearly equal or badly scaled features cost no extra steps. It knows no
 * features, only numbers.
 *
 * | symbol | is |
 * |---|---|
 * | z | rows, [rows, width], the last column ones |
 * | s | shares of the rows, which sum to 1, [rows] |
 * | β | coefficients, [outputs, width], the last of each output its intercept |
 * | λ | the penalty |
 * | H | the Hessian of the loss by β, without the penalty |
 * | L | the Cholesky factor of H + λI; L-BFGS goes by γ = Lᵀβ |
 *
 * | loss | H | |
 * |---|---|---|
 * | squared errors | zᵀdiag(s)z for each output | exact: one step, and one against its rounding |
 * | log loss, few coefficients | complete, recomputed after a few steps (Newton's method) | |
 * | log loss, otherwise | zᵀdiag(s)z times p(1 − p) of equal probabilities (Böhning) | |
 * | more than 512 columns | not used | plain L-BFGS, bounded by its evaluations |
 *
 * D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of Statistical Mathematics
 * 44, 1992; J. Nocedal and S. Wright, "Numerical Optimization" (2nd ed.), sections 6.1 and 7.2.
 */
import type { Task } from "../../data/dataset.js";
import type { Floats } from "../../ndarray.js";
import { minimize } from "../../numerics/lbfgs.js";
import { cholesky, packedSize, solveLower, solveUpper } from "../../numerics/linalg.js";
import { exp, log, sigmoid, softplus } from "../../numerics/special.js";

/** Rows and their targets. */
export interface Loss {
  readonly task: Task;
  readonly outputs: number;
  readonly z: Float64Array;
  readonly width: number;
  /** [rows, outputs], with a deviation of about 1 for regression */
  readonly y: Float64Array;
  readonly shares: Float64Array;
}

/** Columns, without that of ones, up to which a Hessian is factored. */
export const MOST_FACTORED = 512;
/** Coefficients up to which the exact Hessian of the log loss is computed. */
const MOST_NEWTON = 64;
/** Evaluations with one Hessian, and how often it is recomputed at most. */
const NEWTON = { maxEvaluations: 8, rounds: 25 };
const FIXED = { maxEvaluations: 200, rounds: 1 };
/**
 * Tolerance of the gradient by γ: if H is exact, each coefficient adds half its square to the excess loss.
 */
const TOLERANCE = { regression: 1e-7, classification: 1e-5 } as const;

/**
 * @returns a function of a penalty above 0: β, and the mean loss without the penalty. It starts where its
 * last call ended.
 */
export function lossMinimizer(loss: Loss): (penalty: number) => {
  readonly beta: Float64Array;
  readonly loss: number;
} {
  const { task, outputs, width } = loss;
  let beta = new Float64Array(outputs * width);
  const gradient = new Float64Array(beta.length);
  const isNewton = task === "classification" && beta.length <= MOST_NEWTON;
  const gram = isNewton || width > MOST_FACTORED + 1 ? undefined : gramOf(loss);
  const factorAt = (penalty: number): Factor | undefined => {
    if (isNewton) return factorOf(hessianAt(beta, loss), penalty, beta.length);
    return gram && factorOf(gram.slice(), penalty, width);
  };
  return (penalty) => {
    const { maxEvaluations, rounds } = isNewton ? NEWTON : FIXED;
    for (let round = 0; round < rounds; round++) {
      const factor = factorAt(penalty);
      const end = minimize(
        (gamma, gradientOfGamma) => {
          const value = lossAt(changed(gamma, factor, solveUpper), penalty, loss, gradient);
          gradientOfGamma.set(changed(gradient, factor, solveLower));
          return value;
        },
        changed(beta, factor, timesUpper),
        {
          lower: new Float64Array(beta.length).fill(Number.NEGATIVE_INFINITY),
          upper: new Float64Array(beta.length).fill(Number.POSITIVE_INFINITY),
          maxEvaluations,
          gradientTolerance: TOLERANCE[task],
          ...(factor && { firstStep: Number.POSITIVE_INFINITY }),
        },
      );
      beta = changed(end.x, factor, solveUpper);
      // fewer evaluations than allowed, without convergence: no lower value was found
      if (end.converged || end.evaluations < maxEvaluations) break;
    }
    return { beta, loss: lossAt(beta, 0, loss, gradient) };
  };
}

/** L, [size, size], packed: of all of β, or of each of as many equal blocks as there are outputs. */
interface Factor {
  readonly l: Float64Array;
  readonly size: number;
}

/** @param hessian - packed; overwritten by the factor */
function factorOf(hessian: Float64Array, penalty: number, size: number): Factor {
  for (let j = 0, at = 0; j < size; j++, at += j + 1) hessian[at] += penalty;
  cholesky(hessian, size);
  return { l: hessian, size };
}

/** A change of variables, block by block. */
function changed(
  from: Float64Array,
  factor: Factor | undefined,
  change: typeof solveUpper,
): Float64Array<ArrayBuffer> {
  const to = new Float64Array(from);
  if (factor) {
    const { l, size } = factor;
    for (let at = 0; at < to.length; at += size) change(l, size, to.subarray(at, at + size));
  }
  return to;
}

/** Lᵀ·b in place. */
function timesUpper(l: Float64Array, n: number, b: Float64Array): void {
  for (let j = 0, row = 0; j < n; row += ++j) {
    const value = b[j];
    b[j] = 0;
    add(b, 0, value, l, row, j + 1);
  }
}

/**
 * zᵀdiag(s)z times the curvature of the loss by a score: 1, or p(1 − p) for equally probable classes. Packed.
 */
function gramOf({ task, outputs, z, width, shares }: Loss): Float64Array {
  const classes = outputs === 1 ? 2 : outputs;
  const curvature = task === "regression" ? 1 : (classes - 1) / (classes * classes);
  const gram = new Float64Array(packedSize(width));
  for (let i = 0; i < shares.length; i++) {
    for (let j = 0, at = 0; j < width; at += ++j)
      add(gram, at, curvature * shares[i] * z[i * width + j], z, i * width, j + 1);
  }
  return gram;
}

/** The Hessian of the mean log loss at β, packed: zᵀdiag(s·p_k·([k = m] − p_m))z for outputs k and m. */
function hessianAt(beta: Float64Array, { outputs, z, width, shares }: Loss): Float64Array {
  const hessian = new Float64Array(packedSize(beta.length));
  const p = new Float64Array(outputs);
  for (let i = 0; i < shares.length; i++) {
    scoreRow(beta, z, i * width, width, p);
    toProbabilities(p);
    for (let k = 0, at = 0; k < outputs; k++) {
      for (let j = 0; j < width; at += k * width + ++j) {
        const value = shares[i] * p[k] * z[i * width + j];
        for (let m = 0; m < k; m++) add(hessian, at + m * width, -p[m] * value, z, i * width, width);
        add(hessian, at + k * width, (1 - p[k]) * value, z, i * width, j + 1);
      }
    }
  }
  return hessian;
}

/** The penalized mean loss, and its gradient by β. */
function lossAt(
  beta: Float64Array,
  penalty: number,
  { task, outputs, z, width, y, shares }: Loss,
  gradient: Float64Array,
): number {
  gradient.fill(0);
  const scores = new Float64Array(outputs);
  let loss = 0;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] === 0) continue; // which may be far from all others
    scoreRow(beta, z, i * width, width, scores);
    loss += shares[i] * toResiduals(task, scores, y, i * outputs);
    for (let k = 0; k < outputs; k++) add(gradient, k * width, shares[i] * scores[k], z, i * width, width);
  }
  for (let at = 0; at < beta.length; at++) {
    if ((at + 1) % width === 0) continue; // an intercept
    loss += (penalty / 2) * beta[at] * beta[at];
    gradient[at] += penalty * beta[at];
  }
  return loss;
}

/** The scores of a row of z, from its place: the products with the coefficients of each output. */
function scoreRow(
  beta: Float64Array,
  z: Float64Array,
  from: number,
  width: number,
  scores: Float64Array,
): void {
  for (let k = 0; k < scores.length; k++) scores[k] = dot(beta, k * width, z, from, width);
}

/** The loss of one row; its scores become the derivatives of the loss by them. */
function toResiduals(task: Task, scores: Float64Array, y: Floats, from: number): number {
  const outputs = scores.length;
  let loss = 0;
  if (task === "classification") {
    for (let k = 0; k < outputs; k++) loss -= y[from + k] * scores[k];
    loss += toProbabilities(scores);
    for (let k = 0; k < outputs; k++) scores[k] -= y[from + k];
    return loss;
  }
  for (let k = 0; k < outputs; k++) {
    scores[k] -= y[from + k];
    loss += (scores[k] * scores[k]) / 2;
  }
  return loss;
}

/** Turns the scores of classes into probabilities; returns the logarithm of the sum of their exponentials. */
export function toProbabilities(scores: Float64Array): number {
  if (scores.length === 1) {
    const [score] = scores;
    scores[0] = sigmoid(score);
    return softplus(score);
  }
  let most = scores[0];
  for (let k = 1; k < scores.length; k++) if (scores[k] > most) most = scores[k];
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    scores[k] = exp(scores[k] - most);
    sum += scores[k];
  }
  for (let k = 0; k < scores.length; k++) scores[k] /= sum;
  return most + log(sum);
}

/** Σ a·b over `length` numbers of each, in four sums. */
export function dot(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 3 < length; j += 4) {
    s0 += a[fromA + j] * b[fromB + j];
    s1 += a[fromA + j + 1] * b[fromB + j + 1];
    s2 += a[fromA + j + 2] * b[fromB + j + 2];
    s3 += a[fromA + j + 3] * b[fromB + j + 3];
  }
  for (; j < length; j++) s0 += a[fromA + j] * b[fromB + j];
  return s0 + s1 + (s2 + s3);
}

/** a += factor · b, over `length` numbers of each. */
export function add(
  a: Float64Array,
  fromA: number,
  factor: number,
  b: Float64Array,
  fromB: number,
  length: number,
): void {
  for (let j = 0; j < length; j++) a[fromA + j] += factor * b[fromB + j];
}
