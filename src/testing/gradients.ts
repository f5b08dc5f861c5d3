/**
 * The law of gradients: autograd agrees with finite differences, both in float64. It applies to single
 * operations and to complete losses, built-in or custom. It does not test kernels: the references of the
 * operations evaluate everything.
 */

import { gradients, pullBack } from "../autograd/grad.js";
import { type ArrayInput, flatten, isNdArray } from "../engine/arrays.js";
import { check, must } from "../errors.js";
import { evaluateGraph } from "../graph/evaluate.js";
import { constant, dot } from "../graph/functions.js";
import { Graph, type Node, type OperationName, Value } from "../graph/graph.js";
import { input } from "../graph/operations/leaves.js";
import { apply, operation } from "../graph/operations/table.js";
import { type Shape, showShape, sizeOf } from "../graph/shape.js";
import { splitSeed, uniformF32 } from "../numerics/philox.js";
import { integer, type OptionRules, readOptions, rule } from "../rules.js";
import { compareToDifferences, type DifferenceOptions } from "./differences.js";
import { mustBeFunction, TOLERANCE } from "./laws.js";

/** A function of values: a model, a loss, or a single operation. Its result may have any static shape. */
export type TensorFunction = (...args: Value[]) => Value;

/** Options of the check. */
export interface GradientCheckOptions extends DifferenceOptions {
  /** 1 checks the gradient; 2 also the gradient of ⟨gradient, v⟩ for a fixed v. Default 2. */
  readonly order?: 1 | 2;
  /** The name of the function in messages. Default: its own name. */
  readonly name?: string;
  /**
   * Seed of the weights and directions, an integer of at least 0, as a failure's message names it. Default 0.
   */
  readonly seed?: number;
  /** Called at the end with the largest difference as a share of its bound, in [0, 1]. */
  readonly onShare?: (share: number) => void;
}

const RULES = {
  order: rule("1 or 2", (value) => value === 1 || value === 2),
  tolerance: TOLERANCE,
  reach: TOLERANCE,
  name: true,
  seed: integer(0),
  onShare: mustBeFunction,
} satisfies OptionRules<GradientCheckOptions>;

/**
 * Compares the gradient of `fn` by autograd with central differences and Richardson extrapolation, for every
 * entry of every argument; then checks the adjoint identity ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ with J by differences; then
 * the same for the gradient of the gradient. A result that is not a scalar is contracted with fixed weights.
 *
 * The error of the differences themselves is estimated from the extrapolations and from the rounding of `fn`,
 * and is added to the tolerance. An estimate above the tolerance is a failure too.
 *
 * @param fn - written in operations, smooth within `reach` of the arguments
 * @param args - where to check: numbers, nested arrays or ndarrays
 * @throws Error naming the argument, the entry, both values, the operation whose rule is wrong, and the seed;
 * FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * checkGradients((x, y) => mul(x, tanh(y)), [[0.5, -2], [1, 0.25]]);
 * ```
 * @see L. F. Richardson, "The approximate arithmetical solution by finite differences" (1911).
 */
export function checkGradients(
  fn: TensorFunction,
  args: readonly ArrayInput[],
  options: GradientCheckOptions = {},
): void {
  must(typeof fn === "function", "fn", "a function of values", fn);
  must(Array.isArray(args) && args.length > 0, "args", "an array of at least one argument", args);
  readOptions(options, "checkGradients", RULES);
  const { order = 2, name = fn.name || "the function", seed = 0, onShare } = options;
  const points = args.map(toPoint);
  const subject = { fn, name, points, data: points.map(({ data }) => data), seed, options };
  const shares = [checkFirst(subject), checkAdjoint(subject)];
  if (order === 2)
    shares.push(checkFirst({ ...subject, fn: alongGradient(fn, seed), name: `the gradient of ${name}` }));
  onShare?.(Math.max(...shares));
}

/** A point in the domain of one argument. */
export interface Point {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** A function with the point at which it is checked. */
interface Subject {
  readonly fn: TensorFunction;
  readonly name: string;
  readonly points: readonly Point[];
  /** Of the points. */
  readonly data: readonly Float64Array[];
  readonly seed: number;
  readonly options: DifferenceOptions;
}

/** x ↦ ⟨∇⟨u, fn(x)⟩, v⟩ with fixed u and v. */
function alongGradient(fn: TensorFunction, seed: number): TensorFunction {
  return (...args) => {
    const parts = gradients(weighted(fn(...args), 1, seed), args).map((part, i) =>
      weighted(part, 2 + i, seed),
    );
    return parts.reduce((sum, part) => apply("add", [sum, part], {}));
  };
}

/** ⟨x, w⟩ with weights w of magnitude 0.5 to 1.5 that depend on `stream` and `seed` alone. */
function weighted(x: Value, stream: number, seed: number): Value {
  return dot(x, constant(x.graph, [...weights(sizeOf(x.shape), stream, seed)], x.shape));
}

function weights(length: number, stream: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const uniform = 2 * uniformF32(i, stream, 0, ...splitSeed(seed)) - 1;
    return uniform + (uniform < 0 ? -0.5 : 0.5);
  });
}

/** A function as a graph, which is evaluated at many points. */
interface Traced {
  readonly graph: Graph;
  readonly args: readonly Value[];
  readonly value: Value;
  readonly gradients: readonly Value[];
}

function traceAt({ fn, points, name, seed }: Subject): Traced {
  const graph = new Graph();
  const args = points.map(({ shape }, i) => input(graph, `${i}`, shape));
  const result = fn(...args);
  const isStatic = result instanceof Value && result.graph === graph && sizeOf(result.shape) > 0;
  check(isStatic, `${name} must return a value of its arguments' graph, of a static shape that is not empty`);
  const value = weighted(result, 1, seed);
  return { graph, args, value, gradients: gradients(value, args) };
}

/** Every node's value at a point. */
function at(graph: Graph, points: readonly Float64Array[], nodes = graph.nodes.length): Float64Array[] {
  const part = { nodes: graph.nodes.slice(0, nodes) };
  return evaluateGraph(part, { rows: 1, seed: 0, step: 0, input: (name) => points[Number(name)] });
}

/** The numbers with one of them moved. */
function moved(data: readonly Float64Array[], i: number, entry: number, by: number): Float64Array[] {
  return data.map((array, j) => (i === j ? array.with(entry, array[entry] + by) : array));
}

function checkFirst(subject: Subject): number {
  const { worst, wrong } = compareAll(subject);
  if (wrong === undefined) return worst;
  const culprit = wrongOperation(subject);
  const why = culprit === undefined ? "" : `; the rule of "${culprit}" is wrong there`;
  throw new Error(`${wrong}${why}${replay(subject)}`);
}

/** Compares entries up to the first wrong one, which `wrong` describes. */
function compareAll(subject: Subject): { worst: number; wrong?: string } {
  const { name, points, data, options } = subject;
  const { graph, value, gradients } = traceAt(subject);
  const values = at(graph, data);
  let worst = 0;
  for (const [i, { shape }] of points.entries()) {
    const analytic = values[gradients[i].id];
    for (let entry = 0; entry < data[i].length; entry++) {
      const along = (t: number): number => at(graph, moved(data, i, entry, t), value.id + 1)[value.id][0];
      const { share, mismatch } = compareToDifferences(analytic[entry], along, options);
      worst = Math.max(worst, share);
      if (mismatch) {
        const wrong = `${name}: the gradient with respect to argument ${i} ${showShape(shape)}, entry ${entry}, is ${mismatch}`;
        return { worst, wrong };
      }
    }
  }
  return { worst };
}

/** ⟨u, Jv⟩ by differences along v against ⟨Jᵀu, v⟩ by autograd, for one v over all arguments together. */
function checkAdjoint(subject: Subject): number {
  const { name, data, seed, options } = subject;
  const { graph, value, gradients } = traceAt(subject);
  const v = data.map((array, i) => weights(array.length, 100 + i, seed).map((w) => w / 2));
  const values = at(graph, data);
  let product = 0;
  gradients.forEach((gradient, i) => {
    values[gradient.id].forEach((g, j) => {
      product += g * v[i][j];
    });
  });
  const along = (t: number): number => {
    const shifted = data.map((array, i) => array.map((x, j) => x + t * v[i][j]));
    return at(graph, shifted, value.id + 1)[value.id][0];
  };
  const { share, mismatch } = compareToDifferences(product, along, options);
  if (mismatch)
    throw new Error(`${name}: the adjoint identity fails: ⟨Jᵀu, v⟩ is ${mismatch}${replay(subject)}`);
  return share;
}

function replay({ seed }: Subject): string {
  return ` (replay it with { seed: ${seed} })`;
}

/** The first operation of `fn` whose own gradient rule is wrong at its values. */
function wrongOperation(subject: Subject): OperationName | undefined {
  const { graph, args, value } = traceAt(subject);
  const values = at(graph, subject.data);
  const moves = new Set(args.map(({ id }) => id));
  return graph.nodes.slice(0, value.id + 1).find((node, id) => {
    if (!node.inputs.some((input) => moves.has(input))) return false;
    moves.add(id);
    const places = node.inputs.map((input) => ({ shape: graph.nodes[input].shape, data: values[input] }));
    const depends = node.inputs.map((input) => moves.has(input));
    return ruleIsWrong(node, places, depends, subject);
  })?.op;
}

/**
 * Whether a row's gradient rule disagrees with differences of its reference, in an input that depends on the
 * arguments. The rule is called alone, so that no other rule can be the cause.
 */
function ruleIsWrong(
  { op, attributes }: Node,
  places: readonly Point[],
  moves: readonly boolean[],
  { seed, options }: Subject,
): boolean {
  const graph = new Graph();
  const args = places.map(({ shape }, i) => input(graph, `${i}`, shape));
  const output = apply<OperationName>(op, args, attributes);
  const u = weights(sizeOf(output.shape), 1, seed);
  const g = constant(graph, [...u], output.shape);
  const parts = operation<OperationName>(op).gradient({
    g,
    inputs: args,
    output,
    attributes,
    pullBack,
    parts: [],
    needs: () => true,
  });
  const data = places.map((place) => place.data);
  const values = at(graph, data);
  return data.some((array, i) => {
    const part = parts[i];
    if (!moves[i]) return false;
    return array.some((_, entry) => {
      const along = (t: number): number => {
        const result = at(graph, moved(data, i, entry, t), output.id + 1)[output.id];
        return result.reduce((sum, x, k) => sum + x * u[k], 0);
      };
      const analytic = part === undefined ? 0 : values[part.id][entry];
      return compareToDifferences(analytic, along, options).mismatch !== undefined;
    });
  });
}

/** The shape and the numbers of a number, nested arrays or an ndarray. */
export function toPoint(value: ArrayInput): Point {
  const shape: number[] = [];
  if (isNdArray(value)) shape.push(...value.shape);
  else {
    for (
      let inner: ArrayInput = value;
      typeof inner !== "number";
      inner = (inner as readonly ArrayInput[])[0]
    ) {
      shape.push((inner as ArrayLike<unknown>).length);
    }
  }
  return { shape, data: Float64Array.from(flatten(value, shape, "an argument")) };
}
