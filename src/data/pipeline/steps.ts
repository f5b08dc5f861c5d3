/**
 * Writes the steps of padded sequences: separate, because few pipelines have them, and a predictor loads this
 * on demand.
 */
import type { Floats } from "../../ndarray.js";
import type { PipelineColumn, Workspace } from "./column.js";
import type { PaddedSteps } from "./padding.js";
import type { Refusal, writeScaled } from "./scaled.js";

/** One step of a padded sequence, in some rows. */
export interface StepSource {
  readonly columns: readonly PipelineColumn[];
  readonly steps: PaddedSteps;
  /** The cells of one of the columns. */
  read(feature: number): Floats;
  readonly refusal: Refusal;
  /**
   * The functions to write with: passed in, so that this module shares no code with those that a predictor
   * loads first.
   */
  readonly write: typeof writeScaled;
}

/**
 * Writes the features of a step.
 *
 * @param k - the place of the first in `out`, where each row has `width` numbers
 */
export function writeStep(
  { columns, steps, read, refusal, write }: StepSource,
  rows: number,
  { prepared }: Workspace,
  out: Float32Array,
  k: number,
  width: number,
): void {
  const isPadding = new Uint8Array(rows);
  findPadding(
    isPadding,
    columns.map((_, f) => () => read(f)),
    rows,
    steps.maskValue,
  );
  for (const [f, column] of columns.entries()) {
    const cells = read(f);
    const {
      fill,
      features: [{ scaling }],
    } = column;
    for (let i = 0; i < rows; i++) prepared[i] = isPadding[i] || Number.isNaN(cells[i]) ? fill : cells[i];
    write(prepared, rows, scaling, out, k + f, width, column.name, refusal);
  }
  restorePadding(isPadding, steps, rows, out, k, width);
}

/** Whether the network reads a number as padding. */
const isMask = (value: number, maskValue: number): boolean => Math.fround(value) === Math.fround(maskValue);

/** Writes 1 for the rows in which all columns of a step are padding, and 0 for the others. */
export function findPadding(
  step: Uint8Array,
  columns: readonly (() => Floats)[],
  rows: number,
  maskValue: number,
): void {
  step.fill(1, 0, rows);
  for (const read of columns) {
    const cells = read();
    for (let i = 0; i < rows; i++) if (!isMask(cells[i], maskValue)) step[i] = 0;
  }
}

/**
 * Restores padding after the columns of a step were scaled. If all scaled numbers of a step that counts
 * happen to be `maskValue`, its first number is moved slightly, so that it is not read as padding.
 *
 * @param out - `[rows, width]`; columns k … k + features − 1 are the step
 */
function restorePadding(
  isPadding: Uint8Array,
  { features, maskValue }: PaddedSteps,
  rows: number,
  out: Float32Array,
  k: number,
  width: number,
): void {
  const mask = Math.fround(maskValue);
  for (let i = 0, at = k; i < rows; i++, at += width) {
    if (isPadding[i]) {
      out.fill(mask, at, at + features);
      continue;
    }
    let same = 0;
    while (same < features && out[at + same] === mask) same++;
    if (same === features) out[at] = besidePadding(maskValue);
  }
}

/** The first number of a step that counts, if scaling turned all of them into padding. */
export function besidePadding(maskValue: number): number {
  const mask = Math.fround(maskValue);
  return Math.abs(mask) < NEAR ? NEAR : mask * (1 - NEAR);
}

/** How far such a step is moved away from padding: 10⁻⁶, more than float32 rounds away. */
const NEAR = 2 ** -20;
