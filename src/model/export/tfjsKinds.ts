/**
 * The type of a row in the table of TensorFlow.js' layers (tfjsLayers.ts), and rows that several classes
 * share.
 */
import {
  activation,
  count,
  type Field,
  flag,
  type Json,
  lastAxis,
  number,
  regularizer,
  share,
  sizes,
  word,
} from "./tfjsFields.js";

export type Shape = readonly number[];
type Options = Readonly<Record<string, unknown>>;

/** A class of layers. */
export interface Row {
  /** Its name in Keras. */
  readonly kind: string;
  /** Of Fettle's factory. */
  readonly name: string;
  /** The options that select this class among those of the factory. */
  readonly given?: Options;
  /** The factory's other options, except those that only training reads. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Settings with fixed values. Null is not written. */
  readonly usual?: Json;
  /** Settings that are not written, and must be missing or equal to these when read. */
  readonly unwritten?: Json;
  /** Settings that are written, and ignored when read. */
  readonly written?: Json;
  /** The names of arrays in Keras, if they differ. */
  readonly arrays?: Readonly<Record<string, string>>;
  /** The effect on a mask: it stays, merges with others, or ends here, the default. */
  readonly masks?: "kept" | "merged";
  /** Why a layer with such options differs in Keras; undefined if it does not. */
  readonly unlike?: (options: Options, isKeras3: boolean) => string | undefined;
  /**
   * What TensorFlow.js lacks although Keras has it, for inputs with rows of these shapes; undefined if
   * nothing.
   */
  readonly lacks?: (options: Options, inputs: readonly Shape[]) => string | undefined;
}

export const KERNEL = {
  activation: activation("activation"),
  useBias: flag("use_bias", true),
  kernelRegularizer: regularizer("kernel_regularizer"),
  biasRegularizer: regularizer("bias_regularizer"),
};
export const NO_CONSTRAINTS = { activity_regularizer: null, kernel_constraint: null, bias_constraint: null };
export const CHANNELS_LAST = { data_format: "channels_last" };

export const windows = (rank: 1 | 2 | 3, paddings = ["valid", "same"]): Record<string, Field> => ({
  kernelSize: sizes("kernel_size", rank),
  strides: sizes("strides", rank, 1),
  dilationRate: sizes("dilation_rate", rank, 1),
  padding: word("padding", paddings, "valid"),
});

const isOne = (size: unknown = 1): boolean => [size].flat().every((each) => each === 1);
export const noStridesBetween = ({ strides, dilationRate }: Options): string | undefined =>
  isOne(strides) || isOne(dilationRate)
    ? undefined
    : "layer with strides and dilationRate that are both above 1";
export const noDilation = ({ dilationRate }: Options): string | undefined =>
  isOne(dilationRate) ? undefined : "dilationRate above 1 for such a layer";
const noCausal = (options: Options): string | undefined =>
  options.padding === "causal" ? 'padding "causal"' : noStridesBetween(options);

export const convolution = (kind: string, name: string, rank: 1 | 2 | 3): Row => ({
  kind,
  name,
  fields: {
    filters: count("filters"),
    ...windows(rank, rank === 1 ? ["valid", "same", "causal"] : undefined),
    ...KERNEL,
  },
  usual: CHANNELS_LAST,
  unwritten: { ...NO_CONSTRAINTS, groups: 1 },
  lacks: noCausal,
});

const { kernelRegularizer: _, ...bias } = KERNEL;
/** Of convolutions channel by channel. */
export const DEPTHWISE = {
  fields: {
    ...windows(2),
    depthMultiplier: count("depth_multiplier", 1),
    ...bias,
    depthwiseRegularizer: regularizer("depthwise_regularizer"),
  },
  usual: CHANNELS_LAST,
  unwritten: {
    activity_regularizer: null,
    bias_constraint: null,
    depthwise_constraint: null,
    pointwise_constraint: null,
  },
};

/** A layer whose mask stays, since no step depends on another. */
export const stepwise = (
  kind: string,
  name: string,
  fields: Row["fields"],
  settings: Pick<Row, "usual" | "unwritten"> = {},
): Row => ({ kind, name, masks: "kept", fields, ...settings });

export const RATE = { rate: share("rate") };

/** A layer without arrays whose channels are last. */
export const channelsLast = (kind: string, name: string, fields: Row["fields"]): Row => ({
  kind,
  name,
  fields,
  usual: CHANNELS_LAST,
});

export const pooling = (way: "Max" | "Average", rank: 1 | 2 | 3): Row => ({
  kind: `${way}Pooling${rank}D`,
  name: `${way.toLowerCase()}Pooling${rank}d`,
  fields: {
    poolSize: sizes("pool_size", rank, 2),
    strides: sizes("strides", rank, null),
    padding: word("padding", ["valid", "same"], "valid"),
  },
  ...(rank === 1 ? { unwritten: CHANNELS_LAST } : { usual: CHANNELS_LAST }),
});

export const globalPooling = (way: "Max" | "Average", rank: 1 | 2 | 3): Row => ({
  kind: `Global${way}Pooling${rank}D`,
  name: `global${way}Pooling${rank}d`,
  fields: {},
  ...(rank === 1
    ? { unwritten: { ...CHANNELS_LAST, keepdims: false } }
    : { usual: CHANNELS_LAST, unwritten: { keepdims: false } }),
});

export const merging = (kind: string): Row => ({
  kind,
  name: "merge",
  given: { way: kind.toLowerCase() },
  fields: {},
  masks: "merged",
});

/** Whether states are returned, as an option. */
const states = (option: () => true | undefined): Field => {
  const field = flag("return_state", false);
  return { ...field, read: (given, place) => (field.read(given, place) === true ? option() : undefined) };
};

export const recurrence = (
  kind: string,
  name: string,
  more: Record<string, Field> = {},
  size: Record<string, Field> = { units: count("units") },
): Row => ({
  kind,
  name,
  masks: "kept",
  fields: {
    ...size,
    activation: activation("activation", "tanh"),
    useBias: flag("use_bias", true),
    returnSequences: flag("return_sequences", false),
    goBackwards: flag("go_backwards", false),
    dropout: share("dropout", 0),
    recurrentDropout: share("recurrent_dropout", 0),
    ...more,
    // a result of one state is that state
    returnState: more.returnState ?? states(() => undefined),
  },
  usual: { stateful: false },
  unwritten: {
    ...NO_CONSTRAINTS,
    recurrent_constraint: null,
    time_major: false,
    zero_output_for_mask: false,
    kernel_regularizer: null,
    recurrent_regularizer: null,
    bias_regularizer: null,
  },
  // the default is orthogonal, which would waste time
  written: { recurrent_initializer: { class_name: "Zeros", config: {} } },
  unlike: ({ goBackwards, returnSequences }) =>
    goBackwards === true && returnSequences === true
      ? "Keras returns the sequences of goBackwards reversed"
      : undefined,
  lacks: noJointStates,
});

const noJointStates = ({ returnState }: Options): string | undefined =>
  returnState === true ? "result with states side by side: it returns them as further results" : undefined;

/** Masks of sequences of images are unlike ours in Keras, and end. */
export function convolutionalRecurrence(kind: string, name: string, more: Record<string, Field>): Row {
  const size = { filters: count("filters"), ...windows(2) };
  const { masks: _, usual, ...row } = recurrence(kind, name, more, size);
  const lacks = (options: Options): string | undefined => noJointStates(options) ?? noStridesBetween(options);
  return { ...row, usual: { ...usual, ...CHANNELS_LAST }, lacks };
}

export const gates = { recurrentActivation: activation("recurrent_activation", "sigmoid", "hard_sigmoid") };
/** Of an LSTM, whose result has both of its states if it returns them. */
export const gatesAndStates = { ...gates, returnState: states(() => true) };

export const normalization = {
  fields: {
    axis: lastAxis,
    epsilon: number("epsilon", 1e-3),
    center: flag("center", true),
    scale: flag("scale", true),
  },
  unwritten: {
    beta_regularizer: null,
    gamma_regularizer: null,
    beta_constraint: null,
    gamma_constraint: null,
  },
  masks: "kept",
} as const;
