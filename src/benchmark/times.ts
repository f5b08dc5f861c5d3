/**
 * How long runs took. Steps and scores are the same wherever a benchmark runs; times are of one machine, and of what else it
 * did meanwhile, so they are kept apart from the analysis.
 */
import { type ComparedPhase, groupRuns } from "./analysis.js";
import type { BenchmarkSetup, RunRecord } from "./record.js";
import { quantile } from "./statistics.js";

/** The times of one optimizer on one problem, over the seeds. Runs that diverged are not among them. */
export interface Times {
  readonly phase: ComparedPhase;
  readonly problem: string;
  readonly optimizer: string;
  /** Median; null if all runs diverged. */
  readonly secondsPerStep: number | null;
  /** Median, all steps of a run counting alike; null if half of the runs or more did not reach the target. */
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
          ...{ phase, problem, optimizer },
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
