/** All pictures of a benchmark, from its results. */
import type { BenchmarkAnalysis } from "../../benchmark/analysis.js";
import type { LearningCurve } from "../../benchmark/curves.js";
import type { Scene } from "../../benchmark/landscape.js";
import type { BenchmarkSetup } from "../../benchmark/record.js";
import { lossPicture } from "./loss.js";
import { pathsPicture } from "./paths.js";
import type { Picture } from "./picture.js";
import { profilesPicture } from "./profiles.js";
import { ranksPicture } from "./ranks.js";
import { ratesPicture, solvedRatesPicture } from "./rates.js";

/** The results to draw. */
export interface Findings {
  readonly setup: BenchmarkSetup;
  readonly analysis: BenchmarkAnalysis;
  readonly curves: readonly LearningCurve[];
  /** By name, for problems with a plane. */
  readonly scenes: ReadonlyMap<string, Scene>;
}

/**
 * Ranks, profiles and rates over all problems; then for each problem its loss, its rates, and the paths in
 * its plane.
 */
export function benchmarkPictures({ setup, analysis, curves, scenes }: Findings): Picture[] {
  const ofProblems = setup.problems.flatMap((problem) => {
    const own = curves.filter((curve) => curve.problem === problem.name);
    const rates = analysis.rates.filter((rate) => rate.problem === problem.name);
    const start = own[0].points[0].median ?? problem.target;
    const scene = scenes.get(problem.name);
    return [
      lossPicture(problem, own),
      ratesPicture(problem, rates, setup.optimizers, start),
      ...(scene ? [pathsPicture(problem, scene)] : []),
    ];
  });
  return [
    ranksPicture(analysis),
    profilesPicture(analysis),
    solvedRatesPicture(analysis.rates),
    ...ofProblems,
  ];
}
