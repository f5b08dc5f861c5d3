/**
 * One trial: what the objective receives, what it may return, and the record. A record is JSON, and a failure
 * is a status, never an exception. `study/ledger.ts` keeps the trials.
 */
import type { Direction } from "../../direction.js";
import { checkOptions, isRecord, must, unknownName } from "../../errors.js";
import { mapValues } from "../../records.js";
import { integer, listOf, type OptionRules, type Rule, readOptions, rule, text } from "../../rules.js";
import type { Params } from "../space/space.js";
import { copyJson, type ParamValue } from "../space/value.js";
import { Curves, type CurveValues } from "./curves.js";

export type { Direction };

/**
 * How a trial ended: with a value; with an error; with a value that is not finite; or
 * stopped early by a scheduler, with the value it had reached.
 */
export type TrialStatus = "complete" | "failed" | "diverged" | "pruned";

/** A trial to be run. */
export interface Trial<P = Params> {
  /** From 0, in the order of asking. */
  readonly number: number;
  readonly params: P;
  /**
   * The number of the earlier trial that this one resumes, if its strategy resumes trials; otherwise it
   * starts afresh.
   */
  readonly parent?: number;
  /**
   * A seed for everything random in the trial, an integer in [0, 2^31), derived from the study's seed and the
   * number.
   */
  readonly seed: number;
}

/** The outcome of a trial. */
export interface TrialOutcome {
  /** The objective. A value that is NaN or infinite makes the trial `diverged`. */
  readonly value?: number;
  /** The objectives instead, in the order of the study's directions, if there are several. */
  readonly values?: readonly number[];
  /** Soft constraints: each is satisfied if at most 0; a positive number measures the violation. */
  readonly constraints?: readonly number[];
  /** The spread of the value, such as the standard deviation over folds; at least 0. */
  readonly std?: number;
  /** Default: `complete` for a finite value, `diverged` for any other. */
  readonly status?: TrialStatus;
  /** Why the trial failed. */
  readonly error?: string;
  /** How long it took, at least 0; measured by the study's clock if left out. */
  readonly seconds?: number;
  /** How many steps it was trained, such as epochs; by default, the last step that it reported. */
  readonly steps?: number;
  /** The value on each fold. */
  readonly scores?: readonly number[];
  /**
   * The value after each epoch, or at other points of the training; with several objectives, point by point.
   * It counts towards the study's size. With a scheduler, the values reported at rungs replace it.
   */
  readonly curve?: readonly number[];
  /**
   * The course of the training: for each fold, one number per epoch, by name, as `{ loss: [history.loss] }`.
   * Kept as float32.
   */
  readonly curves?: CurveValues | Curves;
  /** Anything else to record: plain JSON. */
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

/** A finished trial. Non-finite numbers are kept as null, as in JSON, except in `curves`. */
export interface TrialRecord<P = Params> {
  readonly number: number;
  readonly params: P;
  readonly parent?: number;
  /** null for a trial that failed or diverged, and with several objectives. */
  readonly value: number | null;
  /** With several objectives: the values of a trial that neither failed nor diverged. */
  readonly values?: readonly number[];
  /** null for a constraint that is broken by an infinite amount. */
  readonly constraints?: readonly (number | null)[];
  /** The spread of the value; null if unknown. */
  readonly std: number | null;
  readonly status: TrialStatus;
  /** Rounded to milliseconds; null if not measured. */
  readonly seconds: number | null;
  readonly steps?: number;
  readonly error?: string;
  readonly scores?: readonly (number | null)[];
  readonly curve?: readonly (number | null)[];
  /** The course of the training, by epoch and fold; for a failed trial, up to its failure. */
  readonly curves?: Curves;
  readonly attributes?: Readonly<Record<string, ParamValue>>;
}

/** The best trial of a study with one objective: a complete one, so that it has a value. */
export interface BestTrial<P = Params> extends TrialRecord<P> {
  readonly value: number;
  readonly status: "complete";
}

export const statuses: readonly TrialStatus[] = ["complete", "failed", "diverged", "pruned"];

const NUMBER: Rule<number> = rule("a number", (value) => typeof value === "number");
/** NaN is an unknown spread or time. */
const AT_LEAST_ZERO: Rule<number> = (name, value) => {
  NUMBER(name, value);
  must(!(Number(value) < 0), name, "a number of at least 0", value);
};
const NUMBERS: Rule<readonly number[]> = listOf("a list of numbers", (value) => typeof value === "number");

const OUTCOME_RULES = {
  value: NUMBER,
  values: NUMBERS,
  constraints: NUMBERS,
  std: AT_LEAST_ZERO,
  status: true,
  error: text,
  seconds: AT_LEAST_ZERO,
  steps: integer(0),
  scores: NUMBERS,
  curve: NUMBERS,
  curves: true,
  attributes: true,
} satisfies OptionRules<TrialOutcome>;

/** The names of the fields of an outcome. */
export const outcomeFields: readonly string[] = Object.keys(OUTCOME_RULES);

/**
 * The record of a trial with its outcome.
 *
 * @param objectives - how many there are
 * @throws FettleError `invalid_argument` for an outcome without a value and without a status
 * that explains it, or fields of the wrong type; `unknown_name` for fields or statuses that do not exist
 */
export function makeRecord<P>(
  { number, params, parent }: Pick<Trial<P>, "number" | "params" | "parent">,
  given: TrialOutcome,
  objectives = 1,
): TrialRecord<P> {
  const outcome = checkedOutcome(number, given);
  const { value, values, constraints, std, error, seconds, steps, scores, curve, curves } = outcome;
  const status = statusOf(number, outcome, objectives);
  const attributes = attributesOf(number, outcome);
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
    ...(curves !== undefined && { curves: curves instanceof Curves ? curves : new Curves(curves) }),
    ...(attributes && { attributes }),
  });
}

/**
 * A checked copy: each field and list is read once, because a getter may return something else the second
 * time.
 */
function checkedOutcome(number: number, given: TrialOutcome): TrialOutcome {
  checkOptions(given, "a trial's outcome", OUTCOME_RULES);
  const copy: object = mapValues<unknown, unknown>({ ...given }, (field) =>
    Array.isArray(field) ? [...field] : field,
  );
  return readOptions<TrialOutcome, typeof OUTCOME_RULES>(
    copy,
    "a trial's outcome",
    OUTCOME_RULES,
    ` of trial ${number}`,
  );
}

/** Whether a trial satisfies all its soft constraints. */
export function isFeasible({ constraints }: Pick<TrialRecord, "constraints">): boolean {
  return (
    constraints === undefined || constraints.every((constraint) => constraint !== null && constraint <= 0)
  );
}

/** Whether a trial can be the best, or one of the Pareto front: complete and feasible. */
export function mayBeBest(trial: Pick<TrialRecord, "status" | "constraints">): boolean {
  return trial.status === "complete" && isFeasible(trial);
}

/**
 * Whether record `a` beats `b`: complete and feasible, with a better value, or an equal one and a lower
 * number.
 */
export function isBetter(
  a: TrialRecord<unknown>,
  b: TrialRecord<unknown> | undefined,
  direction: Direction,
): boolean {
  if (!mayBeBest(a) || a.value === null) return false;
  if (b === undefined || b.value === null) return true;
  if (a.value === b.value) return a.number < b.number;
  return direction === "maximize" ? a.value > b.value : a.value < b.value;
}

function attributesOf(number: number, { attributes }: TrialOutcome): TrialRecord["attributes"] {
  if (attributes === undefined) return undefined;
  const kept = copyJson(attributes);
  must(isRecord(kept), `attributes of trial ${number}`, "an object of JSON values", attributes);
  return kept as Readonly<Record<string, ParamValue>>;
}

/** How a trial ended, by its outcome. */
function statusOf(number: number, { value, values, status }: TrialOutcome, objectives: number): TrialStatus {
  if (status !== undefined && !statuses.includes(status)) throw unknownName("status", status, statuses);
  if (status === "failed" || status === "diverged") return status;
  const told = objectives === 1 ? [value] : (values ?? []);
  const surplus = objectives === 1 ? values : value;
  must(
    surplus === undefined && told.length === objectives && told[0] !== undefined,
    `the outcome of trial ${number}`,
    `${objectives === 1 ? "a value" : `values for ${objectives} objectives`}, or a status of "failed" or "diverged"`,
    surplus ?? values ?? value,
  );
  return told.every(Number.isFinite) ? (status ?? "complete") : "diverged";
}

/** @throws FettleError `invalid_argument`, or `unknown_name` for a misspelling */
export function mustBeDirection(direction: unknown): asserts direction is Direction {
  if (direction === "maximize" || direction === "minimize") return;
  if (typeof direction === "string") throw unknownName("direction", direction, ["minimize", "maximize"]);
  must(
    false,
    "direction",
    '"minimize" or "maximize", or a list with one of them for each objective',
    direction,
  );
}

/** @throws FettleError `invalid_argument` for anything but a list of trials, such as a study */
export function mustBeTrials(
  trials: unknown,
  name = "trials",
): asserts trials is readonly TrialRecord<unknown>[] {
  must(
    Array.isArray(trials) && trials.every((trial) => isRecord(trial) && isRecord(trial.params)),
    name,
    "a list of trials, such as study.trials",
    trials,
  );
}

/** null for numbers that JSON cannot hold; -0 becomes 0, as in JSON. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value + 0 : null;
}
