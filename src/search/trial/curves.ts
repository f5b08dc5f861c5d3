/**
 * The curves of a trial: numbers by epoch, for each fold that it was trained on. They are float32 in one
 * array, so that a thousand trials of 30 epochs on 5 folds keep two numbers per epoch in 1.2 MB. It does not
 * know what the numbers mean.
 */
import { must } from "../../errors.js";

/** Numbers by name: for each fold, one number per epoch. */
export type CurveValues = Readonly<Record<string, readonly (readonly number[] | Float32Array)[]>>;

/** Curves as JSON. */
export interface CurvesJson {
  /** What was recorded, such as `loss` and `valLoss`. */
  readonly names: readonly string[];
  /** How many epochs each fold was trained. */
  readonly epochs: readonly number[];
  /** The bytes of the numbers in base64: float32, little-endian; by name, then by fold, then by epoch. */
  readonly values: string;
}

/**
 * The curves of a trial. An epoch without a number, as between the rungs of a scheduler, is NaN.
 *
 * @example
 * ```ts
 * const { best } = await tune({
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [1, 3, 5, 7, 9, 11],
 *   space: { learningRate: float(0.01, 0.1) },
 *   model: ({ learningRate }) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   validation: { folds: 2 },
 *   fit: { epochs: 10 },
 *   trials: 3,
 * });
 * const { loss } = best.curves!.history;
 * loss.map((fold) => fold.length); // [10, 10]
 * loss[0][9] < loss[0][0]; // true
 * ```
 */
export class Curves {
  /** What was recorded: `loss`, and with validation `valLoss`, `valAccuracy`… */
  readonly names: readonly string[];
  /** How many epochs each fold was trained. */
  readonly epochs: readonly number[];
  /** All numbers end to end: by name, then by fold, then by epoch. */
  readonly values: Float32Array;

  /**
   * @param history - for each name, the same folds of the same numbers of epochs; copied as float32
   * @throws FettleError `invalid_argument`
   * @example
   * ```ts
   * new Curves({ loss: [[0.5, 0.25], [0.5]] }).epochs; // [2, 1]
   * ```
   */
  constructor(history: CurveValues) {
    const all = Object.values(history ?? {});
    const first = all[0];
    const fits = (folds: CurveValues[string]): boolean =>
      Array.isArray(folds) &&
      folds.length === first.length &&
      folds.every((fold, i) => isNumbers(fold) && fold.length === first[i].length);
    must(
      first && all.every(fits) && all.length * first.length <= MOST_FOLDS,
      "curves",
      "lists of numbers by name and fold, as long for each name",
      history,
    );
    this.names = Object.keys(history);
    this.epochs = first.map(({ length }) => length);
    this.values = concatenated(all.flat());
  }

  /**
   * The numbers by name, as in the history of `model.fit`, for each fold: `history.loss[fold][epoch]`. Views
   * of
   * `values`.
   */
  get history(): Readonly<Record<string, readonly Float32Array[]>> {
    return divided(this.names, this.epochs, this.values);
  }

  /** For `JSON.stringify`, which calls it. */
  toJSON(): CurvesJson {
    const { names, epochs, values } = this;
    let text = "";
    for (const byte of new Uint8Array(values.buffer)) text += String.fromCharCode(byte);
    return { names, epochs, values: btoa(text) };
  }
}

/** Views of numbers end to end, by name and then by fold. */
export function divided(
  names: readonly string[],
  epochs: readonly number[],
  values: Float32Array,
): Readonly<Record<string, readonly Float32Array[]>> {
  let at = 0;
  const next = (length: number): Float32Array => {
    at += length;
    return values.subarray(at - length, at);
  };
  return Object.fromEntries(names.map((name) => [name, epochs.map(next)]));
}

/** The most folds, of all names together: failed folds have no numbers, so a small file could claim many. */
export const MOST_FOLDS = 2 ** 16;

/** Ends a trial that fails after training started: the error, and the data that is still recorded. */
export class BrokenTrial {
  constructor(
    readonly error: unknown,
    readonly kept: { readonly curves?: CurveValues },
  ) {}
}

/** Lists of numbers as one, in float32. */
export function concatenated(lists: readonly ArrayLike<number>[]): Float32Array {
  const all = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

const isNumbers = (list: unknown): boolean =>
  list instanceof Float32Array || (Array.isArray(list) && list.every((each) => typeof each === "number"));
