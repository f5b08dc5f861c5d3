/** Transforms of a regression target, and back to its units. Class targets stay unchanged. */
import { check } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { exp, expm1, log, log1p } from "../../numerics/special.js";
import { type RowOrigin, rowIn } from "../origin.js";
import type { TargetTransformName } from "./options.js";
import { standardOf, UNSCALED } from "./scaling.js";

/** z = (f(y) − center) / scale, where f is `log`, `log1p` or nothing. */
export interface TargetTransform {
  readonly log?: "log" | "log1p";
  /** One for each output. */
  readonly outputs: readonly { readonly center: number; readonly scale: number }[];
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
 * @throws FettleError `invalid_data` for a number without a logarithm
 */
export function fitTarget(
  name: TargetTransformName,
  { y, outputs, origin }: Targets,
  rows: ArrayLike<number>,
): TargetTransform {
  const log = name === "log" || name === "log1p" ? name : undefined;
  return {
    ...(log && { log }),
    outputs: Array.from({ length: outputs }, (_, k) => {
      if (name === "none") return UNSCALED as { center: number; scale: number };
      const values = Float64Array.from({ length: rows.length }, (_, i) =>
        logged(log, y[rows[i] * outputs + k], rows[i], origin),
      );
      return standardOf(values);
    }),
  };
}

/** The targets of the given rows as a network learns them, `[rows, outputs]`. */
export function transformed(
  { log, outputs }: TargetTransform,
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
  return z;
}

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

/** Whether the network learns the target unchanged, like classes. */
export function isUnchanged({ log, outputs }: TargetTransform): boolean {
  return log === undefined && outputs.every(({ center, scale }) => center === 0 && scale === 1);
}

/** Predictions in the units of the target; NaN and infinity stay unchanged. */
export function restored({ log, outputs }: TargetTransform, z: Floats): Float64Array {
  const invert = log === undefined ? (value: number) => value : LOGS[log].invert;
  return Float64Array.from(z, (value, k) => {
    const { center, scale } = outputs[k % outputs.length];
    return invert(value * scale + center);
  });
}
