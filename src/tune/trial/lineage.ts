/**
 * The final states of trainings, for trials that continue them. The latest states are kept. A missing one,
 * for example after a study was restored from its JSON, is retrained from its parent's state, with the same
 * bits. It knows no strategy, and scores nothing.
 */

import type { PipelineOptions } from "../../data/pipeline/options.js";
import { checkSaved, type SavedRun } from "../../engine/executor.js";
import { check, show } from "../../errors.js";
import type { Architecture } from "../../nn/programs/architecture.js";
import { sameTraining } from "../../nn/programs/programs.js";
import type { Params, ParamsOf, Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import type { Study } from "../../search/study/contract.js";
import { seedOfTrial } from "../../search/study/ledger.js";

import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import { type JobTemplate, type TrainingSetup, templateAgain, trainOnFolds } from "./training.js";

/** The final state of one trial's training. */
export interface TrainingEnd {
  readonly params: Params;
  readonly architecture: Architecture;
  readonly pipeline: PipelineOptions;
  /** One for each fold. */
  readonly states: readonly SavedRun[];
}

/** The final states by trial number: one for each fold. */
export type SavedEnds = readonly (readonly [number, readonly SavedRun[]])[];

export interface Lineage {
  /** The final state of a trial's training. The trial must have a value. */
  endOfTrial(number: number): Promise<TrainingEnd>;
  add(number: number, end: TrainingEnd): void;
  /** The kept states, by trial number, the oldest first. */
  ends(): readonly (readonly [number, TrainingEnd])[];
}

/**
 * @param capacity - how many states are kept
 * @param parentOf - the trial that a finished one continues, if any
 * @param train - retrains a finished trial, from its parent's state
 */
export function createLineage(
  capacity: number,
  parentOf: (number: number) => number | undefined,
  train: (number: number, parent?: TrainingEnd) => Promise<TrainingEnd>,
): Lineage {
  const ends = new Map<number, { readonly end: Promise<TrainingEnd>; known?: TrainingEnd }>();
  const put = (number: number, end: Promise<TrainingEnd>, known?: TrainingEnd): void => {
    const entry = { end, ...(known && { known }) };
    ends.set(number, entry);
    // A map keeps its keys in the order of insertion.
    if (ends.size > capacity) ends.delete(ends.keys().next().value as number);
    end.then(
      (ended) => Object.assign(entry, { known: ended }),
      () => ends.delete(number),
    );
  };
  const endOfTrial = (number: number): Promise<TrainingEnd> => {
    const entry = ends.get(number);
    if (entry) return entry.end;
    const parent = parentOf(number);
    const end =
      parent === undefined ? train(number) : endOfTrial(parent).then((before) => train(number, before));
    put(number, end);
    return end;
  };
  return {
    endOfTrial,
    add: (number, end) => put(number, Promise.resolve(end), end),
    ends: () => [...ends].flatMap(([number, { known }]) => (known ? [[number, known] as const] : [])),
  };
}

/**
 * The lineage of a study's trials.
 *
 * @param saved - states from before the tuner was saved, the oldest first
 * @throws FettleError `invalid_checkpoint` for states that do not fit these trials
 */
export function lineageOf<S extends Space>(
  setup: TrainingSetup<S>,
  study: Study<S>,
  saved: SavedEnds = [],
): Lineage {
  const recordOf = (number: number) =>
    study.trials.find((trial) => trial.number === number) as TrialRecord<ParamsOf<S>>;
  // The trials of a generation continue those of the generation before.
  const capacity = 2 * (study.strategy.generation ?? study.lag + 1);
  const trainingOf = (number: number) => {
    const { params } = recordOf(number);
    const seed = seedOfTrial(study.seed, number);
    return { params, ...templateAgain(setup, { number, params }, seed) };
  };
  const lineage = createLineage(
    capacity,
    (number) => recordOf(number).parent,
    async (number, parent) => {
      const { params, ...template } = trainingOf(number);
      const again = { ...template.job, trial: number, keepState: true };
      return trainingEnd(params, template, await trainOnFolds(setup, again, parent?.states));
    },
  );
  for (const [number, states] of saved) {
    const { params, architecture, job } = trainingOf(number);
    for (const [fold, state] of states.entries()) {
      checkSaved(job.programs.train, state, setup.rows.folds[fold].train.length);
    }
    lineage.add(number, { params, architecture: architecture(), pipeline: job.pipeline, states });
  }
  return lineage;
}

/** @param results - of each fold, with their states */
export function trainingEnd(
  params: Params,
  { architecture, job: { pipeline } }: Pick<JobTemplate, "architecture" | "job">,
  results: readonly JobResult[],
): TrainingEnd {
  return {
    params,
    architecture: architecture(),
    pipeline,
    states: results.map(({ state }) => state as SavedRun),
  };
}

/** Refuses to continue a training with parameters that would change its program. */
export function checkSameTraining(before: TrainingEnd, now: Omit<TrainingEnd, "states">): void {
  const changed = Object.keys({ ...before.params, ...now.params }).filter(
    (name) => !sameValue(before.params[name], now.params[name]),
  );
  const showChanged = ({ params }: Pick<TrainingEnd, "params">) =>
    show(Object.fromEntries(changed.map((name) => [name, params[name]])));
  check(
    sameTraining(before.architecture, now.architecture) &&
      JSON.stringify(before.pipeline) === JSON.stringify(now.pipeline),
    () =>
      "a training that continues may change numbers such as rates, but not its layers, optimizer or pipeline, nor a number " +
      `from or to 0 where 0 removes an operation; received ${showChanged(now)} after ${showChanged(before)}`,
  );
}
