/** One objective of a study: its name, its direction, and its value in each trial. */
import { must } from "../../errors.js";
import type { Params } from "../../search/space/space.js";
import { isFeasible, type TrialRecord } from "../../search/trial/trial.js";
import { mustBeStudyData, type StudyData } from "./studyData.js";

/** A value, and whether it can be the best. */
export interface Feasible {
  readonly number: number;
  readonly value: number;
  /** True for a complete trial that satisfies its constraints. */
  readonly counts: boolean;
}

export interface Objective {
  readonly metric: string;
  readonly better: (a: number, b: number) => boolean;
  /** null for a trial without a value. */
  readonly outcomeOf: (trial: TrialRecord<Params>) => Feasible | null;
}

/**
 * @throws FettleError `invalid_argument` for an objective that the study does not have, and for anything but
 * the data of a study
 */
export function objectiveOf(study: StudyData, objective: number): Objective {
  mustBeStudyData(study);
  const { directions, metrics } = study;
  const exists = Number.isInteger(objective) && objective >= 0 && objective < directions.length;
  must(exists, "objective", `an integer from 0 to ${directions.length - 1}`, objective);
  const maximize = directions[objective] === "maximize";
  return {
    metric: metrics[objective] ?? "value",
    better: (a, b) => (maximize ? a > b : a < b),
    outcomeOf: (trial) => {
      const value = directions.length === 1 ? trial.value : (trial.values?.[objective] ?? null);
      if (value === null || !Number.isFinite(value)) return null;
      return { number: trial.number, value, counts: trial.status === "complete" && isFeasible(trial) };
    },
  };
}

/** A trial with its value of one objective. */
export interface Ranked {
  readonly trial: TrialRecord<Params>;
  readonly value: number;
}

/** The ranks of each objective of a study, which most pictures need. */
const known = new WeakMap<StudyData, (readonly Ranked[] | undefined)[]>();

/** Trials that can be the best, with their values, the best first; the earlier of equals first. */
export function ranked(study: StudyData, objective = 0): readonly Ranked[] {
  mustBeStudyData(study);
  const ofStudy = known.get(study) ?? [];
  known.set(study, ofStudy);
  ofStudy[objective] ??= rank(study, objective);
  return ofStudy[objective];
}

function rank(study: StudyData, objective: number): Ranked[] {
  const { better, outcomeOf } = objectiveOf(study, objective);
  return study.trials
    .flatMap((trial) => {
      const value = outcomeOf(trial);
      return value?.counts ? [{ trial, value: value.value }] : [];
    })
    .sort((a, b) =>
      better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : a.trial.number - b.trial.number,
    );
}
