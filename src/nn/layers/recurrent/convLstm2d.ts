/** Long short-term memory whose products are convolutions of images. */

import { mustBeInteger } from "../../../errors.js";
import { reshape } from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import { type Shape, sizeOf } from "../../../graph/shape.js";
import { type OptionRules, readOptions } from "../../../rules.js";
import {
  axesOf,
  IMAGE_PADDING,
  type Placed,
  placed,
  type Sizes,
  WINDOW_RULES,
  type WindowOptions,
} from "../geometry.js";
import type { Layer } from "../layer.js";
import { mustHaveAxes } from "../sequence.js";
import { patchRows } from "../windows.js";
import { LSTM_RULES, type LSTMOptions, lstmCell } from "./lstm.js";
import { recurrentLayer } from "./recurrentLayer.js";
import type { Space } from "./unroll.js";

/** Options of {@link convLstm2d}. */
export interface ConvLstm2dOptions extends LSTMOptions, WindowOptions {
  /** Of the convolution of the images, as for `conv2d`; that of the state is `same`. Default `valid`. */
  readonly padding?: "valid" | "same";
}

const CONV_LSTM_RULES = {
  ...LSTM_RULES,
  ...WINDOW_RULES,
  padding: [IMAGE_PADDING, "valid"],
} satisfies OptionRules<ConvLstm2dOptions>;

/**
 * Long short-term memory over images, Keras' `ConvLSTM2D`: an {@link lstm} whose two products are
 * convolutions, so that its states are images. [rows, steps, height, width, channels] → [rows, down, across,
 * filters], or [rows, steps, down, across, filters] with `returnSequences`. Its kernels are [height, width,
 * channels, 4 · filters] and [height, width, filters, 4 · filters]. Strides and dilation are those of the
 * images; the convolution of the state has neither.
 *
 * @param filters - channels of a state, positive
 * @param kernelSize - height and width of a window, positive: one number for both, or a pair
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names; when applied,
 * `invalid_shape` for rows that are not sequences of images, or of images smaller than a window
 * @see X. Shi and others, "Convolutional LSTM network", NeurIPS 2015; without its peepholes, as in Keras
 * @example
 * ```ts
 * const layer = convLstm2d(4, 3, { padding: "same", returnSequences: true });
 * layer.outputShape([12, 8, 8, 1]); // [12, 8, 8, 4]
 * layer.parameters([12, 8, 8, 1]).map(({ shape }) => shape); // [[3, 3, 1, 16], [3, 3, 4, 16], [16]]
 * ```
 */
export function convLstm2d(filters: number, kernelSize: Sizes, options: ConvLstm2dOptions = {}): Layer {
  mustBeInteger("filters", filters);
  const type = "convLstm2d";
  const read = readOptions(options, type, CONV_LSTM_RULES);
  const { padding, unitForgetBias, returnState } = read;
  const axes = axesOf(kernelSize, read, 2);
  // of the state, which keeps its lengths
  const own = axes.map(({ size }) => ({ size, stride: 1, dilation: 1 }));
  const places = ([, height, width]: Shape): Placed[] => placed(type, [height, width], axes, padding);
  const lengths = (shape: Shape): Shape => {
    mustHaveAxes(type, shape, ["steps", "height", "width", "channel"]);
    return places(shape).map(({ count }) => count);
  };
  return recurrentLayer(
    lstmCell(type, unitForgetBias, returnState),
    {
      options: { filters, kernelSize },
      units: filters,
      window: axes.map(({ size }) => size),
      lengths,
      space(shape): Space {
        const image = lengths(shape);
        const at = placed(type, image, own, "same");
        return {
          places: sizeOf(image),
          windows: (x: Value) => patchRows(x, axes, places(shape)),
          recurrentWindows: (h: Value) => {
            const rows = h.shape[0] / sizeOf(image);
            return patchRows(reshape(h, [rows, ...image, filters]), own, at);
          },
        };
      },
      recipe: [axes, padding],
    },
    options,
    read,
    [unitForgetBias, returnState],
  );
}
