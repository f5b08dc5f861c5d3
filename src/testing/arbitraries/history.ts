/**
 * Random histories of studies: outcomes of trials (values, ties, failures, divergence, pruned trials,
 * violated constraints), and studies with such outcomes, without a model or an objective.
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
import { mustBeInteger } from "../../errors.js";
import { random } from "../../search/strategies/random/random.js";
import type { Study } from "../../search/study/contract.js";
import { createStudy } from "../../search/study/create.js";
import type { Direction, TrialOutcome } from "../../search/trial/trial.js";
import { anySpace, type SpaceConstraints } from "./space.js";

/** The outcome of a trial. @param objectives - the number of its values; several are in `values` */
export function anyOutcome(objectives = 1): fc.Arbitrary<TrialOutcome> {
  mustBeInteger("objectives", objectives);
  const told = (values: readonly number[]): TrialOutcome =>
    objectives === 1 ? { value: values[0] } : { values };
  const all = (value: number): TrialOutcome => told(new Array<number>(objectives).fill(value));
  const anyValue = fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(1) },
  );
  const anyTold = fc.array(anyValue, { minLength: objectives, maxLength: objectives }).map(told);
  const anySeconds = fc.double({ min: 0, max: 1e6, noNaN: true });
  const anyConstraints = fc.tuple(fc.constantFrom(-1, 0, 0.5, 2, Number.NaN));
  return fc.oneof(
    { weight: 3, arbitrary: anyTold },
    {
      weight: 3,
      arbitrary: fc.tuple(anyTold, anySeconds).map(([values, seconds]) => ({ ...values, seconds })),
    },
    { weight: 2, arbitrary: fc.constant(all(1)) },
    { weight: 1, arbitrary: fc.constantFrom(all(Number.NaN), all(Number.NEGATIVE_INFINITY)) },
    { weight: 1, arbitrary: fc.constant<TrialOutcome>({ status: "failed", error: "out of luck" }) },
    { weight: 1, arbitrary: fc.constant<TrialOutcome>({ ...all(0.5), status: "pruned" }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(anyTold, anyConstraints)
        .map(([values, constraints]) => ({ ...values, constraints })),
    },
  );
}

/** The outcomes of at least one trial. */
export function anyHistory(maxTrials = 40, objectives = 1): fc.Arbitrary<TrialOutcome[]> {
  mustBeInteger("maxTrials", maxTrials);
  return fc.array(anyOutcome(objectives), { minLength: 1, maxLength: maxTrials });
}

/** A study of random search with a history, as long as its space has points. */
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
