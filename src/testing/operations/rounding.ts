/**
 * The effect of rounding on one operation: the functions in which the bounds of operations are written.
 * `../bounds.ts` carries the bounds through a graph.
 *
 * @see N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd ed. (2002), section 3.3.
 */
import type { Node, OperationName } from "../../graph/graph.js";
import type { Environment, ReferenceContext } from "../../graph/operations/operation.js";
import { operation } from "../../graph/operations/table.js";

/** The numbers that an executor computes in. */
export interface Precision {
  /** Half the distance from 1 to the next number: the unit roundoff u. */
  readonly unit: number;
  /** The smallest positive number. */
  readonly least: number;
  /** The nearest number of this precision. */
  round(x: number): number;
}

/** The precision of the WebAssembly kernels. */
export const FLOAT32: Precision = { unit: 2 ** -24, least: 2 ** -149, round: Math.fround };
/** The precision of JavaScript and of the reference executor. */
export const FLOAT64: Precision = { unit: 2 ** -53, least: Number.MIN_VALUE, round: (x) => x };

/** The arguments of a rule: the float64 evaluation of one node, and the errors of its inputs. */
export type RuleContext<K extends OperationName> = ReferenceContext<K> & {
  readonly errors: readonly Float64Array[];
  readonly value: Float64Array;
  readonly precision: Precision;
  errorOf(name: string): Float64Array;
  /** The errors of every node of a graph, for operations that hold graphs. */
  boundsOf(
    nodes: readonly Node[],
    environment: Environment,
    errorOf: (name: string) => Float64Array,
  ): readonly Float64Array[];
};
/** The error bound of a result, element by element. */
export type Rule<K extends OperationName> = (context: RuleContext<K>) => Float64Array;

/** `spread` from the errors of the inputs, plus `ulps` units in the last place of a result near `y`. */
export function rounded({ unit, least }: Precision, ulps: number, y: number, spread: number): number {
  // the float64 evaluation itself has an error of a few of its units
  return spread + (2 * ulps * unit + 2 ** -49) * (Math.abs(y) + spread) + ulps * least;
}

/** y = f(x) with f monotone near x, and the ulps that its kernel states. */
export const monotone =
  (f: (x: number) => number, ulps: number): Rule<OperationName> =>
  ({ inputs: [x], errors: [e], value, precision }) =>
    value.map((y, i) => {
      if (e[i] === 0) return ulps === 0 ? 0 : rounded(precision, ulps, y, 0);
      const reached = Math.max(Math.abs(f(x[i] + e[i]) - y), Math.abs(f(x[i] - e[i]) - y));
      // nothing is known outside the domain
      const spread = Number.isNaN(reached) ? Number.POSITIVE_INFINITY : reached;
      return ulps === 0 ? spread : rounded(precision, ulps, y, spread);
    });

/** |f'| ≤ 1. */
export const lipschitz =
  (ulps: number): Rule<OperationName> =>
  ({ errors: [e], value, precision }) =>
    value.map((y, i) => (ulps === 0 ? e[i] : rounded(precision, ulps, y, e[i])));

/**
 * z = f(x, y), correctly rounded unless `ulps` says otherwise; `spread` is a function of x, y and their
 * errors.
 */
export const ofTwo =
  (spread: (x: number, y: number, ex: number, ey: number) => number, ulps = 0.5): Rule<OperationName> =>
  ({ inputs: [x, y], errors: [ex, ey], value, precision }) =>
    value.map((z, i) => {
      const s = spread(x[i], y[i], ex[i], ey[i]);
      return ulps === 0 ? s : rounded(precision, ulps, z, s);
    });

/**
 * The larger or smaller of both, monotone in each: the other does not count if it is certainly not chosen.
 */
export const chosen = (of: (x: number, y: number) => number): Rule<OperationName> =>
  ofTwo((x, y, ex, ey) => {
    if (ex === 0 && ey === 0) return 0;
    const z = of(x, y);
    const spread = Math.max(of(x + ex, y + ey) - z, z - of(x - ex, y - ey));
    return Number.isNaN(spread) ? Number.POSITIVE_INFINITY : spread;
  }, 0);

/** 0 or 1; either if the sign of the difference is uncertain. */
export const comparison = ofTwo((x, y, ex, ey) => (ex + ey > 0 && Math.abs(x - y) <= ex + ey ? 1 : 0), 0);

/** Elements move without computation, and their errors with them. */
export const moved =
  <K extends OperationName>(op: K): Rule<K> =>
  (context) =>
    operation(op).reference({ ...context, inputs: context.errors });

export const exact: Rule<OperationName> = ({ value }) => new Float64Array(value.length);

export const magnitudes = (x: Float64Array, e: Float64Array): Float64Array =>
  x.map((v, i) => Math.abs(v) + e[i]);

/** What a sum makes of its argument's errors, and how large its terms may be together. */
export function summed<K extends OperationName>(op: K, context: RuleContext<K>) {
  const [[x], [e]] = [context.inputs, context.errors];
  const of = (numbers: Float64Array) => operation(op).reference({ ...context, inputs: [numbers] });
  return { spread: of(e), sizes: of(magnitudes(x, e)) };
}

/** A product with a factor that may be infinite: 0 times infinity is 0 here. */
export function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** γₙ = nu / (1 − nu): the relative error of n roundings. */
export function gamma(n: number, { unit }: Precision): number {
  return (n * unit) / (1 - n * unit);
}
