/**
 * A study whose trials run in clients: they ask for a trial, report its intermediate values, and tell its
 * result. Each call is stored before it is answered. The study alone determines its trials: a strategy sees
 * the trials that its lag allows, with any number of clients and in any order of results. It knows no HTTP.
 */
import { check, FettleError, must, show } from "../../errors.js";
import type { Leases } from "../../leases.js";
import type { Space } from "../../search/space/space.js";
import { bestOrNone } from "../../search/study/best.js";
import type { Study } from "../../search/study/contract.js";
import { createRungs, type Rungs } from "../../search/study/rungs.js";
import type { Trial, TrialOutcome, TrialRecord } from "../../search/trial/trial.js";
import type { Report, StoredStudy } from "../../store/storage.js";
import type { SavedDefinition } from "../../tune/resume/tunerCore.js";
import { checkListeners, LimitError } from "../limits.js";
import type { ServedEvent } from "../record.js";
import { renew } from "./leases.js";
import { created, pruningOf, restored } from "./opened.js";
import type { TrialStudyOptions } from "./options.js";

/** The progress of the study. */
export interface TrialStudyStatus {
  readonly id: string;
  /** `done`: all trials have ended, and clients get no more. */
  readonly phase: "running" | "done";
  /** The number of trials of the study. */
  readonly trials: number;
  /** The number of trials asked for. */
  readonly asked: number;
  readonly finished: number;
  /** The best trial so far; missing before the first, and with several objectives. */
  readonly best?: TrialRecord;
}

/** A trial for a client. */
export interface HandedTrial extends Trial {
  /** With a scheduler: the steps of a complete trial. */
  readonly steps?: number;
  /** The lease that the client must send with its reports and its result. */
  readonly lease: string;
  /** Seconds for which the client keeps the trial without a report. */
  readonly leaseSeconds: number;
}

type TrialEvent = ServedEvent<TrialStudyStatus>;

/** The state in memory, which follows from the storage. */
interface Loaded {
  readonly study: Study;
  readonly stored: StoredStudy;
  readonly rungs: Rungs | undefined;
  /** Trials without a result, by number. */
  readonly unfinished: Map<number, Trial>;
  /** Their reports, if any. */
  readonly reported: Map<number, Reported>;
  /** Whether the strategy has nothing left to suggest. */
  exhausted: boolean;
}

/** The progress of a trial's reports. */
interface Reported {
  /** The last step. */
  readonly step: number;
  readonly count: number;
}

/** The most characters kept of a trial's error. */
const LONGEST = 4000;
/** The most reports of a trial that are kept. */
const MOST_REPORTS = 100_000;
/** The most seconds until a trial may be free. */
const SOON = 1;

/** See the head of this file. */
export class TrialStudy {
  private loaded: Promise<Loaded> | undefined;
  private lastCall: Promise<unknown> = Promise.resolve();
  private readonly listeners = new Set<(event: TrialEvent) => void>();

  constructor(
    private readonly options: TrialStudyOptions<Space>,
    private readonly leases: Leases<number>,
  ) {}

  /**
   * Opens the study, or creates it.
   *
   * @throws FettleError for one that began with other options; and what the storage throws
   */
  open(): Promise<void> {
    return this.inTurn(async () => {});
  }

  status(): Promise<TrialStudyStatus> {
    return this.inTurn(async (loaded) => this.statusOf(loaded));
  }

  /** Its definition. Objectives have no names here. */
  async definition(): Promise<SavedDefinition> {
    const { space, strategy, seed, direction } = this.options;
    return { space, strategy: strategy.name, seed, directions: [direction].flat(), metrics: [] };
  }

  /** The reports of a trial, by step. */
  reports(number: number): Promise<readonly Report[]> {
    return this.inTurn(({ stored }) => this.written(() => stored.reports(number)));
  }

  /**
   * Calls a listener with the status, and from then on with each result and the status after it.
   *
   * @returns a function that removes the listener
   */
  listen(listener: (event: TrialEvent) => void): Promise<() => void> {
    return this.inTurn(async (loaded) => {
      checkListeners(this.listeners.size);
      this.listeners.add(listener);
      listener({ type: "status", status: this.statusOf(loaded) });
      return () => void this.listeners.delete(listener);
    });
  }

  /** Its finished trials, by number. */
  trials(): Promise<readonly TrialRecord[]> {
    return this.inTurn(async ({ study }) => study.trials);
  }

  /**
   * The next trial for a client; undefined once the study is done.
   *
   * @param isAwaited - whether the client still waits when its turn comes: otherwise the trial would be lost
   * until its lease expires
   * @throws LimitError if clients have all trials that may run now
   */
  ask(isAwaited: () => boolean = () => true): Promise<HandedTrial | undefined> {
    return this.inTurn(async (loaded) => {
      if (!isAwaited()) return undefined;
      const { study, unfinished, stored } = loaded;
      const free = this.leases.free(unfinished.keys());
      if (free !== undefined) return this.handOut(unfinished.get(free) as Trial);
      if (this.canAsk(loaded)) {
        const trial = study.ask();
        if (trial) {
          await this.written(() => stored.add(trial));
          unfinished.set(trial.number, trial);
          return this.handOut(trial);
        }
        loaded.exhausted = true;
      }
      if (this.isDone(loaded)) {
        // it may be the strategy that has nothing left
        this.publish({ type: "status", status: this.statusOf(loaded) });
        return undefined;
      }
      const wait = this.leases.next() / 1000;
      throw new LimitError(
        429,
        `running trials must be at most those that the study's lag of ${study.lag} allows; received one more, while ` +
          `${unfinished.size} are running. Ask again later, or use fewer clients; the option is lag`,
        Math.max(1, Math.min(SOON, Math.ceil(wait))),
      );
    });
  }

  /**
   * Accepts an intermediate value; without a step it is only a heartbeat. Steps must increase: a trial that
   * runs again repeats some, and the first value of each counts.
   *
   * @returns whether the trial is pruned: the client should then tell the value that it has reached
   * @throws FettleError `not_found`, `invalid_state`, `conflict` for a trial that is not the client's;
   * `invalid_argument`
   */
  report(number: number, lease: string, step?: number, value?: number | readonly number[]): Promise<boolean> {
    return this.inTurn(async (loaded) => {
      const { stored, rungs, reported } = loaded;
      this.mustRun(loaded, number);
      renew(this.leases, number, lease);
      if (step === undefined || value === undefined) return false;
      checkValues(value, loaded.study.directions.length);
      const before = reported.get(number) ?? NONE;
      if (step > before.step) {
        check(
          before.count < MOST_REPORTS,
          () => `reports of a trial must be at most ${MOST_REPORTS}; received one more; report fewer steps`,
        );
        await this.written(() => stored.report(number, { step, value: asStored(value) }));
        reported.set(number, { step, count: before.count + 1 });
        rungs?.report(number, value, step);
      }
      return isPruned(loaded, this.options, number, step);
    });
  }

  /**
   * Accepts the result of a trial once.
   *
   * @returns whether it was accepted now, and the record of the trial
   * @throws FettleError as `report`, and for an outcome that a study does not accept
   */
  tell(
    number: number,
    lease: string,
    told: TrialOutcome,
  ): Promise<{ readonly taken: boolean; readonly record: TrialRecord }> {
    return this.inTurn(async (loaded) => {
      const { study, stored, unfinished, reported } = loaded;
      const before =
        number < study.asked && !unfinished.has(number)
          ? study.trials.find((record) => record.number === number)
          : undefined;
      if (before) return { taken: false, record: before };
      this.mustRun(loaded, number);
      const seconds = renew(this.leases, number, lease);
      const outcome = this.outcomeOf(loaded, number, told, seconds);
      const record = study.tell(number, outcome);
      const taken = await this.written(() => stored.tell(record));
      this.leases.end(number);
      // another process told it, or this call did before it lost its connection to the database
      if (!taken) return { taken, record: await this.recordThere(number) };
      unfinished.delete(number);
      reported.delete(number);
      this.publish({ type: "trial", trial: record });
      this.publish({ type: "status", status: this.statusOf(loaded) });
      return { taken, record };
    });
  }

  /**
   * Takes a trial back from a client that ends, so that the next client gets it at once.
   *
   * @throws FettleError as `report`
   */
  release(number: number, lease: string): Promise<void> {
    return this.inTurn(async (loaded) => {
      this.mustRun(loaded, number);
      renew(this.leases, number, lease);
      this.leases.release(number);
    });
  }

  /** The result of a trial in the storage, from which the study is read again. */
  private async recordThere(number: number): Promise<TrialRecord> {
    this.loaded = this.load();
    const { study } = await this.written(() => this.loaded as Promise<Loaded>);
    const record = study.trials.find((each) => each.number === number);
    check(record, () => `trial ${number} must have a result in the storage`, "internal");
    return record;
  }

  private outcomeOf(loaded: Loaded, number: number, told: TrialOutcome, seconds?: number): TrialOutcome {
    const { rungs, reported } = loaded;
    const last = Math.max(0, (reported.get(number) ?? NONE).step);
    const pruned = rungs !== undefined && isPruned(loaded, this.options, number, last);
    const hasEnded = told.status === undefined && !pruned;
    const used = hasEnded ? (this.options.steps ?? last) : last;
    const { curve: own, ...rest } = told;
    // a reopened study decides by the values at rungs
    const curve = rungs ? rungs.curve(number) : (own ?? []);
    return {
      ...(seconds !== undefined && { seconds }),
      ...(used > 0 && { steps: used }),
      ...(pruned && { status: "pruned" }),
      ...rest,
      ...(rest.error !== undefined && { error: String(rest.error).slice(0, LONGEST) }),
      ...(curve.length > 0 && { curve }),
    };
  }

  private handOut(trial: Trial): HandedTrial {
    const { steps, leaseSeconds } = this.options;
    const lease = crypto.randomUUID();
    this.leases.give(trial.number, lease);
    return { ...trial, ...(steps !== undefined && { steps }), lease, leaseSeconds };
  }

  private statusOf(loaded: Loaded): TrialStudyStatus {
    const { study } = loaded;
    const { study: id, trials } = this.options;
    const { asked } = study;
    const best = bestOrNone(study);
    const phase = this.isDone(loaded) ? "done" : "running";
    return { id, phase, trials, asked, finished: study.trials.length, ...(best && { best }) };
  }

  private publish(event: TrialEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private canAsk({ study, rungs, unfinished, exhausted }: Loaded): boolean {
    if (exhausted || study.asked >= this.options.trials || !study.canAsk()) return false;
    if (!rungs) return true;
    // a scheduler compares a trial with all those before its lag, so that no decision waits
    const [first = study.asked] = unfinished.keys(); // in the order of their numbers
    return first >= study.asked - study.lag;
  }

  private isDone({ study, unfinished, exhausted }: Loaded): boolean {
    return unfinished.size === 0 && (exhausted || study.asked >= this.options.trials);
  }

  private mustRun({ unfinished, study }: Loaded, number: number): void {
    if (unfinished.has(number)) return;
    const isPast = number < study.asked;
    throw new FettleError(
      isPast ? "invalid_state" : "not_found",
      isPast ? `trial ${number} already has a result` : `trial ${number} has not been asked for yet`,
    );
  }

  /** The result of a storage call; after a failure, the next call starts from the stored state. */
  private async written<R>(write: () => Promise<R>): Promise<R> {
    try {
      return await write();
    } catch (error) {
      this.loaded = undefined;
      throw error;
    }
  }

  /** Runs calls one after the other. */
  private inTurn<R>(call: (loaded: Loaded) => Promise<R>): Promise<R> {
    const result = this.lastCall.then(async () => {
      this.loaded ??= this.load();
      const loaded = await this.written(() => this.loaded as Promise<Loaded>);
      return call(loaded);
    });
    this.lastCall = result.catch(() => {});
    return result;
  }

  private async load(): Promise<Loaded> {
    const { options } = this;
    const { storage, study: name, scheduler, steps } = options;
    let stored = await storage.open(name);
    const study = stored ? await restored(stored, options) : created(options);
    stored ??= await storage.create(name, study.toJSON(), { serve: pruningOf(options) });
    const rungs =
      scheduler &&
      createRungs(
        scheduler,
        steps,
        study,
        {
          get records() {
            return [...study.trials];
          },
          hasFinished: (number) => !unfinished.has(number) && number < study.asked,
        },
        true,
      );
    const unfinished = new Map<number, Trial>();
    const reported = new Map<number, Reported>();
    while (study.waiting > 0) {
      const trial = study.ask() as Trial;
      unfinished.set(trial.number, trial);
      const reports = await stored.reports(trial.number);
      const { step = NONE.step } = reports.at(-1) ?? {};
      reported.set(trial.number, { step, count: reports.length });
      for (const { step, value } of reports) rungs?.report(trial.number, fromStored(value), step);
    }
    return { study, stored, rungs, unfinished, reported, exhausted: false };
  }
}

const NONE: Reported = { step: -1, count: 0 };

/** Whether a trial is pruned at the last rung that it has reached, unless `step` is before that rung. */
function isPruned(
  { rungs, study }: Loaded,
  { scheduler, steps }: TrialStudyOptions<Space>,
  number: number,
  step: number,
): boolean {
  const count = rungs ? rungs.curve(number).length / study.directions.length : 0;
  if (!rungs || !scheduler || steps === undefined || count === 0) return false;
  if (step < scheduler.rungs(number, steps)[count - 1]) return false;
  const promoted = rungs.promotes(number, Number.POSITIVE_INFINITY);
  check(promoted !== undefined, `scheduler ${show(scheduler.name)} waits for other trials`, "internal");
  return !promoted;
}

function checkValues(value: number | readonly number[], objectives: number): void {
  must(
    Array.isArray(value) === objectives > 1 && [value].flat().length === objectives,
    "the value of a report",
    objectives === 1 ? "a number, or null for one that is not finite" : `a list of ${objectives} numbers`,
    value,
  );
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const asStored = (value: number | readonly number[]) =>
  typeof value === "number" ? finiteOrNull(value) : value.map(finiteOrNull);
const fromStored = (value: number | null | readonly (number | null)[]): number | number[] =>
  Array.isArray(value) ? value.map((each) => each ?? Number.NaN) : ((value as number | null) ?? Number.NaN);
