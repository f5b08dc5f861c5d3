/**
 * How far a graph's values may be from exact ones when it is computed in rounded numbers: a bound for every
 * element of every node, carried forward from the errors of its inputs and the rounding of its operation
 * (running error analysis). It is a law's tolerance, so it is rigorous before it is tight; it assumes
 * the bounds that each kernel states. Cases where a rounding may flip a comparison are bounded by both outcomes.
 *
 * @see N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd ed. (2002), section 3.3.
 */
import type { Graph, OperationName } from "../graph/graph.js";
import { operation, operations } from "../graph/operations/index.js";
import type { Environment, ReferenceContext } from "../graph/operations/operation.js";
import { resolveShape } from "../graph/shape.js";
import * as special from "../numerics/special.js";

/** The numbers that a machine computes in. */
export interface Precision {
  /** Half of the distance from 1 to the next number. */
  readonly unit: number;
  /** The smallest positive number. */
  readonly least: number;
  /** The nearest number of the machine. */
  round(x: number): number;
}

/** Of WebAssembly kernels and most GPUs. */
export const FLOAT32: Precision = { unit: 2 ** -24, least: 2 ** -149, round: Math.fround };
/** Of JavaScript, and of the reference executor. */
export const FLOAT64: Precision = { unit: 2 ** -53, least: Number.MIN_VALUE, round: (x) => x };

/** Values in float64, and how far the machine's may be from them; one array a node each. */
export interface Bounded {
  readonly values: readonly Float64Array[];
  readonly errors: readonly Float64Array[];
}

/** What a rule sees: the float64 evaluation of one node, and the errors of its inputs. */
type RuleContext<K extends OperationName> = ReferenceContext<K> & {
  readonly errors: readonly Float64Array[];
  readonly value: Float64Array;
  readonly precision: Precision;
  errorOf(name: string): Float64Array;
};
type Rule<K extends OperationName> = (context: RuleContext<K>) => Float64Array;

/**
 * Evaluates `graph` with the float64 references and bounds the error of a machine of `precision`.
 *
 * @param errorOf - how far the machine's input of that name is from the environment's; 0 by default
 * @example
 * ```ts
 * const graph = new Graph();
 * // 1/3 as a float32 constant is off by 2^-24 of its size at most, and so is the rounding of the product
 * mul(constant(graph, 1 / 3), constant(graph, 1 / 3));
 * const { values, errors } = errorBounds(graph, { rows: 1, seed: 0, step: 0, input: () => new Float64Array() });
 * errors[2][0] < 4 * 2 ** -24 * values[2][0]; // true
 * ```
 */
export function errorBounds(
  graph: Graph,
  environment: Environment,
  precision: Precision = FLOAT32,
  errorOf: (name: string) => Float64Array = (name) => new Float64Array(environment.input(name).length),
): Bounded {
  const values: Float64Array[] = [];
  const errors: Float64Array[] = [];
  const shapes = graph.nodes.map((node) => resolveShape(node.shape, environment.rows));
  graph.nodes.forEach((node, id) => {
    const context = {
      inputs: node.inputs.map((input) => values[input]),
      shapes: node.inputs.map((input) => shapes[input]),
      shape: shapes[id],
      attributes: node.attributes,
      environment,
    };
    const value = operation<OperationName>(node.op).reference(context);
    const rule = rules[node.op] as Rule<OperationName>;
    values.push(value);
    errors.push(
      rule({ ...context, errors: node.inputs.map((input) => errors[input]), value, precision, errorOf }),
    );
  });
  return { values, errors };
}

/** `spread` from the inputs' errors, and `ulps` units in the last place of a result of about `y`. */
function rounded({ unit, least }: Precision, ulps: number, y: number, spread: number): number {
  // the float64 evaluation is itself off by a few of its own units
  return spread + (2 * ulps * unit + 2 ** -49) * (Math.abs(y) + spread) + ulps * least;
}

/** y = f(x) with f monotone near x, and the ulps that its kernel states. */
const monotone =
  (f: (x: number) => number, ulps: number): Rule<OperationName> =>
  ({ inputs: [x], errors: [e], value, precision }) =>
    value.map((y, i) => {
      if (e[i] === 0) return ulps === 0 ? 0 : rounded(precision, ulps, y, 0);
      const reached = Math.max(Math.abs(f(x[i] + e[i]) - y), Math.abs(f(x[i] - e[i]) - y));
      // outside of the domain nothing is known
      const spread = Number.isNaN(reached) ? Number.POSITIVE_INFINITY : reached;
      return ulps === 0 ? spread : rounded(precision, ulps, y, spread);
    });

/** |f'| ≤ 1. */
const lipschitz =
  (ulps: number): Rule<OperationName> =>
  ({ errors: [e], value, precision }) =>
    value.map((y, i) => (ulps === 0 ? e[i] : rounded(precision, ulps, y, e[i])));

/** z = f(x, y), correctly rounded unless `ulps` says otherwise; `spread` of x, y and their errors. */
const binary =
  (spread: (x: number, y: number, ex: number, ey: number) => number, ulps = 0.5): Rule<OperationName> =>
  ({ inputs: [x, y], errors: [ex, ey], value, precision }) =>
    value.map((z, i) => {
      const s = spread(x[i], y[i], ex[i], ey[i]);
      return ulps === 0 ? s : rounded(precision, ulps, z, s);
    });

/** The larger or smaller of both, monotone in each: the other does not count where it surely is not the one. */
const chosen = (of: (x: number, y: number) => number): Rule<OperationName> =>
  binary((x, y, ex, ey) => {
    if (ex === 0 && ey === 0) return 0;
    const z = of(x, y);
    const spread = Math.max(of(x + ex, y + ey) - z, z - of(x - ex, y - ey));
    return Number.isNaN(spread) ? Number.POSITIVE_INFINITY : spread;
  }, 0);

/** 0 or 1, and either where the difference is not surely of one sign. */
const comparison = binary((x, y, ex, ey) => (ex + ey > 0 && Math.abs(x - y) <= ex + ey ? 1 : 0), 0);

/** Elements move and nothing is computed: so do their errors. */
const moved =
  <K extends OperationName>(op: K): Rule<K> =>
  (context) =>
    operation(op).reference({ ...context, inputs: context.errors });

const exact: Rule<OperationName> = ({ value }) => new Float64Array(value.length);

const magnitudes = (x: Float64Array, e: Float64Array): Float64Array => x.map((v, i) => Math.abs(v) + e[i]);

const rules: { readonly [K in OperationName]: Rule<K> } = {
  input: ({ attributes, errorOf }) => errorOf(attributes.name),
  constant: ({ value, precision }) =>
    value.map((x) => (precision.round(x) === x ? 0 : Math.abs(precision.round(x) - x))),
  count: exact,
  randomUniform: exact,
  step: exact,

  copy: lipschitz(0),
  neg: lipschitz(0),
  abs: lipschitz(0),
  sign: monotone((x) => Math.sign(x), 0),
  floor: monotone(Math.floor, 0),
  sqrt: monotone(Math.sqrt, 0.5),
  exp: monotone(special.exp, 1),
  expm1: monotone(special.expm1, 2),
  log: monotone(special.log, 1),
  log1p: monotone(special.log1p, 1),
  sin: lipschitz(2),
  cos: lipschitz(2),
  tanh: monotone(special.tanh, 1.5),
  sigmoid: monotone(special.sigmoid, 2),
  softplus: monotone(special.softplus, 2),
  erf: monotone(special.erf, 1.5),
  // surely 0 where x is surely below
  relu: monotone((x) => Math.max(0, x), 0),
  flush: monotone((x) => (Math.abs(x) < 2 ** -126 ? 0 : x), 0),
  add: binary((_x, _y, ex, ey) => ex + ey),
  sub: binary((_x, _y, ex, ey) => ex + ey),
  mul: binary((x, y, ex, ey) => times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex)),
  div: binary((x, y, ex, ey) => {
    const room = Math.abs(y) - ey;
    if (ex === 0 && ey === 0) return 0;
    return room > 0 && room < Number.POSITIVE_INFINITY
      ? (times(Math.abs(x), ey) + Math.abs(y) * ex) / (Math.abs(y) * room)
      : Number.POSITIVE_INFINITY;
  }),
  // monotone in each argument where x > 0: the corners are the extremes
  pow: binary((x, y, ex, ey) => {
    if (ex === 0 && ey === 0) return 0;
    if (x - ex <= 0) return Number.POSITIVE_INFINITY;
    const z = special.pow(x, y);
    const corners = [x - ex, x + ex].flatMap((p) => [special.pow(p, y - ey), special.pow(p, y + ey)]);
    return Math.max(...corners.map((corner) => Math.abs(corner - z)));
  }, 0.51),
  maximum: chosen(Math.max),
  minimum: chosen(Math.min),
  greater: comparison,
  greaterEqual: comparison,
  equal: comparison,
  select: ({ inputs: [c, x, y], errors: [ec, ex, ey] }) =>
    c.map((ci, i) => {
      if (ec[i] === 0 || Math.abs(ci) > ec[i]) return ci !== 0 ? ex[i] : ey[i];
      return Math.abs(x[i] - y[i]) + Math.max(ex[i], ey[i]);
    }),

  stopGradient: moved("stopGradient"),
  broadcast: moved("broadcast"),
  reshape: moved("reshape"),
  transpose: moved("transpose"),
  slice: moved("slice"),
  pad: moved("pad"),
  concat: moved("concat"),
  takeRows({ inputs: [table, ids], errors: [e, eIds], shapes: [[, columns]], value }) {
    return value.map((z, k) => {
      const [i, j] = [Math.floor(k / columns), k % columns];
      let worst = 0;
      for (const row of rowsAround(ids[i], eIds[i])) {
        const at = row * columns + j;
        worst = Math.max(worst, Math.abs(table[at] - z) + e[at]);
      }
      return worst;
    });
  },
  scatterRows({ inputs: [x, ids], errors: [e, eIds], shapes: [[, columns]], value, precision }) {
    const result = new Float64Array(value.length);
    const sums = new Float64Array(value.length);
    ids.forEach((id, i) => {
      const rows = rowsAround(id, eIds[i]);
      for (const row of rows) {
        for (let j = 0; j < columns; j++) {
          const at = row * columns + j;
          if (at < 0 || at >= result.length) continue;
          const size = Math.abs(x[i * columns + j]) + e[i * columns + j];
          result[at] += rows.length > 1 ? size : e[i * columns + j];
          sums[at] += size;
        }
      }
    });
    return result.map((spread, at) => spread + gamma(ids.length, precision) * sums[at]);
  },

  // float64 inside, rounded once
  sum(context) {
    const {
      inputs: [x],
      errors: [e],
      value,
      precision,
    } = context;
    const spread = operations.sum.reference({ ...context, inputs: [e] });
    const sizes = operations.sum.reference({ ...context, inputs: [magnitudes(x, e)] });
    const terms = x.length / value.length;
    return value.map((y, i) => rounded(precision, 0.5, y, spread[i] + 2 * gamma(terms, FLOAT64) * sizes[i]));
  },
  max: moved("max"),
  softmax: (context) => softmaxErrors(context, false),
  logSoftmax: (context) => softmaxErrors(context, true),
  matmul({ inputs: [a, b], errors: [ea, eb], shapes: [[, k], [, n]], value, precision }) {
    const roundings = Math.min(k, 256) + Math.ceil(k / 256) + 1;
    return value.map((_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let [spread, size] = [0, 0];
      for (let p = 0; p < k; p++) {
        const [x, y, ex, ey] = [a[i * k + p], b[p * n + j], ea[i * k + p], eb[p * n + j]];
        spread += times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex);
        size += Math.abs(x * y);
      }
      return spread + (gamma(roundings, precision) + 2 ** -40) * (size + spread) + k * precision.least;
    });
  },
};

/** A product of which a factor may be unbounded: what is 0 and certain stays 0. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** γₙ = nu / (1 − nu): what n roundings may do to a product. */
function gamma(n: number, { unit }: Precision): number {
  return (n * unit) / (1 - n * unit);
}

/** Every row that an uncertain id may mean. */
function rowsAround(id: number, error: number): number[] {
  const [first, last] = [Math.trunc(id - error), Math.trunc(id + error)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** An error of at most m in each entry of a row moves log-softmax by at most 2m; then the kernel's own bound. */
function softmaxErrors(
  {
    inputs: [x],
    errors: [e],
    shape,
    value,
    precision: { unit, least },
  }: RuleContext<"softmax" | "logSoftmax">,
  logarithm: boolean,
): Float64Array {
  const columns = shape[shape.length - 1];
  const entropy = special.log(columns);
  return value.map((y, i) => {
    const start = i - (i % columns);
    const row = x.subarray(start, start + columns);
    const m = e.subarray(start, start + columns).reduce((a, b) => Math.max(a, b));
    const d = row.reduce((a, b) => Math.max(a, b)) - x[i] + 2 * m;
    if (m === Number.POSITIVE_INFINITY) return m;
    if (logarithm) {
      return 2 * m + 1.001 * unit * (d + Math.abs(y) + 2 * m + 3 * entropy + 4) + columns * 2 ** -51;
    }
    const spread = y * special.expm1(2 * m);
    return spread + (1.001 * unit * (d + entropy + 8) + 2 ** -49) * (y + spread) + 2 * least;
  });
}
