/** The origin of a dashboard's studies: a storage, a host of `fettle/serve`, or the run of this process. */
import type { Params } from "../search/space/space.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { Note, StoredTrial } from "../store/storage.js";
import type { CurvesByTrial, DashboardEvent, StudyCard, TrialRow } from "./wire.js";

export interface Source {
  /** For people: a path or an address. */
  readonly name: string;
  studies(): Promise<readonly StudyCard[]>;
  /** Undefined if no study has that name. */
  open(name: string): Promise<SourceStudy | undefined>;
  /** Starts a study with settings. Missing if the source cannot. */
  start?(name: string, settings: unknown): Promise<void>;
}

/** A study of a source. Methods that the source does not support are missing. */
export interface SourceStudy {
  /**
   * Sends all trials, and then changes, until it is stopped.
   *
   * @param failed - receives the error that ended it early
   * @returns stops it
   */
  follow(listener: (event: DashboardEvent) => void, failed: (error: unknown) => void): () => void;
  /** All trials, without curves. */
  trials(): Promise<readonly TrialRow[]>;
  /** The curves and reports of trials so far. */
  curves(numbers: readonly number[]): Promise<CurvesByTrial>;
  artifact(name: string): Promise<Uint8Array | undefined>;
  note?(note: Note): Promise<void>;
  command?(command: "pause" | "resume" | "cancel"): Promise<void>;
  enqueue?(params: Params): Promise<void>;
}

/** The row of a trial: its record without curves. */
export function rowOf(trial: TrialRecord | StoredTrial): TrialRow {
  if (trial.status === "running") return { ...trial, value: null, std: null, seconds: null };
  const { curves: _, curve: __, ...row } = trial as TrialRecord;
  return row;
}

/**
 * Rows in one event: as many as a page processes without a pause; and the most events, fewer than a stream
 * buffers for a slow client.
 */
const ROWS = 250;
const PARTS = 128;

/** Rows as events. */
export function* inParts(trials: readonly TrialRow[]): Iterable<DashboardEvent> {
  const rows = Math.max(ROWS, Math.ceil(trials.length / PARTS));
  for (let at = 0; at < trials.length; at += rows)
    yield { type: "trials", trials: trials.slice(at, at + rows) };
}
