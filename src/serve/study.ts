/**
 * One study at a store: it is started, told to pause, resume or stop, and does a slice of its work whenever its host
 * says so. What it is at any time is in the store, one record that each slice replaces whole; what is in memory is only
 * there to save time. It knows no HTTP and starts no timers.
 */
import { platform } from "#platform";
import { check, FettleError, isRecord, show } from "../errors.js";
import { type Params, type ParamsOf, type Space, spaceFromJson } from "../search/space/space.js";
import { sameValue } from "../search/space/value.js";
import type { StudyEvent } from "../search/study/optimize.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { savedTrials } from "../tune/resume/session.js";
import { createTuner, restoreTuner, type Tuner } from "../tune/resume/tuner.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import { Pace } from "./pace.js";
import {
  after,
  type Command,
  outcomeOf,
  packRecord,
  type StudyOutcome,
  type StudyRecord,
  type StudyStatus,
  settingsOf,
  unpackRecord,
} from "./record.js";
import type { Store } from "./store.js";

/** What a server of studies is told, whatever its host. */
export interface StudyOptions<C extends Space, S extends Space> {
  /**
   * What a request may choose, in the words of a space: the body that starts a study is a point of it, or refused.
   * Default nothing: the body is empty.
   */
  readonly settings?: C;
  /**
   * The tuning of a study: its data and its code, as `createTuner` takes them. It is called again after each restart, and
   * must come to the same for the same settings.
   */
  readonly tune: (settings: ParamsOf<C>) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /** How long a slice should take; no request is answered meanwhile. Default 100. */
  readonly sliceMilliseconds?: number;
  /** The most steps of a slice, whatever the clock says. Default 20,000. */
  readonly sliceSteps?: number;
}

/**
 * The options as they are. In TypeScript, what `tune` returns does not tell `model` its parameters; this does.
 *
 * @example
 * ```ts
 * const tuning = defineTuning({
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [0, 2, 4, 6, 8, 10],
 *   space: { units: int(1, 8) },
 *   model: ({ units }) => {
 *     const model = sequential([dense(units), dense(1)]); // units is a number
 *     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *     return model;
 *   },
 * });
 * Object.keys(tuning.space); // ["units"]
 * ```
 */
export function defineTuning<const S extends Space>(options: TunerOptions<S>): TunerOptions<S> {
  return options;
}

/** The names of `StudyOptions`. */
export const STUDY_OPTIONS = ["settings", "tune", "sliceMilliseconds", "sliceSteps"];

/** What happens to a study, once it is in the store. */
export type ServedEvent =
  | { readonly type: "trial"; readonly trial: TrialRecord }
  | { readonly type: "status"; readonly status: StudyStatus }
  | { readonly type: "forgotten" };

/** @throws FettleError `invalid_argument` for options that no study could be served with */
export function checkStudyOptions<C extends Space, S extends Space>(options: StudyOptions<C, S>): void {
  const { settings, tune, sliceMilliseconds = 1, sliceSteps = 1 } = options;
  check(typeof tune === "function", () => `tune is a function of settings, received ${show(tune)}`);
  if (settings !== undefined) spaceFromJson(settings);
  check(
    sliceMilliseconds > 0,
    () => `sliceMilliseconds is a positive number, received ${show(sliceMilliseconds)}`,
  );
  check(
    Number.isSafeInteger(sliceSteps) && sliceSteps > 0,
    () => `sliceSteps is a positive integer, received ${show(sliceSteps)}`,
  );
}

/** Opens a tuning where it was saved; null where it begins. */
export type OpenTuning<S extends Space, T extends Tuner<S>> = (
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
) => Promise<T>;

/** One that does its own work. */
export const openTuning = <S extends Space>(options: TunerOptions<S>, bytes: Uint8Array | null) =>
  bytes ? restoreTuner(bytes, options) : createTuner(options);

export class ServedStudy<C extends Space, S extends Space, T extends Tuner<S> = Tuner<S>> {
  private readonly pace: Pace;
  private readonly listeners = new Set<(event: ServedEvent) => void>();
  /** Ends when everything that was asked for is done: one thing at a time. */
  private line: Promise<unknown> = Promise.resolve();
  /** What the store holds, once it was read. */
  private kept: { readonly record: StudyRecord | undefined } | undefined;
  /** The tuning where the record has it, while it runs. */
  private tuner: T | undefined;
  /** Trials that have ended since the record was written. */
  private ended: TrialRecord[] = [];
  private trialsInAll: number | undefined;

  /** @param id - the key in the store */
  constructor(
    readonly id: string,
    private readonly store: Store,
    private readonly options: StudyOptions<C, S>,
    private readonly open: OpenTuning<S, T>,
  ) {
    this.pace = new Pace(options.sliceMilliseconds ?? 100, options.sliceSteps ?? 20_000);
  }

  /** Whether it is to go on, as far as was read. */
  get isRunning(): boolean {
    return this.kept?.record?.status.phase === "running";
  }

  /** Whether somebody listens. */
  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  /** How it stands; undefined if there is no such study. */
  status(): Promise<StudyStatus | undefined> {
    return this.inTurn(async () => (await this.read())?.status);
  }

  /**
   * Begins the study. The same once more changes nothing.
   *
   * @throws FettleError `invalid_argument` for settings that are none, `invalid_state` if it exists with others; and what
   * `createTuner` and `tune` throw
   */
  start(body: unknown): Promise<{ readonly status: StudyStatus; readonly created: boolean }> {
    return this.inTurn(async () => {
      const settings = settingsOf(this.options.settings, body);
      const record = await this.read();
      if (record) {
        check(
          sameValue(record.status.settings, settings),
          () =>
            `study ${show(this.id)} was started with ${show(record.status.settings)}, received ${show(settings)}; delete it first, or take another name`,
          "invalid_state",
        );
        return { status: record.status, created: false };
      }
      const tuner = await this.open(await this.tuning(settings), null);
      const status = { id: this.id, phase: "running", settings, steps: 0, finished: 0 } as const;
      await this.write({ status, tuning: tuner.save() });
      this.tuner = tuner;
      return { status, created: true };
    });
  }

  /** @throws FettleError `not_found`, or `invalid_state` where the command makes no sense */
  command(command: Command): Promise<StudyStatus> {
    return this.inTurn(async () => {
      const record = await this.existing();
      const status = after(command, record.status);
      if (status !== record.status) await this.write({ ...record, status });
      if (status.phase !== "running") this.tuner = undefined;
      return status;
    });
  }

  /** Deletes everything that is known of it. */
  forget(): Promise<void> {
    return this.inTurn(async () => {
      await this.existing();
      this.letGo();
      await this.store.delete(this.id);
      this.publish({ type: "forgotten" });
    });
  }

  /**
   * Does a slice of the work, if it runs. What goes wrong there is its status, not an error.
   *
   * @param before - is called first, with the tuning
   * @returns how it stands afterwards; undefined if there is no such study
   * @throws what the store throws
   */
  slice(before: (tuner: T) => void = () => {}): Promise<StudyStatus | undefined> {
    return this.inTurn(async () => {
      const record = await this.read();
      if (record?.status.phase !== "running") return record?.status;
      let next: StudyRecord;
      let began = 0;
      try {
        const tuner = await this.opened(record);
        before(tuner);
        began = platform.now();
        next = await this.advance(record.status, tuner);
      } catch (error) {
        this.letGo();
        const message = error instanceof Error ? error.message : show(error);
        next = { ...record, status: { ...record.status, phase: "failed", error: message } };
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
    return this.inTurn(async () => savedTrials((await this.existing()).tuning));
  }

  /**
   * What came of it.
   *
   * @throws FettleError `not_found`, `invalid_state` before it is done
   */
  outcome(): Promise<StudyOutcome> {
    return this.inTurn(async () => {
      const { status, outcome } = await this.existing();
      if (outcome) return outcome;
      throw new FettleError(
        "invalid_state",
        `study ${show(this.id)} has no result: it is ${status.phase}, with ${status.finished} trials`,
      );
    });
  }

  /**
   * Tells a listener how it stands, and from then on what happens.
   *
   * @returns what ends that
   * @throws FettleError `not_found`
   */
  listen(listener: (event: ServedEvent) => void): Promise<() => void> {
    return this.inTurn(async () => {
      const { status } = await this.existing();
      this.listeners.add(listener);
      listener({ type: "status", status });
      return () => this.listeners.delete(listener);
    });
  }

  /** What `look` sees of the tuning; undefined if it does not run. Nothing is written. */
  look<R>(look: (tuner: T, settings: Params) => R): Promise<R | undefined> {
    return this.inTurn(async () => {
      const record = await this.read();
      if (record?.status.phase !== "running") return undefined;
      return look(await this.opened(record), record.status.settings);
    });
  }

  private async opened({ tuning, status }: StudyRecord): Promise<T> {
    this.tuner ??= await this.open(await this.tuning(status.settings), tuning);
    return this.tuner;
  }

  private async advance(status: StudyStatus, tuner: T): Promise<StudyRecord> {
    const { steps } = await tuner.advance({ steps: this.pace.steps });
    const { study, result } = tuner;
    return {
      status: {
        ...status,
        phase: result ? "done" : "running",
        steps: status.steps + steps,
        finished: study.trials.length,
        ...(this.trialsInAll !== undefined && { trials: this.trialsInAll }),
        ...(study.best && { best: study.best as TrialRecord }),
      },
      tuning: tuner.save(),
      ...(result && { outcome: outcomeOf(result) }),
    };
  }

  private async tuning(settings: Params): Promise<TunerOptions<S>> {
    const given = await this.options.tune(settings as ParamsOf<C>);
    check(isRecord(given), () => `tune returns options of createTuner, received ${show(given)}`);
    const onEvent = (event: StudyEvent<S>): void => {
      if (event.type === "studyStarted") this.trialsInAll = event.trials;
      if (event.type === "trialEnded") this.ended.push(event.record as TrialRecord);
      given.onEvent?.(event);
    };
    return { ...given, onEvent };
  }

  private async read(): Promise<StudyRecord | undefined> {
    if (!this.kept) {
      const bytes = await this.store.get(this.id);
      this.kept = { record: bytes && unpackRecord(bytes) };
    }
    return this.kept.record;
  }

  private async existing(): Promise<StudyRecord> {
    const record = await this.read();
    if (!record) throw new FettleError("not_found", `there is no study ${show(this.id)}`);
    return record;
  }

  private async write(record: StudyRecord, ended: readonly TrialRecord[] = []): Promise<void> {
    try {
      await this.store.put(this.id, packRecord(record));
    } catch (error) {
      this.letGo();
      throw error;
    }
    this.kept = { record };
    for (const trial of ended) this.publish({ type: "trial", trial });
    this.publish({ type: "status", status: record.status });
  }

  /** Drops what is in memory. */
  private letGo(): void {
    this.kept = undefined;
    this.tuner = undefined;
    this.ended = [];
  }

  private publish(event: ServedEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.line.then(work);
    this.line = result.catch(() => {});
    return result;
  }
}
