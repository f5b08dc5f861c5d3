/**
 * The layers of TensorFlow.js that Fettle has too: one row per class, for both directions, and the refusal of
 * all others. It knows no file and no graph.
 */
import { check, isRecord, must, show } from "../../errors.js";
import type { PieceDescription } from "../../predict/description.js";
import { KERAS_ROWS, ONLY_TRAINING_IN_KERAS } from "./kerasLayers.js";
import {
  activation,
  count,
  DAMAGED,
  dotAxes,
  dtypeOf,
  ends,
  type Field,
  flag,
  type Json,
  joinedAxis,
  lastAxis,
  mostOfReLU,
  number,
  type Place,
  plain,
  regularizer,
  renamed,
  resultShape,
  setting,
  sizes,
  snakeCase,
  word,
} from "./tfjsFields.js";
import {
  CHANNELS_LAST,
  channelsLast,
  convolution,
  convolutionalRecurrence,
  DEPTHWISE,
  gates,
  gatesAndStates,
  globalPooling,
  KERNEL,
  merging,
  NO_CONSTRAINTS,
  noDilation,
  normalization,
  noStridesBetween,
  pooling,
  RATE,
  type Row,
  recurrence,
  type Shape,
  stepwise,
} from "./tfjsKinds.js";
import { lacksSlope } from "./tfjsSlopes.js";

/** A layer within another. Its name extends that of the outer layer. */
const piece: Field = {
  key: "layer",
  // with a shape that no setting of such layers contains
  write: (option, { id, shape, trainable }) =>
    writtenLayer({ ...(option as PieceDescription), trainable }, `${id}_layer`, shape.slice(1), [], id),
  read(given, { name, shape, isKeras3 }) {
    const config = isRecord(given) ? given.config : undefined;
    must(
      isRecord(given) && isRecord(config) && typeof config.name === "string",
      `layer of layer ${show(name)}`,
      "a layer with a name",
      given,
      DAMAGED,
    );
    check(
      setting(config, "return_state") !== true,
      () =>
        `layer ${show(config.name)} of layer ${show(name)} must return one result; received return_state: true. Use a layer for each direction, and join their results`,
      "unsupported",
    );
    const row = rowOfClass(setting(given, "class_name"), config.name);
    return readLayer(row, { name: config.name, config, shape: shape.slice(1), isKeras3 });
  },
};

/** Of sequences, images and volumes. */
const RANKS = [1, 2, 3] as const;

/** Several classes may share a factory; the first that fits is written. */
const ROWS: readonly Row[] = [
  stepwise("Dense", "dense", { units: count("units"), ...KERNEL }, { unwritten: NO_CONSTRAINTS }),
  stepwise("Dropout", "dropout", RATE, { usual: { noise_shape: null } }),
  // in prediction nothing, and in training noise of another distribution
  stepwise("GaussianDropout", "dropout", RATE),
  stepwise("AlphaDropout", "dropout", RATE, { unwritten: { noise_shape: null } }),
  stepwise("Activation", "activation", { activation: activation("activation") }),
  {
    kind: "ReLU",
    name: "activation",
    given: { activation: "relu" },
    masks: "kept",
    fields: { activation: mostOfReLU },
    unwritten: { negative_slope: 0, threshold: 0 },
  },
  stepwise("LeakyReLU", "leakyReLU", { negativeSlope: renamed(number("alpha", 0.3), "negative_slope") }),
  {
    ...stepwise("ELU", "elu", { alpha: number("alpha", 1) }),
    lacks: ({ alpha = 1 }) => (alpha === 1 ? undefined : "ELU with an alpha other than 1"),
  },
  {
    kind: "PReLU",
    name: "prelu",
    masks: "kept",
    fields: { alphaRegularizer: regularizer("alpha_regularizer"), sharedAxes: plain("shared_axes") },
    unwritten: { alpha_constraint: null },
    written: { alpha_initializer: { class_name: "Zeros", config: {} } },
  },
  { kind: "Softmax", name: "activation", given: { activation: "softmax" }, fields: { axis: lastAxis } },
  convolution("Conv1D", "conv1d", 1),
  convolution("Conv2D", "conv2d", 2),
  convolution("Conv3D", "conv3d", 3),
  {
    ...convolution("Conv2DTranspose", "conv2dTranspose", 2),
    unwritten: { ...NO_CONSTRAINTS, output_padding: null },
    lacks: noDilation,
  },
  {
    kind: "DepthwiseConv2D",
    name: "depthwiseConv2d",
    ...DEPTHWISE,
    arrays: { kernel: "depthwise_kernel" },
    lacks: noDilation,
  },
  {
    kind: "SeparableConv2D",
    name: "separableConv2d",
    ...DEPTHWISE,
    fields: {
      filters: count("filters"),
      ...DEPTHWISE.fields,
      pointwiseRegularizer: regularizer("pointwise_regularizer"),
    },
    lacks: noStridesBetween,
  },
  ...RANKS.map((rank) => pooling("Max", rank)),
  ...RANKS.map((rank) => pooling("Average", rank)),
  globalPooling("Max", 1),
  globalPooling("Max", 2),
  globalPooling("Average", 1),
  globalPooling("Average", 2),
  { kind: "Flatten", name: "flatten", fields: {}, unwritten: CHANNELS_LAST },
  { kind: "Reshape", name: "reshape", fields: { targetShape: resultShape("target_shape") } },
  { kind: "Permute", name: "permute", fields: { dims: plain("dims") } },
  { kind: "RepeatVector", name: "repeatVector", fields: { n: count("n") } },
  {
    kind: "UpSampling2D",
    name: "upSampling2d",
    fields: { size: sizes("size", 2, 2) },
    usual: { ...CHANNELS_LAST, interpolation: "nearest" },
  },
  channelsLast("ZeroPadding2D", "zeroPadding2d", { padding: ends("padding", 1) }),
  channelsLast("Cropping2D", "cropping2d", { cropping: ends("cropping", 0) }),
  {
    kind: "Embedding",
    name: "embedding",
    fields: {
      inputDim: count("input_dim"),
      outputDim: count("output_dim"),
      maskZero: flag("mask_zero", false),
    },
    unwritten: { activity_regularizer: null, embeddings_regularizer: null, embeddings_constraint: null },
  },
  { kind: "Masking", name: "masking", fields: { maskValue: number("mask_value", 0) } },
  recurrence("SimpleRNN", "simpleRNN"),
  recurrence("LSTM", "lstm", gatesAndStates),
  convolutionalRecurrence("ConvLSTM2D", "convLstm2d", gatesAndStates),
  {
    ...recurrence("GRU", "gru", { ...gates, resetAfter: flag("reset_after", true, false) }),
    lacks: ({ resetAfter = true }) => (resetAfter === true ? "GRU with resetAfter: true" : undefined),
  },
  {
    kind: "Bidirectional",
    name: "bidirectional",
    masks: "kept",
    unwritten: { backward_layer: null },
    fields: { layer: piece, mergeMode: word("merge_mode", ["concat", "sum", "mul", "ave"], "concat") },
  },
  stepwise("TimeDistributed", "timeDistributed", { layer: piece }),
  {
    kind: "BatchNormalization",
    name: "batchNormalization",
    ...normalization,
    fields: { ...normalization.fields, momentum: number("momentum", 0.99) },
  },
  {
    kind: "LayerNormalization",
    name: "layerNormalization",
    ...normalization,
    unwritten: { ...normalization.unwritten, rms_scaling: false },
  },
  stepwise("SpatialDropout1D", "spatialDropout1d", RATE),
  stepwise("GaussianNoise", "gaussianNoise", { stddev: number("stddev") }),
  merging("Add"),
  { ...merging("Subtract"), lacks: () => 'merge("subtract")' },
  ...["Multiply", "Average", "Maximum", "Minimum"].map(merging),
  { ...merging("Concatenate"), fields: { axis: joinedAxis } },
  {
    kind: "Dot",
    name: "dot",
    fields: { axes: dotAxes, normalize: flag("normalize", false) },
    unlike: ({ normalize }) =>
      normalize === true
        ? "with normalize, TensorFlow.js divides vectors shorter than 0.0003 by 0.0003"
        : undefined,
    lacks: (_, inputs) =>
      inputs.some(({ length }) => length > 2) ? "dot of values with more than two axes a row" : undefined,
  },
  {
    kind: "Resizing",
    name: "resizing",
    fields: { height: count("height"), width: count("width"), interpolation: plain("interpolation") },
    usual: CHANNELS_LAST,
    unwritten: { antialias: false, crop_to_aspect_ratio: false, pad_to_aspect_ratio: false },
    unlike: (_, isKeras3) => (isKeras3 ? undefined : "TensorFlow.js aligns the corners of images"),
  },
  { kind: "Rescaling", name: "rescaling", fields: { scale: number("scale"), offset: number("offset", 0) } },
];

/** The names of layers without an effect in prediction and without a class there. */
export const ONLY_TRAINING: readonly string[] = [
  "randomFlip",
  "randomTranslation",
  "randomRotation",
  "randomZoom",
  "spatialDropout2d",
];

/** Whether a layer is omitted: TensorFlow.js does not have it, and it has no effect in prediction. */
export const isLeftOut = ({ name }: PieceDescription, before: Shape): boolean =>
  ONLY_TRAINING.includes(name) || (name === "flatten" && before.length === 1);

/** Whether the activation of a layer is within its loop. */
export const isRecurrent = (name: string): boolean =>
  ROWS.some((row) => row.name === name && "returnSequences" in row.fields);

/** The readable classes. */
const CLASSES = new Map([...ROWS, ...KERAS_ROWS].map((row) => [row.kind, row]));

/** @throws FettleError `unsupported` for a class that Fettle does not have */
export function rowOfClass(kind: unknown, name: string): Row {
  const row = CLASSES.get(kind as string);
  check(
    !ONLY_TRAINING_IN_KERAS.includes(kind as string),
    () =>
      `layer ${show(name)} must be one that Fettle has; received ${show(kind)}, which does nothing in prediction: save a copy of the model without it`,
    "unsupported",
  );
  must(row, `layer ${show(name)}`, `one of ${[...CLASSES.keys()].join(", ")}`, kind, "unsupported");
  return row;
}

/** @throws FettleError `unsupported` for a layer that TensorFlow.js does not have */
export function rowOf(
  piece: PieceDescription,
  id: string,
  /** The shapes of rows of its inputs; none for a layer within another. */
  inputs: readonly Shape[] = [],
): Row {
  const { name, options } = piece;
  const row = ROWS.find(
    (each) =>
      each.name === name && Object.entries(each.given ?? {}).every(([key, value]) => options[key] === value),
  );
  const unlike = row && unlikeness(row, piece);
  const lacking = row ? row.lacks?.(options, inputs) : name;
  check(
    row && unlike === undefined && lacking === undefined,
    () =>
      `layer ${show(id)} must be one that TensorFlow.js has, to be exported to it; ${unlike ?? `it has no ${lacking}`}`,
    "unsupported",
  );
  return row;
}

/** Why a layer differs in Keras 2; undefined if it does not. */
function unlikeness({ unlike, fields }: Row, piece: PieceDescription): string | undefined {
  const { options } = piece;
  const isPenalized = Object.keys(fields).some(
    (key) => /Regularizer$/.test(key) && options[key] !== undefined,
  );
  return unlike?.(options, false) ?? lacksSlope(piece, isPenalized);
}

/**
 * A layer in the form of TensorFlow.js.
 *
 * @param shape - of a row of its result
 * @param inputs - of rows of its inputs; none for a layer within another
 * @param owner - the layer of the network that it is or belongs to
 */
export function writtenLayer(
  piece: PieceDescription & { readonly trainable?: boolean },
  name: string,
  shape: Shape,
  inputs: readonly Shape[] = [],
  owner = name,
): { readonly class_name: string; readonly config: Json } {
  const { kind, fields, usual, written } = rowOf(piece, owner, inputs);
  const { trainable = true } = piece;
  const settings = Object.entries(fields).map(([key, field]) => [
    field.key,
    field.write(piece.options[key], { id: name, shape, inputs, trainable }),
  ]);
  const config = { ...Object.fromEntries(settings), ...usual, ...written };
  return {
    class_name: kind,
    config: { name, trainable, dtype: "float32", ...config },
  };
}

/**
 * A layer in the form of Fettle.
 *
 * @throws FettleError `unsupported` for settings that Fettle does not have; `invalid_checkpoint` for those
 * that Keras does not have
 */
export function readLayer(row: Row, place: Place): Pick<PieceDescription, "name" | "options"> {
  const { name, config, isKeras3 } = place;
  const usual: Json = { ...row.usual, ...row.unwritten, dtype: "float32" };
  for (const [key, value] of Object.entries(usual)) mustBeUsual(place, key, value ?? undefined);
  const read = Object.entries(row.fields).map(([key, field]) => [
    key,
    field.read(setting(config, field.key), place),
  ]);
  const options = { ...row.given, ...Object.fromEntries(read.filter(([, value]) => value !== undefined)) };
  const piece = { name: row.name, options };
  const unlike = isKeras3 ? row.unlike?.(options, true) : unlikeness(row, piece);
  check(
    unlike === undefined,
    () => `layer ${show(name)} must be like one of Fettle's; ${unlike}`,
    "unsupported",
  );
  return piece;
}

/** Refuses a setting that Fettle's layers do not have, unless it is missing or equal to their behaviour. */
function mustBeUsual({ name, config }: Place, key: string, usual: unknown): void {
  const value = key === "dtype" ? dtypeOf(setting(config, key)) : setting(config, key);
  const same = typeof value === "string" ? snakeCase(value) === usual : value === usual;
  must(
    value === undefined || same,
    `${key} of layer ${show(name)}`,
    usual === undefined ? "left out" : show(usual),
    value,
    "unsupported",
  );
}

/** The name of an array of a layer within the layer, as in `forward_lstm/recurrent_kernel`. */
export function arrayName(row: Row, config: Json, parameter: string): string {
  const inner = setting(config, "layer") as Json | undefined;
  if (inner === undefined) return row.arrays?.[parameter] ?? snakeCase(parameter);
  const within = inner.config as Json;
  const [direction, own] = parameter.split(".");
  const path = arrayName(rowOfClass(setting(inner, "class_name"), ""), within, own ?? parameter);
  return own === undefined ? path : `${direction}_${within.name}/${path}`;
}

/** The names that an array of a layer may have in a file, that of TensorFlow.js first. */
export function arrayNames(row: Row, config: Json, parameter: string): string[] {
  const name = arrayName(row, config, parameter);
  // Keras 3 has no names of its own for other kernels, and names the layer of `Bidirectional` after forward
  const others = [name.replace(/^depthwise_kernel$/, "kernel"), name.replace(/^([a-z]+_)forward_/, "$1")];
  return [...new Set([name, ...others])];
}
