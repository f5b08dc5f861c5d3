/**
 * A storage is a database of studies, to which trials, results, reports and artifacts are appended one by
 * one. It makes no decisions: `search/` suggests, prunes and ranks trials.
 *
 * Written facts never change: a trial is added once, and its result is accepted once, whichever process
 * writes it. A unique key decides, so two writers of one study never undo what the other did. An artifact is
 * replaced completely, on request only in the version that its writer has read. So a training that is
 * interrupted anywhere can be an artifact: two processes that continue it do not undo each other's work.
 */
import { check, FettleError, must, mustBeInteger, show } from "../errors.js";
import type { Params } from "../search/space/space.js";
import type { StudyJson } from "../search/study/contract.js";
import type { Curves } from "../search/trial/curves.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { JobQueue, QueueOptions } from "../workers/queue/queue.js";

/** The definition of a study: its JSON without trials. */
export type StudyDefinition = Omit<StudyJson, "trials">;

/** A trial in the form of a study's JSON: finished, or with the status "running". */
export type StoredTrial = StudyJson["trials"][number];

/**
 * Plain JSON of the program that created the study, such as its command line. A storage does not interpret
 * it.
 */
export type StudySettings = Readonly<Record<string, unknown>>;

/** A trial that was asked for. */
export interface AddedTrial {
  /** From 0, without gaps. */
  readonly number: number;
  readonly params: Params;
  readonly parent?: number;
  /** Set for trials that did not come from the strategy. */
  readonly given?: true;
}

/** An intermediate value of a trial, or the values of several objectives; null for one that is not finite. */
export interface Report {
  readonly step: number;
  readonly value: number | null | readonly (number | null)[];
}

/** A person's note on a trial. */
export interface Note {
  /** The number of the trial. */
  readonly number: number;
  /** At most 10,000 characters; not NUL, which databases do not keep. */
  readonly text: string;
  /** At most 20, each of 1 to 50 characters. */
  readonly tags: readonly string[];
}

/** An artifact in a list. */
export interface Artifact {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** The contents of an artifact. */
export interface VersionedBytes {
  readonly bytes: Uint8Array;
  /** A text unique among all contents that the artifact ever had, such as a count of writes or an ETag. */
  readonly version: string;
}

/** A study in a list. */
export interface StudyEntry {
  readonly name: string;
  /** The number of trials asked for. */
  readonly trials: number;
  /** The number of them with a result. */
  readonly finished: number;
}

/**
 * A database of studies. Every method throws FettleError `store_failed` if the database cannot be read or
 * written, such as on a full disk.
 */
export interface StudyStorage {
  /** The studies, in the order in which they were created. */
  studies(): Promise<readonly StudyEntry[]>;
  /** Their names in any order, without counting trials. */
  names(): Promise<readonly string[]>;
  /** A study by its name; undefined if there is none. */
  open(name: string): Promise<StoredStudy | undefined>;
  /**
   * Creates a study, with the trials that its JSON has: all of it or nothing.
   *
   * @param name - 1 to 500 characters, none of them a control character
   * @throws FettleError `conflict` if a study has that name; `invalid_argument` for an invalid name
   */
  create(name: string, study: StudyJson, settings?: StudySettings): Promise<StoredStudy>;
  /**
   * Deletes a study and everything that belongs to it, even if it is damaged.
   *
   * @throws FettleError `not_found` if there is none
   */
  delete(name: string): Promise<void>;
  /** Closes the connection. Studies opened through it can no longer be used. */
  close(): Promise<void>;
}

/** A study in a storage. Every method throws FettleError `not_found` once the study was deleted. */
export interface StoredStudy {
  readonly name: string;
  readonly definition: StudyDefinition;
  readonly settings: StudySettings;
  /**
   * All trials, by number, for `restoreStudy({ ...definition, trials })`.
   *
   * @param curves - whether to include curves, which are most of the bytes. Default true
   * @param from - the number of the first trial. Default 0
   */
  trials(curves?: boolean, from?: number): Promise<readonly StoredTrial[]>;
  /** The curves of one trial; undefined if it has none, or there is no such trial. */
  curves(number: number): Promise<Curves | undefined>;
  /**
   * Adds a trial that was asked for.
   *
   * @returns whether this call added it; false if it already existed
   * @throws FettleError `conflict` if the storage has another trial of that number; `invalid_state` if the
   * previous trial is missing
   */
  add(trial: AddedTrial): Promise<boolean>;
  /**
   * Stores the result of an added trial.
   *
   * @returns whether it was accepted; false if the trial already has a result, which stays
   * @throws FettleError `invalid_state` for a trial that was not added
   */
  tell(record: TrialRecord<unknown>): Promise<boolean>;
  /**
   * Adds trials and stores the results of those that are finished, as `add` and `tell` do one by one, in one
   * transaction. What the storage already has stays.
   *
   * @param trials - by number
   * @throws FettleError as `add`
   */
  append(trials: readonly StoredTrial[]): Promise<void>;
  /**
   * Stores an intermediate value of a trial; the first value of a step stays.
   *
   * @throws FettleError `invalid_state` for a trial that was not added
   */
  report(number: number, report: Report): Promise<void>;
  /** The intermediate values of a trial, by step. */
  reports(number: number): Promise<readonly Report[]>;
  /**
   * Replaces the note on a trial; without text and tags, the note is deleted.
   *
   * @throws FettleError `invalid_state` for a trial that was not added; `invalid_argument` for other text or
   * tags
   */
  note(note: Note): Promise<void>;
  /** The notes, by number of their trial. */
  notes(): Promise<readonly Note[]>;
  /** The artifacts, by name: models, checkpoints and other bytes of the study. */
  artifacts(): Promise<readonly Artifact[]>;
  /** The contents of an artifact; undefined if no artifact has that name. */
  artifact(name: string): Promise<VersionedBytes | undefined>;
  /**
   * Stores an artifact: all its bytes or nothing.
   *
   * @param name - with the rules of a study's name
   * @param replaced - the version that it replaces, null if there must be none; by default, it replaces
   * whatever is there
   * @returns the new version
   * @throws FettleError `conflict` if the artifact has another version; then nothing was written
   */
  keep(name: string, bytes: Uint8Array, replaced?: string | null): Promise<string>;
  /**
   * A queue of the study's jobs in the same database, for workers of other processes; not every storage has
   * one.
   */
  queue?(options?: QueueOptions): JobQueue;
}

/** The most characters of a name, so that every database can index it. */
const LONGEST = 500;

/** @throws FettleError `invalid_argument` */
export function checkName(kind: string, name: unknown): asserts name is string {
  const isName = typeof name === "string" && name.length > 0 && !/[\p{Cc}\p{Cs}]/u.test(name);
  must(isName, kind, "a text without control characters, and not empty", name);
  check(
    name.length <= LONGEST,
    () => `${kind} must have at most ${LONGEST} characters; received ${name.length}`,
  );
}

/**
 * The checked note, without further fields and repeated tags; undefined for an empty one.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkedNote({ number, text, tags }: Note): Note | undefined {
  mustBeInteger("the number of a trial", number, 0);
  // databases cut a text at NUL, and replace half of a character
  const isText = typeof text === "string" && text.length <= LONGEST_NOTE && !/[\0\p{Cs}]/u.test(text);
  must(
    isText,
    "the text of a note",
    `a Unicode text of at most ${LONGEST_NOTE} characters without NUL`,
    text,
  );
  const isTag = (tag: unknown): boolean =>
    typeof tag === "string" && tag.length > 0 && tag.length <= LONGEST_TAG && !/[\p{Cc}\p{Cs}]/u.test(tag);
  const areTags = Array.isArray(tags) && tags.length <= MOST_TAGS && tags.every(isTag);
  must(areTags, "the tags of a trial", `at most ${MOST_TAGS} texts of 1 to ${LONGEST_TAG} characters`, tags);
  if (text === "" && tags.length === 0) return undefined;
  return { number, text, tags: [...new Set(tags)] };
}

const LONGEST_NOTE = 10_000;
const LONGEST_TAG = 50;
const MOST_TAGS = 20;

/** Artifacts in the order of their names, the same in every database. */
export function byName(artifacts: readonly Artifact[]): readonly Artifact[] {
  return [...artifacts].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const studyExists = (name: string): FettleError =>
  new FettleError("conflict", `study ${show(name)} already exists; choose another name, or delete it first`);

export const studyIsGone = (name: string): FettleError =>
  new FettleError("not_found", `study ${show(name)} was deleted from its storage`);

export const noStudy = (name: string): FettleError =>
  new FettleError("not_found", `there is no study ${show(name)} in its storage`);

export const artifactDiffers = (name: string): FettleError =>
  new FettleError(
    "conflict",
    `another process has written or deleted ${show(name)} since it was read here, so nothing was written; ` +
      "read it again",
  );

export const trialIsUnknown = (number: number, name: string): FettleError =>
  new FettleError(
    "invalid_state",
    `trial ${show(number)} must be added to study ${show(name)} before its result and reports, and after trial ${number - 1}`,
  );

export const trialDiffers = (number: number, name: string, kept: unknown, received: unknown): FettleError =>
  new FettleError(
    "conflict",
    `trial ${number} of study ${show(name)} is ${show(kept)} in the storage; received ${show(received)}. Another ` +
      "process asked for it with other settings or another release; continue with only one of them",
  );
