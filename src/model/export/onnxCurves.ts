/**
 * Functions of single numbers, which exporters write as several operators: x · sigmoid(x) for SiLU, or
 * 0.5x (1 + erf(x / √2)) for GELU. Their values at some points tell which activation they are, in whatever
 * way they are written. It makes no layers.
 */

import type { OperationName } from "../../graph/graph.js";
import { Graph } from "../../graph/graph.js";
import { input } from "../../graph/operations/leaves.js";
import { operation } from "../../graph/operations/table.js";
import { type ActivationName, activations } from "../../nn/activations.js";
import * as special from "../../numerics/special.js";
import type { PieceDescription } from "../../predict/description.js";

const steps = (count: number, size: number): number[] =>
  Array.from({ length: 2 * count + 1 }, (_, i) => (i - count) * size);

/** Where functions are compared: around their kinks and bends, near 0, and far away. */
export const POINTS = Float64Array.from([
  ...steps(150, 0.0625),
  ...[1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 12, 15, 20, 30, 50, 80].flatMap((x) => [x, -x]),
]);

/** Constants of a file are rounded to float32, which exponents multiply by up to 80. */
const CLOSE = 5e-6;

const isClose = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  for (let i = 0; i < a.length; i++)
    if (!(Math.abs(a[i] - b[i]) <= CLOSE * Math.max(1, Math.abs(b[i])))) return false;
  return true;
};

/** Activations of numbers: others, such as softmax, read entire rows. */
const OF_NUMBERS = (Object.keys(activations) as (keyof typeof activations)[]).filter(
  (name) => name !== "softmax" && name !== "logSoftmax",
);

const known = new Map<string, Float64Array>();

/** The values of an activation at the points, by the references of its operations. */
function valuesOf(name: keyof typeof activations): Float64Array {
  const values = known.get(name) ?? computed(name);
  known.set(name, values);
  return values;
}

function computed(name: keyof typeof activations): Float64Array {
  const graph = new Graph();
  const result = activations[name](input(graph, "x", [POINTS.length]));
  const values: Float64Array[] = [];
  for (const { op, inputs, shape, attributes } of graph.nodes)
    values.push(
      Float64Array.from(
        operation<OperationName>(op).reference({
          shape,
          attributes,
          shapes: inputs.map((id) => graph.nodes[id].shape),
          sources: inputs.map((id) => graph.nodes[id]),
          inputs: inputs.map((id) => values[id]),
          environment: { rows: 1, seed: 0, step: 0, input: () => POINTS },
          evaluate: () => [],
        }),
      ),
    );
  return values[result.id];
}

/** The value of a function at a point of {@link POINTS}. */
const at = (values: Float64Array, point: number): number => values[POINTS.indexOf(point)];

const curve = (of: (x: number) => number): Float64Array => POINTS.map(of);

type Piece = Pick<PieceDescription, "name" | "options">;

const activation = (name: ActivationName): Piece => ({ name: "activation", options: { activation: name } });
const rescaling = (scale: number, offset: number): Piece => ({
  name: "rescaling",
  options: { scale, offset },
});

/** The layers that compute a function, by its values at the points; undefined if none do. */
export function layersOfCurve(values: Float64Array): readonly Piece[] | undefined {
  const name = OF_NUMBERS.find((each) => isClose(values, valuesOf(each)));
  if (name) return name === "linear" ? [] : [activation(name)];
  const [slope, alpha] = [-at(values, -1), -at(values, -80)];
  if (
    slope >= 0 &&
    isClose(
      values,
      curve((x) => (x > 0 ? x : slope * x)),
    )
  )
    return [{ name: "leakyReLU", options: { negativeSlope: slope } }];
  if (
    alpha >= 0 &&
    isClose(
      values,
      curve((x) => (x > 0 ? x : alpha * special.expm1(x))),
    )
  )
    return [{ name: "elu", options: { alpha } }];
  const offset = at(values, 0);
  const scale = at(values, 1) - offset;
  if (
    Number.isFinite(scale) &&
    isClose(
      values,
      curve((x) => scale * x + offset),
    )
  )
    return [rescaling(scale, offset)];
  return clipped(values);
}

/** x between two bounds, one of which may be missing. */
function clipped(values: Float64Array): readonly Piece[] | undefined {
  const [least, most] = [at(values, -80), at(values, 80)];
  if (
    !(least < most) ||
    !isClose(
      values,
      curve((x) => Math.min(Math.max(x, least), most)),
    )
  )
    return undefined;
  if (most === 80) return [rescaling(1, -least), activation("relu"), rescaling(1, least)];
  if (least === -80) return [rescaling(-1, most), activation("relu"), rescaling(-1, most)];
  // hardSigmoid is x / 6 + 0.5 between 0 and 1
  const range = most - least;
  return [rescaling(6 / range, (-6 * least) / range - 3), activation("hardSigmoid"), rescaling(range, least)];
}

/** Operators on each number of one value, by their attributes. */
export const ALONE: Readonly<
  Record<string, (number: (key: string, usual: number) => number) => (x: number) => number>
> = {
  Relu: () => (x) => Math.max(x, 0),
  Sigmoid: () => special.sigmoid,
  Tanh: () => special.tanh,
  Erf: () => special.erf,
  Exp: () => special.exp,
  Log: () => special.log,
  Sqrt: () => Math.sqrt,
  Neg: () => (x) => -x,
  Abs: () => Math.abs,
  Sign: () => Math.sign,
  Floor: () => Math.floor,
  Reciprocal: () => (x) => 1 / x,
  Softplus: () => special.softplus,
  Softsign: () => (x) => x / (1 + Math.abs(x)),
  Elu: (number) => elu(number("alpha", 1), 1),
  Celu: (number) => {
    const alpha = number("alpha", 1);
    return (x) => (x > 0 ? x : alpha * special.expm1(x / alpha));
  },
  Selu: (number) => elu(number("alpha", 1.6732632423543772), number("gamma", 1.0507009873554805)),
  LeakyRelu: (number) => {
    const alpha = number("alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  ThresholdedRelu: (number) => {
    const alpha = number("alpha", 1);
    return (x) => (x > alpha ? x : 0);
  },
  HardSigmoid: (number) => {
    const [alpha, beta] = [number("alpha", 0.2), number("beta", 0.5)];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  HardSwish: () => (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  Mish: () => (x) => x * special.tanh(special.softplus(x)),
};

function elu(alpha: number, gamma: number): (x: number) => number {
  return (x) => gamma * (x > 0 ? x : alpha * special.expm1(x));
}

/** Operators on each number of several values. */
export const TOGETHER: Readonly<Record<string, (...given: number[]) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => (b === 2 ? a * a : b === 3 ? a * a * a : special.pow(a, b)),
  Max: Math.max,
  Min: Math.min,
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Equal: (a, b) => Number(a === b),
  And: (a, b) => Number(a !== 0 && b !== 0),
  Where: (condition, a, b) => (condition !== 0 ? a : b),
};

/** The layer that merges values as an operator does. */
export const MERGED: Readonly<Record<string, string>> = {
  Add: "add",
  Sub: "subtract",
  Mul: "multiply",
  Max: "maximum",
  Min: "minimum",
};
