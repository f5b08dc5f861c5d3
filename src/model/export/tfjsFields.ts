/**
 * Settings of Keras' layers as options of Fettle's, in both directions: how an option is written, and how an
 * untrusted setting is read. Names are those of Python, with underscores. tfjsLayers.ts assigns them to
 * layers.
 */
import { isRecord, must, show } from "../../errors.js";
import { type activations, savedName } from "../../nn/activations.js";
import { endsOf } from "../../nn/layers/geometry.js";
import { getRegularizer, type Regularizer } from "../../nn/weights/regularizers.js";

export type Json = Readonly<Record<string, unknown>>;
type Shape = readonly number[];

export const DAMAGED = "invalid_checkpoint";

/** A layer of the file. */
export interface Place {
  readonly name: string;
  readonly config: Json;
  /** Of a row of its first input. */
  readonly shape: Shape;
  /** Whether Keras 3 wrote it. */
  readonly isKeras3: boolean;
}

/** A layer that is written. */
export interface Written {
  readonly id: string;
  /** Of a row of its result. */
  readonly shape: Shape;
  /** Of rows of its inputs; none for a layer within another. */
  readonly inputs: readonly Shape[];
  readonly trainable: boolean;
}

/** A setting. */
export interface Field {
  readonly key: string;
  /** The setting for an option, undefined if missing. */
  readonly write: (option: unknown, layer: Written) => unknown;
  /** The option for a setting, undefined if missing. */
  readonly read: (setting: unknown, place: Place) => unknown;
}

/**
 * A setting by its name in Python or in TypeScript, both of which TensorFlow.js reads; undefined for null.
 */
export function setting(of: Json, key: string): unknown {
  return of[key] ?? of[key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())] ?? undefined;
}

/** The dtype of a layer: Keras 3 writes a policy of that name. */
export function dtypeOf(given: unknown): unknown {
  if (!isRecord(given)) return given;
  return isRecord(given.config) ? given.config.name : given;
}

/** A name in Python's form. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** @param missing - Keras' default, if it differs from Fettle's */
function checked(
  key: string,
  rule: string,
  isValid: (value: unknown) => boolean,
  fallback?: unknown,
  missing = fallback,
): Field {
  return {
    key,
    write: (option) => option ?? fallback,
    read(setting = missing, { name }) {
      must(isValid(setting), `${key} of layer ${show(name)}`, rule, setting, DAMAGED);
      return setting;
    },
  };
}

export const count = (key: string, fallback?: number): Field =>
  checked(key, "a positive integer", isPositive, fallback);
export const flag = (key: string, fallback: boolean, missing = fallback): Field =>
  checked(key, "true or false", (value) => typeof value === "boolean", fallback, missing);
export const share = (key: string, fallback?: number): Field =>
  checked(
    key,
    "a number in [0, 1)",
    (value) => typeof value === "number" && value >= 0 && value < 1,
    fallback,
  );
export const number = (key: string, fallback?: number): Field =>
  checked(key, "a finite number", Number.isFinite, fallback);

/** Any value: the layer's factory checks it. */
export const plain = (key: string): Field => ({ key, write: (option) => option, read: (setting) => setting });

/** One of a few words. */
export const word = (key: string, words: readonly string[], fallback: string): Field => ({
  key,
  write: (option) => option ?? fallback,
  read(setting = fallback, { name }) {
    const rule = `one of ${words.join(", ")}`;
    must(words.includes(setting as string), `${key} of layer ${show(name)}`, rule, setting, "unsupported");
    return setting;
  },
});

/** Positive integers along `rank` axes. @param fallback - null to follow another setting */
export const sizes = (key: string, rank: number, fallback?: number | null): Field => ({
  key,
  write: (option = fallback) => (option === null ? null : [...toAxes(option, rank)]),
  read(setting, { name }) {
    if (setting === undefined && fallback !== undefined) return undefined;
    const list = toAxes(setting, rank);
    const rule = `a positive integer${["", ", or two of them", ", or three of them"][rank - 1]}`;
    must(
      list.length === rank && list.every(isPositive),
      `${key} of layer ${show(name)}`,
      rule,
      setting,
      DAMAGED,
    );
    return rank === 1 ? list[0] : list;
  },
});

const toAxes = (given: unknown, rank: number): readonly unknown[] =>
  Array.isArray(given) ? given : Array(rank).fill(given);

/** For an image: the number of lines at each end. */
export const ends = (key: "padding" | "cropping", fallback: number): Field => ({
  key,
  write: (option) => endsOf(key, (option ?? fallback) as never, 2),
  read: (setting) => setting,
});

/**
 * Names of activations in Keras 2 that TensorFlow.js has. It writes but cannot read `gelu_new`, and its
 * `hard_sigmoid` has another slope, for which weights make up (tfjsSlopes.ts).
 */
const ACTIVATIONS: Readonly<Partial<Record<keyof typeof activations, string>>> = {
  linear: "linear",
  relu: "relu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  softmax: "softmax",
  softplus: "softplus",
  gelu: "gelu",
  elu: "elu",
  celu: "elu", // with an alpha of 1
  hardSigmoid: "hard_sigmoid",
  logSoftmax: "log_softmax",
  mish: "mish",
  relu6: "relu6",
  selu: "selu",
  silu: "swish",
  softsign: "softsign",
};

/** Fettle's names by those of Keras. */
const KERAS_ACTIVATIONS: Readonly<Record<string, keyof typeof activations>> = {
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS).flatMap(([name, keras]) => (name === "celu" ? [] : [[keras, name]])),
  ),
  gelu_new: "geluTanh",
  // of Keras 3 only
  silu: "silu",
  leaky_relu: "leakyRelu",
  celu: "celu",
  hard_silu: "hardSilu",
  hard_tanh: "hardTanh",
  log_sigmoid: "logSigmoid",
  exponential: "exponential",
};

export const activation = (key: string, fallback = "linear", missing = fallback): Field => ({
  key,
  write(option, { id }) {
    const name = savedName(option ?? fallback);
    const keras = ACTIVATIONS[name as keyof typeof activations];
    must(
      keras,
      `the ${whose(key)} of layer ${show(id)}`,
      `one of ${Object.keys(ACTIVATIONS).join(", ")} to be exported to TensorFlow.js`,
      name,
      "unsupported",
    );
    return keras;
  },
  read(setting, { name }) {
    // Keras 3 may write it as a function
    const known = (isRecord(setting) ? setting.config : setting) ?? missing;
    const own = typeof known === "string" ? snakeCase(known) : undefined;
    must(
      own !== undefined && Object.hasOwn(KERAS_ACTIVATIONS, own),
      `the ${whose(key)} of layer ${show(name)}`,
      `one of ${Object.keys(KERAS_ACTIVATIONS).join(", ")}`,
      known,
      "unsupported",
    );
    return KERAS_ACTIVATIONS[own];
  },
});

const whose = (key: string): string => (key === "activation" ? key : `${key} of the gates`);

/** TensorFlow.js has one class for all penalties, with a default weight of 0.01. */
export const regularizer = (key: string): Field => ({
  key,
  write(option) {
    if (option === undefined) return null;
    const { l1 = 0, l2 = 0 } = getRegularizer(option as Regularizer);
    return { class_name: "L1L2", config: { l1, l2 } };
  },
  read(given, { name }) {
    if (given === undefined) return undefined;
    const [kind, weights] = isRecord(given)
      ? [setting(given, "class_name"), given.config]
      : [undefined, undefined];
    must(
      kind === "L1L2" || kind === "L1" || kind === "L2",
      `${key} of layer ${show(name)}`,
      "L1, L2 or L1L2",
      kind ?? given,
      "unsupported",
    );
    const norms = (["l1", "l2"] as const).filter((norm) => kind.toLowerCase().includes(norm));
    const found = norms.map((norm) => {
      const weight = isRecord(weights) ? weights[norm] : undefined;
      must(
        typeof weight === "number" && weight >= 0,
        `${norm} of ${key} of layer ${show(name)}`,
        "a number of at least 0",
        weight,
        DAMAGED,
      );
      return [norm, weight] as const;
    });
    const penalties = found.filter(([, weight]) => weight > 0);
    return penalties.length > 0 ? Object.fromEntries(penalties) : undefined;
  },
});

/** The shape of a row of the result, without the −1 of the option. */
export const resultShape = (key: string): Field => ({
  key,
  write: (_, { shape }) => shape,
  read: (setting) => setting,
});

/** The axis along which values are joined, from 1; undefined for the last. */
export const joinedAxis: Field = {
  key: "axis",
  // TensorFlow.js takes any axis below 0 for the last
  write: (option = -1, { shape }) =>
    option === -1 || (option as number) > 0 ? option : (option as number) + shape.length + 1,
  read(given = -1, { name, shape: { length } }) {
    const axis = Number(given) < 0 ? Number(given) + length + 1 : given;
    must(
      isPositive(axis) && axis <= length,
      `axis of layer ${show(name)}`,
      `an axis of rows, from 1 to ${length}, or from -1 to -${length}`,
      given,
      "unsupported",
    );
    return axis === length ? undefined : axis;
  },
};

/** A setting that Keras 3 renamed. */
export const renamed = (field: Field, key: string): Field => ({
  ...field,
  read: (given, place) => field.read(given ?? setting(place.config, key), place),
});

/** The last axis. */
export const lastAxis: Field = {
  key: "axis",
  write: () => -1,
  read(given = -1, { name, shape }) {
    const axes = [given].flat();
    must(
      axes.length === 1 && (axes[0] === shape.length || axes[0] === -1),
      `axis of layer ${show(name)}`,
      `${shape.length} or -1`,
      given,
      "unsupported",
    );
    return undefined;
  },
};

/** Axes counted from 1: TensorFlow.js compares a pair before it counts from the end. */
export const dotAxes: Field = {
  key: "axes",
  write: (option, { inputs }) =>
    inputs.map(({ length }, i) => {
      const axis = [option].flat()[i] ?? option;
      return (axis as number) < 0 ? length + 1 + (axis as number) : axis;
    }),
  read: (setting) => setting,
};

/** Without a maximum it is `relu`, and with 6 `relu6`; both are written as activations. */
export const mostOfReLU: Field = {
  key: "max_value",
  write: () => null,
  read(given, { name }) {
    const rule = "left out, or 6";
    must(given === undefined || given === 6, `max_value of layer ${show(name)}`, rule, given, "unsupported");
    return given === undefined ? undefined : "relu6";
  },
};
