/** The contents of a report other than the study. */
import type { Explanation } from "../../explain/explain.js";
import type { BaselineReport } from "../../tune/baselines/compare.js";
import type { RateFinderResult } from "../../tune/rateFinder.js";
import type { Predictions } from "../plots/quality.js";
import type { Sweep } from "../plots/rates.js";
import type { SegmentColumn } from "../plots/residuals.js";
import type { CalibrationReport, EnsembleReport } from "../study.js";

/** Properties of the data of a study. */
export interface ReportedData {
  /** Its file, or another name. */
  readonly name: string;
  readonly rows: number;
  readonly target?: string;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: string;
    readonly missing?: number;
    readonly samples?: string;
  }[];
  /** The number of rows of each class. */
  readonly classes?: readonly { readonly name: string; readonly rows: number }[];
  /** Messages of `diagnose`. */
  readonly warnings?: readonly string[];
  /** How it was read, and what was decided; as `receiptOf` has it. */
  readonly receipt?: readonly string[];
}

/** The contents of a report other than the study. A missing part is missing in the report. */
export interface ReportOptions {
  /** Default: the name of the study. */
  readonly title?: string;
  /** The number of folds that a trial's value averages, or that it was scored on `validationData`. */
  readonly folds?: number | "validationData";
  /** Scores of the final model on held-out rows, by metric. */
  readonly test?: Readonly<Record<string, number | null>>;
  readonly baselines?: BaselineReport;
  readonly ensemble?: EnsembleReport;
  readonly calibration?: CalibrationReport;
  readonly threshold?: number;
  /** The positive class of two, to which the threshold, precision, recall, F1 and AUC refer. */
  readonly positive?: string;
  /** Code that predicts with the model: titles and code. */
  readonly use?: readonly { readonly title: string; readonly code: string }[];
  /** Predictions of the final model for rows that it has not seen. */
  readonly predictions?: Predictions;
  /** Columns of those rows, by which errors are split. */
  readonly segments?: readonly SegmentColumn[];
  /** Which columns decide, and how, on those rows; as `explain` has it, or why it is not there. */
  readonly explanation?: Pick<Explanation, "task" | "outputs" | "importance" | "dependence"> | string;
  readonly data?: ReportedData;
  /** How to repeat the study: the command, and names with values such as the seed and digests. */
  readonly repeat?: {
    readonly command?: string;
    readonly facts?: readonly (readonly [string, string])[];
    /**
     * Whether the command reproduces the study exactly on every machine: not if it runs other programs or has
     * a time limit. Default false.
     */
    readonly isSame?: boolean;
  };
  /** A learning-rate range test, of `findLearningRate` or `fettle lr-find`. */
  readonly rates?: RateFinderResult;
  /**
   * A sweep of one parameter, in addition to the study; a study that is itself a sweep is recognized by its
   * trials.
   */
  readonly sweep?: Sweep;
}
