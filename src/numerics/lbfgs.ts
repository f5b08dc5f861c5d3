/**
 * L-BFGS in a box: minimises a smooth function of a few to a few hundred variables, each between bounds, from
 * its gradient. It estimates the curvature from the last few steps, moves within the free variables, and
 * projects each trial step back into the box. Not for training models (noisy gradients): those have `optim/`.
 *
 * J. Nocedal and S. Wright, "Numerical Optimization" (2nd ed.), algorithms 7.4 and 7.5; the treatment of
 * bounds is D. Bertsekas' projected quasi-Newton method, SIAM J. Control and Optimization 20, 1982.
 */

/** The function to be minimised: its value at `x`; its gradient is written to `gradient`, [size of x]. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** When to stop, and the bounds. */
export interface LbfgsOptions {
  /** The least value of each variable; −Infinity for none. */
  readonly lower: ArrayLike<number>;
  /** The greatest value of each variable; Infinity for none. */
  readonly upper: ArrayLike<number>;
  /** The most evaluations of the function, at least 1. */
  readonly maxEvaluations: number;
  /** Stops once no component of the projected gradient is larger. */
  readonly gradientTolerance: number;
  /** Stops once a step lowers the value by less. Default 0: such steps are taken. */
  readonly valueTolerance?: number;
  /** The length of the first step in each variable is at most this. Default 1. */
  readonly firstStep?: number;
}

/** The final point: its value is never above that at the start. */
export interface LbfgsResult {
  readonly x: Float64Array;
  readonly value: number;
  readonly evaluations: number;
  /** Whether a tolerance was met; false if evaluations ran out or no lower value was found. */
  readonly converged: boolean;
}

/** How many steps are remembered. */
const MEMORY = 8;
/** Armijo's share of the slope that a step must achieve. */
const SUFFICIENT = 1e-4;

interface Step {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1 / (s·y) */
  readonly rho: number;
}

/**
 * Minimises `objective` from `start`. A value of NaN counts as too high, so a step never ends there.
 *
 * @param start - [n], moved into the box if outside; not changed
 * @example
 * ```ts
 * const bowl = (x: Float64Array, gradient: Float64Array) => {
 *   gradient[0] = 2 * (x[0] - 3);
 *   return (x[0] - 3) * (x[0] - 3);
 * };
 * const box = { lower: [-1], upper: [2], maxEvaluations: 50, gradientTolerance: 1e-8 };
 * minimize(bowl, Float64Array.of(0), box).x; // [2]
 * ```
 */
export function minimize(objective: Objective, start: Float64Array, options: LbfgsOptions): LbfgsResult {
  const { lower, upper, maxEvaluations, gradientTolerance, valueTolerance = 0, firstStep = 1 } = options;
  const n = start.length;
  const clamp = (value: number, i: number) => Math.min(upper[i], Math.max(lower[i], value));
  let x = start.map(clamp);
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  let evaluations = 1;
  const steps: Step[] = [];
  const free = new Uint8Array(n);
  const direction = new Float64Array(n);

  for (;;) {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const stuck = gradient[i] > 0 ? x[i] <= lower[i] : x[i] >= upper[i];
      free[i] = stuck ? 0 : 1;
      if (!stuck) largest = Math.max(largest, Math.abs(gradient[i]));
    }
    if (largest <= gradientTolerance) return { x, value, evaluations, converged: true };

    descend(direction, gradient, free, steps);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      steps.length = 0;
      descend(direction, gradient, free, steps);
      slope = dot(direction, gradient);
    }
    let t = steps.length === 0 ? Math.min(1, firstStep / largest) : 1;

    // halves the step (or goes to the minimum of the parabola through what is known) until the value falls
    // enough
    let next = x;
    let nextValue = Number.NaN;
    const nextGradient = new Float64Array(n);
    for (;;) {
      if (evaluations === maxEvaluations) return { x, value, evaluations, converged: false };
      next = x.map((from, i) => clamp(from + t * direction[i], i));
      let promised = 0;
      for (let i = 0; i < n; i++) promised += gradient[i] * (next[i] - x[i]);
      if (!(promised < 0)) return { x, value, evaluations, converged: false };
      nextValue = objective(next, nextGradient);
      evaluations++;
      if (nextValue <= value + SUFFICIENT * promised) break;
      const parabola = (-slope * t) / (2 * ((nextValue - value) / t - slope));
      t =
        parabola >= 0.1 * t && parabola <= 0.5 * t ? parabola : t * (Number.isFinite(nextValue) ? 0.3 : 0.1);
    }

    const s = next.map((to, i) => to - x[i]);
    const y = nextGradient.map((to, i) => to - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y))) {
      steps.push({ s, y, rho: 1 / curvature });
      if (steps.length > MEMORY) steps.shift();
    }
    const gained = value - nextValue;
    x = next;
    value = nextValue;
    gradient = nextGradient;
    if (gained < valueTolerance) return { x, value, evaluations, converged: true };
  }
}

/** −H·gradient by the two loops of L-BFGS, within the free variables. */
function descend(out: Float64Array, gradient: Float64Array, free: Uint8Array, steps: readonly Step[]): void {
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = free[i] ? -gradient[i] : 0;
  if (steps.length === 0) return;
  const shares = new Float64Array(steps.length);
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, rho } = steps[k];
    shares[k] = rho * dot(s, out);
    for (let i = 0; i < n; i++) out[i] -= shares[k] * y[i];
  }
  const last = steps[steps.length - 1];
  const scale = 1 / (last.rho * dot(last.y, last.y));
  for (let i = 0; i < n; i++) out[i] *= scale;
  for (let k = 0; k < steps.length; k++) {
    const { s, y, rho } = steps[k];
    const share = shares[k] - rho * dot(y, out);
    for (let i = 0; i < n; i++) out[i] += share * s[i];
  }
  for (let i = 0; i < n; i++) if (!free[i]) out[i] = 0;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
