/**
 * The rows of a search with cross-validation: the scores of every metric on every fold, their ranks and
 * times.
 */
import type { Direction } from "../direction.js";
import type { Metric } from "../metrics/metric.js";
import type { Curves } from "../search/trial/curves.js";
import type { TrialRecord, TrialStatus } from "../search/trial/trial.js";
import { type FoldDetails, meanAndStd } from "./trial/scoring.js";

/** The scores of one combination by one metric. */
export interface CvScores {
  /** One for each fold. */
  readonly folds: readonly number[];
  readonly mean: number;
  /** The population standard deviation. */
  readonly std: number;
  /** 1 for the best mean; ties share the smallest rank, and means of NaN come last. */
  readonly rank: number;
}

/** One combination. */
export interface CvRow<P, Name extends string = string> {
  readonly params: P;
  /** The number of its trial. */
  readonly trial: number;
  readonly status: TrialStatus;
  /** By metric. */
  readonly scores: Readonly<Record<Name, CvScores>>;
  /**
   * By metric, on the rows that each fold was trained on, with the final weights; with `returnTrainScore`. A
   * mean far better than that of `scores` means overfitting.
   */
  readonly trainScores?: Readonly<Record<Name, Omit<CvScores, "rank">>>;
  /** Seconds to train on a fold; NaN for a trial that failed. */
  readonly fitSeconds: { readonly mean: number; readonly std: number };
  /** Seconds to predict the validation rows of a fold; NaN for a trial that failed. */
  readonly scoreSeconds: { readonly mean: number; readonly std: number };
  /** The curves of its trial. */
  readonly curves?: Curves;
}

/**
 * @param trials - of a detailed search
 * @param folds - how many each was trained on
 * @param errorScore - the score of a failed fold
 * @param trained - whether the rows have scores of training rows
 */
export function cvRows<P>(
  trials: readonly TrialRecord<P>[],
  metrics: readonly Pick<Metric, "name" | "direction">[],
  folds: number,
  errorScore: number,
  trained = false,
): CvRow<P>[] {
  const scoresOf = (trial: TrialRecord<P>, name: string, part: "scores" | "trainScores") => {
    const scores =
      detailsOf(trial)?.map((fold) => fold[part]?.[name] ?? errorScore) ?? new Array(folds).fill(errorScore);
    const { value: mean, std } = meanAndStd(scores);
    return { folds: scores, mean, std };
  };
  const scored = metrics.map(({ name, direction }) => {
    const rows = trials.map((trial) => scoresOf(trial, name, "scores"));
    const ranks = ranksOf(
      rows.map(({ mean }) => mean),
      direction,
    );
    return { name, rows: rows.map((row, i): CvScores => ({ ...row, rank: ranks[i] })) };
  });
  return trials.map((trial, i) => {
    const times = (part: "fitSeconds" | "scoreSeconds") => {
      const { value: mean, std } = meanAndStd(detailsOf(trial)?.map((fold) => fold[part]) ?? [Number.NaN]);
      return { mean, std };
    };
    return {
      params: trial.params,
      trial: trial.number,
      status: trial.status,
      scores: Object.fromEntries(scored.map(({ name, rows }) => [name, rows[i]])),
      ...(trained && {
        trainScores: Object.fromEntries(
          metrics.map(({ name }) => [name, scoresOf(trial, name, "trainScores")]),
        ),
      }),
      fitSeconds: times("fitSeconds"),
      scoreSeconds: times("scoreSeconds"),
      ...(trial.curves && { curves: trial.curves }),
    };
  });
}

function detailsOf(trial: TrialRecord<unknown>): readonly FoldDetails[] | undefined {
  return trial.attributes?.folds as unknown as readonly FoldDetails[] | undefined;
}

/** One more than the number of strictly better means; NaN after all numbers. */
function ranksOf(means: readonly number[], direction: Direction): number[] {
  const sign = direction === "maximize" ? 1 : -1;
  return means.map(
    (mean) =>
      1 +
      means.filter((other) => sign * other > sign * mean || (Number.isNaN(mean) && !Number.isNaN(other)))
        .length,
  );
}
