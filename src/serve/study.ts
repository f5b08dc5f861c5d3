/**
 * One study in a store: it is started, paused, resumed or cancelled by requests, and runs one slice whenever its host says
 * so. The store holds its whole state, in one record that each slice replaces; memory holds only what saves time. It
 * knows no HTTP and starts no timers.
 */
import { platform } from "#platform";
import { check, FettleError, isRecord, messageOf, must, show } from "../errors.js";
import { loadPredictor } from "../predict/predictor.js";
import type { Params, ParamsOf, Space } from "../search/space/space.js";
import { sameValue } from "../search/space/value.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { createTuner, restoreTuner, type Tuner } from "../tune/resume/slices.js";
import { savedTrials } from "../tune/resume/tunerCore.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import { RowAnswerer } from "./models/rows.js";
import type { StudyOptions } from "./options.js";
import { Pace } from "./pace.js";
import {
  type Command,
  modelOf,
  resultOf,
  type StudyRecord,
  type StudyResult,
  type StudyStatus,
  settingsOf,
  statusAfter,
} from "./record.js";
import type { Store } from "./store.js";
import { StoredRecord } from "./stored.js";

/** What happened to a study, after the store has it. */
export type ServedEvent =
  | { readonly type: "trial"; readonly trial: TrialRecord }
  | { readonly type: "status"; readonly status: StudyStatus }
  | { readonly type: "deleted" };

/** Opens a tuner from saved bytes, or a new one for null. */
export type OpenTuner<S extends Space, T extends Tuner<S>> = (
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
) => Promise<T>;

/** A tuner that does its own jobs. */
export const openTuner = <S extends Space>(options: TunerOptions<S>, bytes: Uint8Array | null) =>
  bytes ? restoreTuner(bytes, options) : createTuner(options);

export class ServedStudy<C extends Space, S extends Space, T extends Tuner<S> = Tuner<S>> {
  private readonly stored: StoredRecord;
  private readonly pace: Pace;
  private readonly listeners = new Set<(event: ServedEvent) => void>();
  /** Settles with the last call, so that calls run one at a time. */
  private lastCall: Promise<unknown> = Promise.resolve();
  /** The tuner in the state of the record, while the study runs. */
  private tuner: T | undefined;
  /** Trials that have ended since the record was written. */
  private ended: TrialRecord[] = [];
  /** What answers rows, and the model file that it was made of. */
  private answering: { readonly of: Uint8Array; readonly answerer: RowAnswerer } | undefined;
  /** How many trials the study may run, once its tuner has said so. */
  private budget: number | undefined;

  /** @param id - the key in the store */
  constructor(
    readonly id: string,
    store: Store,
    private readonly options: StudyOptions<C, S>,
    private readonly open: OpenTuner<S, T>,
  ) {
    this.stored = new StoredRecord(store, id);
    this.pace = new Pace(options.sliceMilliseconds ?? 100, options.sliceSteps ?? 20_000);
  }

  /** Whether it was running when the store was last read or written. */
  get isRunning(): boolean {
    return this.stored.known?.status.phase === "running";
  }

  get hasListeners(): boolean {
    return this.listeners.size > 0;
  }

  /** @throws FettleError `not_found` */
  status(): Promise<StudyStatus> {
    return this.inTurn(async () => (await this.stored.existing()).status);
  }

  /**
   * Starts the study. A second start with the same settings changes nothing.
   *
   * @throws FettleError `invalid_argument` for invalid settings, `invalid_state` if the study exists with others; and
   * whatever `createTuner` and the option `tuner` throw
   */
  start(body: unknown): Promise<{ readonly status: StudyStatus; readonly created: boolean }> {
    return this.inTurn(async () => {
      const settings = settingsOf(this.options.settings, body);
      const record = await this.stored.read();
      if (record) {
        checkSameSettings(record.status, settings);
        return { status: record.status, created: false };
      }
      const tuner = await this.open(await this.tunerOptions(settings), null);
      const status = { id: this.id, phase: "running", settings, steps: 0, finished: 0 } as const;
      await this.write({ status, tuner: tuner.save() });
      this.tuner = tuner;
      return { status, created: true };
    });
  }

  /** @throws FettleError `not_found`, or `invalid_state` where its phase does not allow the command */
  command(command: Command): Promise<StudyStatus> {
    return this.inTurn(async () => {
      const record = await this.stored.existing();
      const status = statusAfter(command, record.status);
      if (status !== record.status) await this.write({ ...record, status });
      if (status.phase !== "running") this.tuner = undefined;
      return status;
    });
  }

  /**
   * Deletes the study with its history.
   *
   * @throws FettleError `not_found`
   */
  delete(): Promise<void> {
    return this.inTurn(async () => {
      await this.stored.existing();
      this.unload();
      await this.stored.delete();
      this.publish({ type: "deleted" });
    });
  }

  /**
   * Runs one slice, if the study is running. An error in it ends in the status `failed` and is not thrown.
   *
   * @param before - called with the tuner before the slice
   * @returns the status afterwards; undefined if the study does not exist
   * @throws whatever the store throws
   */
  runSlice(before: (tuner: T) => void = () => {}): Promise<StudyStatus | undefined> {
    return this.inTurn(async () => {
      const record = await this.stored.read();
      if (record?.status.phase !== "running") return record?.status;
      let next: StudyRecord;
      let began = 0;
      try {
        const tuner = await this.loaded(record);
        before(tuner);
        began = platform.now();
        next = await this.advance(record.status, tuner);
      } catch (error) {
        this.unload();
        next = { ...record, status: { ...record.status, phase: "failed", error: messageOf(error) } };
      }
      const { ended } = this;
      this.ended = [];
      await this.write(next, ended);
      this.pace.took(platform.now() - began);
      if (next.status.phase !== "running") this.tuner = undefined;
      return next.status;
    });
  }

  /**
   * Its finished trials, by number.
   *
   * @throws FettleError `not_found`
   */
  trials(): Promise<readonly TrialRecord[]> {
    return this.inTurn(async () => savedTrials((await this.stored.existing()).tuner));
  }

  /** @throws FettleError `not_found`, `invalid_state` before the study is done */
  result(): Promise<StudyResult> {
    return this.inTurn(async () => {
      const { status, result } = await this.stored.existing();
      if (result) return result;
      const { phase, finished } = status;
      throw new FettleError(
        "invalid_state",
        `study ${show(this.id)} must be done to have a result; it is ${phase}, with ${finished} finished trials`,
      );
    });
  }

  /**
   * Its final model as a model file.
   *
   * @throws FettleError `not_found`, `invalid_state` before the study is done, and for one without a model that can be saved
   */
  model(): Promise<Uint8Array> {
    return this.inTurn(async () => {
      const { status, model } = await this.stored.existing();
      check(
        model,
        () =>
          `study ${show(this.id)} must be done, with a model that can be saved, to predict; it is ${status.phase}`,
        "invalid_state",
      );
      return model;
    });
  }

  /** What answers rows by its final model, which is loaded once. @throws FettleError as `model` */
  async answerer(): Promise<RowAnswerer> {
    const of = await this.model();
    if (this.answering?.of !== of)
      this.answering = { of, answerer: new RowAnswerer(await loadPredictor(of)) };
    return this.answering.answerer;
  }

  /**
   * Calls a listener with the status, and from then on with each event.
   *
   * @returns a function that removes the listener
   * @throws FettleError `not_found`
   */
  listen(listener: (event: ServedEvent) => void): Promise<() => void> {
    return this.inTurn(async () => {
      const { status } = await this.stored.existing();
      this.listeners.add(listener);
      listener({ type: "status", status });
      return () => this.listeners.delete(listener);
    });
  }

  /** The result of `read` on the tuner; undefined if the study is not running. Nothing is written. */
  inspect<R>(read: (tuner: T, settings: Params) => R): Promise<R | undefined> {
    return this.inTurn(async () => {
      const record = await this.stored.read();
      if (record?.status.phase !== "running") return undefined;
      return read(await this.loaded(record), record.status.settings);
    });
  }

  /** The tuner of a record. */
  private async loaded({ tuner, status }: StudyRecord): Promise<T> {
    this.tuner ??= await this.open(await this.tunerOptions(status.settings), tuner);
    return this.tuner;
  }

  private async advance(status: StudyStatus, tuner: T): Promise<StudyRecord> {
    const { steps } = await tuner.advance({ steps: this.pace.steps });
    const { study, result } = tuner;
    const model = result && modelOf(result);
    return {
      status: {
        ...status,
        phase: result ? "done" : "running",
        steps: status.steps + steps,
        finished: study.trials.length,
        ...(this.budget !== undefined && { trials: this.budget }),
        ...(study.best && { best: withoutCurves(study.best as TrialRecord) }),
      },
      tuner: tuner.save(),
      ...(result && { result: resultOf(result) }),
      ...(model && { model }),
    };
  }

  private async tunerOptions(settings: Params): Promise<TunerOptions<S>> {
    const options = await this.options.tuner(settings as ParamsOf<C>);
    must(isRecord(options), "the result of tuner", "the options of createTuner", options);
    const onEvent = (event: StudyEvent<S>): void => {
      if (event.type === "studyStarted") this.budget = event.trials;
      if (event.type === "trialEnded") this.ended.push(event.record as TrialRecord);
      options.onEvent?.(event);
    };
    return { ...options, onEvent };
  }

  private async write(record: StudyRecord, ended: readonly TrialRecord[] = []): Promise<void> {
    try {
      await this.stored.write(record);
    } catch (error) {
      this.unload();
      throw error;
    }
    for (const trial of ended) this.publish({ type: "trial", trial });
    this.publish({ type: "status", status: record.status });
  }

  /** Drops what is in memory, so that the next call begins from the store. */
  private unload(): void {
    this.stored.forget();
    this.tuner = undefined;
    this.ended = [];
  }

  private publish(event: ServedEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private inTurn<R>(call: () => Promise<R>): Promise<R> {
    const result = this.lastCall.then(call);
    this.lastCall = result.catch(() => {});
    return result;
  }
}

/** For the status, which is sent after each slice. */
function withoutCurves({ curves: _, ...record }: TrialRecord): TrialRecord {
  return record;
}

function checkSameSettings({ id, settings }: StudyStatus, received: Params): void {
  check(
    sameValue(settings, received),
    () =>
      `study ${show(id)} was started with ${show(settings)}; received ${show(received)}. Delete it first, or use another name`,
    "invalid_state",
  );
}
