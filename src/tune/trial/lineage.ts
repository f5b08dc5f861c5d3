/**
 * Where trainings ended, for trials that go on from there. The latest ends are kept; one that is not, as after a study
 * was opened from its JSON, is made again from its parent's, to the same bits. It knows no strategy, and scores nothing.
 */

import { checkSaved, type SavedRun } from "../../engine/executor.js";
import { check, show } from "../../errors.js";
import { type Architecture, sameTraining } from "../../nn/architecture.js";
import type { Params, ParamsOf, Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import { seedOfTrial } from "../../search/study/ledger.js";
import type { Study } from "../../search/study/study.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobResult } from "../jobs/job.js";
import { type Trainer, trainingOf, trainRounds } from "./training.js";

/** Where the training of one trial ended. */
export interface End {
  readonly params: Params;
  readonly architecture: Architecture;
  /** One for each round. */
  readonly states: readonly SavedRun[];
}

/** Where trainings ended, by the number of their trial, one state for each round. */
export type SavedEnds = readonly (readonly [number, readonly SavedRun[]])[];

export interface Lineage {
  /** Where a trial ended that gave a value. */
  endOf(number: number): Promise<End>;
  /** Notes where a trial ended. */
  keep(number: number, end: End): void;
  /** The ends that are kept, by number, the oldest first. */
  ends(): readonly (readonly [number, End])[];
}

/**
 * @param most - how many ends are kept
 * @param parentOf - the trial that a finished one went on from, if it did
 * @param train - trains a finished trial again, from its parent's end
 */
export function createLineage(
  most: number,
  parentOf: (number: number) => number | undefined,
  train: (number: number, parent?: End) => Promise<End>,
): Lineage {
  const ends = new Map<number, { readonly end: Promise<End>; known?: End }>();
  const note = (number: number, end: Promise<End>, known?: End): void => {
    const kept = { end, ...(known && { known }) };
    ends.set(number, kept);
    // a map holds its keys in the order of insertion
    if (ends.size > most) ends.delete(ends.keys().next().value as number);
    end.then(
      (come) => Object.assign(kept, { known: come }),
      () => ends.delete(number),
    );
  };
  const endOf = (number: number): Promise<End> => {
    const kept = ends.get(number);
    if (kept) return kept.end;
    const parent = parentOf(number);
    const end = parent === undefined ? train(number) : endOf(parent).then((before) => train(number, before));
    note(number, end);
    return end;
  };
  return {
    endOf,
    keep: (number, end) => note(number, Promise.resolve(end), end),
    ends: () => [...ends].flatMap(([number, { known }]) => (known ? [[number, known] as const] : [])),
  };
}

/**
 * Where the trials of a study end; what is not kept is trained again.
 *
 * @param states - where some ended that were trained elsewhere, the oldest first
 * @throws FettleError `invalid_checkpoint` for states that cannot be of these trials
 */
export function lineageOf<S extends Space>(
  trainer: Trainer<S>,
  study: Study<S>,
  states: SavedEnds = [],
): Lineage {
  const recordOf = (number: number) =>
    study.trials.find((trial) => trial.number === number) as TrialRecord<ParamsOf<S>>;
  // The trials of a generation go on from those of the one before.
  const most = 2 * (study.strategy.generation ?? study.lag + 1);
  const trainingFor = (number: number) => {
    const { params } = recordOf(number);
    const seed = seedOfTrial(study.seed, number);
    return { params, ...trainingOf(trainer, params, seed, trainer.folds.rounds) };
  };
  const lineage = createLineage(
    most,
    (number) => recordOf(number).parent,
    async (number, parent) => {
      const { params, architecture, job } = trainingFor(number);
      const again = { ...job, trial: number, keepState: true };
      return endOf(params, architecture, await trainRounds(trainer, again, parent?.states));
    },
  );
  for (const [number, ended] of states) {
    const { params, architecture, job } = trainingFor(number);
    for (const [round, state] of ended.entries())
      checkSaved(job.programs.train, state, trainer.folds.rounds[round].train.rows);
    lineage.keep(number, { params, architecture, states: ended });
  }
  return lineage;
}

/** The end that results of rounds with their states come to. */
export function endOf(params: Params, architecture: Architecture, results: readonly JobResult[]): End {
  return { params, architecture, states: results.map(({ state }) => state as SavedRun) };
}

/** Refuses to go on with a training as another. */
export function checkSameTraining(before: End, now: Pick<End, "params" | "architecture">): void {
  const changed = Object.keys({ ...before.params, ...now.params }).filter(
    (name) => !sameValue(before.params[name], now.params[name]),
  );
  const showChanged = ({ params }: Pick<End, "params">) =>
    show(Object.fromEntries(changed.map((name) => [name, params[name]])));
  check(
    sameTraining(before.architecture, now.architecture),
    () =>
      "within a training only numbers such as rates can change, not what layers and optimizer are made of, nor " +
      `numbers from or to 0 that leave work out; received ${showChanged(now)} after ${showChanged(before)}`,
  );
}
