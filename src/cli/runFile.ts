/** The file of a benchmark's runs: a line for its setup and one for each run, appended as runs end. */
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { type BenchmarkSetup, checkSameSetup, parseLines, type RunRecord } from "../benchmark/record.js";
import { inFile, isThere, readText } from "./files.js";
import { writing } from "./output.js";

export interface RunFile {
  /** Runs of earlier commands. */
  readonly earlier: readonly RunRecord[];
  append(run: RunRecord): void;
}

/**
 * Starts the file, or continues an earlier one: a truncated last line is removed.
 *
 * @throws FettleError `invalid_checkpoint` for the runs of another benchmark
 * @throws WriteError
 */
export function openRunFile(path: string, setup: BenchmarkSetup): RunFile {
  const { whole, ...found } = isThere(path)
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
