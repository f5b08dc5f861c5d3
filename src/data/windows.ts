/**
 * Windows that slide over a series, as rows that a model learns from. `split/time.ts` has folds that keep
 * their order.
 */

import type { TensorLike } from "../arrays.js";
import { check, must, show } from "../errors.js";
import { integer, type OptionRules, readOptions } from "../rules.js";
import { type HostTensor, toTensor } from "./tensor.js";

/** How {@link windows} cuts a series. */
export interface WindowsOptions {
  /** Steps of a window. */
  readonly length: number;
  /** How many steps its target follows the last step of a window. @defaultValue 1 */
  readonly horizon?: number;
  /** Steps from the start of a window to that of the next. @defaultValue 1 */
  readonly stride?: number;
  /** The feature to predict, or several, by index from 0. @defaultValue all */
  readonly target?: number | readonly number[];
}

const RULES = {
  length: [integer()],
  horizon: [integer(), 1],
  stride: [integer(), 1],
  target: true,
} satisfies OptionRules<WindowsOptions>;

/** Numbers with their shape, in row-major order. */
export interface WindowData {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Windows and their targets, in the order of time. */
export interface Windows {
  /** `[windows, length, features]` */
  readonly x: WindowData;
  /** `[windows, targets]` */
  readonly y: WindowData;
}

/** The most numbers of all windows: what fits in the memory of an engine. */
const MOST = 2 ** 30;

/**
 * Cuts a series into windows: rows of `length` steps, each with the values of the features to predict
 * `horizon` steps later. They are in the order of time, so that folds of `timeSeriesSplit` train on windows
 * before all validation windows.
 *
 * @param series - `[steps, features]`, or `[steps]` for one feature; finite numbers
 * @throws FettleError `invalid_argument`, `unknown_name` for options out of range, and for a series shorter
 * than a window and its horizon;
 *   `invalid_data`, `invalid_shape` for anything but such an array; `memory_limit` for more than 2³⁰ numbers
 *   in all windows
 * @example
 * ```ts
 * const { x, y } = windows([1, 2, 3, 4, 5, 6], { length: 3, stride: 2 });
 * x; // { data: [1, 2, 3, 3, 4, 5], shape: [2, 3, 1] }
 * y; // { data: [4, 6], shape: [2, 1] }
 * ```
 * @see Keras, `timeseries_dataset_from_array`
 */
export function windows(series: TensorLike, options: WindowsOptions): Windows {
  const { length, horizon, stride } = readOptions(options, "windows", RULES);
  const all = toTensor(series, { what: "series" });
  check(
    all.shape.length === 1,
    () => `series must have 1 or 2 dimensions; received shape ${show([all.rows, ...all.shape])}`,
    "invalid_shape",
  );
  const targets = targetsOf(options.target, all.columns);
  const steps = all.rows - length - horizon;
  check(
    steps >= 0,
    () =>
      `length and horizon must leave a window in the series; received ${length} and ${horizon} for ${all.rows} steps`,
  );
  const count = Math.floor(steps / stride) + 1;
  const size = count * length * all.columns;
  check(
    size <= MOST,
    () =>
      `all windows must have at most ${MOST} numbers; received ${size}; choose a larger stride, or a shorter length`,
    "memory_limit",
  );
  return {
    x: { data: inputsOf(all, { count, length, stride }), shape: [count, length, all.columns] },
    y: {
      data: valuesOf(all, targets, { count, first: length - 1 + horizon, stride }),
      shape: [count, targets.length],
    },
  };
}

function targetsOf(target: WindowsOptions["target"], features: number): readonly number[] {
  const targets = target === undefined ? Array.from({ length: features }, (_, j) => j) : [target].flat();
  const fits = targets.length > 0 && targets.every((j) => Number.isSafeInteger(j) && j >= 0 && j < features);
  must(fits, "target", `a feature from 0 to ${features - 1}, or several`, target);
  return targets;
}

function inputsOf(
  { data, columns }: HostTensor,
  { count, length, stride }: { readonly count: number; readonly length: number; readonly stride: number },
): Float32Array {
  const size = length * columns;
  const x = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const start = i * stride * columns;
    x.set(data.subarray(start, start + size), i * size);
  }
  return x;
}

function valuesOf(
  { data, columns }: HostTensor,
  targets: readonly number[],
  { count, first, stride }: { readonly count: number; readonly first: number; readonly stride: number },
): Float32Array {
  const wide = targets.length;
  const step = (i: number): number => (first + i * stride) * columns;
  return new Float32Array(count * wide).map((_, k) => data[step(Math.floor(k / wide)) + targets[k % wide]]);
}
