/**
 * Layers that change images at random in training, so that a network learns invariances. Each row is changed
 * independently in every step; its target is not. They do nothing in evaluation and prediction.
 */
import { check, must, mustBeInteger } from "../../errors.js";
import {
  abs,
  add,
  constant,
  cos,
  greaterEqual,
  matmul,
  mul,
  pad,
  randomUniform,
  relu,
  reshape,
  select,
  sin,
  slice,
  sub,
  sum,
  takeRows,
  transpose,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { lines, type Shape, showShape } from "../../graph/shape.js";
import { number } from "../../rules.js";
import { mustHaveChannels } from "./geometry.js";
import { builtIn, type Layer, type LayerDefinition, PLAIN } from "./layer.js";
import { MASK_ENDS } from "./masks.js";

/** The axes of [rows, height, width, channels]. */
const HEIGHT = 1;
const WIDTH = 2;

const FLIPPED = {
  horizontal: [WIDTH],
  vertical: [HEIGHT],
  horizontalAndVertical: [WIDTH, HEIGHT],
} as const;

/** The axes that `randomFlip` flips. */
export type FlipMode = keyof typeof FLIPPED;

/**
 * Flips each image along each axis with probability ½ while training. It does nothing in evaluation and
 * prediction.
 *
 * Rows: [height, width, channels].
 *
 * @param mode - `"horizontal"`: left becomes right; `"vertical"`: top becomes bottom;
 * `"horizontalAndVertical"`: each, drawn independently
 * @throws FettleError `invalid_argument` for another mode; `invalid_shape` for rows that are not images
 * @see Keras, `RandomFlip`
 * @example
 * ```ts
 * const model = sequential([randomFlip("horizontal"), flatten(), dense(10, { activation: "softmax" })]);
 * ```
 */
export function randomFlip(mode: FlipMode): Layer {
  const rule = `one of ${Object.keys(FLIPPED).join(", ")}`;
  must(typeof mode === "string" && Object.hasOwn(FLIPPED, mode), "mode", rule, mode);
  const axes = FLIPPED[mode];
  const layer: LayerDefinition = {
    ...images("randomFlip"),
    call({ x, training, stream }) {
      if (!training) return x;
      const [rows] = x.shape;
      const draws = randomUniform(x.graph, [rows, axes.length], stream);
      return axes.reduce((result: Value, axis, i) => {
        const draw = reshape(slice(draws, [0, i], [rows, 1]), [rows, 1, 1, 1]);
        return select(greaterEqual(draw, 0.5), reversed(result, axis), result);
      }, x);
    },
  };
  return builtIn(layer, [mode], { mode });
}

/**
 * Moves each image by whole pixels while training: up or down by at most `height`, and left or right by at
 * most `width`, all equally likely. Zeros fill the edges. It does nothing in evaluation and prediction.
 *
 * Rows: [height, width, channels].
 *
 * @param height - pixels, an integer of at least 0, below the height of the images
 * @param width - pixels, an integer of at least 0, below their width
 * @throws FettleError `invalid_argument` for anything but such numbers; `invalid_shape` for rows that are not
 * images, or too small
 * @see Keras, `RandomTranslation`, whose `fill_mode` is here `"constant"` and whose factors are shares of the
 * size
 * @example
 * ```ts
 * const model = sequential([randomTranslation(1, 1), flatten(), dense(10, { activation: "softmax" })]);
 * ```
 */
export function randomTranslation(height: number, width: number): Layer {
  mustBeInteger("height", height, 0);
  mustBeInteger("width", width, 0);
  const layer: LayerDefinition = {
    ...images("randomTranslation", (shape) =>
      check(
        height < shape[0] && width < shape[1],
        () =>
          `randomTranslation must move images by less than their size; received ${height} and ${width} for ${showShape(shape)}`,
        "invalid_shape",
      ),
    ),
    call({ x, training, stream }) {
      if (!training) return x;
      const draws = randomUniform(x.graph, [x.shape[0], 2], stream);
      const drawn = (axis: number): Value =>
        reshape(slice(draws, [0, axis - 1], [x.shape[0], 1]), [x.shape[0], 1, 1, 1]);
      return moved(moved(x, HEIGHT, height, drawn(HEIGHT)), WIDTH, width, drawn(WIDTH));
    },
  };
  return builtIn(layer, [height, width], { height, width });
}

/**
 * Makes each image larger or smaller around its centre while training: a side of the result shows 1 − factor
 * to 1 + factor of that side of the image, all equally likely, so that more than 1 makes it smaller. Without
 * `width`, height and width change alike. Between pixels there are the means of the nearest, weighted by
 * distance, and zeros outside. It does nothing in evaluation and prediction.
 *
 * Rows: [height, width, channels].
 *
 * @param height - the factor of the height, in [0, 1), an input of the program
 * @param width - the factor of the width, in [0, 1), an input of the program, for a draw of its own. Default:
 * the change of the height
 * @throws FettleError `invalid_argument` for anything but such numbers; `invalid_shape` for rows that are not
 * images
 * @see Keras, `RandomZoom`, whose `fill_mode` is here `"constant"`, for a factor of one number
 * @example
 * ```ts
 * const model = sequential([randomZoom(0.2), flatten(), dense(10, { activation: "softmax" })]);
 * ```
 */
export function randomZoom(height: number, width?: number): Layer {
  number("[0, 1)")("height", height);
  if (width !== undefined) number("[0, 1)")("width", width);
  const layer: LayerDefinition = {
    ...images("randomZoom"),
    hyperparameters: { height, ...(width !== undefined && { width }) },
    call({ x, training, stream, hyperparameters }) {
      if (!training) return x;
      const [rows] = x.shape;
      const draws = sub(mul(randomUniform(x.graph, [rows, 2], stream), 2), 1);
      const drawn = (i: number): Value => reshape(slice(draws, [0, i], [rows, 1]), [rows, 1, 1]);
      const vertical = add(1, mul(drawn(0), hyperparameters.height));
      const horizontal = width === undefined ? vertical : add(1, mul(drawn(1), hyperparameters.width));
      return zoomed(zoomed(x, HEIGHT, vertical), WIDTH, horizontal);
    },
  };
  return builtIn(layer, [width !== undefined], { height, ...(width !== undefined && { width }) });
}

/**
 * Turns each image around its centre while training, by an angle from −factor to factor of a full turn, all
 * equally likely. Between pixels there are the means of the nearest four, weighted by distance, and zeros
 * outside. It does nothing in evaluation and prediction. In training it takes memory for height² · width ·
 * channels numbers of each row of a batch: it is for small images.
 *
 * Rows: [height, width, channels].
 *
 * @param factor - in [0, 1], of a full turn, an input of the program
 * @throws FettleError `invalid_argument` for anything but such a number; `invalid_shape` for rows that are
 * not images
 * @see Keras, `RandomRotation`, whose `fill_mode` is here `"constant"`, for a factor of one number
 * @example
 * ```ts
 * const model = sequential([randomRotation(0.1), flatten(), dense(10, { activation: "softmax" })]);
 * ```
 */
export function randomRotation(factor: number): Layer {
  number("[0, 1]")("factor", factor);
  const layer: LayerDefinition = {
    ...images("randomRotation"),
    hyperparameters: { factor },
    call({ x, training, stream, hyperparameters }) {
      if (!training) return x;
      const draws = sub(mul(randomUniform(x.graph, [x.shape[0], 1, 1], stream), 2), 1);
      return rotated(x, mul(2 * Math.PI, mul(draws, hyperparameters.factor)));
    },
  };
  return builtIn(layer, [], { factor });
}

/** The common parts of layers over images. @param also - a further condition on their shape */
function images(type: string, also: (shape: Shape) => void = () => {}): Omit<LayerDefinition, "call"> {
  return {
    type,
    hyperparameters: {},
    routes: "evaluation",
    ...PLAIN,
    ...MASK_ENDS,
    stepwise: false,
    outputShape(shape) {
      mustHaveChannels(type, shape, 2);
      also(shape);
      return shape;
    },
  };
}

/** x reversed along an axis. */
function reversed(x: Value, axis: number): Value {
  const { shape } = x;
  // the axis first, and all others as columns
  const order = [axis, ...shape.map((_, i) => i).filter((i) => i !== axis)];
  const first = transpose(x, order);
  const size = shape[axis];
  const ids = constant(
    x.graph,
    Array.from({ length: size }, (_, i) => size - 1 - i),
  );
  const columns = first.shape.slice(1).reduce((product, length) => product * length, 1);
  const turned = reshape(takeRows(reshape(first, [size, columns]), ids), first.shape);
  return transpose(
    turned,
    shape.map((_, i) => order.indexOf(i)),
  );
}

/** x moved along an axis by −most to most places, by a draw from [0, 1) for each row. */
function moved(x: Value, axis: number, most: number, draw: Value): Value {
  if (most === 0) return x;
  const around = x.shape.map((_, i) => (i === axis ? most : 0));
  const padded = pad(x, around, around);
  const ways = 2 * most + 1;
  const way = (i: number): Value =>
    slice(
      padded,
      x.shape.map((_, j) => (j === axis ? i : 0)),
      x.shape,
    );
  let result = way(0);
  for (let i = 1; i < ways; i++) result = select(greaterEqual(draw, i / ways), way(i), result);
  return result;
}

/** x with the places along an axis `shares` times as far from its centre, [rows, 1, 1]. */
function zoomed(x: Value, axis: number, shares: Value): Value {
  const { shape } = x;
  // [rows, axis, all others]
  const order = [0, axis, ...shape.map((_, i) => i).filter((i) => i > 0 && i !== axis)];
  const first = transpose(x, order);
  const [rows, size] = first.shape;
  const centre = (size - 1) / 2;
  const distances = constant(
    x.graph,
    Array.from({ length: size }, (_, i) => i - centre),
  );
  // how much of each element is at each place, [rows, place, element]
  const places = mul(reshape(distances, [size, 1]), shares);
  const weights = relu(sub(1, abs(sub(places, distances))));
  const result = matmul(weights, reshape(first, [rows, size, lines(first.shape.slice(2))]));
  return transpose(
    reshape(result, first.shape),
    shape.map((_, i) => order.indexOf(i)),
  );
}

/** Images, each turned around its centre by an angle, [rows, 1, 1]: counterclockwise, as rows go down. */
function rotated(x: Value, angles: Value): Value {
  const [rows, height, width, channels] = x.shape;
  const fromCentre = (length: number): number[] => Array.from({ length }, (_, i) => i - (length - 1) / 2);
  const [down, across] = [fromCentre(height), fromCentre(width)];
  const [ys, xs] = [down.flatMap((y) => across.map(() => y)), down.flatMap(() => across)].map((all) =>
    constant(x.graph, all, [height * width, 1]),
  );
  const [cosine, sine] = [cos(angles), sin(angles)];
  /** How much of each element of an axis is at each place, [rows, place, element]. */
  const weights = (places: Value, elements: readonly number[]): Value =>
    relu(sub(1, abs(sub(places, constant(x.graph, elements)))));
  const ofLines = weights(add(mul(sine, xs), mul(cosine, ys)), down);
  const ofColumns = weights(sub(mul(cosine, xs), mul(sine, ys)), across);
  // [rows, width, height × channels] → [rows, place, height, channels]
  const columns = reshape(transpose(x, [0, 2, 1, 3]), [rows, width, height * channels]);
  const between = reshape(matmul(ofColumns, columns), [rows, height * width, height, channels]);
  const result = sum(mul(reshape(ofLines, [rows, height * width, height, 1]), between), 2);
  return reshape(result, x.shape);
}
