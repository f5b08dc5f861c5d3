/**
 * One trial: what is asked, what may be told about it, and the record that is kept.
 * A record is plain JSON and its outcome a status, never an exception. This file
 * keeps no trials (`study.ts` does).
 */

import type { Direction } from "../../direction.js";
import { check, checkOptions, isRecord, show, unknownName } from "../../errors.js";
import type { Params } from "../space/space.js";
import { copyJson, type ParamValue } from "../space/value.js";

export type { Direction };

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
  /** The earlier trial that this one goes on from, where a strategy continues trials; else it begins anew. */
  readonly parent?: number;
  /** A seed for everything random in the trial, an integer in [0, 2^31), given by the study's seed and the number. */
  readonly seed: number;
}

/** What is told about a trial. */
export interface TrialOutcome {
  /** The objective. A value that is NaN or infinite makes the trial `diverged`. */
  readonly value?: number;
  /** The objectives instead, in the order of the study's directions, if there are several. */
  readonly values?: readonly number[];
  /** Soft constraints: each is kept where it is at most 0, and says by how much it is broken where it is above. */
  readonly constraints?: readonly number[];
  /** The spread of the value, such as the standard deviation over folds. */
  readonly std?: number;
  /** Default: `complete` for a finite value, `diverged` for any other. */
  readonly status?: TrialStatus;
  /** Why the trial failed. */
  readonly error?: string;
  /** How long it took; measured by the study's clock if left out. */
  readonly seconds?: number;
  /** How many steps it was trained, such as epochs; by default, what it last reported. */
  readonly steps?: number;
  /** The value on each split. */
  readonly scores?: readonly number[];
  /**
   * The value after each epoch, or at whatever points were measured; of several objectives all values, one point
   * after another. Counts towards the study's size. Under a scheduler, what was reported at rungs stands in its place.
   */
  readonly curve?: readonly number[];
  /** Anything else to keep: plain JSON. */
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

/** A finished trial. Numbers that are not finite are kept as null, here as in JSON. */
export interface TrialRecord<P = Params> {
  readonly number: number;
  readonly params: P;
  readonly parent?: number;
  /** null for a trial that failed or diverged, and where there are several objectives. */
  readonly value: number | null;
  /** Of several objectives, those of a trial that did not fail or diverge. */
  readonly values?: readonly number[];
  /** null stands for a constraint that is broken without measure. */
  readonly constraints?: readonly (number | null)[];
  /** The spread of the value; null where none was told. */
  readonly std: number | null;
  readonly status: TrialStatus;
  /** Rounded to milliseconds; null where nothing measured it. */
  readonly seconds: number | null;
  readonly steps?: number;
  readonly error?: string;
  readonly scores?: readonly (number | null)[];
  readonly curve?: readonly (number | null)[];
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

export const statuses: readonly TrialStatus[] = ["complete", "failed", "diverged", "pruned"];

export const outcomeFields: readonly string[] = [
  ...["value", "values", "constraints", "std", "status", "error"],
  ...["seconds", "steps", "scores", "curve", "attributes"],
];

/**
 * The record of a trial from what is told about it.
 *
 * @param objectives - how many there are
 * @throws FettleError `invalid_argument` for an outcome without a value and without a status
 * that explains it, or fields of the wrong type; `unknown_name` for fields or statuses that do not exist
 */
export function makeRecord<P>(
  { number, params, parent }: Pick<Trial<P>, "number" | "params" | "parent">,
  told: TrialOutcome,
  objectives = 1,
): TrialRecord<P> {
  checkOptions(told, "a trial's outcome", outcomeFields);
  const { value, values, constraints, std, error, seconds, steps, scores, curve, attributes } = told;
  for (const [name, given] of Object.entries({ value, std, seconds })) {
    check(
      given === undefined || typeof given === "number",
      () => `${name} of trial ${number} is a number, received ${show(given)}`,
    );
  }
  check(
    steps === undefined || (Number.isSafeInteger(steps) && steps >= 0),
    () => `steps of trial ${number} is an integer from 0, received ${show(steps)}`,
  );
  for (const [name, given] of Object.entries({ values, constraints, scores, curve })) {
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
  const status = settle(number, told, objectives);
  const hasValue = status === "complete" || status === "pruned";
  return Object.freeze({
    number,
    params,
    ...(parent !== undefined && { parent }),
    value: hasValue ? finite(value) : null,
    ...(hasValue && values && { values: Object.freeze(values.map((each) => each + 0)) }),
    ...(constraints !== undefined && { constraints: Object.freeze(constraints.map(finite)) }),
    std: hasValue ? finite(std) : null,
    status,
    seconds: seconds === undefined || !Number.isFinite(seconds) ? null : Math.round(seconds * 1000) / 1000,
    ...(steps !== undefined && { steps }),
    ...(error !== undefined && { error }),
    ...(scores !== undefined && { scores: Object.freeze(scores.map(finite)) }),
    ...(curve !== undefined && { curve: Object.freeze(curve.map(finite)) }),
    ...(isRecord(kept) && { attributes: kept as Readonly<Record<string, ParamValue>> }),
  });
}

/** Whether a trial keeps all soft constraints that it was told with. */
export function isFeasible({ constraints }: Pick<TrialRecord, "constraints">): boolean {
  return (
    constraints === undefined || constraints.every((constraint) => constraint !== null && constraint <= 0)
  );
}

/** Whether record `a` beats `b`: complete and feasible, with a better value, or as good and asked earlier. */
export function isBetter(
  a: TrialRecord<unknown>,
  b: TrialRecord<unknown> | undefined,
  direction: Direction,
): boolean {
  if (a.status !== "complete" || a.value === null || !isFeasible(a)) return false;
  if (b === undefined || b.value === null) return true;
  if (a.value === b.value) return a.number < b.number;
  return direction === "maximize" ? a.value > b.value : a.value < b.value;
}

function settle(number: number, { value, values, status }: TrialOutcome, objectives: number): TrialStatus {
  if (status !== undefined && !statuses.includes(status))
    throw unknownName("status", String(status), statuses);
  if (status === "failed" || status === "diverged") return status;
  if (objectives === 1) {
    check(
      value !== undefined && values === undefined,
      () =>
        `trial ${number} needs a value, or a status of "failed" or "diverged"; received ${values ? `values ${show(values)}, and there is one objective` : "neither"}`,
    );
    return Number.isFinite(value) ? (status ?? "complete") : "diverged";
  }
  check(
    value === undefined && values?.length === objectives,
    () =>
      `trial ${number} needs values for ${objectives} objectives, or a status of "failed" or "diverged"; received ${show(values ?? value)}`,
  );
  return values?.every(Number.isFinite) ? (status ?? "complete") : "diverged";
}

/** null for what JSON cannot hold; -0 becomes 0, as in JSON. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value + 0 : null;
}
