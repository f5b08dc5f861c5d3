/** A finished study as one plain object for programs: the output of `--json`. */
import type { Params } from "../search/space/space.js";
import type { TrialRecord, TrialStatus } from "../search/trial/trial.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import type { Shortened } from "../tune/trial/finalLimits.js";
import type { CalibrationReport, EnsembleReport } from "./study.js";

/** The output of `--json`. Numbers that are not finite are null. */
export interface JsonReport {
  /** null if no trial has a value, and for several metrics. */
  readonly best: {
    readonly params: Params;
    readonly value: number | null;
    readonly std: number | null;
  } | null;
  /** The Pareto front; for several metrics only. */
  readonly bestTrials?: readonly JsonTrial[];
  /** The positive class of two, to which the threshold, precision, recall, F1 and AUC refer. */
  readonly positive?: string;
  /** The decision threshold of the final model, if one was chosen. */
  readonly threshold?: number;
  /** The networks of the final model, if there are several. */
  readonly ensemble?: EnsembleReport;
  /** The calibration error of the final model's probabilities, before and after. */
  readonly calibration?: CalibrationReport;
  /** Scores on the held-out rows, by metric; empty without any, and missing without a table. */
  readonly test?: Readonly<Record<string, number | null>>;
  /** Those scores compared with those of a linear model and a constant; missing without held-out rows. */
  readonly baselines?: BaselineReport;
  /**
   * The number of trials after which the search ended early, and the reason: `timeout`, or `standardErrors`
   * if its gains were within chance.
   */
  readonly endedAfter?: number;
  readonly endedBy?: string;
  /** The number of networks of the final model, if time allowed fewer than requested. */
  readonly networks?: number;
  /** The epochs and rows of the final model, if time ran out. */
  readonly shortened?: Shortened;
  /** The words of the command that runs the best trial again, if trials are commands. */
  readonly bestCommand?: readonly string[];
  /** By number. */
  readonly trials: readonly JsonTrial[];
  readonly seed: number;
}

/** A trial of the report. */
export interface JsonTrial {
  readonly number: number;
  /** The trial that it resumed from, if it did. */
  readonly parent?: number;
  readonly params: Params;
  readonly value: number | null;
  /** For several metrics only. */
  readonly values?: readonly number[];
  readonly std: number | null;
  readonly status: TrialStatus;
  readonly seconds: number | null;
  /** Why it failed; for failed trials only. */
  readonly error?: string;
}

/** The report of a study. */
export function jsonReport(study: {
  readonly best: TrialRecord<Params> | undefined;
  /** For several metrics only. */
  readonly bestTrials?: readonly TrialRecord<Params>[];
  readonly positive?: string;
  readonly threshold?: number;
  readonly ensemble?: EnsembleReport;
  readonly calibration?: CalibrationReport;
  readonly test?: Readonly<Record<string, number>>;
  readonly baselines?: BaselineReport;
  readonly endedAfter?: number;
  readonly endedBy?: string;
  readonly networks?: number;
  /** The epochs and rows of the final model, if time ran out. */
  readonly shortened?: Shortened;
  readonly bestCommand?: readonly string[];
  readonly trials: readonly TrialRecord<Params>[];
  readonly seed: number;
}): JsonReport {
  const { best, bestTrials, threshold, ensemble, calibration, test, baselines, trials, seed } = study;
  const { positive, endedAfter, endedBy, networks, shortened, bestCommand } = study;

  return {
    best: best ? { params: best.params, value: best.value, std: best.std } : null,
    ...(bestTrials && { bestTrials: bestTrials.map(jsonTrial) }),
    ...(positive !== undefined && { positive }),
    ...(threshold !== undefined && { threshold }),
    ...(ensemble && { ensemble }),
    ...(calibration && { calibration }),
    ...(test && { test: scoresOf(test) }),
    ...(baselines && { baselines }),
    ...(endedAfter !== undefined && { endedAfter, endedBy }),
    ...(networks !== undefined && { networks }),
    ...(shortened && { shortened }),
    ...(bestCommand && { bestCommand }),
    trials: trials.map(jsonTrial),
    seed,
  };
}

/** Scores; null if not finite. */
function scoresOf(test: Readonly<Record<string, number>>): Readonly<Record<string, number | null>> {
  const finite = Object.entries(test).map(([name, score]) => [name, Number.isFinite(score) ? score : null]);
  return Object.fromEntries(finite);
}

/** A trial of the report; the files of trials contain the same. */
export function jsonTrial({
  number,
  parent,
  params,
  value,
  values,
  ...rest
}: TrialRecord<Params>): JsonTrial {
  const { std, status, seconds, error } = rest;
  return {
    number,
    ...(parent !== undefined && { parent }),
    params,
    value,
    ...(values && { values }),
    std,
    status,
    seconds,
    ...(error !== undefined && { error }),
  };
}
