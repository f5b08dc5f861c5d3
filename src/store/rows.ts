/**
 * Trials as rows of a database and back: which fields are columns, and which are JSON. Damaged rows are
 * refused.
 */
import { FettleError, isRecord, show } from "../errors.js";
import type { Params } from "../search/space/space.js";
import { sameValue } from "../search/space/value.js";
import { Curves } from "../search/trial/curves.js";
import { readCurves } from "../search/trial/savedCurves.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { AddedTrial, StoredTrial } from "./storage.js";

/** A trial that was asked for. */
export interface TrialRow {
  readonly number: number;
  /** JSON. */
  readonly params: string;
  readonly parent: number | null;
  /** 1 for a trial that did not come from the strategy, else 0. */
  readonly given: number;
}

/** The result of a trial. */
export interface ResultRow {
  readonly status: string;
  /** The value of a single objective. */
  readonly value: number | null;
  readonly seconds: number | null;
  /** JSON of the rest of its record, without curves. */
  readonly outcome: string;
}

/** The curves of a trial. */
export interface CurvesRow {
  /** JSON of `Curves.names` and `Curves.epochs`. */
  readonly shape: string;
  /** float32, little-endian. */
  readonly numbers: Uint8Array;
}

export function trialRow({ number, params, parent, given }: AddedTrial): TrialRow {
  return { number, params: JSON.stringify(params), parent: parent ?? null, given: given ? 1 : 0 };
}

export function resultRow(record: TrialRecord<unknown>): ResultRow {
  const { number: _, params: __, parent: ___, curves: ____, status, value, seconds, ...outcome } = record;
  return { status, value, seconds, outcome: JSON.stringify(outcome) };
}

export function curvesRow(curves: TrialRecord["curves"]): CurvesRow | undefined {
  if (!curves) return undefined;
  const { names, epochs, values } = curves;
  const numbers = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return { shape: JSON.stringify({ names, epochs }), numbers };
}

/** @throws FettleError `damaged_record` */
export function trialOf(row: TrialRow, result?: ResultRow, curves?: CurvesRow): StoredTrial {
  const { number, parent, given } = row;
  const params = parsed(row.params, "the parameters", number) as Params;
  const marks =
    parent === null && given === 0
      ? undefined
      : { ...(parent !== null && { parent }), ...(given === 1 && { given: true as const }) };
  if (!result) return { number, params, ...marks, status: "running" };
  const { status, value, seconds, outcome } = result;
  // one literal: for 100,000 rows, nested spreads take a third of a second
  return {
    number,
    params,
    ...marks,
    status: status as TrialRecord["status"],
    value,
    seconds,
    ...(parsed(outcome, "the outcome", number) as Pick<TrialRecord, "std">),
    ...(curves && { curves: curvesOf(curves, number) }),
  };
}

/** @throws FettleError `damaged_record`, or `invalid_checkpoint` for numbers that do not fit their shape */
export function curvesOf({ shape, numbers }: CurvesRow, number: number): Curves {
  const { names, epochs } = parsed(shape, "the curves", number) as Partial<Curves>;
  const whole = numbers.length % Float32Array.BYTES_PER_ELEMENT === 0;
  // a copy, since bytes of a database may be unaligned
  const values = whole ? new Float32Array(Uint8Array.from(numbers).buffer) : undefined;
  return readCurves({ names, epochs, values });
}

function parsed(text: string, what: string, number: number): Readonly<Record<string, unknown>> {
  return parsedAs(isRecord, "a JSON object", text, what, number);
}

/** @throws FettleError `damaged_record` for a text that is not JSON, or not of its kind */
export function parsedAs<T>(
  isKind: (value: unknown) => value is T,
  kind: string,
  text: string,
  what: string,
  number: number,
): T {
  try {
    const value: unknown = JSON.parse(text);
    if (isKind(value)) return value;
  } catch {}
  throw new FettleError(
    "damaged_record",
    `${what} of trial ${number} in the storage must be ${kind}; received ${show(text)}`,
  );
}

/** Splits a trial of a study's JSON into the asked trial and its result, if any. */
export function divided(trial: StoredTrial): readonly [AddedTrial, TrialRecord<unknown>?] {
  const { number, params, parent, given } = trial;
  const added = { number, params, ...(parent !== undefined && { parent }), ...(given && { given }) };
  if (trial.status === "running") return [added];
  const { curves, given: _, ...rest } = trial;
  const own = curves instanceof Curves ? curves : curves && readCurves(curves);
  return [added, { ...rest, ...(own && { curves: own }) }];
}

/** Whether two rows have the same point: their JSON may order parameters differently. */
export function isSameTrial(a: TrialRow, b: TrialRow): boolean {
  const params = ({ params, number }: TrialRow) => parsed(params, "the parameters", number);
  return a.parent === b.parent && sameValue(params(a), params(b));
}
