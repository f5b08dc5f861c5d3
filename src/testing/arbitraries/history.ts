/**
 * Random histories of studies: what became of trials (values, ties, failures, divergence, trials that were stopped),
 * and studies in the middle of which such trials were told. No model and no objective is behind them.
 *
 * @example
 * ```ts
 * fc.assert(
 *   fc.property(anyStudy(), (study) => {
 *     const again = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: random() });
 *     return JSON.stringify(again.ask()) === JSON.stringify(study.ask());
 *   }),
 *   { numRuns: 20 },
 * );
 * ```
 */
import fc from "fast-check";
import { random } from "../../search/strategies/random.js";
import { createStudy, type Study } from "../../search/study.js";
import type { Direction, TrialOutcome } from "../../search/trial.js";
import { anySpace, type SpaceConstraints } from "./space.js";

/** What becomes of a trial. */
export function anyOutcome(): fc.Arbitrary<TrialOutcome> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((value) => ({ value })) },
    { weight: 2, arbitrary: fc.constant({ value: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom({ value: Number.NaN }, { value: Number.NEGATIVE_INFINITY }) },
    { weight: 1, arbitrary: fc.constant<TrialOutcome>({ status: "failed", error: "out of luck" }) },
    { weight: 1, arbitrary: fc.constant<TrialOutcome>({ status: "pruned", value: 0.5 }) },
  );
}

/** Of one trial after another, at least one. */
export function anyHistory(maxTrials = 40): fc.Arbitrary<TrialOutcome[]> {
  return fc.array(anyOutcome(), { minLength: 1, maxLength: maxTrials });
}

/** A study by random search that was told a history, or as much of it as its space has points for. */
export function anyStudy(constraints: SpaceConstraints = {}, maxTrials = 12): fc.Arbitrary<Study> {
  return fc
    .record({
      space: anySpace(constraints),
      seed: fc.nat({ max: 2 ** 31 - 1 }),
      direction: fc.constantFrom<Direction>("maximize", "minimize"),
      history: anyHistory(maxTrials),
    })
    .map(({ space, seed, direction, history }) => {
      const study = createStudy({ space, strategy: random(), seed, direction });
      for (const outcome of history) {
        const trial = study.ask();
        if (trial === undefined) break;
        study.tell(trial.number, outcome);
      }
      return study;
    });
}
