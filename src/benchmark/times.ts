/**
 * The duration of runs. Steps and scores are the same wherever a benchmark runs; times depend on the machine
 * and its load, so the analysis excludes them.
 */
import { type ComparedPhase, groupRuns } from "./analysis.js";
import type { BenchmarkSetup, RunRecord } from "./record.js";
import { quantile } from "./statistics.js";

/** The times of one optimizer on one problem, over the seeds. */
export interface Times {
  readonly phase: ComparedPhase;
  readonly problem: string;
  readonly optimizer: string;
  /** Median of the runs that did not diverge; null if all did. */
  readonly secondsPerStep: number | null;
  /**
   * Median, if all steps of a run take the same time; null if at least half of the runs did not reach the
   * target.
   */
  readonly secondsToTarget: number | null;
}

/**
 * The times of all optimizers on all problems, with defaults and tuned, without measurements of scores.
 *
 * @throws FettleError `invalid_argument` if runs are missing
 */
export function timesOf(setup: BenchmarkSetup, runs: readonly RunRecord[]): Times[] {
  const groups = groupRuns(setup, runs);
  return (["default", "tuned"] as const).flatMap((phase) =>
    setup.problems.flatMap(({ name: problem, steps }) =>
      setup.optimizers.map(({ name: optimizer }) => {
        const own = groups(problem, optimizer, phase);
        const complete = own.filter(({ status }) => status === "complete");
        const toTarget = own.map(({ seconds, stepsToTarget }) =>
          stepsToTarget === null ? Number.POSITIVE_INFINITY : (seconds * stepsToTarget) / steps,
        );
        const median = quantile(toTarget, 0.5);
        return {
          phase,
          problem,
          optimizer,
          secondsPerStep:
            complete.length === 0
              ? null
              : quantile(
                  complete.map(({ seconds }) => seconds / steps),
                  0.5,
                ),
          secondsToTarget: Number.isFinite(median) ? median : null,
        };
      }),
    ),
  );
}
