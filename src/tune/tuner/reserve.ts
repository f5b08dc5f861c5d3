/** What of a limited time is left for the final fit, and how many networks fit into what is left. */
import type { Space } from "../../search/space/space.js";
import { bestOrNone } from "../../search/study/best.js";
import type { Study } from "../../search/study/contract.js";
import { ancestry } from "../../search/trial/ancestry.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobBackend } from "../jobs/backend.js";
import type { TrialSetup } from "../trial/setup.js";

/** What fits may take more than the trainings tell, and milliseconds for what is chosen before them and written after. */
const [SLACK, OVERHEAD] = [1.1, 250];
/** Milliseconds that networks may take whatever is left: the choice between many trials may have used what was kept for them. */
const GRACE = 500;
/** Of the time, the most that is kept for the networks of an ensemble after its first. */
const SHARE = 0.4;

/** What is needed of a tuner. */
export type ReserveSetup<S extends Space> = Pick<
  TrialSetup<S>,
  "fitTimes" | "rows" | "selection" | "kept"
> & { readonly backend: Pick<JobBackend, "concurrency"> };

type Trials = readonly Pick<TrialRecord, "number" | "parent">[];

/**
 * Milliseconds that one network of a trial takes in the final fit: as long, row by row, as the trainings of the trial and of those that
 * it continues.
 */
function fitTime<S extends Space>(
  { fitTimes, rows: { folds } }: ReserveSetup<S>,
  trials: Trials,
  trial: number,
): number {
  const spent = ancestry(trials as readonly TrialRecord[], trial).reduce(
    (sum, { number }) => sum + (fitTimes?.of(number) ?? 0),
    0,
  );
  const rows = folds.map(({ train }) => train.length);
  const final = rows.pop() as number;
  return (spent * final) / rows.reduce((sum, count) => sum + count, 0);
}

/** What of the time is not for the search. */
export interface Reserve {
  /** Milliseconds for the final fit. */
  readonly fits: number;
  /** Milliseconds that a trial must have left to begin, since networks can use them better than a trial that does not end. */
  readonly trial: number;
}

/**
 * What is to be left if the search ended now: time for the networks of the final model, each as long as the trials that it may be of take on
 * average; but for the best alone, if the others took more than their share. A search is not to end before its first trial has.
 *
 * @param warm - how many trials are of an earlier study
 * @param timeout - milliseconds of the search and the final fit
 */
export function reserveOf<S extends Space>(
  setup: ReserveSetup<S>,
  study: Pick<Study<S>, "directions" | "bestTrials" | "trials">,
  warm: number,
  timeout: number,
): Reserve {
  const { trials } = study;
  const best = bestOrNone(study);
  if (trials[warm]?.number !== warm) return { fits: Number.NEGATIVE_INFINITY, trial: 0 };
  if (!best) return { fits: 0, trial: 0 };
  const { selection, kept, backend, fitTimes, rows } = setup;
  const one = SLACK * fitTime(setup, trials, best.number);
  const possible = [best.number, ...(selection && kept ? kept.trials : [])];
  const mean = meanOf(possible.map((trial) => fitTime(setup, trials, trial)));
  const all = SLACK * Math.ceil((selection?.networks ?? 1) / backend.concurrency) * mean;
  const most = Math.max(one, SHARE * timeout);
  const sideBySide = Math.min(rows.folds.length - 1, backend.concurrency);
  const ofTrial = meanOf(trials.slice(warm).map(({ number }) => fitTimes?.of(number) ?? 0)) / sideBySide;
  return { fits: Math.max(one, Math.min(all, most)) + OVERHEAD, trial: all > most ? ofTrial : 0 };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How many of the networks of an ensemble fit into the time that is left, at least one and as many as take half a second: small tables
 * lost networks of a few milliseconds to a search that ended a quarter of a second late.
 *
 * @param picks - their trials, in the order in which they were chosen
 */
export function networksWithin<S extends Space>(
  setup: ReserveSetup<S>,
  trials: Trials,
  picks: readonly number[],
  left: number,
): number {
  const { concurrency } = setup.backend;
  const most = Math.max(GRACE, left - OVERHEAD);
  let [taken, networks] = [0, 0];
  while (networks < picks.length) {
    const round = picks.slice(networks, networks + concurrency);
    taken += SLACK * Math.max(...round.map((trial) => fitTime(setup, trials, trial)));
    if (taken > most) break;
    networks += round.length;
  }
  return Math.max(1, networks);
}
