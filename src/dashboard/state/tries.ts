/** Points that a person chose, and their results. Pure. */
import { formatScore, formatValue } from "../../report/format.js";
import { valueKey } from "../../search/space/value.js";
import type { Params, StudyAbout, TrialRow } from "../wire.js";
import { valueAt } from "./study.js";

/** A point that was sent to a study. */
export interface Try {
  readonly study: string;
  /** The trial that it was derived from. */
  readonly from?: number;
  readonly params: Params;
  /** The differences from that trial, as text. */
  readonly changes: string;
  /** The last trial before it. */
  readonly after: number;
}

/** The differences between two points, as text. */
export function changesOf(from: Params, to: Params): string {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const changed = names.filter((name) => keyIn(from, name) !== keyIn(to, name));
  return changed
    .map((name) => `${name} ${formatValue(Object.hasOwn(to, name) ? to[name] : undefined)}`)
    .join(", ");
}

const keyIn = (params: Params, name: string): string =>
  Object.hasOwn(params, name) ? valueKey(params[name]) : "";

/** The trial that a point became; undefined while it waits. */
export function trialOf(rows: readonly TrialRow[], { params, after }: Try): TrialRow | undefined {
  const names = Object.keys(params);
  return rows.find(
    (row) =>
      row.number > after &&
      row.given === true &&
      names.every((name) => keyIn(params, name) === keyIn(row.params, name)),
  );
}

/** Compares a trial with the one that it was derived from, by the first objective. */
export function verdictOf(
  { directions, metrics }: Pick<StudyAbout, "directions" | "metrics">,
  row: TrialRow,
  from: TrialRow | undefined,
): string {
  const value = valueAt(row);
  if (row.status !== "complete" || value === null) return `it is ${row.status}`;
  const words = `${metrics[0]} ${formatScore(value)}`;
  const before = from && valueAt(from);
  if (before === null || before === undefined) return words;
  if (value === before) return `${words}, the same as trial ${from?.number}`;
  const isBetter = directions[0] === "minimize" ? value < before : value > before;
  return `${words}, ${isBetter ? "better" : "worse"} than the ${formatScore(before)} of trial ${from?.number}`;
}
