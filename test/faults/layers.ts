/**
 * Layers as operations, with their definitions on plain arrays in float64, written from the literature and
 * not from the library. What a faulty layer is held to: `layers.test.ts`.
 */
import fc from "fast-check";
import { gradients } from "../../src/autograd/grad.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { type Shape, sizeOf } from "../../src/graph/shape.js";
import type { Layer, LayerContext } from "../../src/nn/layers/index.js";
import { anyTensor, numbers } from "../../src/testing/arbitraries/tensors.js";
import type { OperationUnderTest } from "../../src/testing/operation.js";

type Definition = (x: Float64Array, ...weights: readonly Float64Array[]) => ArrayLike<number>;

/** A layer, and what it must equal. */
export interface LayerUnderTest {
  readonly layer: Layer;
  /** [rows, ...shape] */
  readonly shape: Shape;
  /** Numbers of x. Default: any. */
  readonly number?: fc.Arbitrary<number>;
  /** [rows, steps] */
  readonly mask?: readonly number[];
  /**
   * What is compared, flat, for the result of the layer. Default: the result, then what `update` is given.
   */
  readonly seen?: (y: Value, context: LayerContext, layer: Layer) => Value[];
  readonly equals: Definition;
}

/** A function of x and the weights. */
export function operationOf(
  name: string,
  subject: LayerUnderTest,
  layer = subject.layer,
): OperationUnderTest {
  const { shape, number, mask, equals, seen = (y) => [y] } = subject;
  const specs = subject.layer.parameters(shape.slice(1));
  const fn = (x: Value, ...arrays: Value[]): Value => {
    const parameters = Object.fromEntries(specs.map(({ name }, i) => [name, arrays[i]]));
    const updates: Value[] = [];
    const context: LayerContext = {
      inputs: [x],
      x,
      parameters,
      training: true,
      trainable: true,
      stream: 7,
      ...(mask && { masks: [f.constant(x.graph, mask, shape.slice(0, 2))] }),
      hyperparameters: Object.fromEntries(
        Object.entries(layer.hyperparameters).map(([name, value]) => [name, f.constant(x.graph, value)]),
      ),
      update: (_, value) => updates.push(value),
    };
    const all = [...seen(layer.call(context), context, layer), ...updates];
    return f.concat(
      all.map((value) => f.reshape(value, [sizeOf(value.shape)])),
      0,
    );
  };
  const args = [anyTensor(shape, number), ...specs.map((spec) => anyTensor(spec.shape))];
  return { name, cases: fc.tuple(...args).map((args) => ({ fn, args })), equals };
}

/** The result, and the gradient of Σ i · resultᵢ by x. */
export function withGradient(y: Value, { x }: LayerContext): Value[] {
  const probe = Array.from({ length: sizeOf(y.shape) }, (_, i) => i + 1);
  const [slope] = gradients(f.sum(f.mul(y, f.constant(x.graph, probe, y.shape))), [x]);
  return [y, slope];
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const sumOf = (length: number, term: (i: number) => number): number =>
  range(length).reduce((sum, i) => sum + term(i), 0);

/** An image [rows, height, width, channels]; 0 outside. */
function image(x: ArrayLike<number>, [, height, width, channels]: Shape) {
  return (row: number, i: number, j: number, c: number): number =>
    i < 0 || j < 0 || i >= height || j >= width ? 0 : x[((row * height + i) * width + j) * channels + c];
}

/**
 * Σ over a kernel [high, wide, channels, filters] of images with zeros above and to the left, [rows, height,
 * width, filters]
 */
export function convolved(
  shape: Shape,
  [high, wide, channels, filters]: Shape,
  [top, left]: readonly number[],
): Definition {
  return (x, kernel, bias) => {
    const [rows, height, width] = shape;
    const at = image(x, shape);
    return range(rows * height * width * filters).map((index) => {
      const [filter, place] = [index % filters, Math.floor(index / filters)];
      const [j, i] = [place % width, Math.floor(place / width) % height];
      const row = Math.floor(place / width / height);
      let sum = bias[filter];
      for (let p = 0; p < high; p++)
        for (let q = 0; q < wide; q++)
          for (let c = 0; c < channels; c++)
            sum +=
              at(row, i + p - top, j + q - left, c) *
              kernel[((p * wide + q) * channels + c) * filters + filter];
      return sum;
    });
  };
}

/** The same of each channel apart, with a kernel [high, wide, channels, multiplier] and no zeros around. */
export function channelwise(shape: Shape, [high, wide, channels, multiplier]: Shape): Definition {
  return (x, kernel, bias) => {
    const [rows, height, width] = shape;
    const [down, across] = [height - high + 1, width - wide + 1];
    const at = image(x, shape);
    return range(rows * down * across * channels * multiplier).map((index) => {
      const unit = index % (channels * multiplier);
      const [c, k] = [Math.floor(unit / multiplier), unit % multiplier];
      const place = Math.floor(index / channels / multiplier);
      const [j, i] = [place % across, Math.floor(place / across) % down];
      const row = Math.floor(place / across / down);
      let sum = bias[unit];
      for (let p = 0; p < high; p++)
        for (let q = 0; q < wide; q++)
          sum += at(row, i + p, j + q, c) * kernel[((p * wide + q) * channels + c) * multiplier + k];
      return sum;
    });
  };
}

/** The places of each window of 2 × 2, two apart, of one image of one channel; those outside left out. */
function windows([, height, width]: Shape): number[][] {
  return range(Math.ceil(height / 2)).flatMap((i) =>
    range(Math.ceil(width / 2)).map((j) =>
      [0, 1]
        .flatMap((p) => [0, 1].map((q) => [2 * i + p, 2 * j + q]))
        .filter(([y, z]) => y < height && z < width)
        .map(([y, z]) => y * width + z),
    ),
  );
}

/** The largest of windows, and a gradient that goes to the first of equal ones. */
export function largest(shape: Shape): Definition {
  return (x) => {
    const slope = new Float64Array(x.length);
    const y = windows(shape).map((places, i) => {
      const most = Math.max(...places.map((place) => x[place]));
      slope[places.find((place) => x[place] === most) as number] += i + 1;
      return most;
    });
    return [...y, ...slope];
  };
}

/** The mean of what windows have of the image. */
export function means(shape: Shape): Definition {
  return (x) => windows(shape).map((places) => sumOf(places.length, (i) => x[places[i]]) / places.length);
}

/**
 * Rows [n, units] by the mean and variance of each unit; then the running ones, which gain a share of 1 −
 * momentum.
 */
export function batchNormalized([n, units]: Shape, momentum: number, epsilon: number): Definition {
  return (x, gamma, beta, movingMean, movingVariance) => {
    const mean = range(units).map((u) => sumOf(n, (i) => x[i * units + u]) / n);
    const variance = range(units).map((u) => sumOf(n, (i) => (x[i * units + u] - mean[u]) ** 2) / n);
    const follow = (moving: Float64Array, now: readonly number[]): number[] =>
      now.map((value, u) => momentum * moving[u] + (1 - momentum) * value);
    return [
      ...range(n * units).map((i) => {
        const u = i % units;
        return ((x[i] - mean[u]) / Math.sqrt(variance[u] + epsilon)) * gamma[u] + beta[u];
      }),
      ...follow(movingMean, mean),
      ...follow(movingVariance, variance),
    ];
  };
}

/** Over the last axis. */
export function layerNormalized(units: number, epsilon: number): Definition {
  return (x, gamma, beta) =>
    range(x.length / units).flatMap((line) => {
      const own = Array.from(x.subarray(line * units, (line + 1) * units));
      const mean = sumOf(units, (u) => own[u]) / units;
      const variance = sumOf(units, (u) => (own[u] - mean) ** 2) / units;
      return own.map((value, u) => ((value - mean) / Math.sqrt(variance + epsilon)) * gamma[u] + beta[u]);
    });
}

/** One step: x and the states of a row → its states. `line(j)` of a matrix is column j. */
type Step = (x: number[], h: number[], c: number[]) => [h: number[], c: number[]];

/** The states of each row after each step; a step of mask 0 changes nothing. */
export function unrolled(
  [rows, steps, features]: Shape,
  units: number,
  step: Step,
  x: Float64Array,
  { mask, backwards = false }: { readonly mask?: readonly number[]; readonly backwards?: boolean } = {},
): number[][][] {
  return range(rows).map((row) => {
    let state: [number[], number[]] = [Array(units).fill(0), Array(units).fill(0)];
    const after: number[][] = [];
    for (const t of backwards ? range(steps).reverse() : range(steps)) {
      const begin = (row * steps + t) * features;
      if (mask?.[row * steps + t] !== 0) state = step([...x.subarray(begin, begin + features)], ...state);
      after[t] = state[0];
    }
    return after;
  });
}

/** Column j of a product: Σ vᵢ · matrix[i, j] */
const product = (v: readonly number[], matrix: Float64Array, columns: number, j: number): number =>
  sumOf(v.length, (i) => v[i] * matrix[i * columns + j]);

export const plainStep =
  (units: number, kernel: Float64Array, own: Float64Array, bias: Float64Array): Step =>
  (x, h, c) => [
    range(units).map((u) => Math.tanh(product(x, kernel, units, u) + product(h, own, units, u) + bias[u])),
    c,
  ];

/** Gates: input, forget, candidate, output. */
export const lstmStep =
  (units: number, kernel: Float64Array, own: Float64Array, bias: Float64Array): Step =>
  (x, h, c) => {
    const z = range(4 * units).map(
      (j) => product(x, kernel, 4 * units, j) + product(h, own, 4 * units, j) + bias[j],
    );
    const memory = range(units).map(
      (u) => sigmoid(z[units + u]) * c[u] + sigmoid(z[u]) * Math.tanh(z[2 * units + u]),
    );
    return [memory.map((value, u) => sigmoid(z[3 * units + u]) * Math.tanh(value)), memory];
  };

/**
 * Gates: update, reset, candidate. With one row of biases the reset gate acts before the product, with two
 * after it.
 */
export const gruStep =
  (units: number, kernel: Float64Array, own: Float64Array, bias: Float64Array): Step =>
  (x, h, c) => {
    const columns = 3 * units;
    const resetAfter = bias.length > columns;
    const ofState = (v: number[], j: number): number =>
      product(v, own, columns, j) + (resetAfter ? bias[columns + j] : 0);
    const ofInput = (j: number): number => product(x, kernel, columns, j) + bias[j];
    const gate = (j: number): number => sigmoid(ofInput(j) + ofState(h, j));
    const reset = range(units).map((u) => gate(units + u));
    const candidate = range(units).map((u) => {
      const j = 2 * units + u;
      const seen = resetAfter
        ? reset[u] * ofState(h, j)
        : ofState(
            h.map((value, i) => reset[i] * value),
            j,
          );
      return Math.tanh(ofInput(j) + seen);
    });
    return [candidate.map((value, u) => gate(u) * h[u] + (1 - gate(u)) * value), c];
  };

/**
 * Self-attention without biases; kernels [features, heads, size], that of the result [heads, size, features].
 */
export function attended([rows, steps, features]: Shape, heads: number, size: number): Definition {
  return (x, queryKernel, keyKernel, valueKernel, outputKernel) =>
    range(rows).flatMap((row) => {
      const line = (t: number): number[] => [
        ...x.subarray((row * steps + t) * features, (row * steps + t + 1) * features),
      ];
      const projected = (kernel: Float64Array, t: number, head: number): number[] =>
        range(size).map((d) => product(line(t), kernel, heads * size, head * size + d));
      return range(steps).flatMap((t) => {
        const all = range(heads).flatMap((head) => {
          const query = projected(queryKernel, t, head);
          // a step looks at those up to its own
          const weights = range(t + 1).map((other) => {
            const key = projected(keyKernel, other, head);
            return Math.exp(sumOf(size, (d) => query[d] * key[d]) / Math.sqrt(size));
          });
          const total = sumOf(weights.length, (i) => weights[i]);
          return range(size).map((d) =>
            sumOf(t + 1, (other) => (weights[other] / total) * projected(valueKernel, other, head)[d]),
          );
        });
        return range(features).map((unit) => product(all, outputKernel, features, unit));
      });
    });
}

/** Numbers with many ties. */
export const tied: fc.Arbitrary<number> = fc.integer({ min: -2, max: -1 });
/** Numbers below 0, apart from each other nowhere near a kink. */
export const negative: fc.Arbitrary<number> = numbers.positive.map((x) => -x);
