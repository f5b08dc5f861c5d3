/**
 * The course of one trial: the results of its folds, stage by stage, and its scores between stages. It trains
 * nothing.
 */
import { type CurveValues, concatenated } from "../../search/trial/curves.js";
import type { FoldCurves, JobResult } from "../jobs/job.js";

/** Scores by each objective on each fold, [objectives][folds]. */
type FoldScores = readonly (readonly number[])[];

export class Course {
  /** By fold; a fold that failed in its first stage has none. */
  readonly results: JobResult[] = [];
  /** The scores after the last stage. */
  scores: FoldScores = [];
  /** The scores after each stage, by the number of epochs so far. */
  private readonly stages = new Map<number, FoldScores>();

  /** By fold, the curves so far of the running stage. */
  private readonly growing: (FoldCurves | undefined)[] = [];

  /**
   * @param scored - names of the scores by each objective, which become curves too unless jobs measure them
   * @param tell - receives the curves so far while they grow
   */
  constructor(
    private readonly folds: number,
    private readonly scored: readonly string[],
    private readonly tell?: (curves: CurveValues) => void,
  ) {}

  /** Takes the curves so far of a fold's next stage. */
  grow(fold: number, curves: FoldCurves): void {
    this.growing[fold] = curves;
    this.tell?.(this.curves(this.growing).curves as CurveValues);
  }

  /** Adds the result of a fold's next stage: its last state, with the curves and times of all stages. */
  add(fold: number, result: JobResult): void {
    this.growing[fold] = undefined;
    const before = this.results[fold];
    this.results[fold] = before ? joined(before, result) : result;
  }

  /** Adds the scores after a stage that all folds have ended. */
  score(epochs: number, scores: FoldScores): void {
    this.scores = scores;
    this.stages.set(epochs, scores);
  }

  /**
   * The curves of finished stages; empty before the first result.
   *
   * @param growing - by fold, those of the next stage
   */
  curves(growing: readonly (FoldCurves | undefined)[] = []): { readonly curves?: CurveValues } {
    const { scored } = this;
    const folds = Array.from({ length: this.folds }, (_, fold) =>
      joinedCurves(this.results[fold]?.curves, growing[fold]),
    );
    const first = folds.find(Boolean);
    if (!first) return {};
    const ofFolds = (name: string): Float32Array[] =>
      folds.map((own, fold) => own?.[name] ?? this.scoresOf(scored.indexOf(name), fold, own?.loss.length));
    const names = new Set([...Object.keys(first), ...scored]);
    return { curves: Object.fromEntries(Array.from(names, (name) => [name, ofFolds(name)])) };
  }

  /**
   * The scores of a fold by epoch: NaN between the ends of stages, and for a fold that diverged before the
   * end of one.
   */
  private scoresOf(objective: number, fold: number, length = 0): Float32Array {
    const all = new Float32Array(length).fill(Number.NaN);
    for (const [epochs, scores] of this.stages) all[epochs - 1] = scores[objective][fold];
    return all;
  }
}

function joined(before: JobResult, last: JobResult): JobResult {
  return {
    ...last,
    curves: joinedCurves(before.curves, last.curves),
    fitSeconds: before.fitSeconds + last.fitSeconds,
    scoreSeconds: before.scoreSeconds + last.scoreSeconds,
  };
}

/** The curves of a fold, and then those of its next stage. */
function joinedCurves(before: FoldCurves, last: FoldCurves | undefined): FoldCurves;
function joinedCurves(before: FoldCurves | undefined, last: FoldCurves | undefined): FoldCurves | undefined;
function joinedCurves(before: FoldCurves | undefined, last: FoldCurves | undefined): FoldCurves | undefined {
  if (!before || !last) return before ?? last;
  return Object.fromEntries(
    Object.keys(last).map((name) => [name, concatenated([before[name], last[name]])]),
  );
}
