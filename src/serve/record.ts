/** What is kept of a study: its status, the tuning as bytes and, once it is done, what came of it. Nothing here runs. */
import { check, FettleError, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { ownParams, type Params, resolveSpace, type Space, whyOutside } from "../search/space/space.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { type ArchiveFormat, packArchive, unpackArchive } from "../workers/archive.js";

/**
 * Where a study is: `running` goes on by itself, `paused` waits for a `resume`, `failed` too, after what is wrong was put
 * right; `cancelled` and `done` have ended.
 */
export type Phase = "running" | "paused" | "failed" | "cancelled" | "done";

/** How a study stands. */
export interface StudyStatus {
  readonly id: string;
  readonly phase: Phase;
  /** What it was started with. */
  readonly settings: Params;
  /** Steps of trainings so far. */
  readonly steps: number;
  /** Trials that have ended. */
  readonly finished: number;
  /** Its budget; left out before the first slice. */
  readonly trials?: number;
  /** The best trial so far, if there is one. */
  readonly best?: TrialRecord;
  /** Why it failed. */
  readonly error?: string;
}

/** What came of a study. */
export interface StudyOutcome {
  /** The names of the metrics that were tuned for. */
  readonly metrics: readonly string[];
  /** The numbers of the best trials: one, or a Pareto front. */
  readonly best: readonly number[];
  /** Scores of the last fit on the test part, by metric; empty without one. */
  readonly test: Readonly<Record<string, number>>;
  /** Weights of the last fit, by name; empty without one. */
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Floats }>>;
}

/** A study as it is kept. */
export interface StudyRecord {
  readonly status: StudyStatus;
  /** From `Tuner.save`. */
  readonly tuning: Uint8Array;
  readonly outcome?: StudyOutcome;
}

const FORMAT: ArchiveFormat = { magic: "fettle/k", version: 1, what: "a kept study" };

export function packRecord(record: StudyRecord): Uint8Array {
  return packArchive(FORMAT, { ...record });
}

/** @throws FettleError `invalid_checkpoint` for bytes that `packRecord` did not make, or a later release did */
export function unpackRecord(bytes: Uint8Array): StudyRecord {
  return unpackArchive(FORMAT, bytes) as unknown as StudyRecord;
}

export function outcomeOf<S extends Space>({ metrics, bestTrials, final }: TuneResult<S>): StudyOutcome {
  const weights = Object.entries(final?.model.getWeights() ?? {});
  return {
    metrics,
    best: bestTrials.map(({ number }) => number),
    test: final?.test ?? {},
    weights: Object.fromEntries(weights.map(([name, { shape, data }]) => [name, { shape, data }])),
  };
}

/** What a study may be told, from where, and where it goes. */
const COMMANDS = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused", "failed"], to: "running" },
  cancel: { from: ["running", "paused", "failed"], to: "cancelled" },
} as const satisfies Record<string, { readonly from: readonly Phase[]; readonly to: Phase }>;

export type Command = keyof typeof COMMANDS;

/**
 * The status after a command; the same if the study is there already, so that a command may be sent twice.
 *
 * @throws FettleError `invalid_state` where the command makes no sense
 */
export function after(command: Command, status: StudyStatus): StudyStatus {
  const { from, to }: { readonly from: readonly Phase[]; readonly to: Phase } = COMMANDS[command];
  if (status.phase === to) return status;
  check(
    from.includes(status.phase),
    () => `${command} is for a study that is ${from.join(" or ")}; ${show(status.id)} is ${status.phase}`,
    "invalid_state",
  );
  const { error: _, ...rest } = status;
  return { ...rest, phase: to };
}

/**
 * The settings of a study from the body of a request: a point of a space, or nothing where there is none to choose.
 *
 * @throws FettleError `invalid_argument` for anything else
 */
export function settingsOf(space: Space | undefined, body: unknown): Params {
  const searchSpace = space && resolveSpace(space);
  const wrong = searchSpace
    ? whyOutside(searchSpace, body)
    : JSON.stringify(body) === "{}"
      ? undefined
      : `there is nothing to set, received ${show(body)}`;
  if (wrong !== undefined) throw new FettleError("invalid_argument", `the settings of a study: ${wrong}`);
  return searchSpace ? ownParams(searchSpace, body as Params) : {};
}
