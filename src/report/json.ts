/** A finished study as one plain object for programs: the output of `--json`. */
import type { Params } from "../search/space/space.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { Outcome } from "./study.js";

/** The output of `--json`. Numbers that are not finite are null. */
export interface JsonReport extends Outcome {
  /** null if no trial has a value, and for several metrics. */
  readonly best: Pick<JsonTrial, "params" | "value" | "std"> | null;
  /** The Pareto front; for several metrics only. */
  readonly bestTrials?: readonly JsonTrial[] | undefined;
  /** The decision threshold of the final model, if one was chosen. */
  readonly threshold?: number | undefined;
  /** Scores on the held-out rows, by metric; empty without any, and missing without a table. */
  readonly test?: Readonly<Record<string, number | null>> | undefined;
  /** The words of the command that runs the best trial again, if trials are commands. */
  readonly bestCommand?: readonly string[] | undefined;
  /** By number. */
  readonly trials: readonly JsonTrial[];
  readonly seed: number;
}

/** A trial of the report. */
export type JsonTrial = ReturnType<typeof jsonTrial>;

/** A finished study, with the records of its trials. */
interface FinishedStudy extends Outcome, Pick<JsonReport, "threshold" | "bestCommand" | "seed"> {
  readonly best: TrialRecord<Params> | undefined;
  readonly bestTrials?: readonly TrialRecord<Params>[] | undefined;
  readonly test?: Readonly<Record<string, number>> | undefined;
  readonly trials: readonly TrialRecord<Params>[];
}

/** The report of a study. */
export function jsonReport(study: FinishedStudy): JsonReport {
  const { best, bestTrials, threshold, ensemble, calibration, test, baselines, trials, seed } = study;
  const { positive, endedAfter, endedBy, networks, shortened, bestCommand } = study;
  return {
    best: best ? { params: best.params, value: best.value, std: best.std } : null,
    bestTrials: bestTrials?.map(jsonTrial),
    positive,
    threshold,
    ensemble,
    calibration,
    test: test && scoresOf(test),
    baselines,
    endedAfter,
    endedBy,
    networks,
    shortened,
    bestCommand,
    trials: trials.map(jsonTrial),
    seed,
  };
}

function scoresOf(test: Readonly<Record<string, number>>): Readonly<Record<string, number | null>> {
  const finite = Object.entries(test).map(([name, score]) => [name, Number.isFinite(score) ? score : null]);
  return Object.fromEntries(finite);
}

/** A trial of the report; the files of trials contain the same. */
export function jsonTrial(trial: TrialRecord<Params>) {
  const { number, parent, params, value, values, std, status, seconds, error } = trial;
  return { number, parent, params, value, values, std, status, seconds, error };
}
