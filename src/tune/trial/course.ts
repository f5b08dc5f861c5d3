/** The course of one trial: the results of its folds, stage by stage, and its scores between stages. It trains nothing. */

import { type CurveValues, concatenated } from "../../search/trial/curves.js";
import type { JobResult } from "../jobs/job.js";

/** Scores by each objective on each fold, [objectives][folds]. */
type FoldScores = readonly (readonly number[])[];

export class Course {
  /** By fold; a fold that failed in its first stage has none. */
  readonly results: JobResult[] = [];
  /** The scores after the last stage. */
  scores: FoldScores = [];
  /** The scores after each stage, by the epochs until then. */
  private readonly stages = new Map<number, FoldScores>();

  constructor(private readonly folds: number) {}

  /** Adds the result of a fold's next stage: its last state, with the curves and times of all stages. */
  add(fold: number, result: JobResult): void {
    const before = this.results[fold];
    this.results[fold] = before ? joined(before, result) : result;
  }

  /** Adds the scores after a stage that all folds have ended. */
  score(epochs: number, scores: FoldScores): void {
    this.scores = scores;
    this.stages.set(epochs, scores);
  }

  /**
   * The curves so far; none before the first result.
   *
   * @param scored - names for the scores by each objective, which are curves too unless jobs measure them
   */
  curves(scored: readonly string[]): { readonly curves?: CurveValues } {
    const first = this.results.find(Boolean);
    if (!first) return {};
    const ofFolds = (name: string): Float32Array[] =>
      Array.from(
        { length: this.folds },
        (_, fold) => this.results[fold]?.curves[name] ?? this.scoresOf(scored.indexOf(name), fold),
      );
    const names = new Set([...Object.keys(first.curves), ...scored]);
    return { curves: Object.fromEntries(Array.from(names, (name) => [name, ofFolds(name)])) };
  }

  /** The scores of a fold by epoch: NaN between the ends of stages, and for a fold that diverged before the end of one. */
  private scoresOf(objective: number, fold: number): Float32Array {
    const all = new Float32Array(this.results[fold]?.curves.loss.length ?? 0).fill(Number.NaN);
    for (const [epochs, scores] of this.stages) all[epochs - 1] = scores[objective][fold];
    return all;
  }
}

function joined(before: JobResult, last: JobResult): JobResult {
  const curves = Object.keys(last.curves).map((name) => [
    name,
    concatenated([before.curves[name], last.curves[name]]),
  ]);
  return {
    ...last,
    curves: Object.fromEntries(curves),
    fitSeconds: before.fitSeconds + last.fitSeconds,
    scoreSeconds: before.scoreSeconds + last.scoreSeconds,
  };
}
