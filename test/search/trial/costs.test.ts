/** The costs of trials, as their docs say: the sign of a direction, and what trials without a value cost. */
import { expect, it } from "vitest";
import { costsOf } from "../../../src/search/trial/costs.js";
import type { Direction, TrialRecord } from "../../../src/search/trial/trial.js";

/** A value, or one with the values of soft constraints, of which those above 0 are broken. */
type Case = number | null | readonly [value: number | null, ...constraints: (number | null)[]];

const recordOf = (given: Case): TrialRecord => {
  const [value, ...constraints] = Array.isArray(given) ? given : [given];
  return { value, ...(constraints.length > 0 && { constraints }) } as unknown as TrialRecord;
};

it.each<readonly [string, Direction, readonly Case[], readonly number[]]>([
  ["values", "minimize", [3, -1], [3, -1]],
  ["values", "maximize", [3, -1], [-3, 1]],
  ["a failed trial, as the worst", "minimize", [3, null, -1], [3, 3, -1]],
  ["a failed trial, as the worst", "maximize", [3, null, -1], [-3, 1, 1]],
  ["failed trials alone", "minimize", [null, null], [0, 0]],
  [
    "satisfied constraints",
    "minimize",
    [
      [3, -1],
      [1, 0],
    ],
    [3, 1],
  ],
  [
    "broken ones, by their violation",
    "minimize",
    [
      [1, 0],
      [3, 0],
      [0, 2],
      [0, 1],
    ],
    [1, 3, 5, 4],
  ],
  [
    "broken ones, by their sum",
    "minimize",
    [
      [1, 0, 0],
      [3, 0, -9],
      [0, 1, 3],
      [0, 2, -5],
    ],
    [1, 3, 5, 4],
  ],
  [
    "broken ones without a spread",
    "maximize",
    [
      [1, 0],
      [9, 4],
      [9, 2],
    ],
    [-1, 0, -0.5],
  ],
  [
    "one that has no finite value, as twice the worst",
    "minimize",
    [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, null],
    ],
    [0, 1, 2, 3],
  ],
  ["a failed trial among broken ones", "minimize", [[1, 0], [2, 0], [0, 5], null], [1, 2, 3, 3]],
])("of %s, to %s", (_, direction, cases, costs) => {
  expect([...costsOf(cases.map(recordOf), direction)]).toEqual(costs);
});
