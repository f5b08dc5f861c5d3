/** The layers of Keras 3 that Fettle has too, and TensorFlow.js does not: one row per class, to read. */
import { count, type Field, flag, lastAxis, number, plain, share, sizes } from "./tfjsFields.js";
import {
  CHANNELS_LAST,
  channelsLast,
  convolution,
  globalPooling,
  NO_CONSTRAINTS,
  normalization,
  RATE,
  type Row,
  stepwise,
} from "./tfjsKinds.js";

/** A number of groups, or −1 for one a channel. */
const groups: Field = { ...plain("groups"), read: (setting = 32) => setting };

export const KERAS_ROWS: readonly Row[] = [
  {
    ...convolution("Conv1DTranspose", "conv1dTranspose", 1),
    unwritten: { ...NO_CONSTRAINTS, output_padding: null },
  },
  {
    kind: "GroupNormalization",
    name: "groupNormalization",
    ...normalization,
    fields: { ...normalization.fields, groups },
  },
  stepwise("RMSNormalization", "rmsNormalization", { axis: lastAxis, epsilon: number("epsilon", 1e-6) }),
  {
    kind: "MultiHeadAttention",
    name: "multiHeadAttention",
    fields: {
      numHeads: count("num_heads"),
      keyDim: count("key_dim"),
      valueDim: count("value_dim"),
      dropout: share("dropout", 0),
      useBias: flag("use_bias", true),
    },
    // `attention_axes` can only be the steps, since rows have no other axes
    unwritten: {
      ...NO_CONSTRAINTS,
      bias_regularizer: null,
      kernel_regularizer: null,
      output_shape: null,
      sliding_window: null,
      use_gate: false,
    },
  },
  globalPooling("Max", 3),
  globalPooling("Average", 3),
  { kind: "UpSampling1D", name: "upSampling1d", fields: { size: sizes("size", 1, 2) } },
  channelsLast("ZeroPadding1D", "zeroPadding1d", { padding: plain("padding") }),
  { kind: "Cropping1D", name: "cropping1d", fields: { cropping: plain("cropping") } },
  stepwise("SpatialDropout2D", "spatialDropout2d", RATE, { usual: CHANNELS_LAST }),
];
