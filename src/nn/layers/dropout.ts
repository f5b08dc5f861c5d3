/**
 * Layers that disturb a network while it trains, so that it does not memorize rows. They do nothing in
 * evaluation and prediction.
 */
import { must } from "../../errors.js";
import {
  add,
  cos,
  div,
  greaterEqual,
  log,
  mul,
  randomUniform,
  slice,
  sqrt,
  sub,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { mustHaveChannels } from "./geometry.js";
import { builtIn, type Layer, type LayerContext, type LayerDefinition, PLAIN } from "./layer.js";

/**
 * Sets each unit to 0 with probability `rate` while training and scales the others by 1 / (1 − rate), which
 * keeps the mean. It does nothing in evaluation and prediction. The rate is an input of the program.
 *
 * @param rate - in [0, 1)
 * @throws FettleError `invalid_argument` for a rate outside [0, 1)
 * @see N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", JMLR
 * 15, 2014
 * @example
 * ```ts
 * const model = sequential([dense(64, { activation: "relu" }), dropout(0.2), dense(1)]);
 * ```
 */
export function dropout(rate: number): Layer {
  return dropping("dropout", rate, ({ x }) => x.shape, PLAIN.outputShape);
}

/**
 * `dropout` of entire channels of sequences, [rows, steps, channels]: each is 0 at all steps of a row, or at
 * none. Neighbouring steps are alike, so single zeros would hide little.
 *
 * @param rate - in [0, 1), an input of the program
 * @throws FettleError `invalid_argument` for a rate outside [0, 1); for rows of another shape,
 * `invalid_shape`
 * @see J. Tompson and others, "Efficient object localization using convolutional networks", CVPR 2015
 * @example
 * ```ts
 * spatialDropout1d(0.2).outputShape([10, 8]); // [10, 8]
 * ```
 */
export const spatialDropout1d = (rate: number): Layer => spatialDropout("spatialDropout1d", rate, 1);

/**
 * `dropout` of entire channels of images, [rows, height, width, channels]: each is 0 in an entire image, or
 * nowhere.
 *
 * @param rate - in [0, 1), an input of the program
 * @throws FettleError `invalid_argument` for a rate outside [0, 1); for rows of another shape,
 * `invalid_shape`
 * @see J. Tompson and others, "Efficient object localization using convolutional networks", CVPR 2015
 * @example
 * ```ts
 * spatialDropout2d(0.2).outputShape([8, 8, 16]); // [8, 8, 16]
 * ```
 */
export const spatialDropout2d = (rate: number): Layer => spatialDropout("spatialDropout2d", rate, 2);

function spatialDropout(type: string, rate: number, axes: number): Layer {
  const shapeOfDraws = ({ x: { shape } }: LayerContext): Shape => [
    shape[0],
    ...Array<number>(axes).fill(1),
    shape[axes + 1],
  ];
  return dropping(type, rate, shapeOfDraws, (shape) => {
    mustHaveChannels(type, shape, axes);
    return shape;
  });
}

/** A draw for each number of a shape that broadcasts to that of x. */
function dropping(
  type: string,
  rate: number,
  shapeOfDraws: (context: LayerContext) => Shape,
  outputShape: (shape: Shape) => Shape,
): Layer {
  const rule = "a number in [0, 1)";
  must(typeof rate === "number" && rate >= 0 && rate < 1, "rate", rule, rate);
  must(Math.fround(rate) < 1, "rate in float32", rule, Math.fround(rate));
  const layer: LayerDefinition = {
    type,
    hyperparameters: { rate },
    routes: "evaluation",
    ...PLAIN,
    outputShape,
    call(context) {
      const { x, hyperparameters, training, stream } = context;
      return training ? dropped(x, hyperparameters.rate, stream, shapeOfDraws(context)) : x;
    },
  };
  return builtIn(layer, [], { rate });
}

/** The kept numbers of x, scaled; the others are 0. */
export const dropped = (x: Value, rate: Value, stream: number, shapeOfDraws = x.shape): Value =>
  mul(x, dropoutMask(randomUniform(x.graph, shapeOfDraws, stream), rate));

/** The factor of dropout: 0 with probability `rate`, otherwise 1 / (1 − rate), for uniform draws. */
export const dropoutMask = (draws: Value, rate: Value): Value => div(greaterEqual(draws, rate), sub(1, rate));

/**
 * While training, adds a normal number of mean 0 and standard deviation `stddev` to each unit. It does
 * nothing in evaluation and prediction. The deviation is an input of the program.
 *
 * @param stddev - at least 0
 * @throws FettleError `invalid_argument` for a negative number, or anything but a number
 * @see C. M. Bishop, "Training with noise is equivalent to Tikhonov regularization", Neural Computation 7(1),
 * 1995
 * @example
 * ```ts
 * const model = sequential([gaussianNoise(0.1), dense(64, { activation: "relu" }), dense(1)]);
 * ```
 */
export function gaussianNoise(stddev: number): Layer {
  const isDeviation = Number.isFinite(stddev) && stddev >= 0;
  must(isDeviation, "stddev", "a finite number of at least 0", stddev);
  const layer: LayerDefinition = {
    type: "gaussianNoise",
    hyperparameters: { stddev },
    routes: "evaluation",
    ...PLAIN,
    call({ x, hyperparameters, training, stream }) {
      return training ? add(x, mul(normalLike(x, stream), hyperparameters.stddev)) : x;
    },
  };
  return builtIn(layer, [], { stddev });
}

/**
 * Standard normal numbers of the shape of x by Box and Muller (1958): √(−2 log u) cos 2πv, with u in (0, 1].
 */
function normalLike(x: Value, stream: number): Value {
  const { shape } = x;
  const last = shape.length - 1;
  const draws = randomUniform(x.graph, [...shape.slice(0, -1), 2 * shape[last]], stream);
  const [u, v] = [0, shape[last]].map((start) =>
    slice(draws, [...shape.slice(0, -1).map(() => 0), start], shape),
  );
  return mul(sqrt(mul(log(sub(1, u)), -2)), cos(mul(v, 2 * Math.PI)));
}
