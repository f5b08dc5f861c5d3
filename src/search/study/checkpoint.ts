/**
 * Reads a study back from `study.toJSON()`, which is untrusted: every point is checked against the space,
 * every record is rebuilt from its fields. It writes no files.
 */
import {
  check,
  checkOptions,
  clockOf,
  FettleError,
  isRecord,
  must as mustBe,
  type OptionNames,
  show,
} from "../../errors.js";
import { DEEPEST, isShallow } from "../../json.js";
import {
  type Constraint,
  ownParams,
  type Params,
  type ParamsOf,
  resolveSpace,
  type SearchSpace,
  type Space,
  whyOutside,
} from "../space/space.js";
import { sameValue, valueKey } from "../space/value.js";
import { mustBeStrategy, type Strategy } from "../strategies/strategy.js";
import { readCurves } from "../trial/savedCurves.js";
import {
  makeRecord,
  outcomeFields,
  statuses,
  type TrialOutcome,
  type TrialRecord,
  type TrialStatus,
} from "../trial/trial.js";
import type { Study, StudyJson } from "./contract.js";
import type { LedgerEntry } from "./ledger.js";
import { openStudy, studyVersion } from "./open.js";
import { directionsOf } from "./study.js";

/** What JSON cannot hold, so that it must be passed again. */
export interface RestoreOptions<S extends Space = Space> {
  /**
   * The strategy with which the study started, such as
   * `createStrategy(json.strategy.name, json.strategy.options)`. Default: that of
   * `createStudy`.
   */
  readonly strategy?: Strategy;
  /** The space with which the study started, to type its parameters. */
  readonly space?: S;
  /** The constraint with which the study started, if it had one. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /** Returns milliseconds, to time trials; without it nothing is timed. */
  readonly clock?: () => number;
}

const RESTORE_OPTIONS: OptionNames<RestoreOptions> = {
  strategy: true,
  space: true,
  constraint: true,
  clock: true,
};

const STUDY_FIELDS: OptionNames<StudyJson> = {
  format: true,
  version: true,
  space: true,
  strategy: true,
  direction: true,
  seed: true,
  lag: true,
  constrained: true,
  trials: true,
};

/** The fields of a saved trial that are not part of its outcome. */
const TRIAL_FIELDS = ["number", "given", "params", "parent"];

/** `restoreStudy` with a strategy, which tuners load separately. */
export function reopenStudy<const S extends Space = Space>(
  json: unknown,
  options: RestoreOptions<S> & { readonly strategy: Strategy },
): Study<S> {
  checkOptions(options, "restoreStudy", RESTORE_OPTIONS);
  const { strategy, space, constraint, clock } = options;
  checkFormat(json);
  const { direction, seed, lag, constrained, trials } = json;
  mustBeNatural("its seed", seed);
  mustBeNatural("its lag", lag);
  must(constrained === undefined || constrained === true, "its constrained", "true or left out", constrained);
  must(Array.isArray(trials), "its trials", "a list", trials);
  checkSameStrategy(json.strategy, strategy);
  const directions = rephrase("its direction", () => directionsOf(direction, strategy));
  checkSameConstraint(constrained === true, constraint);
  const searchSpace = rephrase("its space", () =>
    resolveSpace(json.space, constraint as Constraint | undefined),
  );
  check(
    space === undefined || valueKey(resolveSpace(space).parameters) === valueKey(searchSpace.parameters),
    () =>
      `space must be the one that the study was saved with, ${show(searchSpace.parameters)}; received ${show(space)}. Leave it out, or start a new study`,
  );
  const entries = trials.map((trial, number) => restoreTrial(searchSpace, directions.length, trial, number));
  return openStudy<S>(
    {
      space: searchSpace,
      strategy,
      seed,
      directions,
      lag,
      ...(clock !== undefined && { clock: clockOf(clock, clock) }),
    },
    entries,
  );
}

/** Refuses anything but a study that this release can read. */
function checkFormat(json: unknown): asserts json is Readonly<Record<string, unknown>> {
  must(
    isRecord(json) && json.format === "fettle-study",
    "it",
    'an object with the format "fettle-study"',
    json,
  );
  must(isShallow(json), "it", `nested at most ${DEEPEST} deep`, json);
  const { version } = json;
  must(
    Number.isSafeInteger(version) && (version as number) >= 1,
    "its version",
    "a positive integer",
    version,
  );
  must(
    (version as number) <= studyVersion,
    "its version",
    `at most ${studyVersion}, the latest that this release reads (upgrade to open newer ones)`,
    version,
  );
  const known = Object.keys(STUDY_FIELDS);
  for (const key of Object.keys(json)) {
    must(known.includes(key), "its fields", `among ${known.join(", ")}`, key);
  }
}

function restoreTrial(space: SearchSpace, objectives: number, trial: unknown, number: number): LedgerEntry {
  must(isRecord(trial) && trial.number === number, `entry ${number} of its trials`, `trial ${number}`, trial);
  for (const key of Object.keys(trial)) {
    const known = TRIAL_FIELDS.includes(key) || outcomeFields.includes(key);
    must(
      known,
      `the fields of trial ${number}`,
      `among ${[...TRIAL_FIELDS, ...outcomeFields].join(", ")}`,
      key,
    );
  }
  const wrong = whyOutside(space, trial.params);
  check(wrong === undefined, () => `${CANNOT_OPEN}trial ${number} is outside the space: ${wrong}`, CODE);
  const { given, parent } = trial;
  must(given === undefined || given === true, `given of trial ${number}`, "true or left out", given);
  must(
    parent === undefined || (isNatural(parent) && parent < number),
    `the parent of trial ${number}`,
    "the number of an earlier trial",
    parent,
  );
  const entry = {
    params: ownParams(space, trial.params as Params),
    ...(parent !== undefined && { parent: parent as number }),
    ...(given === true && { given: true as const }),
  };
  if (trial.status === "running") {
    checkUnfinished(trial, number);
    return entry;
  }
  return { ...entry, record: restoreRecord(entry, objectives, trial, number) };
}

/** A trial of a study's JSON as the study recorded it; only its curves are checked. */
export function recordOf<P>({
  given: _,
  ...trial
}: Exclude<StudyJson["trials"][number], { status: "running" }>): TrialRecord<P> {
  const { curves, ...rest } = trial;
  return { ...(rest as TrialRecord<P>), ...(curves && { curves: readCurves(curves) }) };
}

function checkUnfinished(trial: Readonly<Record<string, unknown>>, number: number): void {
  for (const key of outcomeFields) {
    if (key === "status") continue;
    must(
      (trial[key] ?? null) === null,
      `${key} of trial ${number}, which is running,`,
      "left out",
      trial[key],
    );
  }
}

function restoreRecord(
  entry: Omit<LedgerEntry, "record">,
  objectives: number,
  trial: Readonly<Record<string, unknown>>,
  number: number,
): TrialRecord {
  const { status, value, values, std } = trial;
  must(
    statuses.includes(status as TrialStatus),
    `the status of trial ${number}`,
    `"running", ${statuses.map((each) => show(each)).join(", ")}`,
    status,
  );
  const told = objectives === 1 ? value : values;
  if (status === "complete" || status === "pruned") {
    const allFinite = [told].flat().every(Number.isFinite);
    must(allFinite, `the value of trial ${number}, which is ${status},`, "finite", told);
  } else {
    const [surplus] = [value, values, std].filter((each) => each !== undefined && each !== null);
    must(surplus === undefined, `the value of trial ${number}, which is ${status},`, "null", surplus);
  }
  // null is a number that JSON cannot hold, or no number
  const { curves, ...outcome } = Object.fromEntries(
    Object.entries(trial)
      .filter(([key, field]) => !TRIAL_FIELDS.includes(key) && field !== null)
      .map(([key, field]) => [key, Array.isArray(field) ? field.map(nanForNull) : field]),
  );
  return rephrase(`trial ${number}`, () => {
    const told = { ...outcome, ...(curves !== undefined && { curves: readCurves(curves) }) };
    return makeRecord({ number, ...entry }, told as TrialOutcome, objectives);
  });
}

function checkSameStrategy(saved: unknown, strategy: Strategy): void {
  must(
    isRecord(saved) &&
      typeof saved.name === "string" &&
      isRecord(saved.options) &&
      Object.keys(saved).length === 2,
    "its strategy",
    "an object of a name and options",
    saved,
  );
  mustBeStrategy(strategy);
  check(
    strategy.name === saved.name && sameValue(strategy.options, saved.options),
    () =>
      `strategy must be the one that the study was saved with, ${show(saved.name)} with options ${show(saved.options)}; ` +
      `received ${show(strategy.name)} with options ${show(strategy.options)}`,
  );
}

function checkSameConstraint(constrained: boolean, constraint: unknown): void {
  mustBe(
    constrained ? typeof constraint === "function" : constraint === undefined,
    "constraint",
    constrained
      ? "passed again, since the study was saved with one, which is code"
      : "left out, since the study was saved without one",
    constraint,
  );
}

const CANNOT_OPEN = "this study cannot be opened: ";
const CODE = "invalid_checkpoint";

function must(condition: unknown, name: string, rule: string, value: unknown): asserts condition {
  mustBe(condition, CANNOT_OPEN + name, rule, value, CODE);
}

/** Runs `read`, and turns its refusal into one about the checkpoint. */
function rephrase<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(CODE, `${CANNOT_OPEN}${what} is damaged: ${error.message}`, { cause: error });
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function mustBeNatural(name: string, value: unknown): asserts value is number {
  must(isNatural(value), name, "an integer of at least 0", value);
}

/** NaN for the null that JSON makes of it; anything else unchanged. */
function nanForNull(value: unknown): unknown {
  return value === null ? Number.NaN : value;
}
