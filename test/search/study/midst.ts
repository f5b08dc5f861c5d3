/**
 * Studies in their midst, with trials of each status and everything that a trial can have: for tests of what
 * is saved.
 */
import { choice, float, int } from "../../../src/search/space/builders.js";
import type { Space } from "../../../src/search/space/space.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import type { Study } from "../../../src/search/study/contract.js";
import { createStudy } from "../../../src/search/study/create.js";
import type { Direction, TrialOutcome } from "../../../src/search/trial/trial.js";

export const space = {
  optimizer: choice(["sgd", "adam", ["lion", { beta: 0.9 }]]),
  momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  units: int(8, 128, { log: true }),
  mix: float(0, 1, { step: 0.1 }),
};

const outcomes: readonly TrialOutcome[] = [
  { value: 1 / 3, std: 0.1, scores: [1, Number.NaN], curve: [1, 2], attributes: { a: [null, "b"] } },
  { value: Number.NaN, seconds: 2 },
  { status: "failed", error: "no memory" },
  { status: "pruned", value: 4, steps: 2 },
  { value: -7, constraints: [0.5, -1] },
  { value: -3, constraints: [0, -1] },
  { value: 1e300 },
];

/** A study whose first trials have ended, but for one that runs on. */
export function studyInMidst<S extends Space>(
  strategy: Strategy,
  of: S,
  direction: Direction | readonly Direction[],
): Study<S> {
  const several = Array.isArray(direction);
  const study = createStudy({ space: of, strategy, seed: 5, lag: 2, direction });
  for (let i = 0; i < 10 && study.canAsk(); i++) {
    const trial = study.ask();
    const { value, ...outcome } = outcomes[i % outcomes.length];
    if (!trial || i === 6) continue; // runs on
    const told = value === undefined ? {} : several ? { values: [value, 1] } : { value };
    study.tell(trial.number, { ...outcome, ...told });
  }
  return study;
}
