/** What layers of a graph do to rows, on the kernels and in loops of float32, operation by operation as in a compiled program. */
import { must, show } from "../errors.js";
import type { LayerDescription } from "./description.js";
import { activationOf } from "./layers.js";
import type { Tensor } from "./safetensors.js";
import { type Step, UNARY, type Workspace } from "./workspace.js";

/** Of a row. */
export type Shape = readonly number[];

/** A layer for the shapes of what it takes. */
export interface Plan {
  readonly shape: Shape;
  /** Makes its step, where numbers have places; a layer that has none passes on what it takes. */
  readonly bind?: (space: Workspace, from: readonly number[], to: number, rows: number) => Step;
}

/** An array of a layer, which must have that shape. */
type ArrayOf = (name: string, shape: Shape) => Tensor;

export type Planner = (layer: LayerDescription, shapes: readonly Shape[], arrayOf: ArrayOf) => Plan;

export const sizeOf = (shape: Shape): number => shape.reduce((size, n) => size * n, 1);
const pass: Planner = (_, [shape]) => ({ shape });

/** A step of JavaScript from rows to rows. The views are made when memory has grown for the last time. */
function stepOf(
  space: Workspace,
  places: readonly (readonly [at: number, width: number])[],
  rows: number,
  step: (views: readonly Float32Array[], rows: number) => void,
): Step {
  let views: Float32Array[] | undefined;
  return (count) => {
    views ??= places.map(([at, width]) => space.view(at, rows * width));
    step(views, count);
  };
}

/** Copies columns of one matrix to columns of another. */
export function columnsInto(
  space: Workspace,
  from: number,
  fromWidth: number,
  fromColumn: number,
  to: number,
  toWidth: number,
  toColumn: number,
  count: number,
): Step {
  return (rows) => {
    const [x, y] = [space.view(from, rows * fromWidth), space.view(to, rows * toWidth)];
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < count; j++) y[row * toWidth + toColumn + j] = x[row * fromWidth + fromColumn + j];
  };
}

const dense: Planner = (layer, [shape], arrayOf) => {
  const { weights, options } = layer;
  const units = Number(options.units);
  const kernel = arrayOf("kernel", [shape[0], units]);
  const bias = weights.bias === undefined ? undefined : arrayOf("bias", [units]);
  const activation = activationOf(layer);
  const isOne = activation in UNARY || activation === "linear";
  return {
    shape: shape.length === 1 ? [units] : [],
    bind(space, [from], to, rows) {
      if (isOne) return space.product(kernel, bias, activation, from, to);
      const between = space.reserve(rows * units);
      const product = space.product(kernel, bias, "linear", from, between);
      const activate = space.activation(activation, between, to, units);
      return (count) => {
        product(count);
        activate(count);
      };
    },
  };
};

const activationLayer: Planner = (layer, [shape]) => {
  const activation = activationOf(layer);
  if (activation === "linear") return { shape };
  const units = shape[shape.length - 1];
  const outer = sizeOf(shape) / units;
  return {
    shape,
    bind(space, [from], to) {
      const step = space.activation(activation, from, to, units);
      return (rows) => step(rows * outer);
    },
  };
};

/** The arrays that scale and shift, if there are some. */
function affineOf(
  { weights }: LayerDescription,
  units: number,
  arrayOf: ArrayOf,
): (Float32Array | undefined)[] {
  return ["gamma", "beta"].map((name) =>
    weights[name] === undefined ? undefined : arrayOf(name, [units]).data,
  );
}

const epsilonOf = ({ options: { epsilon = 1e-3 } }: LayerDescription): number => Math.fround(Number(epsilon));

const batchNormalization: Planner = (layer, [shape], arrayOf) => {
  const units = shape[shape.length - 1];
  const size = sizeOf(shape);
  const [gamma, beta] = affineOf(layer, units, arrayOf);
  const mean = arrayOf("movingMean", [units]).data;
  const epsilon = epsilonOf(layer);
  const deviation = arrayOf("movingVariance", [units]).data.map((variance) =>
    Math.sqrt(Math.fround(variance + epsilon)),
  );
  return {
    shape,
    bind: (space, [from], to, rows) =>
      stepOf(
        space,
        [
          [from, size],
          [to, size],
        ],
        rows,
        ([x, y], count) => {
          for (let i = 0, j = 0; i < count * size; i++, j = j + 1 === units ? 0 : j + 1) {
            let z = Math.fround(Math.fround(x[i] - mean[j]) / deviation[j]);
            if (gamma) z = Math.fround(z * gamma[j]);
            y[i] = beta ? z + beta[j] : z;
          }
        },
      ),
  };
};

const layerNormalization: Planner = (layer, [shape], arrayOf) => {
  const units = shape[shape.length - 1];
  const size = sizeOf(shape);
  const [gamma, beta] = affineOf(layer, units, arrayOf);
  const epsilon = epsilonOf(layer);
  return {
    shape,
    bind(space, [from], to, rows) {
      const lines = size / units;
      const [sumsAt, squaresAt] = [space.reserve(rows * lines), space.reserve(rows * size)];
      const places = [
        [from, size],
        [to, size],
        [sumsAt, lines],
        [squaresAt, size],
      ] as const;
      return stepOf(space, places, rows, ([x, y, sums, squares], count) => {
        const all = count * lines;
        space.kernels.sum_f32(from, sumsAt, all, units, 1);
        for (let line = 0, i = 0; line < all; line++) {
          const mean = Math.fround(sums[line] / units);
          for (const end = i + units; i < end; i++) {
            y[i] = x[i] - mean;
            squares[i] = y[i] * y[i];
          }
        }
        space.kernels.sum_f32(squaresAt, sumsAt, all, units, 1);
        for (let line = 0, i = 0; line < all; line++) {
          const deviation = Math.fround(Math.sqrt(Math.fround(Math.fround(sums[line] / units) + epsilon)));
          for (let j = 0; j < units; j++, i++) {
            let z = Math.fround(y[i] / deviation);
            if (gamma) z = Math.fround(z * gamma[j]);
            y[i] = beta ? z + beta[j] : z;
          }
        }
      });
    },
  };
};

const embedding: Planner = ({ options }, [shape], arrayOf) => {
  const [ids] = shape;
  const [count, width] = [Number(options.inputDim), Number(options.outputDim)];
  const { data } = arrayOf("embeddings", [count, width]);
  const none = new Float32Array(width).fill(Number.NaN);
  return {
    shape: shape.length === 1 ? [ids, width] : [],
    bind: (space, [from], to, rows) =>
      stepOf(
        space,
        [
          [from, ids],
          [to, ids * width],
        ],
        rows,
        ([x, y], many) => {
          for (let i = 0; i < many * ids; i++) {
            const id = Math.trunc(x[i]);
            y.set(id >= 0 && id < count ? data.subarray(id * width, (id + 1) * width) : none, i * width);
          }
        },
      ),
  };
};

/** Of two numbers. */
const JOINS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  average: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  maximum: Math.max,
  minimum: Math.min,
};

const merge: Planner = (layer, shapes) => {
  const way = String(layer.options.way);
  const [first] = shapes;
  if (way === "concatenate") {
    const widths = shapes.map((shape) => shape[shape.length - 1]);
    const outer = sizeOf(first) / widths[0];
    const fits =
      shapes.length > 1 && shapes.every((shape) => String(shape.slice(0, -1)) === String(first.slice(0, -1)));
    const width = widths.reduce((sum, each) => sum + each, 0);
    return {
      shape: fits ? [...first.slice(0, -1), width] : [],
      bind(space, from, to) {
        let at = 0;
        const steps = from.map((each, i) => {
          at += widths[i];
          return columnsInto(space, each, widths[i], 0, to, width, at - widths[i], widths[i]);
        });
        return (rows) => {
          for (const step of steps) step(rows * outer);
        };
      },
    };
  }
  const join = Object.hasOwn(JOINS, way) ? JOINS[way] : undefined;
  must(join, `the way of layer ${show(layer.id)}`, "built-in", way, "unsupported");
  const size = sizeOf(first);
  const divisor = way === "average" ? shapes.length : 1;
  return {
    shape: shapes.length > 1 && shapes.every((shape) => String(shape) === String(first)) ? first : [],
    bind: (space, from, to, rows) =>
      stepOf(
        space,
        [...from, to].map((at) => [at, size] as const),
        rows,
        (views, count) => {
          const result = views[views.length - 1];
          for (let i = 0; i < count * size; i++) {
            let value = views[0][i];
            for (let k = 1; k < from.length; k++) value = Math.fround(join(value, views[k][i]));
            result[i] = value / divisor;
          }
        },
      ),
  };
};

export const PLANNERS: Readonly<Record<string, Planner>> = {
  dense,
  activation: activationLayer,
  dropout: pass,
  gaussianNoise: pass,
  flatten: (_, [shape]) => ({ shape: [sizeOf(shape)] }),
  batchNormalization,
  layerNormalization,
  embedding,
  merge,
  randomFlip: pass,
  randomTranslation: pass,
};
