/** Trials as CSV, for pandas and the like. */
import { isRecord } from "../errors.js";
import type { Params } from "../search/space/space.js";
import type { TrialRecord } from "../search/trial/trial.js";

/** The columns of a trial. */
interface CsvTrial extends Pick<TrialRecord, "number" | "value" | "values" | "std" | "seconds"> {
  readonly status: string;
  readonly params: Params;
}

/**
 * A line for each trial: its value, or with several objectives `value 1`, `value 2` and so on, and its
 * parameters. A parameter with the name of another column has `params.` before it.
 */
export function trialsCsv(trials: readonly CsvTrial[]): string {
  const objectives = trials.reduce((most, { values = [] }) => Math.max(most, values.length), 0);
  const several = Array.from({ length: objectives }, (_, i) => `value ${i + 1}`);
  const own = ["number", "status", ...(objectives > 0 ? several : ["value"]), "std", "seconds"];
  const names = [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
  const lines = trials.map(({ number, status, value, values, std, seconds, params }) => [
    ...[number, status],
    ...(objectives > 0 ? several.map((_, i) => values?.[i]) : [value]),
    ...[std, seconds],
    ...names.map((name) => params[name]),
  ]);
  const headed = names.map((name) => (own.includes(name) ? `params.${name}` : name));
  return [[...own, ...headed], ...lines].map((cells) => `${cells.map(csvCell).join(",")}\n`).join("");
}

/** A cell of CSV; a date is in ISO 8601, as other tables have it. */
export function csvCell(value: unknown): string {
  const text =
    value === null || value === undefined
      ? ""
      : isDate(value)
        ? value.toISOString()
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const isDate = (value: unknown): value is { toISOString(): string } =>
  isRecord(value) && "toISOString" in value && !Number.isNaN(Number(value));
