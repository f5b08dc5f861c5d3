/**
 * One trial: what is asked, what may be told about it, and the record that is kept.
 * A record is plain JSON and its outcome a status, never an exception. This file
 * keeps no trials (`study.ts` does).
 */

import { check, checkOptions, isRecord, show, unknownName } from "../errors.js";
import type { Params } from "./space.js";
import { copyJson, type ParamValue } from "./value.js";

/** Whether larger or smaller values are better. */
export type Direction = "maximize" | "minimize";

/**
 * How a trial ended: with a value; with an error; with a value that is not finite; or
 * stopped early, with the value it had reached.
 */
export type TrialStatus = "complete" | "failed" | "diverged" | "pruned";

/** A trial to be run. */
export interface Trial<P = Params> {
  /** From 0, in the order of asking. */
  readonly number: number;
  readonly params: P;
  /** A seed for everything random in the trial, an integer in [0, 2^31), given by the study's seed and the number. */
  readonly seed: number;
}

/** What is told about a trial. */
export interface TrialOutcome {
  /** The objective. A value that is NaN or infinite makes the trial `diverged`. */
  readonly value?: number;
  /** The spread of the value, such as the standard deviation over folds. */
  readonly std?: number;
  /** Default: `complete` for a finite value, `diverged` for any other. */
  readonly status?: TrialStatus;
  /** Why the trial failed. */
  readonly error?: string;
  /** How long it took; measured by the study's clock if left out. */
  readonly seconds?: number;
  /** The value on each split. */
  readonly scores?: readonly number[];
  /** The value after each epoch, or at whatever points were measured. Counts towards the study's size. */
  readonly curve?: readonly number[];
  /** Anything else to keep: plain JSON. */
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

/** A finished trial. Numbers that are not finite are kept as null, here as in JSON. */
export interface TrialRecord<P = Params> {
  readonly number: number;
  readonly params: P;
  /** null for a trial that failed or diverged. */
  readonly value: number | null;
  /** The spread of the value; null where none was told. */
  readonly std: number | null;
  readonly status: TrialStatus;
  /** Rounded to milliseconds; null where nothing measured it. */
  readonly seconds: number | null;
  readonly error?: string;
  readonly scores?: readonly (number | null)[];
  readonly curve?: readonly (number | null)[];
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

export const statuses: readonly TrialStatus[] = ["complete", "failed", "diverged", "pruned"];

const outcomeFields = ["value", "std", "status", "error", "seconds", "scores", "curve", "attributes"];

/**
 * The record of a trial from what is told about it.
 *
 * @throws FettleError `invalid_argument` for an outcome without a value and without a status
 * that explains it, or fields of the wrong type; `unknown_name` for fields or statuses that do not exist
 */
export function makeRecord<P>(
  { number, params }: Pick<Trial<P>, "number" | "params">,
  told: TrialOutcome,
): TrialRecord<P> {
  checkOptions(told, "a trial's outcome", outcomeFields);
  const { value, std, error, seconds, scores, curve, attributes } = told;
  for (const [name, given] of Object.entries({ value, std, seconds })) {
    check(
      given === undefined || typeof given === "number",
      () => `${name} of trial ${number} is a number, received ${show(given)}`,
    );
  }
  for (const [name, given] of Object.entries({ scores, curve })) {
    check(
      given === undefined || (Array.isArray(given) && given.every((item) => typeof item === "number")),
      () => `${name} of trial ${number} is a list of numbers, received ${show(given)}`,
    );
  }
  check(
    error === undefined || typeof error === "string",
    () => `error of trial ${number} is a message, received ${show(error)}`,
  );
  const kept = attributes === undefined ? undefined : copyJson(attributes);
  check(
    attributes === undefined || isRecord(kept),
    () => `attributes of trial ${number} are an object of JSON values, received ${show(attributes)}`,
  );
  const status = settle(number, told);
  const hasValue = status === "complete" || status === "pruned";
  return Object.freeze({
    number,
    params,
    value: hasValue ? finite(value) : null,
    std: hasValue ? finite(std) : null,
    status,
    seconds: seconds === undefined || !Number.isFinite(seconds) ? null : Math.round(seconds * 1000) / 1000,
    ...(error !== undefined && { error }),
    ...(scores !== undefined && { scores: Object.freeze(scores.map(finite)) }),
    ...(curve !== undefined && { curve: Object.freeze(curve.map(finite)) }),
    ...(isRecord(kept) && { attributes: kept as Readonly<Record<string, ParamValue>> }),
  });
}

/** Whether record `a` beats `b`: complete, with a better value, or as good and asked earlier. */
export function isBetter(
  a: TrialRecord<unknown>,
  b: TrialRecord<unknown> | undefined,
  direction: Direction,
): boolean {
  if (a.status !== "complete" || a.value === null) return false;
  if (b === undefined || b.value === null) return true;
  if (a.value === b.value) return a.number < b.number;
  return direction === "maximize" ? a.value > b.value : a.value < b.value;
}

function settle(number: number, { value, status }: TrialOutcome): TrialStatus {
  if (status !== undefined && !statuses.includes(status))
    throw unknownName("status", String(status), statuses);
  if (status === "failed" || status === "diverged") return status;
  check(
    value !== undefined,
    () => `trial ${number} needs a value, or a status of "failed" or "diverged"; received neither`,
  );
  return Number.isFinite(value) ? (status ?? "complete") : "diverged";
}

/** null for what JSON cannot hold; -0 becomes 0, as in JSON. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value + 0 : null;
}
