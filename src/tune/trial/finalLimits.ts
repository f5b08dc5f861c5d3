/** What a limited time leaves of the final fit. `tuner/reserve.ts` decides it. */
import type { JobResult } from "../jobs/job.js";

/** How much of a limited time the final fit may use. */
export interface FinalLimits {
  /**
   * For how many networks of an ensemble there is time, in the order in which their trials were chosen; at
   * least one.
   *
   * @param picks - undefined for a model that needs no training
   * @param plan - the rows, which each worker prepares once
   */
  networks(picks: readonly (number | undefined)[], plan: FinalPlan): number;
  /**
   * Whether there is time to train some trials on the folds of one more division, and an ensemble of them
   * after it.
   */
  confirm(trials: readonly number[]): boolean;
  /**
   * On how many rows the networks are trained: on fewer than all only if there is no time to see all once.
   *
   * @param planned - epochs of the network of a trial
   * @param learn - learns the pipeline from a fold, which shows how long a row takes
   */
  plan(trial: number, planned: number, learn: (fold: number) => void): FinalPlan;
  /** For how many of the planned epochs of a trial's network there is time, at least 1. */
  epochs(trial: number, planned: number, plan: FinalPlan): number;
  /** When trainings are cut, in milliseconds since 1970; undefined for never. */
  until(): number | undefined;
}

/** The fold of the final fit, and how many milliseconds a row of it takes before training. */
export interface FinalPlan {
  readonly fold: number;
  readonly prepare: number;
}

/** How far the final fit went before time ran out. */
export interface Shortened {
  /** The fewest epochs of a network, the last perhaps partial, of so many planned ones. */
  readonly epochs: number;
  readonly of: number;
  /** The number of rows, if there was no time to see all once. */
  readonly rows?: number;
}

/** How far the network came that was cut the shortest, if any was. */
export function shortenedBy(
  fits: readonly { readonly planned: number; readonly result: JobResult }[],
  rows: number | undefined,
): Shortened | undefined {
  const [least] = fits
    .map(({ planned, result: { cut, finite, curves } }) => ({
      planned,
      cut,
      finite,
      epochs: curves.loss.length,
    }))
    .filter(({ planned, cut, finite, epochs }) => rows !== undefined || cut || (finite && epochs < planned))
    .sort((one, other) => one.epochs / one.planned - other.epochs / other.planned);
  return least && { epochs: least.epochs, of: least.planned, ...(rows !== undefined && { rows }) };
}
