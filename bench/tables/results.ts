/** Results, a line of JSON each: a benchmark that was stopped goes on from the lines that it has written. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Scores } from "./score.js";

/**
 * The clock on the wall; or processor time of one core, in which other work on the machine does not count.
 */
export type Clock = "wall" | "processor";

/** One contestant on one table and one seed. */
export interface Result {
  readonly table: string;
  readonly seed: number;
  readonly contestant: string;
  /** The budget; null for those that have none. */
  readonly seconds: number | null;
  readonly jobs: number;
  /** What counted the seconds. */
  readonly clock: Clock;
  readonly scores: Scores;
  /** How many trials its search ended with; 0 without one. */
  readonly trials: number;
  /** Of the whole command. */
  readonly wall: number;
  /** Processor time, of all threads. */
  readonly processor: number;
}

/** Tells results apart. */
export function keyOf({
  table,
  seed,
  contestant,
  seconds,
  jobs,
  clock,
}: Omit<Result, "scores" | "trials" | "wall" | "processor">): string {
  return [table, seed, contestant, seconds, jobs, clock].join(" ");
}

/**
 * The results of a file; a last line that was not finished is left out. The last of those with one key
 * counts.
 */
export function readResults(path: string): Map<string, Result> {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const lines = text.split("\n").slice(0, -1);
  return new Map(
    lines.map((line) => {
      const result = JSON.parse(line) as Result;
      return [keyOf(result), result];
    }),
  );
}

export function appendResult(path: string, result: Result): void {
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}
