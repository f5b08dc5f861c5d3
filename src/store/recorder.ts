/**
 * Records a search in a storage while it runs, by the events of its study, so that it can be resumed after
 * any end.
 */
import { FettleError, isA, isRecord, must, show } from "../errors.js";
import { sameValue } from "../search/space/value.js";
import type { StudyEvent, StudyJson } from "../search/study/contract.js";
import type { StoredStudy, StudySettings, StudyStorage } from "./storage.js";

/** Records a search. */
export interface StudyRecorder {
  /** The study so far, for the option `study`; undefined for a new one. */
  readonly study: StudyJson | undefined;
  /** For the option `onEvent`. Once the storage has failed it throws, which ends the search. */
  readonly onEvent: (event: StudyEvent) => void;
  /**
   * Waits until all events are in the storage.
   *
   * @returns the stored study; undefined if the search never started
   * @throws the error of the storage
   */
  saved(): Promise<StoredStudy | undefined>;
}

/**
 * Records a search in a storage: a new study, or an existing one with that name, which it resumes. Every
 * trial is stored as soon as it has ended, and a killed and resumed search ends with the same bits as an
 * uninterrupted one. Several processes may run one study: each trial is recorded once. A point enqueued
 * during the search is stored when its trial starts; then no other process may run the study.
 *
 * @param settings - plain JSON to keep with a new study; two processes that create it at the same time must
 * agree on it
 * @throws what the storage throws
 * @example
 * ```ts
 * const storage = memoryStorage(); // or that of a file, see fettle/store/sqlite
 * for (const trials of [3, 10]) {
 *   const recorder = await recordStudy(storage, "parabola");
 *   await tune({
 *     space: { x: float(-5, 5) },
 *     objective: ({ x }) => x * x,
 *     direction: "minimize",
 *     trials,
 *     onEvent: recorder.onEvent,
 *     ...(recorder.study && { study: recorder.study }),
 *   });
 *   await recorder.saved();
 * }
 * await storage.studies(); // [{ name: "parabola", trials: 10, finished: 10 }]
 * ```
 */
export async function recordStudy(
  storage: StudyStorage,
  name: string,
  settings: StudySettings = {},
): Promise<StudyRecorder> {
  must(
    isRecord(storage) && typeof storage.open === "function",
    "storage",
    "a storage, such as await sqliteStorage(path)",
    storage,
  );
  let kept = await storage.open(name);
  const study = kept && { ...kept.definition, trials: await kept.trials() };
  let failure: { readonly error: unknown } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const keep = async (event: StudyEvent): Promise<void> => {
    if (event.type === "studyStarted") kept ??= await created(storage, name, event.study.toJSON(), settings);
    if (event.type === "trialStarted")
      await kept?.add({ ...event.trial, ...(event.given && { given: event.given }) });
    if (event.type === "stepReported") {
      const { number, step, value } = event;
      await kept?.report(number, { step, value });
    }
    if (event.type === "trialEnded") await kept?.tell(event.record);
  };
  return {
    study,
    onEvent(event) {
      if (failure) throw failure.error;
      last = last
        .then(() => (failure ? undefined : keep(event)))
        .catch((error: unknown) => {
          failure ??= { error };
        });
    },
    async saved() {
      await last;
      if (failure) throw failure.error;
      return kept;
    },
  };
}

/** Creates a study, unless another process has just created the same one. */
async function created(
  storage: StudyStorage,
  name: string,
  study: StudyJson,
  settings: StudySettings,
): Promise<StoredStudy> {
  try {
    return await storage.create(name, study, settings);
  } catch (error) {
    const other = isA(error, FettleError) && error.code === "conflict" ? await storage.open(name) : undefined;
    if (!other) throw error;
    const { trials: _, ...definition } = study;
    if (sameValue([other.definition, other.settings], JSON.parse(JSON.stringify([definition, settings]))))
      return other;
    throw new FettleError(
      "conflict",
      `another process has just created study ${show(name)} with other settings; choose another name`,
      { cause: error },
    );
  }
}
