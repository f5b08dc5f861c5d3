/** The file that a benchmark's runs are kept in: a line for its setup and one for each run, appended as runs end. */
import { appendFileSync, existsSync, truncateSync, writeFileSync } from "node:fs";
import { type BenchmarkSetup, checkSameSetup, parseLines, type RunRecord } from "../benchmark/record.js";
import { inFile, readText, writing } from "./files.js";

export interface RunFile {
  /** The runs that were there. */
  readonly earlier: readonly RunRecord[];
  append(run: RunRecord): void;
}

/**
 * The file begun, or gone on with: what was cut short while it was written is taken away.
 *
 * @throws FettleError `invalid_checkpoint` for the runs of another benchmark; `not_found` if nothing can be written there
 */
export function openRunFile(path: string, setup: BenchmarkSetup): RunFile {
  const { whole, ...found } = existsSync(path)
    ? inFile(path, () => parseLines(readText(path)))
    : { setup: undefined, runs: [], whole: 0 };
  const { setup: earlier } = found;
  if (earlier) inFile(path, () => checkSameSetup(earlier, setup));
  const line = (value: BenchmarkSetup | RunRecord): string => `${JSON.stringify(value)}\n`;
  writing(path, () => (earlier ? truncateSync(path, whole) : writeFileSync(path, line(setup))));
  return {
    earlier: found.runs,
    append: (run) => writing(path, () => appendFileSync(path, line(run))),
  };
}
