/** What tests of the benchmark share. Not a test itself. */
import { readFileSync } from "node:fs";
import { defineProblem, type Problem } from "../../src/benchmark/problem.js";
import { TABLES } from "../../src/benchmark/problems/learning.js";
import type { RunRecord } from "../../src/benchmark/record.js";
import { constant, mul, square, sum } from "../../src/graph/functions.js";

/** The five tables, by name. */
export const texts: Readonly<Record<string, string>> = Object.fromEntries(
  TABLES.map(({ name }) => [
    name,
    readFileSync(new URL(`../../examples/data/${name}.csv`, import.meta.url), "utf8"),
  ]),
);

/** ½ |w|² in 2 dimensions from (1, 2): SGD of rate r has w ← (1 − r) w. */
export const bowl: Problem = defineProblem({
  name: "bowl",
  start: (graph) => ({ w: constant(graph, [1, 2]) }),
  loss: ({ parameters: { w } }) => mul(0.5, sum(square(w))),
  steps: 20,
  every: 5,
  target: 0.01,
});

/** Runs without what differs from one benchmark to the next. */
export const untimed = (runs: readonly RunRecord[]): Omit<RunRecord, "seconds">[] =>
  runs.map(({ seconds, ...rest }) => rest);
