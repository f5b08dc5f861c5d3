/**
 * The record of a served study: its status, its tuner as bytes and, once it is done, its result. Nothing here
 * runs.
 */
import { check, FettleError, isRecord, show } from "../errors.js";
import { saveModel } from "../model/save.js";
import type { Floats } from "../ndarray.js";
import { ownParams, type Params, resolveSpace, type Space, whyOutside } from "../search/space/space.js";
import { sameValue } from "../search/space/value.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { type ArchiveFormat, packArchive, unpackStored } from "../workers/archive.js";

/**
 * `running`: it runs in slices. `paused`: it waits for `resume`. `failed`: `resume` continues it once
 * the cause is
 * corrected. `cancelled` and `done`: it has ended.
 */
export type StudyPhase = "running" | "paused" | "failed" | "cancelled" | "done";

const PHASES: readonly StudyPhase[] = ["running", "paused", "failed", "cancelled", "done"];

/** The progress of a study. */
export interface StudyStatus {
  readonly id: string;
  readonly phase: StudyPhase;
  /** The settings that it was started with. */
  readonly settings: Params;
  /** Training steps so far. */
  readonly steps: number;
  /** The number of finished trials. */
  readonly finished: number;
  /** The number of trials that it may run; missing before the first slice. */
  readonly trials?: number;
  /** The best trial so far, without its curves; missing while there is none. */
  readonly best?: TrialRecord;
  /** Why it failed. */
  readonly error?: string;
  /**
   * Why its last slice could not be stored, such as on a full disk; the slice will be retried. Missing
   * otherwise.
   */
  readonly stalled?: string;
}

/** An event of a study, sent once the store has it. */
export type ServedEvent<Status = StudyStatus> =
  | { readonly type: "trial"; readonly trial: TrialRecord }
  | { readonly type: "status"; readonly status: Status }
  | { readonly type: "deleted" };

/** The result of a study. */
export interface StudyResult {
  /** The names of the optimized metrics. */
  readonly metrics: readonly string[];
  /** The numbers of the best trials: one, or a Pareto front. */
  readonly best: readonly number[];
  /** Scores of the final model on the test rows, by metric; empty without test rows. */
  readonly test: Readonly<Record<string, number>>;
  /** Weights of the final model, by name; empty without one. */
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Floats }>>;
}

/** The record of a study. */
export interface StudyRecord {
  readonly status: StudyStatus;
  /** From `ServedTuner.saveRest`, without the finished trials of earlier slices. */
  readonly tuner: Uint8Array;
  readonly result?: StudyResult;
  /** Bytes of the kernels' memory that its trainings need. */
  readonly memory: number;
}

const FORMAT: ArchiveFormat = { magic: "fettle/k", version: 1, what: "a stored study" };

export function packRecord(record: StudyRecord): Uint8Array {
  return packArchive(FORMAT, { ...record });
}

/**
 * @throws FettleError `invalid_checkpoint` for a record of a later release, `damaged_record` for bytes that
 * are not a complete record
 */
export function unpackRecord(bytes: Uint8Array): StudyRecord {
  return unpackStored(
    FORMAT,
    bytes,
    ({ status, tuner }) =>
      isRecord(status) &&
      (PHASES as readonly unknown[]).includes(status.phase) &&
      tuner instanceof Uint8Array,
  ) as unknown as StudyRecord;
}

export function resultOf<S extends Space>(result: TuneResult<S>): StudyResult {
  const { metrics, bestTrials } = result;
  const final = finalOrNone(result);
  const weights = Object.entries(final?.model.getWeights() ?? {});
  return {
    metrics,
    best: bestTrials.map(({ number }) => number),
    test: final?.test ?? {},
    weights: Object.fromEntries(weights.map(([name, { shape, data }]) => [name, { shape, data }])),
  };
}

/** The final model as a model file, if there is one that can be saved. */
export function modelOf<S extends Space>(result: TuneResult<S>): Uint8Array | undefined {
  try {
    const final = finalOrNone(result);
    return final && saveModel(final);
  } catch (error) {
    if (error instanceof FettleError && error.code === "unsupported") return undefined;
    throw error;
  }
}

/** Whether a study has ended permanently. */
export function hasEnded({ phase }: Pick<StudyStatus, "phase">): boolean {
  return phase === "done" || phase === "cancelled";
}

/** The commands: in which phases each is allowed, and the phase that follows. */
const COMMANDS = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused", "failed"], to: "running" },
  cancel: { from: ["running", "paused", "failed"], to: "cancelled" },
} as const satisfies Record<string, { readonly from: readonly StudyPhase[]; readonly to: StudyPhase }>;

export type Command = keyof typeof COMMANDS;

/**
 * The status after a command; unchanged if the study is already in that phase, so that a command may be sent
 * twice.
 *
 * @throws FettleError `invalid_state` if the phase does not allow the command
 */
export function statusAfter(command: Command, status: StudyStatus): StudyStatus {
  const { from, to }: { readonly from: readonly StudyPhase[]; readonly to: StudyPhase } = COMMANDS[command];
  if (status.phase === to) return status;
  check(
    from.includes(status.phase),
    () => `to ${command} study ${show(status.id)}, it must be ${from.join(" or ")}; it is ${status.phase}`,
    "invalid_state",
  );
  const { error: _, ...rest } = status;
  return { ...rest, phase: to };
}

/**
 * The settings of a study from the body of a request.
 *
 * @param space - the possible settings; undefined for none
 * @throws FettleError `invalid_argument` for a body that is not a point of the space
 */
export function settingsOf(space: Space | undefined, body: unknown): Params {
  if (space === undefined) {
    check(
      JSON.stringify(body) === "{}",
      () =>
        `invalid settings: this server has no settings, so the body must be empty or {}; received ${show(body)}`,
    );
    return {};
  }
  const searchSpace = resolveSpace(space);
  const reason = whyOutside(searchSpace, body);
  if (reason !== undefined) throw new FettleError("invalid_argument", `invalid settings: ${reason}`);
  return ownParams(searchSpace, body as Params);
}

/** For the status, which is sent after each slice. */
export function withoutCurves({ curves: _, ...record }: TrialRecord): TrialRecord {
  return record;
}

/** Refuses to start a study again with other settings. @throws FettleError `invalid_state` */
export function checkSameSettings({ id, settings }: StudyStatus, received: Params): void {
  check(
    sameValue(settings, received),
    () =>
      `study ${show(id)} was started with ${show(settings)}; received ${show(received)}. Delete it first, or use another name`,
    "invalid_state",
  );
}

/** @throws FettleError `invalid_state` before the study is done */
export function resultIn(id: string, { status, result }: StudyRecord): StudyResult {
  check(
    result,
    () =>
      `study ${show(id)} must be done to have a result; it is ${status.phase}, with ${status.finished} finished trials`,
    "invalid_state",
  );
  return result;
}
