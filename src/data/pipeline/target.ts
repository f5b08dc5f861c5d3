/** Transforms of a regression target, and back to its units. Class targets stay unchanged. */
import { check } from "../../errors.js";
import { columnsOf, type Floats } from "../../ndarray.js";
import { exp, expm1, log, log1p } from "../../numerics/special.js";
import { type RowOrigin, rowIn } from "../origin.js";
import type { Moments } from "./moments.js";
import type { PipelineOptions, TargetTransformName } from "./options.js";
import { standardOf, UNSCALED } from "./scaling.js";

/** z = (f(y) − center) / scale, where f is `log`, `log1p` or nothing. */
export interface TargetTransform {
  readonly log?: "log" | "log1p";
  /** One for each output. */
  readonly outputs: readonly { readonly center: number; readonly scale: number }[];
  /** Undefined if the network predicts the targets themselves; never with `log`. */
  readonly moments?: Moments;
}

const LOGS = {
  log: { apply: log, invert: exp, least: 0 },
  log1p: { apply: log1p, invert: expm1, least: -1 },
} as const;

/** Targets of all rows. */
interface Targets {
  /** `[all, outputs]` */
  readonly y: Floats;
  readonly outputs: number;
  /** Where the rows come from, for errors. */
  readonly origin?: RowOrigin | undefined;
}

/**
 * Fits a transform to the given rows.
 *
 * @param name - `none` for class targets
 * @param moments - for a network that predicts distributions
 * @throws FettleError `invalid_data` for a number without a logarithm
 */
export function fitTarget(
  name: TargetTransformName,
  { y, outputs, origin }: Targets,
  rows: ArrayLike<number>,
  moments?: Moments,
): TargetTransform {
  const log = name === "log" || name === "log1p" ? name : undefined;
  return {
    ...(log && { log }),
    ...(moments && { moments }),
    outputs: Array.from({ length: outputs }, (_, k) => {
      if (name === "none") return UNSCALED as { center: number; scale: number };
      const values = Float64Array.from({ length: rows.length }, (_, i) =>
        logged(log, y[rows[i] * outputs + k], rows[i], origin),
      );
      return standardOf(values);
    }),
  };
}

/** How many numbers a network predicts for a row of so many targets. */
export const unitsFor = (outputs: number, { moments }: Pick<PipelineOptions, "moments">): number =>
  outputs * (moments ? 2 : 1);

/** How many numbers a network predicts for a row. */
export const unitsOf = (target: TargetTransform): number => unitsFor(target.outputs.length, target);

/**
 * The targets of the given rows as a network learns them, `[rows, units]`: each line twice for means and
 * variances, so that each unit has a target.
 */
export function transformed(
  { log, outputs, moments }: TargetTransform,
  { y, origin }: Pick<Targets, "y" | "origin">,
  rows: ArrayLike<number>,
): Float32Array {
  const width = outputs.length;
  const z = new Float32Array(rows.length * width);
  for (let i = 0, k = 0; i < rows.length; i++) {
    for (let j = 0; j < width; j++, k++) {
      const value = y[rows[i] * width + j];
      z[k] = (logged(log, value, rows[i], origin) - outputs[j].center) / outputs[j].scale;
      check(
        Number.isFinite(z[k]),
        () =>
          `row ${rowIn(origin, rows[i])}: the target must be near enough to the training rows to be scaled; received ${value}`,
        "invalid_data",
      );
    }
  }
  return moments ? Float32Array.from(twice(z, width)) : z;
}

/** Lines of `width` numbers, each line twice over. */
export const twice = (lines: Floats, width: number): Float64Array =>
  Float64Array.from(
    { length: 2 * lines.length },
    (_, at) => lines[Math.floor(at / (2 * width)) * width + (at % width)],
  );

function logged(
  log: TargetTransform["log"],
  value: number,
  row: number,
  origin: RowOrigin | undefined,
): number {
  if (log === undefined) return value;
  const { apply, least } = LOGS[log];
  check(
    value > least,
    () =>
      `row ${rowIn(origin, row)}: the target must be above ${least} for target: "${log}"; received ${value}`,
    "invalid_data",
  );
  return apply(value);
}

/** Whether the network learns the target unchanged, like classes, and predicts it. */
export function isUnchanged({ log, outputs, moments }: TargetTransform): boolean {
  return !log && !moments && outputs.every(({ center, scale }) => center === 0 && scale === 1);
}

/**
 * Predictions in the units of the target, `[rows, units]`; NaN and infinity stay unchanged. A predicted
 * variance, or its logarithm, becomes a variance: that of a target which is `scale` times as large.
 */
export function restored({ log, outputs, moments }: TargetTransform, z: Floats): Float64Array {
  const invert = log === undefined ? (value: number) => value : LOGS[log].invert;
  const { length } = outputs;
  return Float64Array.from(z, (value, k) => {
    const { center, scale } = outputs[k % length];
    if (moments && k % (2 * length) >= length) return varianceOf(moments, value) * scale * scale;
    return invert(value * scale + center);
  });
}

/** A variance below 0 is invalid, as for losses. */
function varianceOf({ log, least }: Moments, value: number): number {
  const variance = log ? exp(value) : value;
  return variance < 0 ? Number.NaN : Math.max(variance, least);
}

/** The predicted means of the targets, `[rows, outputs]`, of what {@link restored} returns. */
export const meansOf = ({ outputs, moments }: TargetTransform, data: Floats): Floats =>
  moments ? columnsOf(data, 2 * outputs.length, 0, outputs.length) : data;
