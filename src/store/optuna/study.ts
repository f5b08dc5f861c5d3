/**
 * A study of Optuna as one of Fettle: which trials are points of the space, their results, and how the study
 * is resumed.
 */
import { check, FettleError, isRecord, messageOf, show } from "../../errors.js";
import { resolveSpace, type Space, whyOutside } from "../../search/space/space.js";
import { defaultStrategy } from "../../search/strategies/default.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import { reopenStudy } from "../../search/study/checkpoint.js";
import type { StudyJson } from "../../search/study/contract.js";
import { studyVersion } from "../../search/study/open.js";
import type { Report, StudySettings } from "../storage.js";
import { valueFrom } from "./distributions.js";
import { inferSpace, plainNames } from "./infer.js";
import { type OptunaStudy, type OptunaTrial, recordIn } from "./read.js";
import { CONSTRAINTS_KEY, OUTCOME_KEY, STUDY_KEY } from "./write.js";

/** How to resume a study of Optuna. */
export interface OptunaImport {
  /**
   * The space, if it cannot be inferred from the trials: for example a range that they did not reach, or a
   * condition on two parameters. Names are plain words: `_` replaces other characters of Optuna's names.
   * Default: that of the exported study, or inferred from the trials.
   */
  readonly space?: Space;
  /**
   * Suggests further trials. Default: that of the exported study, or the default strategy of `tune`.
   */
  readonly strategy?: Strategy;
  /**
   * The random seed; an integer of at least 0. Default: that of the exported study, or 0.
   */
  readonly seed?: number;
  /**
   * How many of the most recent trials an adaptive strategy ignores. Default: that of the exported study, or
   * 0.
   */
  readonly lag?: number;
}

/** A study that was read but not stored yet. */
export interface ReadStudy {
  readonly study: StudyJson;
  readonly settings: StudySettings;
  /** By number. */
  readonly reports: readonly (readonly Report[])[];
  readonly notes: readonly string[];
}

/**
 * @throws FettleError `invalid_space`, `invalid_argument`, `damaged_record` for a study that cannot be
 * resumed here
 */
export async function studyOf(optuna: OptunaStudy, options: OptunaImport): Promise<ReadStudy> {
  const { directions, trials } = optuna;
  const exported = recordIn(optuna.system, STUDY_KEY);
  const own = recordIn(exported, "definition");
  const names = plainNames(trials);
  const inferred = options.space || own.space ? undefined : inferSpace(trials, names);
  const space = resolveSpace(options.space ?? own.space ?? inferred?.space);
  const strategy = options.strategy ?? recordIn(own, "strategy");
  const { name = undefined, options: settings = {} } = strategy;
  const { name: byDefault, options: defaults } = defaultStrategy(directions.length);
  const kept = trials.map((trial) => ({ trial, point: pointOf(space.parameters, names, trial) }));
  const points = kept.filter(({ point }) => whyOutside(space, point) === undefined);
  const leftOut = kept.filter(({ point }) => whyOutside(space, point) !== undefined);
  const isLost = leftOut.some(({ trial }) => trial.state === "COMPLETE");
  check(
    points.some(({ trial }) => trial.state === "COMPLETE") || !isLost,
    () =>
      `no complete trial of Optuna is a point of the space: ${whyOutside(space, leftOut[0].point)}; pass another space`,
  );
  const objectives = directions.length;
  const json = {
    format: "fettle-study",
    version: studyVersion,
    space: space.parameters,
    strategy: name === undefined ? { name: byDefault, options: defaults } : { name, options: settings },
    direction: objectives === 1 ? directions[0] : directions,
    seed: options.seed ?? own.seed ?? 0,
    lag: options.lag ?? own.lag ?? 0,
    ...(own.constrained === true && { constrained: true }),
    trials: points.map(({ trial, point }, number) => trialOf(trial, point, number, objectives)),
  };
  const renamed = [...names].filter(([theirs, ours]) => theirs !== ours);
  return {
    study: checked(json),
    settings: {
      ...recordIn(exported, "settings"),
      optuna: {
        names: Object.fromEntries(renamed.map(([theirs, ours]) => [ours, theirs])),
        attributes: optuna.user,
      },
    },
    reports: points.map(({ trial }) => trial.reports),
    notes: [
      ...(inferred?.notes ?? []),
      ...renamed.map(([theirs, ours]) => `parameter ${show(theirs)} is called ${show(ours)} here`),
      ...leftOutNote(leftOut.map(({ trial }) => trial)),
    ],
  };
}

/** The study, completely checked: nothing in a file is trusted. */
function checked(json: Readonly<Record<string, unknown>>): StudyJson {
  const { name, options } = json.strategy as { readonly name: string; readonly options: Strategy["options"] };
  const strategy: Strategy = { name, options, adaptive: false, suggest: () => undefined };
  try {
    const constraint = json.constrained === true ? { constraint: () => true } : {};
    return reopenStudy(json, { strategy, ...constraint }).toJSON();
  } catch (error) {
    if (!(error instanceof FettleError) || error.code !== "invalid_checkpoint") throw error;
    throw new FettleError(
      "damaged_record",
      `the study of Optuna cannot be resumed here: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** The parameters of a trial, with undefined for invalid values. */
function pointOf(space: Space, names: ReadonlyMap<string, string>, { state, params, system }: OptunaTrial) {
  if (state === "WAITING") {
    const fixed = Object.entries(recordIn(system, "fixed_params"));
    return Object.fromEntries(
      fixed.map(([theirs, value]) => {
        const name = names.get(theirs) ?? theirs;
        const parameter = Object.hasOwn(space, name) ? space[name] : undefined;
        return [name, parameter && parameter.type !== "choice" ? valueFrom(parameter, value) : value];
      }),
    );
  }
  const values = [...params].map(([theirs, { number }]) => {
    const name = names.get(theirs) as string;
    return [name, Object.hasOwn(space, name) ? valueFrom(space[name], number) : undefined];
  });
  return Object.fromEntries(values) as Readonly<Record<string, unknown>>;
}

/** A trial in the form of a study's JSON, unchecked. */
function trialOf(
  { state, seconds, values, reports, user, system }: OptunaTrial,
  params: unknown,
  number: number,
  objectives: number,
) {
  const isOurs = isRecord(system[OUTCOME_KEY]);
  const { parent, given, status, ...rest } = recordIn(system, OUTCOME_KEY);
  const trial = {
    number,
    params,
    ...(parent !== undefined && { parent }),
    // points that Optuna suggested did not come from the strategy
    ...((isOurs ? given === true : true) && { given: true }),
  };
  if (state === "RUNNING" || state === "WAITING") return { ...trial, status: "running" };
  const constraints = system[CONSTRAINTS_KEY];
  const outcome = {
    ...trial,
    value: null,
    std: null,
    seconds: seconds === null ? null : Math.round(seconds * 1000) / 1000,
    ...rest,
    ...(Object.keys(user).length > 0 && { attributes: user }),
    ...(Array.isArray(constraints) && { constraints }),
  };
  const failed = (error: string) => ({ ...outcome, status: "failed", error });
  if (state === "FAIL") return { ...outcome, status: status === "diverged" ? status : "failed" };
  const last = reports.at(-1)?.value ?? undefined;
  // Optuna's value of a pruned trial is its last report
  const told =
    state === "PRUNED" && values.length === 0 && objectives === 1 && last !== undefined ? [last] : values;
  if (state === "PRUNED" && told.length === 0) return failed("Optuna pruned it before it had a value");
  check(
    told.length === objectives,
    () => `trial ${number} of Optuna must have ${objectives} values; received ${show(told)}`,
    "damaged_record",
  );
  if (!told.every(Number.isFinite)) return { ...outcome, status: "diverged" };
  const value = objectives === 1 ? { value: told[0] } : { values: told };
  return { ...outcome, ...value, status: state === "COMPLETE" ? "complete" : "pruned" };
}

function leftOutNote(trials: readonly OptunaTrial[]): string[] {
  if (trials.length === 0) return [];
  const numbers = trials.slice(0, 20).map(({ number }) => number);
  const list = `${numbers.join(", ")}${trials.length > numbers.length ? ", ..." : ""}`;
  return [
    `skipped ${trials.length} trials outside the space, such as those that failed before all parameters were suggested: ` +
      `${list}; later ones have other numbers here`,
  ];
}
