/** What a report is made from, beside the study. */
import type { BaselineReport } from "../../tune/baselines/compare.js";
import type { RateFinderResult } from "../../tune/rateFinder.js";
import type { Predictions } from "../plots/quality.js";
import type { Sweep } from "../plots/rates.js";
import type { SegmentColumn } from "../plots/residuals.js";
import type { CalibrationReport, EnsembleReport } from "../study.js";

/** What is known of the data that a study learnt from. */
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
  /** How many rows each class has. */
  readonly classes?: readonly { readonly name: string; readonly rows: number }[];
  /** Messages of `diagnose`. */
  readonly warnings?: readonly string[];
  /** How it was read, and what was decided; as `receiptOf` has it. */
  readonly receipt?: readonly string[];
}

/** What a report says beside the study. Every part that is left out is left out of the report. */
export interface ReportOptions {
  /** Default: the name of the study. */
  readonly title?: string;
  /** How many folds give a trial's value. */
  readonly folds?: number;
  /** Scores of the final model on held-out rows, by metric. */
  readonly test?: Readonly<Record<string, number | null>>;
  readonly baselines?: BaselineReport;
  readonly ensemble?: EnsembleReport;
  readonly calibration?: CalibrationReport;
  readonly threshold?: number;
  /** The positive one of two classes, which the threshold, precision, recall, F1 and AUC are of. */
  readonly positive?: string;
  /** Lines that predict with the model: what they are, and the lines. */
  readonly use?: readonly { readonly title: string; readonly code: string }[];
  /** Predictions of the final model for rows that it has not seen. */
  readonly predictions?: Predictions;
  /** Columns of those rows, by which errors are told apart. */
  readonly segments?: readonly SegmentColumn[];
  readonly data?: ReportedData;
  /** How the study is repeated: the command, and names with values such as the seed and digests. */
  readonly repeat?: {
    readonly command?: string;
    readonly facts?: readonly (readonly [string, string])[];
    /** Whether the command gives the same bits everywhere: not where it runs other programs, or for a time. Default false. */
    readonly isSame?: boolean;
  };
  /** A learning-rate range test, of `findLearningRate` or `fettle lr-find`. */
  readonly rates?: RateFinderResult;
  /** A sweep of one parameter beside the study; a study that is itself a sweep is known by its trials. */
  readonly sweep?: Sweep;
}
