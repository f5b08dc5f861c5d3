/** A training as bytes: checks those that return, and what must be equal where it resumes. Runs nothing. */
import { checksumOf } from "../crc32.js";
import { check, isPlainObject, show } from "../errors.js";
import type { Callback, Logs } from "../nn/callbacks/callback.js";
import { validationName } from "../nn/callbacks/history.js";
import { hyperparametersOf } from "../nn/programs/architecture.js";
import { traceOf } from "../nn/programs/programs.js";
import type { CheckedFit, Resumed } from "../nn/training/gate.js";
import { sameValue } from "../search/space/value.js";
import { type ArchiveFormat, packArchive, unpackArchive } from "../workers/archive.js";
import {
  areLogs,
  checkFingerprint,
  fingerprintOf,
  hasFields,
  isSavedRun,
  type SavedFingerprint,
} from "../workers/saved.js";

const FORMAT: ArchiveFormat = { magic: "fettle/f", version: 1, what: "a saved training" };

/** A training between two of its steps. */
export interface SavedTraining extends Omit<Resumed, "ended"> {
  /** Before its first callback, within an epoch, or after its last callback. */
  readonly phase: "new" | "epoch" | "ended";
  /** Whether the learning rate was set. */
  readonly setsRate: boolean;
  /** Whether it ends after its next step. */
  readonly stopped: boolean;
  /** Of the callbacks that have one, in order. */
  readonly states: readonly { readonly name: string; readonly state: unknown }[];
}

export function packTraining(plan: SavedFingerprint, training: SavedTraining): Uint8Array {
  const { run, logs, states, ...place } = training;
  return packArchive(FORMAT, { plan, run, logs, states, place });
}

/** The sections of the bytes. @throws FettleError as `unpackArchive` */
export function unpackTraining(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return unpackArchive(FORMAT, bytes);
}

/** A callback with a state, and its place in the list. */
export interface Stateful {
  readonly callback: Callback & Required<Pick<Callback, "save" | "restore">>;
  readonly place: number;
}

/** @throws FettleError `invalid_argument` for a callback with only one of `save` and `restore` */
export function statefulOf(callbacks: readonly Callback[]): Stateful[] {
  return callbacks.flatMap((callback, place) => {
    const { save, restore } = callback;
    check(
      (save === undefined) === (restore === undefined),
      () =>
        `callbacks[${place}] must have both save and restore, or neither; received only ${save ? "save" : "restore"}`,
    );
    return save && restore ? [{ callback: callback as Stateful["callback"], place }] : [];
  });
}

/**
 * The training in the sections of bytes.
 *
 * @param plan - the fingerprint of the training that resumes
 * @throws FettleError `invalid_checkpoint` for a corrupted training; `invalid_argument` for another one
 */
export function readTraining(
  { plan: saved, run, logs, states, place, ...others }: Readonly<Record<string, unknown>>,
  plan: SavedFingerprint,
  { architecture, data, settings: { epochs, callbacks } }: CheckedFit,
): SavedTraining {
  const refuseUnless = (condition: unknown, what: string): void =>
    check(condition, () => `this is not ${FORMAT.what}: ${what} corrupted`, "invalid_checkpoint");
  refuseUnless(Object.keys(others).length === 0, "its list of sections is");
  checkFingerprint("training", plan, saved, {
    data: "other data; pass the same x, y, validationData and weights",
    model: "another model; pass one with the same layers, loss, optimizer and metrics",
    trainRows: "another validationSplit; pass the same one",
  });
  const isPlace = (value: unknown): value is Omit<SavedTraining, "run" | "logs" | "states"> =>
    hasFields(value, ["phase", "setsRate", "stopped"]) &&
    ["new", "epoch", "ended"].includes(value.phase as string) &&
    typeof value.setsRate === "boolean" &&
    typeof value.stopped === "boolean";
  refuseUnless(isSavedRun(run) && isPlace(place), "its state is");
  const known = place as SavedTraining;
  const most = { new: 0, epoch: epochs - 1, ended: epochs }[known.phase];
  refuseUnless(areLogs(logs) && logs.length <= most, "its history is");
  const names = namesOfLogs(architecture, data);
  const rated = known.setsRate ? [...names, "learningRate"] : names;
  for (const log of logs as readonly Logs[])
    refuseUnless(sameValue(Object.keys(log), rated), "its history is");
  const isState = (value: unknown): boolean => hasFields(value, ["name"], ["state"]);
  refuseUnless(Array.isArray(states) && states.every(isState), "its list of callbacks is");
  const had = (states as SavedTraining["states"]).map(({ name }) => name);
  const has = known.phase === "epoch" ? statefulOf(callbacks).map(nameOf) : [];
  check(
    sameValue(had, has),
    () =>
      `the training was saved with the states of callbacks ${show(had)}; received ${show(has)}; pass the same callbacks`,
  );
  return { ...known, run, logs, states } as SavedTraining;
}

export const nameOf = ({ callback }: Stateful): string => callback.name ?? "";

/** The names of the numbers of an epoch, in order, without a learning rate. */
function namesOfLogs(
  { metrics }: CheckedFit["architecture"],
  { x, trainRows, validation }: CheckedFit["data"],
) {
  const names = ["loss", ...metrics.map(({ name }) => name)];
  return validation || trainRows < x.rows ? [...names, ...names.map(validationName)] : names;
}

/** What must be equal where a training resumes. */
export function trainingFingerprint({ architecture, data, settings }: CheckedFit): SavedFingerprint {
  const { epochs, batchSize, shuffle, seed } = settings;
  const { x, y, trainRows, weights, sampleWeight, validation } = data;
  const all = [x, y, ...(validation ? [validation.x, validation.y] : [])];
  const numbers = [weights, sampleWeight, validation?.sampleWeight].map((each) =>
    Float64Array.from(each ?? []),
  );
  return fingerprintOf({
    model: traceOf(architecture, ["initialize", weights ? "trainWeighted" : "train", "evaluate"]),
    metrics: architecture.metrics.map(({ name }) => name),
    hyperparameters: hyperparametersOf(architecture),
    epochs,
    batchSize,
    shuffle,
    seed,
    trainRows,
    data: checksumOf([
      ...all.flatMap(({ rows, shape, data: values }) => [
        Int32Array.of(rows, ...shape),
        values instanceof Float32Array ? values : Float32Array.from(values),
      ]),
      ...numbers.flatMap((each) => [Int32Array.of(each.length), each]),
    ]),
  });
}

/** The most levels of the state of a callback. */
const MOST = 20;

/** Whether an archive can hold a value: plain data and typed arrays. */
export function isPlainState(value: unknown, depth = MOST): boolean {
  if (value === null || ["number", "string", "boolean"].includes(typeof value)) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((each) => isPlainState(each, depth - 1));
  if (isPlainObject(value))
    return Object.values(value).every((each) => each === undefined || isPlainState(each, depth - 1));
  return [Float32Array, Float64Array, Int32Array, Uint8Array].some((Kind) => value instanceof Kind);
}
