/** Trials as CSV, for pandas and the like. */
import type { Params } from "../search/space/space.js";
import type { TrialRecord } from "../search/trial/trial.js";

/** The columns of a trial. */
interface CsvTrial extends Pick<TrialRecord, "number" | "value" | "std" | "seconds"> {
  readonly status: string;
  readonly params: Params;
}

/** A line for each trial. */
export function trialsCsv(trials: readonly CsvTrial[]): string {
  const names = [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
  const lines = trials.map(({ number, status, value, std, seconds, params }) => [
    ...[number, status, value, std, seconds],
    ...names.map((name) => params[name]),
  ]);
  return [["number", "status", "value", "std", "seconds", ...names], ...lines]
    .map((cells) => `${cells.map(csvCell).join(",")}\n`)
    .join("");
}

/** A cell of CSV. */
export function csvCell(value: unknown): string {
  const text =
    value === null || value === undefined
      ? ""
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
