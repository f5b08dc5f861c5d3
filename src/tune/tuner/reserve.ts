/** How much of a limited time is reserved for the final fit, and how many networks fit into it. */
import type { Space } from "../../search/space/space.js";
import { bestOrNone } from "../../search/study/best.js";
import type { Study } from "../../search/study/contract.js";
import { ancestry } from "../../search/trial/ancestry.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobBackend } from "../jobs/backend.js";
import type { FinalLimits } from "../trial/finalLimits.js";
import { candidateCount } from "../trial/library.js";
import type { TrialSetup } from "../trial/setup.js";

/**
 * Margin of fits over the estimate from trainings, and milliseconds for choices before them and writing
 * after.
 */
const [SLACK, OVERHEAD] = [1.1, 250];
/**
 * The share of the time by which a search for an ensemble ends early, at most as long as its fits take: a
 * started suggestion or batch of trials may end late.
 */
const EARLY = 0.05;
/** From about how many trials the networks of an ensemble come. */
const OF_TRIALS = 4;
/** Milliseconds that networks may always take: the choice between many trials may have used their reserve. */
const GRACE = 500;
/** How many times as long as its learning a pipeline takes on a worker, with the features of the rows. */
const PREPARED = 2;
/**
 * Epochs on some of the rows, if there is no time to see all once: with the same number of steps, two to four
 * are as good as one on all, and fewer rows are prepared.
 */
const PASSES = 3;
/** Milliseconds that the first trial may take, however short the time is. */
const FIRST = 2000;
/**
 * The largest shares of the time reserved for the networks of an ensemble after its first, and for the first:
 * on a large table, that trains for fewer epochs.
 */
const [SHARE, SHARE_OF_FIRST] = [0.4, 0.6];

/** The fields of a tuner that are needed. */
export type ReserveSetup<S extends Space> = Pick<
  TrialSetup<S>,
  "fitTimes" | "rows" | "selection" | "kept"
> & { readonly backend: Pick<JobBackend, "concurrency"> };

type Trials = readonly Pick<TrialRecord, "number" | "parent" | "seconds">[];

/** Trials that run in parallel on several workers, by default: each then takes as many times longer. */
const SIDE_BY_SIDE = 3;

/**
 * Milliseconds that one network of a trial takes in the final fit: per row, as long as the trainings of the
 * trial and of those that it continues.
 */
function fitTime<S extends Space>(
  { fitTimes, rows: { folds, scored } }: ReserveSetup<S>,
  trials: Trials,
  trial: number,
): number {
  const spent = ancestry(trials as readonly TrialRecord[], trial).reduce(
    (sum, { number }) => sum + (fitTimes?.of(number) ?? 0),
    0,
  );
  const rows = folds.slice(0, scored).reduce((sum, { train }) => sum + train.length, 0);
  return (spent * folds[scored].train.length) / rows;
}

/** The time that is not for the search. */
export interface Reserve {
  /** Milliseconds for the final fit. */
  readonly fits: number;
  /**
   * Milliseconds that must remain for a trial to start: networks use them better than a trial that does not
   * end.
   */
  readonly trial: number;
}

/**
 * The reserve if the search ended now: time for the networks of the final model, each as long as its
 * candidate trials take on average; only for the best, if the others would exceed their share. A search does
 * not end before its first trial.
 *
 * @param warm - how many trials come from an earlier study
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
  const candidates = selection && kept ? kept.trials : [];
  const possible = [best.number, ...candidates];
  const all = timeOfNetworks(
    setup,
    possible.map((trial) => fitTime(setup, trials, trial)),
  );
  const early = selection ? Math.min(all, EARLY * timeout) : 0;
  const first = Math.min(one, SHARE_OF_FIRST * timeout);
  const allowed = Math.max(first, SHARE * timeout);
  const sideBySide = Math.min(rows.scored, backend.concurrency);
  const ofTrial = meanOf(trials.slice(warm).map(({ number }) => fitTimes?.of(number) ?? 0)) / sideBySide;
  const fits = Math.max(first, Math.min(all + early, allowed)) + OVERHEAD;
  const confirm = (selection?.confirm ?? 0) * timeOfRepeat(setup, candidates);
  return {
    fits: fits + confirm + (selection ? timeOfEarlier(setup, trials) : 0),
    trial: all > allowed ? ofTrial : 0,
  };
}

/**
 * Upper bound of the milliseconds to retrain candidates that ran before this process: their predictions were
 * not saved with the study.
 */
function timeOfEarlier<S extends Space>(
  { fitTimes, kept, backend, rows }: ReserveSetup<S>,
  trials: Trials,
): number {
  const earlier = trials.filter(({ number }) => !fitTimes?.of(number) && !kept?.of(number));
  if (earlier.length === 0) return 0;
  const mean = 1000 * meanOf(earlier.map(({ seconds }) => seconds ?? 0));
  const most = Math.min(earlier.length, candidateCount(rows));
  return (SLACK * mean * most) / (backend.concurrency === 1 ? 1 : SIDE_BY_SIDE);
}

/** Milliseconds of all networks of an ensemble. @param times - of one network, by candidate trial */
function timeOfNetworks<S extends Space>(
  { selection, backend }: ReserveSetup<S>,
  times: readonly number[],
): number {
  const mean = meanOf(times);
  // they come from about four trials, so their mean may be this far from that of all
  const deviation = Math.sqrt(meanOf(times.map((time) => (time - mean) ** 2)) / OF_TRIALS);
  return SLACK * Math.ceil((selection?.networks ?? 1) / backend.concurrency) * (mean + deviation);
}

/** Milliseconds to train trials on the folds of one more division. */
const timeOfRepeat = <S extends Space>(
  { fitTimes, backend }: ReserveSetup<S>,
  trials: readonly number[],
): number =>
  (SLACK * trials.reduce((sum, trial) => sum + (fitTimes?.of(trial) ?? 0), 0)) / backend.concurrency;

/**
 * When the trainings of the first trial are cut, in milliseconds since 1970, so that there is time for a
 * final fit.
 */
export function firstUntil<S extends Space>(
  { fitTimes }: ReserveSetup<S>,
  timeout: number,
): number | undefined {
  return fitTimes?.until(Math.min(SHARE_OF_FIRST * timeout, fitTimes.left() - FIRST));
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How much of the remaining time the final fit may use; undefined without a limit. Networks that take half a
 * second together always fit: otherwise small tables lose networks of a few milliseconds to a search that
 * ends slightly late.
 */
export function finalLimits<S extends Space>(
  setup: ReserveSetup<S>,
  trials: Trials,
): FinalLimits | undefined {
  const {
    fitTimes,
    backend,
    rows: { folds, finals },
  } = setup;
  if (!fitTimes) return undefined;
  const sizeOf = (fold: number): number => folds[fold].train.length;
  const all = sizeOf(finals[0]);
  const time = (trial: number | undefined): number =>
    trial === undefined ? 0 : SLACK * fitTime(setup, trials, trial);
  const left = (): number => Math.max(GRACE, fitTimes.left() - OVERHEAD);
  let before = Number.POSITIVE_INFINITY;
  return {
    networks(picks, { fold, prepare }) {
      const rows = sizeOf(fold);
      // each goes to the first free worker
      const busy = Array.from({ length: backend.concurrency }, () => rows * prepare);
      const late = picks.findIndex((pick) => {
        const first = busy.indexOf(Math.min(...busy));
        busy[first] += (time(pick) * rows) / all;
        return busy[first] > left();
      });
      return late < 0 ? picks.length : Math.max(1, late);
    },
    confirm(picks) {
      const networks = timeOfNetworks(
        setup,
        picks.map((trial) => fitTime(setup, trials, trial)),
      );
      const now = fitTimes.left() - OVERHEAD;
      const lastTook = before === Number.POSITIVE_INFINITY ? 0 : SLACK * (before - now);
      before = now;
      return picks.length > 0 && Math.max(lastTook, timeOfRepeat(setup, picks)) + networks < now;
    },
    plan(trial, planned, learn) {
      const fewest = finals[finals.length - 1];
      if (fewest === finals[0]) return { fold: fewest, prepare: 0 };
      const before = fitTimes.left();
      learn(fewest);
      const learning = (before - fitTimes.left()) / sizeOf(fewest);
      const prepare = PREPARED * learning;
      const epoch = time(trial) / planned / all;
      const fits = (fold: number, epochs: number): boolean =>
        sizeOf(fold) * (learning + prepare + epochs * epoch) <= left();
      const most = finals.find((fold) => fits(fold, fold === finals[0] ? 1 : PASSES));
      return { fold: most ?? fewest, prepare };
    },
    epochs(trial, planned, { fold, prepare }) {
      const rows = sizeOf(fold);
      const fit = (planned * (left() - rows * prepare)) / ((time(trial) * rows) / all);
      return Math.max(1, Math.min(planned, Math.floor(fit)));
    },
    until: () => fitTimes.until(Math.min(OVERHEAD, fitTimes.left() - GRACE)),
  };
}
