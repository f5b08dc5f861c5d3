/**
 * Tuning whose jobs wait in a queue for workers of any process or machine. This process runs the study: it
 * asks, tells and fits. It also runs jobs, as one more worker, unless `jobs` is 0.
 */
import { crc32 } from "../../crc32.js";
import {
  check,
  checkOptions,
  FettleError,
  isA,
  isPlainObject,
  isRecord,
  must,
  type OptionNames,
} from "../../errors.js";
import { ready } from "../../numerics/kernels.js";
import { jobsOf } from "../../platform/jobs.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { Objective, RunningTrial } from "../../search/study/contract.js";
import { LoopControl } from "../../search/study/control.js";
import { Curves } from "../../search/trial/curves.js";
import type { Trial, TrialOutcome } from "../../search/trial/trial.js";
import { type ArchiveFormat, packArchive, unpackArchive } from "../../workers/archive.js";
import { type JobControl, type Outcome, outcomeOf } from "../../workers/backend.js";
import { Dispatcher, type DispatchOptions } from "../../workers/queue/dispatcher.js";
import type { JobQueue } from "../../workers/queue/queue.js";
import { type DoJob, runWorker, type WorkerJob } from "../../workers/queue/worker.js";
import { createBackend, type JobBackend } from "../jobs/backend.js";
import type { Job, JobResult } from "../jobs/job.js";
import type { TuneObjectiveOptions, TuneOptions, TuneResult } from "../tuner/options.js";
import { tuneOn } from "../tuner/run.js";
import { scoringOf, type TunerSetup } from "../tuner/setup.js";
import { tunerFingerprint } from "./fingerprint.js";
import { packedWorker, packJob, unpackOutcome } from "./remoteJobs.js";
import { setUpResumable } from "./tunerCore.js";

/** Four trials are built per place of the backend: see `runTuner`. */
const TRIALS_A_PLACE = 4;

interface QueueOption {
  readonly queue: JobQueue;
}

/** See the header of this file. */
export function tuneOverQueue<S extends Space>(
  options: TuneOptions<S> & QueueOption,
): Promise<TuneResult<S>> {
  const scoring = scoringOf(options);
  const { queue, jobs, trialTimeout } = options;
  mustBeQueue(queue);
  check(
    trialTimeout === undefined,
    "trialTimeout must be left out with queue in tune for a model, whose trainings wait there for workers; choose jobTimeout of runWorker",
  );
  return tuneOn(options, scoring, (setup) => new QueueBackend(setup, queue, jobsOf(jobs)));
}

function mustBeQueue(queue: unknown): void {
  const isQueue =
    isRecord(queue) && ["put", "take", "ended"].every((name) => typeof queue[name] === "function");
  must(isQueue, "queue", "a JobQueue, such as memoryQueue() or queue() of a stored study", queue);
}

/** Hands jobs to the workers of a queue. */
class QueueBackend<S extends Space> implements JobBackend {
  readonly concurrency: number;
  private readonly dispatcher: Dispatcher;
  private readonly fingerprint;
  private readonly rows;
  /** How many jobs each trial, or the final fit, has requested. */
  private readonly counts = new Map<number | undefined, number>();
  private readonly own: OwnWorker | undefined;

  constructor(setup: TunerSetup<S>, queue: JobQueue, jobs: number) {
    this.fingerprint = tunerFingerprint(setup);
    this.rows = setup.trialSetup.rows;
    this.dispatcher = new Dispatcher(queue);
    this.concurrency = this.dispatcher.inFlight / TRIALS_A_PLACE;
    if (jobs > 0) {
      const threads = createBackend(this.rows, jobs);
      const work = packedWorker(this.fingerprint, (job, by?: Control) => calledOff(threads, job, by));
      this.own = new OwnWorker(queue, work, threads.concurrency, () => threads.close());
    }
  }

  get lost(): Error | undefined {
    return this.dispatcher.lost;
  }

  async run(job: Job, control?: JobControl): Promise<JobResult> {
    const { trial } = job;
    const index = this.counts.get(trial) ?? 0;
    this.counts.set(trial, index + 1);
    const payload = packJob(this.fingerprint, job);
    // also by its content: a job that an earlier process left in the queue counts only if it is the same job
    const name = `${trial ?? "final"}/${index}-${crc32(payload).toString(16)}`;
    // results are reported in the order of trials, so the first are the most urgent
    const queued = { name, payload, priority: trial === undefined ? 0 : -trial };
    const outcome = await this.dispatcher.do(queued, control?.group, () => control?.onBegin());
    const result = unpackOutcome(outcome, job, payload, name, this.rows);
    if (isA(result, FettleError)) throw result;
    return result;
  }

  cancel(group: object, reason: Error): void {
    this.dispatcher.cancel(group, reason);
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
    await this.own?.close();
  }
}

/** The worker of the process that runs the study. */
class OwnWorker {
  private readonly signal = { aborted: false };
  private readonly ended: Promise<unknown>;

  constructor(
    queue: JobQueue,
    work: DoJob,
    jobs: number,
    private readonly free: () => Promise<void>,
  ) {
    // it waits until someone runs the study, which this process is about to do; a failing queue also fails
    // the dispatcher
    this.ended = runWorker(queue, work, { jobs, signal: this.signal, wait: true, poll: 20 }).catch(() => {});
  }

  async close(): Promise<void> {
    this.signal.aborted = true;
    await this.ended;
    await this.free();
  }
}

type Control = Pick<WorkerJob, "signal">;

/** Runs a job until it is given up: then its thread, or this one, continues with the next. */
async function calledOff(threads: JobBackend, job: Job, by?: Control): Promise<JobResult> {
  if (!by) return await threads.run(job);
  const { signal } = by;
  const group = {};
  signal.addEventListener("abort", () => threads.cancel?.(group, signal.reason as Error));
  return await threads.run(job, { group, onBegin() {} });
}

const ASKED: ArchiveFormat = { magic: "fettle/a", version: 2, oldest: 2, what: "a trial of an objective" };
const TOLD: ArchiveFormat = { magic: "fettle/b", version: 2, oldest: 2, what: "the outcome of an objective" };

/** What a worker receives of a trial. */
interface Asked<S extends Space> {
  readonly trial: Pick<Trial<ParamsOf<S>>, "number" | "params" | "seed" | "parent">;
  /** `trialTimeout`, which its worker measures. */
  readonly limit?: number;
}

/** What a worker returns. */
interface Told {
  readonly outcome: Outcome<TrialOutcome | number>;
  /** What the trial reported, in order. */
  readonly reports: readonly Parameters<RunningTrial["report"]>[];
}

/** An objective that workers of a queue evaluate. */
export class QueuedObjective<S extends Space> {
  private readonly dispatcher: Dispatcher;
  private readonly own: OwnWorker | undefined;
  private readonly limit: Pick<Asked<S>, "limit">;

  constructor(
    {
      queue,
      objective,
      jobs = 1,
      trialTimeout,
    }: Pick<TuneObjectiveOptions<S>, "objective" | "jobs" | "trialTimeout"> & QueueOption,
    dispatch?: DispatchOptions,
  ) {
    mustBeQueue(queue);
    this.limit = trialTimeout === undefined ? {} : { limit: trialTimeout };
    this.dispatcher = new Dispatcher(queue, dispatch);
    if (jobs !== 0) this.own = new OwnWorker(queue, objectiveWorker(objective), jobsOf(jobs), async () => {});
  }

  /** How many trials wait for workers at a time. */
  get concurrency(): number {
    return this.dispatcher.inFlight;
  }

  readonly objective: Objective<S> = async (params, { number, seed, parent, signal, live, report }) => {
    const trial = { number, params, seed, ...(parent !== undefined && { parent }) };
    const payload = packArchive(ASKED, { trial, ...this.limit } satisfies Asked<S>);
    const group = {};
    signal.addEventListener("abort", () => this.dispatcher.cancel(group, signal.reason as Error));
    const name = `${number}/0-${crc32(payload).toString(16)}`;
    live.pause(); // its worker limits its time, since waiting for a worker does not count
    const bytes = await this.dispatcher.do({ name, payload, priority: -number }, group);
    const { outcome, reports } = unpackArchive(TOLD, bytes) as unknown as Told;
    for (const each of reports) await report(...each);
    if ("error" in outcome) throw new FettleError(outcome.error.code, outcome.error.message);
    return outcome.result;
  };

  async close(): Promise<void> {
    await this.dispatcher.close();
    await this.own?.close();
  }
}

function objectiveWorker<S extends Space>(
  objective: Objective<S>,
): (bytes: Uint8Array, by?: Control) => Promise<Uint8Array> {
  return async (bytes, by) => {
    const { trial, limit } = unpackArchive(ASKED, bytes) as unknown as Asked<S>;
    const control = new LoopControl<S>(limit === undefined ? {} : { trialTimeout: limit });
    const live = control.begin();
    by?.signal.addEventListener("abort", () => live.end(by.signal.reason as Error));
    const reports: Told["reports"][number][] = [];
    const running = {
      ...trial,
      live,
      async report(value, step) {
        if (live.isOver) return false;
        reports.push([typeof value === "number" ? value : [...value], step]);
        return true;
      },
      get aborted() {
        return live.isOver;
      },
      get signal() {
        return live.signal;
      },
    } as RunningTrial<S>;
    let result: unknown;
    const run = async (): Promise<void> => {
      result = await objective(trial.params, running);
    };
    const outcome = await outcomeOf(async () => {
      await live.orEnd(run(), (error) => {
        throw error;
      });
      control.checkTime(live);
      return withPlainCurves(result);
    });
    control.close();
    return packArchive(TOLD, { outcome, reports });
  };
}

/** An archive keeps no classes. */
function withPlainCurves(result: unknown): unknown {
  const { curves } = (result ?? {}) as TrialOutcome;
  return isA(curves, Curves) ? { ...(result as TrialOutcome), curves: curves.history } : result;
}

/** Runs the jobs of `tune` for `runWorker` of `fettle/queue`. */
export interface TuneWorker {
  /** @param by - the argument from `runWorker`: its signal cancels the job */
  (payload: Uint8Array, by?: Pick<WorkerJob, "signal">): Promise<Uint8Array>;
  /** How many jobs it runs in parallel: its number of threads. */
  readonly jobs: number;
  /** Ends its threads. */
  close(): Promise<void>;
}

const OBJECTIVE_WORKER: OptionNames<Pick<TuneObjectiveOptions<Space>, "objective">> = { objective: true };

/**
 * A worker for the jobs of `tune` with a `queue`, in another process or on another machine: of the same
 * release, with the same data and settings. For a search over a function, it needs only the function.
 *
 * @param options - those of `tune`; `jobs` are the threads of this process, default as many as cores. The
 * queue, the signal and the time limits are those of the process that runs the study, and are not read
 * @throws as `tune`, before anything runs. A job with other data or settings is refused, and counts as a
 * failed attempt
 * @example
 * ```ts
 * const queue = memoryQueue(); // or that of a storage, or pgBossQueue()
 * const objective = ({ x }: { x: number }) => (x - 1) ** 2;
 * const worker = await tuneWorker({ objective }); // on another machine
 * await runWorker(queue, worker); // { done: 0, failed: 0 }
 * ```
 */
export async function tuneWorker<const S extends Space>(
  options: TuneOptions<S> | { readonly objective: (params: never, trial: never) => unknown },
): Promise<TuneWorker> {
  must(isPlainObject(options), "the options of tuneWorker", "an object", options);
  if ("objective" in options) {
    checkOptions(options, "tuneWorker for an objective", OBJECTIVE_WORKER);
    must(typeof options.objective === "function", "objective", "a function of parameters", options.objective);
    return Object.assign(objectiveWorker(options.objective as Objective<S>), {
      jobs: 1,
      close: async () => {},
    });
  }
  // of the process that runs the study, which has its clock and its signal
  const { jobs, queue, signal, timeout, trialTimeout, clock, ...given } = options as TuneOptions<Space>;
  await ready();
  const { setup, fingerprint } = await setUpResumable<Space>("tuneWorker", given, null);
  const threads = createBackend(setup.trialSetup.rows, jobsOf(jobs));
  const work = packedWorker(fingerprint, (job, by?: Control) => calledOff(threads, job, by));
  return Object.assign(work, { jobs: threads.concurrency, close: () => threads.close() });
}
