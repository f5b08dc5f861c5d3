/** Learning curves: quartiles over the seeds of the scores that were measured during runs. */
import { type ComparedPhase, groupRuns, type Quartiles, quartiles } from "./analysis.js";
import type { BenchmarkSetup, RunRecord } from "./record.js";

/** The test scores of one optimizer on one problem, over the seeds. */
export interface LearningCurve {
  readonly phase: ComparedPhase;
  readonly problem: string;
  readonly optimizer: string;
  /** After 0, `every`, 2 · `every`, … steps. A run counts as infinite once it has diverged. */
  readonly points: readonly (Quartiles & { readonly step: number })[];
}

/**
 * The curves of all optimizers on all problems, with defaults and tuned. Their last points equal `final` of
 * the analysis.
 *
 * @throws FettleError `invalid_argument` if runs are missing
 */
export function learningCurves(setup: BenchmarkSetup, runs: readonly RunRecord[]): LearningCurve[] {
  const groups = groupRuns(setup, runs);
  return (["default", "tuned"] as const).flatMap((phase) =>
    setup.problems.flatMap(({ name: problem, steps, every }) =>
      setup.optimizers.map(({ name: optimizer }) => {
        const curves = groups(problem, optimizer, phase).map(({ curve = [] }) => curve);
        const points = Array.from({ length: steps / every + 1 }, (_, i) => ({
          step: i * every,
          ...quartiles(curves.map((curve) => curve[i] ?? null)),
        }));
        return { phase, problem, optimizer, points };
      }),
    ),
  );
}
