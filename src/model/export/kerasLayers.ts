/** The layers of Keras 3 that Fettle has too, and TensorFlow.js does not: one row per class, to read. */
import { must, show } from "../../errors.js";
import { camelCase } from "../../names.js";
import {
  count,
  type Field,
  flag,
  lastAxis,
  number,
  type Place,
  plain,
  share,
  sizes,
  word,
} from "./tfjsFields.js";
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

/** The most that a random change of images is, as a share; Keras writes its two ends. */
const most = (key: string, option: (share: number, place: Place) => number = (share) => share): Field => ({
  ...plain(key),
  read(given, place) {
    if (given === undefined) return undefined;
    const [from, to] = Array.isArray(given) ? given : [-(given as number), given];
    must(
      typeof to === "number" && to >= 0 && from === -to,
      `${key} of layer ${show(place.name)}`,
      "a number of at least 0, or a pair of -f and f",
      given,
      "unsupported",
    );
    return option(to, place);
  },
});

/** In whole pixels. @param axis - of the image */
const pixels = (key: string, axis: number): Field =>
  most(key, (share, { shape }) => Math.round(share * shape[axis]));

const modes = word("mode", ["horizontal", "vertical", "horizontal_and_vertical"], "horizontal_and_vertical");
const flips: Field = { ...modes, read: (mode, place) => camelCase(modes.read(mode, place) as string) };

/** A random change of images in training: new pixels and those between two may be others there. */
const augmentation = (kind: string, name: string, fields: Row["fields"]): Row => ({
  kind,
  name,
  fields,
  unwritten: CHANNELS_LAST,
});

/** Classes of Keras that do nothing in prediction, which Fettle does not have. */
export const ONLY_TRAINING_IN_KERAS: readonly string[] = [
  ...["RandomContrast", "RandomBrightness", "RandomShear", "RandomErasing", "RandomGrayscale", "RandomHue"],
  ...["RandomSaturation", "RandomSharpness", "RandomColorJitter", "RandomColorDegeneration"],
  ...["RandomPosterization", "RandomInvert", "RandomGaussianBlur", "RandomPerspective"],
  ...["RandomElasticTransform", "CutMix", "MixUp", "AugMix", "RandAugment", "SpatialDropout3D"],
];

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
  augmentation("RandomFlip", "randomFlip", { mode: flips }),
  augmentation("RandomRotation", "randomRotation", { factor: most("factor") }),
  augmentation("RandomZoom", "randomZoom", { height: most("height_factor"), width: most("width_factor") }),
  augmentation("RandomTranslation", "randomTranslation", {
    height: pixels("height_factor", 0),
    width: pixels("width_factor", 1),
  }),
];
