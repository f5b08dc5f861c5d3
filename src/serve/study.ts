/**
 * One study in a storage: requests start, pause, resume or cancel it, and it runs one slice whenever its host
 * calls. The storage has its complete state, in one record that each slice replaces; memory is only a cache.
 * Answers come from the last stored state, also while a slice runs. It knows no HTTP and starts no timers.
 */
import { platform } from "#platform";
import { check, isPlainObject, messageOf, must, show } from "../errors.js";
import { loadPredictor } from "../predict/predictor.js";
import type { Params, ParamsOf, Space } from "../search/space/space.js";
import { bestOrNone } from "../search/study/best.js";
import { recordOf } from "../search/study/checkpoint.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { StoredTrial, StudyStorage } from "../store/storage.js";
import type { ServedTuner } from "../tune/resume/slices.js";
import { type SavedDefinition, savedDefinition, savedStudy } from "../tune/resume/tunerCore.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import type { SliceHost } from "./driver.js";
import { clientMessageOf, ofHost } from "./faults.js";
import { checkListeners, checkMemory, checkTrials } from "./limits.js";
import { RowAnswerer } from "./models/rows.js";
import { alone, type Neighbours } from "./neighbours.js";
import type { StudySettings } from "./options.js";
import { Pace, STRETCH } from "./pace.js";
import {
  type Command,
  checkSameSettings,
  modelOf,
  packRecord,
  resultIn,
  resultOf,
  type ServedEvent,
  type StudyRecord,
  type StudyResult,
  type StudyStatus,
  settingsOf,
  statusAfter,
  withoutCurves,
} from "./record.js";
import { type RunningTrialStatus, RunningTrials } from "./running.js";
import { StoredRecord } from "./stored.js";

/**
 * Opens a tuner from saved bytes, or a new one for null.
 *
 * @param memoryLimit - of the kernels, in bytes
 * @param elsewhere - trials of the storage, among which are those that the bytes lack
 */
export type OpenTuner<S extends Space, T extends ServedTuner<S>> = (
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
  memoryLimit: number,
  elsewhere?: readonly StoredTrial[],
) => Promise<T>;

export class ServedStudy<C extends Space, S extends Space, T extends ServedTuner<S> = ServedTuner<S>> {
  private readonly stored: StoredRecord;
  private readonly pace: Pace;
  private readonly listeners = new Set<(event: ServedEvent) => void>();
  /** Settles with the last call, so that calls run one at a time. */
  private lastCall: Promise<unknown> = Promise.resolve();
  /** Calls that run or wait. */
  private calls = 0;
  /** The result of the option `tuner`, called once. */
  private given: Promise<TunerOptions<S>> | undefined;
  /** The tuner in the state of the record, while the study runs. */
  private tuner: T | undefined;
  /** The state from the tuner's events. */
  private readonly running = new RunningTrials();
  /** The answerer of rows by the final model. */
  private answering: Promise<RowAnswerer> | undefined;
  /** What the storage has, until the tuner is opened with it. */
  private elsewhere: readonly StoredTrial[] | undefined;
  private stalled: string | undefined;

  /** @param id - its name in the storage */
  constructor(
    readonly id: string,
    storage: StudyStorage,
    private readonly options: StudySettings<C, S>,
    private readonly open: OpenTuner<S, T>,
    private readonly neighbours: Neighbours = alone(),
  ) {
    this.stored = new StoredRecord(storage, id);
    this.pace = new Pace(options.sliceMilliseconds, options.sliceSteps);
  }

  /** Whether it was running when the store was last read or written. */
  get isRunning(): boolean {
    return this.stored.known?.status.phase === "running";
  }

  get hasListeners(): boolean {
    return this.listeners.size > 0;
  }

  /** Whether no call runs or waits. */
  get isFree(): boolean {
    return this.calls === 0;
  }

  /** @throws FettleError `not_found` */
  async status(): Promise<StudyStatus> {
    const { status } = await this.record();
    return this.stalled === undefined ? status : { ...status, stalled: this.stalled };
  }

  /**
   * Starts the study. A second start with the same settings changes nothing.
   *
   * @throws FettleError `invalid_argument` for invalid settings, `invalid_state` if the study exists with
   * others; a LimitError; `internal` for what the option `tuner`, `createTuner` and the store throw
   */
  start(body: unknown): Promise<{ readonly status: StudyStatus; readonly created: boolean }> {
    return this.inTurn(async () => {
      const settings = settingsOf(this.options.settings, body);
      const record = await this.stored.read();
      if (record) {
        checkSameSettings(record.status, settings);
        return { status: record.status, created: false };
      }
      const { room, admit } = this.neighbours;
      room.reserve(this.id, 0);
      try {
        await admit();
        this.given = undefined;
        const [options, tuner] = await ofHost("the option tuner", async () => {
          const given = await this.tunerOptions(settings);
          return [given, await this.open(given, null, this.options.maxStudyMemory)] as const;
        });
        checkTrials(options, this.options.maxTrials);
        const memory = tuner.largestTraining();
        checkMemory(memory, this.options.maxStudyMemory);
        room.reserve(this.id, memory);
        const status = { id: this.id, phase: "running", settings, steps: 0, finished: 0 } as const;
        const bytes = tuner.save();
        const { metrics } = savedDefinition(bytes);
        const json = { ...tuner.study.toJSON(), trials: [] };
        await this.stored.create({ status, tuner: bytes, memory }, json, { served: settings, metrics });
        this.publish({ type: "status", status });
        this.tuner = tuner;
        return { status, created: true };
      } catch (error) {
        this.unload();
        throw error;
      }
    });
  }

  /**
   * @throws FettleError `not_found`, or `invalid_state` if its phase does not allow the command; a LimitError
   * if there are no resources to resume it
   */
  command(command: Command): Promise<StudyStatus> {
    return this.inTurn(async () => {
      const record = await this.stored.existing();
      const status = statusAfter(command, record.status);
      if (status === record.status) return status;
      if (status.phase === "running") this.neighbours.room.reserve(this.id, record.memory);
      await this.write({ ...record, status });
      return status;
    });
  }

  /**
   * Deletes the study with its history, even if it is damaged.
   *
   * @throws FettleError `not_found`
   */
  delete(): Promise<void> {
    return this.inTurn(async () => {
      await this.stored.delete();
      this.unload();
      this.publish({ type: "deleted" });
    });
  }

  /**
   * Loads the data for a slice, so that a slice waits neither for the store nor for data.
   *
   * @returns whether the study is running
   * @throws whatever the store throws
   */
  prepare(): Promise<boolean> {
    return this.inTurn(async () => {
      const record = await this.followed();
      if (record?.status.phase !== "running") return false;
      if (!this.tuner) await this.optionsFor(record.status.settings).catch(() => {}); // the slice reports it
      return true;
    });
  }

  /**
   * Runs one slice, if the study is running. An error in it ends in the status `failed` and is not thrown.
   *
   * @param before - called with the tuner before the slice
   * @param host - lets requests be answered during the slice
   * @returns the status afterwards; undefined if the study does not exist
   * @throws whatever the store throws
   */
  runSlice(before: (tuner: T) => void = () => {}, host?: SliceHost): Promise<StudyStatus | undefined> {
    return this.inTurn(async () => {
      const record = await this.followed();
      if (record?.status.phase !== "running") return record?.status;
      let next: StudyRecord;
      let model: Uint8Array | undefined;
      let milliseconds = 0;
      const timed = async <R>(work: () => R | Promise<R>): Promise<R> => {
        const began = platform.now();
        const result = await work();
        milliseconds += platform.now() - began;
        return result;
      };
      try {
        const tuner = await this.loaded(record);
        before(tuner);
        next = await this.advance(record, tuner, host, timed);
        model = tuner.result && modelOf(tuner.result);
      } catch (error) {
        this.unloadTuner();
        next = { ...record, status: { ...record.status, phase: "failed", error: messageOf(error) } };
      }
      const trials = this.running.takeStored();
      const bytes = await timed(() => packRecord(next));
      const computed = milliseconds;
      host?.computed();
      await timed(() => this.write(next, trials, bytes, model));
      // a clock that stands still during computation advances while the store writes
      this.pace.took(computed || milliseconds);
      return next.status;
    });
  }

  /** Records why the last slice could not be stored, for the status; undefined after a success. */
  stall(reason: unknown): void {
    this.stalled = reason === undefined ? undefined : clientMessageOf(reason);
  }

  /** Its definition. @throws FettleError `not_found` */
  async definition(): Promise<SavedDefinition> {
    return savedDefinition((await this.record()).tuner);
  }

  /** Its finished trials, by number. @throws FettleError `not_found` */
  async trials(): Promise<readonly TrialRecord[]> {
    const { tuner } = await this.record();
    const { trials } = savedStudy(tuner, await this.stored.trials());
    return trials.flatMap((trial) => (trial.status === "running" ? [] : [recordOf(trial)]));
  }

  /** Its running trials, by number; these are not stored. @throws FettleError `not_found` */
  async runningTrials(): Promise<readonly RunningTrialStatus[]> {
    await this.record();
    return this.running.list;
  }

  /** @throws FettleError `not_found`, `invalid_state` before the study is done */
  async result(): Promise<StudyResult> {
    return resultIn(this.id, await this.record());
  }

  /**
   * Its final model as a model file.
   *
   * @throws FettleError `not_found`, `invalid_state` before the study is done, or if its model cannot be
   * saved
   */
  async model(): Promise<Uint8Array> {
    const { status, result } = await this.record();
    const model = result && (await this.stored.model());
    check(
      model,
      () =>
        `study ${show(this.id)} must be done, with a model that can be saved, to predict; it is ${status.phase}`,
      "invalid_state",
    );
    return model;
  }

  /** The answerer of rows by its final model, which is loaded once. @throws FettleError as `model` */
  async answerer(): Promise<RowAnswerer> {
    await this.record();
    this.answering ??= this.model().then(async (model) => new RowAnswerer(await loadPredictor(model)));
    try {
      return await this.answering;
    } catch (error) {
      this.answering = undefined;
      throw error;
    }
  }

  /**
   * Calls a listener with the status, and from then on with each event.
   *
   * @returns a function that removes the listener
   * @throws FettleError `not_found`; a LimitError if there are too many
   */
  listen(listener: (event: ServedEvent) => void): Promise<() => void> {
    return this.inTurn(async () => {
      const { status } = await this.stored.existing();
      checkListeners(this.listeners.size);
      this.listeners.add(listener);
      listener({ type: "status", status });
      return () => {
        this.listeners.delete(listener);
        if (this.listeners.size === 0) this.neighbours.unheard(this.id);
      };
    });
  }

  /** The result of `read` on the tuner; undefined if the study is not running. Its state stays. */
  inspect<R>(read: (tuner: T, settings: Params) => R): Promise<R | undefined> {
    return this.inTurn(async () => {
      const record = await this.followed();
      if (record?.status.phase !== "running") return undefined;
      return read(await this.loaded(record), record.status.settings);
    });
  }

  /** The stored record: at once if it is in memory, otherwise in turn. @throws as `StoredRecord.existing` */
  private async record(): Promise<StudyRecord> {
    return this.stored.known ?? this.inTurn(() => this.stored.existing());
  }

  /** The record, and what its tuner is to be opened with. */
  private async followed(): Promise<StudyRecord | undefined> {
    const record = await this.stored.followed();
    if (record?.status.phase === "running" && !this.tuner) this.elsewhere ??= await this.stored.trials();
    return record;
  }

  /** The tuner of a record. */
  private async loaded({ tuner, status, memory }: StudyRecord): Promise<T> {
    this.neighbours.room.hold(this.id, memory);
    const { maxStudyMemory } = this.options;
    this.tuner ??= await this.open(
      await this.optionsFor(status.settings),
      tuner,
      maxStudyMemory,
      this.elsewhere,
    );
    this.elsewhere = undefined;
    return this.tuner;
  }

  private async advance(
    { status, memory }: StudyRecord,
    tuner: T,
    host: SliceHost | undefined,
    timed: <R>(work: () => Promise<R>) => Promise<R>,
  ): Promise<StudyRecord> {
    let left = this.pace.steps;
    const bound = host && { maxMilliseconds: STRETCH };
    for (;;) {
      const { steps } = await timed(() => tuner.advance({ steps: left, ...bound }));
      left -= steps;
      // a call that waits for this slice is answered after it
      if (!host || left === 0 || steps === 0 || tuner.result || this.calls > 1) break;
      await host.giveWay();
    }
    const { study, result } = tuner;
    const best = bestOrNone(study);
    return {
      status: {
        ...status,
        phase: result ? "done" : "running",
        steps: status.steps + this.pace.steps - left,
        finished: study.trials.length,
        ...(this.running.budget !== undefined && { trials: this.running.budget }),
        ...(best && { best: withoutCurves(best) }),
      },
      tuner: tuner.saveRest((number) => !this.running.isUnstored(number)),
      ...(result && { result: resultOf(result) }),
      memory,
    };
  }

  private optionsFor(settings: Params): Promise<TunerOptions<S>> {
    this.given ??= this.tunerOptions(settings);
    return this.given;
  }

  private async tunerOptions(settings: Params): Promise<TunerOptions<S>> {
    const options = await this.options.tuner(settings as ParamsOf<C>);
    must(isPlainObject(options), "the result of tuner", "the options of createTuner", options);
    const onEvent = (event: StudyEvent<S>) => {
      this.running.take(event as StudyEvent);
      return options.onEvent?.(event);
    };
    return { ...options, onEvent };
  }

  /** @param trials - those of the record that the storage may not have */
  private async write(
    record: StudyRecord,
    trials: readonly StoredTrial[] = [],
    bytes = packRecord(record),
    model?: Uint8Array,
  ): Promise<void> {
    try {
      await this.stored.write(record, bytes, trials, model);
    } catch (error) {
      this.unload();
      throw error;
    }
    if (record.status.phase !== "running") this.unloadTuner();
    for (const trial of trials)
      if (trial.status !== "running") this.publish({ type: "trial", trial: recordOf(trial) });
    this.publish({ type: "status", status: record.status });
  }

  /** Drops the state in memory, so that the next call starts from the store. */
  private unload(): void {
    this.stored.forget();
    this.answering = undefined;
    this.unloadTuner();
  }

  private unloadTuner(): void {
    this.tuner = undefined;
    this.elsewhere = undefined;
    this.given = undefined;
    this.running.clear();
    this.neighbours.room.release(this.id);
  }

  private publish(event: ServedEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private inTurn<R>(call: () => Promise<R>): Promise<R> {
    this.calls++;
    const result = this.lastCall.then(call).finally(() => this.calls--);
    this.lastCall = result.catch(() => {});
    return result;
  }
}
