/** A page's state of a study: the sum of the received events. Pure. */
import { paretoFront } from "../../search/trial/pareto.js";
import { type Direction, isBetter, mayBeBest, type TrialRecord } from "../../search/trial/trial.js";
import type { DashboardEvent, Note, StudyAbout, TrialRow } from "../wire.js";

export interface StudyState {
  readonly about?: StudyAbout;
  /**
   * In the order of their numbers. Trials of a host may arrive in another order, so some may be missing for a
   * while.
   */
  readonly rows: readonly TrialRow[];
  readonly notes: ReadonlyMap<number, Note>;
  /** Whether all existing trials have arrived. */
  readonly isReady: boolean;
  readonly isGone: boolean;
}

export const NO_STUDY: StudyState = {
  rows: [],
  notes: new Map(),
  isReady: false,
  isGone: false,
};

/** The state after events. */
export function afterEvents(state: StudyState, events: readonly DashboardEvent[]): StudyState {
  // the rows are copied once, however many events there are
  const rows = events.some(({ type }) => type === "trials") ? [...state.rows] : state.rows;
  let { notes } = state;
  const changes: { -readonly [Name in keyof StudyState]?: StudyState[Name] } = {};
  for (const event of events) {
    if (event.type === "about") changes.about = event.about;
    if (event.type === "notes") notes = new Map(event.notes.map((note) => [note.number, note]));
    if (event.type === "ready") changes.isReady = true;
    if (event.type === "gone") changes.isGone = true;
    if (event.type === "trials") for (const row of event.trials) put(rows as TrialRow[], row);
  }
  return { ...state, ...changes, rows, notes };
}

/** Inserts a row, or replaces the row with its number. */
function put(rows: TrialRow[], row: TrialRow): void {
  const place = placeOf(rows, row.number);
  rows.splice(place, rows[place]?.number === row.number ? 1 : 0, row);
}

/** The index of the first row whose number is at least this: usually the end. */
function placeOf(rows: readonly TrialRow[], number: number): number {
  let [low, high] = [0, rows.length];
  if (high === 0 || rows[high - 1].number < number) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The trial with a number. */
export function trialIn({ rows }: Pick<StudyState, "rows">, number: number): TrialRow | undefined {
  const row = rows[placeOf(rows, number)];
  return row?.number === number ? row : undefined;
}

/** Phases of a study that no longer runs trials. */
const ENDED = ["done", "failed", "cancelled", "interrupted"];

/** The phase of a study for people; only a study that can have more trials is called live. */
export function standingOf(
  connection: "connecting" | "live" | "lost",
  { phase }: Pick<StudyAbout, "phase">,
): "connecting" | "live" | "ended" | "lost" {
  return connection === "live" && phase !== undefined && ENDED.includes(phase) ? "ended" : connection;
}

/** The number of trials by status. */
export function countsOf(rows: readonly TrialRow[]): Readonly<Record<TrialRow["status"], number>> {
  const counts = { complete: 0, pruned: 0, failed: 0, diverged: 0, running: 0 };
  for (const row of rows) counts[row.status]++;
  return counts;
}

export const isFinished = (row: TrialRow): row is TrialRow & TrialRecord => row.status !== "running";

/** The best trial; for several objectives, those that no other dominates. */
export function bestOf({ rows, about }: Pick<StudyState, "rows" | "about">): readonly TrialRow[] {
  const { directions = ["minimize"] } = about ?? {};
  if (directions.length > 1) return paretoFront(rows.filter(isFinished), directions) as readonly TrialRow[];
  const best = bestAmong(rows, directions);
  return best ? [best] : [];
}

/** The best of some trials by the only objective; undefined for several objectives. */
export function bestAmong(rows: readonly TrialRow[], directions: readonly Direction[]): TrialRow | undefined {
  if (directions.length > 1) return undefined;
  let best: (TrialRow & TrialRecord) | undefined;
  for (const row of rows) if (isFinished(row) && isBetter(row, best, directions[0])) best = row;
  return best;
}

/** The value of an objective; null without one. */
export const valueAt = ({ value, values }: TrialRow, objective = 0): number | null =>
  values ? (values[objective] ?? null) : objective === 0 ? value : null;

/** The numbers of the best trials, the best first; for several objectives, a part of the front. */
export function bestFew(state: Pick<StudyState, "rows" | "about">, count: number): readonly number[] {
  const best = bestOf(state);
  const { directions = ["minimize"] } = state.about ?? {};
  const sign = directions[0] === "minimize" ? 1 : -1;
  /** In order; equal ones by number. */
  const few: TrialRow[] = [...best];
  const costOf = ({ value }: TrialRow): number => sign * (value as number);
  if (directions.length === 1) {
    for (const row of state.rows) {
      if (!isFinished(row) || !mayBeBest(row) || row.value === null || row === best[0]) continue;
      const cost = costOf(row);
      if (few.length >= count && cost >= costOf(few[few.length - 1])) continue;
      let place = few.length;
      while (place > best.length && cost < costOf(few[place - 1])) place--;
      few.splice(place, 0, row);
      few.length = Math.min(few.length, Math.max(count, best.length));
    }
  }
  return few.slice(0, count).map(({ number }) => number);
}
