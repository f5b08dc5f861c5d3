/**
 * Sequences of which shorter ones are filled up: which steps of a row are padding, and how the others are scaled without becoming it. A
 * step is padding if all its numbers are `maskValue`; then they stay that. It knows no network.
 */
import { check, checkOptions, must, mustBeInteger, type OptionNames, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import type { Input } from "../dataset.js";

/** Inputs that are the steps of a sequence, one step after the other. */
export interface PaddedSteps {
  /** The place of the first of these inputs among all, from 0. */
  readonly first: number;
  readonly steps: number;
  /** Inputs of a step, all numbers. */
  readonly features: number;
  /** What all inputs of a step are that is padding, in float32. */
  readonly maskValue: number;
}

const NAMES: OptionNames<PaddedSteps> = { first: true, steps: true, features: true, maskValue: true };

/** @throws FettleError `invalid_argument`, `unknown_name` for steps that are not among the inputs, are no numbers, or share one */
export function checkPadding(given: unknown, inputs: readonly Pick<Input, "name" | "kind">[]): void {
  must(Array.isArray(given), "padding", "a list of { first, steps, features, maskValue }", given);
  let end = 0;
  for (const each of given as readonly PaddedSteps[]) {
    checkOptions(each, "padding", NAMES);
    const { first, steps, features, maskValue } = each;
    mustBeInteger("first of padding", first, 0);
    mustBeInteger("steps of padding", steps);
    mustBeInteger("features of padding", features);
    must(Number.isFinite(Math.fround(maskValue)), "maskValue of padding", "a finite number", maskValue);
    check(
      first >= end && first + steps * features <= inputs.length,
      () =>
        `padding must name inputs before ${inputs.length}, in their order and each once; received ${show(each)}`,
    );
    end = first + steps * features;
    const odd = inputs.slice(first, end).find(({ kind }) => kind !== "number");
    check(
      odd === undefined,
      () => `padding must name columns of numbers; received ${show(odd?.name)}, a ${odd?.kind}`,
    );
  }
}

/** Whether a number is that of padding, as the network sees it. */
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
 * The numbers of each feature in the steps that count, of all steps together: a feature means the same in each, and late steps have few rows.
 *
 * @param columns - `[all]` for each input
 */
export function countedNumbers(
  { first, steps, features, maskValue }: PaddedSteps,
  columns: readonly ArrayLike<number>[],
  rows: ArrayLike<number>,
): Float64Array[] {
  const isPadding = new Uint8Array(rows.length);
  const cells = Array.from({ length: features }, () => new Float64Array(rows.length));
  const counted = Array.from({ length: features }, () => new Float64Array(steps * rows.length));
  let count = 0;
  for (let step = 0; step < steps; step++) {
    for (const [f, own] of cells.entries()) {
      const column = columns[first + step * features + f];
      for (let i = 0; i < rows.length; i++) own[i] = column[rows[i]];
    }
    const read = cells.map((own) => () => own);
    findPadding(isPadding, read, rows.length, maskValue);
    for (let i = 0; i < rows.length; i++) {
      if (isPadding[i]) continue;
      for (let f = 0; f < features; f++) counted[f][count] = cells[f][i];
      count++;
    }
  }
  return counted.map((own) => own.subarray(0, count));
}

/**
 * Puts padding back where it was, after the columns of a step were scaled; and keeps a step that counts from being taken for it, if the
 * scaled numbers happen to be `maskValue` all: then the first is next to it.
 *
 * @param out - `[rows, width]`, of which columns k … k + features − 1 are the step
 */
export function restorePadding(
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

/** The first number of a step that counts, if all would be padding's once they are scaled. */
export function besidePadding(maskValue: number): number {
  const mask = Math.fround(maskValue);
  return Math.abs(mask) < NEAR ? NEAR : mask * (1 - NEAR);
}

/** How far from padding a step is put that would be taken for it: 10⁻⁶, more than float32 rounds away. */
const NEAR = 2 ** -20;

/** The steps that begin or go on at each input, by its place. */
export function stepsByInput(padding: readonly PaddedSteps[] = []): ReadonlyMap<number, PaddedSteps> {
  return new Map(
    padding.flatMap((own) =>
      Array.from({ length: own.steps * own.features }, (_, i) => [own.first + i, own] as const),
    ),
  );
}
