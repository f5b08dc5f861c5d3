/**
 * Reads a study back from `study.toJSON()`, trusting nothing: every point is checked
 * against the space, every record is made anew. It writes no files.
 */

import { check, checkOptions, FettleError, isRecord, show } from "../../errors.js";
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
import type { Strategy } from "../strategies/strategy.js";
import { makeRecord, outcomeFields, statuses, type TrialOutcome, type TrialStatus } from "../trial/trial.js";
import { openStudy, type StoredTrial, studyVersion } from "./ledger.js";
import { directionsOf, type Study } from "./study.js";

/** What JSON cannot hold, and must be given again. */
export interface RestoreOptions<S extends Space = Space> {
  /** The strategy that the study began with, such as `createStrategy(json.strategy.name, json.strategy.options)`. */
  readonly strategy: Strategy;
  /** The space that the study began with, if its parameters are to be typed. */
  readonly space?: S;
  /** The constraint that the study began with, if it had one. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /** Milliseconds of some clock, to time trials; without it nothing is timed. */
  readonly clock?: () => number;
}

const fields = [
  ...["format", "version", "space", "strategy", "direction", "seed", "lag", "constrained", "trials"],
];
/** What the study itself knows of a trial. */
const ownFields = ["number", "given", "params", "parent"];

/**
 * Opens a saved study where it stopped: it goes on with the same trials as if it had
 * never been saved. Trials that were running then are the first that `ask` hands out.
 *
 * @param json - what `study.toJSON()` gave, parsed
 * @throws FettleError `invalid_checkpoint` if `json` is damaged, of a newer version or no study
 * at all; `invalid_argument` if the strategy or the space is not the study's own
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 3 });
 * const text = JSON.stringify(study);
 * const again = restoreStudy(JSON.parse(text), { strategy: random() });
 * again.trials.length; // 3
 * ```
 */
export function restoreStudy<const S extends Space = Space>(
  json: unknown,
  options: RestoreOptions<S>,
): Study<S> {
  checkOptions(options, "restoreStudy", ["strategy", "space", "constraint", "clock"]);
  const { strategy, space, constraint, clock } = options;
  must(
    isRecord(json) && json.format === "fettle-study",
    `a saved study has the format "fettle-study", received ${show(json)}`,
  );
  const { version, direction, seed, lag, constrained, trials } = json;
  must(
    Number.isSafeInteger(version) && (version as number) >= 1,
    `its version is a positive integer, received ${show(version)}`,
  );
  must(
    (version as number) <= studyVersion,
    `it was saved by a newer release (version ${version}; this one reads up to ${studyVersion}); upgrade to open it`,
  );
  for (const key of Object.keys(json)) must(fields.includes(key), `no field ${show(key)} in a study`);
  must(isNatural(seed), `its seed is an integer from 0, received ${show(seed)}`);
  must(isNatural(lag), `its lag is an integer from 0, received ${show(lag)}`);
  must(
    constrained === undefined || constrained === true,
    `constrained is true or left out, received ${show(constrained)}`,
  );
  must(Array.isArray(trials), `its trials are a list, received ${show(trials)}`);
  checkStrategyIsOwn(json.strategy, strategy);
  const directions = rephrase("its direction", () => directionsOf(direction, strategy));
  checkConstraintIsGiven(constrained === true, constraint);
  const searchSpace = rephrase("its space", () =>
    resolveSpace(json.space, constraint as Constraint | undefined),
  );
  check(
    space === undefined || valueKey(resolveSpace(space).parameters) === valueKey(searchSpace.parameters),
    "the space given differs from the one that the study was saved with; leave it out, or begin a new study",
  );
  const stored = trials.map((trial, number) => restoreTrial(searchSpace, directions.length, trial, number));
  return openStudy<S>(searchSpace, { strategy, seed, directions, lag, ...(clock && { clock }) }, stored);
}

function restoreTrial(space: SearchSpace, objectives: number, trial: unknown, number: number): StoredTrial {
  must(
    isRecord(trial) && trial.number === number,
    `entry ${number} of its trials is no trial ${number}: ${show(trial)}`,
  );
  for (const key of Object.keys(trial)) {
    must(ownFields.includes(key) || outcomeFields.includes(key), `no field ${show(key)} in trial ${number}`);
  }
  const wrong = whyOutside(space, trial.params);
  must(wrong === undefined, `the parameters of trial ${number} are not in the space: ${wrong}`);
  const params = ownParams(space, trial.params as Params);
  const { status, value, values, given, parent } = trial;
  must(
    given === undefined || given === true,
    `given of trial ${number} is true or left out, received ${show(given)}`,
  );
  must(
    parent === undefined || (isNatural(parent) && parent < number),
    `the parent of trial ${number} is an earlier trial, received ${show(parent)}`,
  );
  const own = {
    params,
    ...(parent !== undefined && { parent }),
    ...(given === true && { given: true as const }),
  };
  if (status === "running") {
    const told = outcomeFields.find((key) => key !== "status" && (trial[key] ?? null) !== null);
    must(
      told === undefined,
      `trial ${number} is running and has ${told}, received ${show(trial[told as string])}`,
    );
    return own;
  }
  must(statuses.includes(status as TrialStatus), `trial ${number} has an unknown status ${show(status)}`);
  const needsValue = status === "complete" || status === "pruned";
  const told = objectives === 1 ? value : values;
  must(
    !needsValue || [told].flat().every(Number.isFinite),
    `trial ${number} is ${status} and has no value, received ${show(told)}`,
  );
  const [surplus] = [value, values, trial.std].filter((each) => each !== undefined && each !== null);
  must(
    needsValue || surplus === undefined,
    `trial ${number} is ${status}, without a value or its spread, received ${show(surplus)}`,
  );
  // null stands for a number that JSON cannot hold, or for none
  const outcome = Object.fromEntries(
    Object.entries(trial)
      .filter(([key, field]) => !ownFields.includes(key) && field !== null)
      .map(([key, field]) => [key, Array.isArray(field) ? field.map(numberOf) : field]),
  );
  return {
    ...own,
    record: rephrase(`trial ${number}`, () =>
      makeRecord({ number, ...own }, outcome as TrialOutcome, objectives),
    ),
  };
}

function checkStrategyIsOwn(saved: unknown, strategy: Strategy): void {
  must(
    isRecord(saved) &&
      typeof saved.name === "string" &&
      isRecord(saved.options) &&
      Object.keys(saved).length === 2,
    `its strategy has a name and options, received ${show(saved)}`,
  );
  check(
    strategy?.name === saved.name && sameValue(strategy.options, saved.options),
    () =>
      `the study was saved with the strategy ${show(saved.name)} and the options ${show(saved.options)}, received ${show(strategy?.name)} and ${show(strategy?.options)}; pass the same`,
  );
}

function checkConstraintIsGiven(constrained: boolean, constraint: unknown): void {
  check((typeof constraint === "function") === constrained, () =>
    constrained
      ? `the study was saved with a constraint, which is code; pass the same, received ${show(constraint)}`
      : `the study was saved without a constraint, received ${show(constraint)}`,
  );
}

function must(condition: unknown, message: string): asserts condition {
  check(condition, `this study cannot be opened: ${message}`, "invalid_checkpoint");
}

/** Runs `read`, and turns what it refuses into a refusal of the checkpoint. */
function rephrase<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    throw new FettleError(
      "invalid_checkpoint",
      `this study cannot be opened: ${what} is damaged: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** NaN for the null that JSON makes of it, anything else as it is. */
function numberOf(value: unknown): unknown {
  return value === null ? Number.NaN : value;
}
