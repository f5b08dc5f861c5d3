/**
 * Runs jobs: in this thread, or on a pool of threads that hold the folds. Which of them
 * does a job changes nothing about its result. It knows no study.
 */
import { platform } from "#platform";
import { createEngine } from "../engine/engine.js";
import { FettleError } from "../errors.js";
import type { WorkerThread } from "../platform/platform.js";
import { type FoldExamples, type Job, type JobResult, loadFold, runJob } from "./job.js";
import { type Reply, type Request, stripped } from "./protocol.js";

export interface JobRunner {
  /** How many jobs it does at a time. */
  readonly jobs: number;
  run(job: Job): Promise<JobResult>;
  close(): Promise<void>;
}

/**
 * A runner over `folds`: on `jobs` threads where the host has them, in this thread for one
 * job or where it has none.
 */
export function createRunner(folds: readonly FoldExamples[], jobs: number): JobRunner {
  if (jobs > 1) {
    const workers: WorkerThread[] = [];
    for (let i = 0; i < jobs; i++) {
      const worker = platform.spawnWorker();
      if (worker) workers.push(worker);
    }
    if (workers.length > 0) return new WorkerPool(workers, folds);
  }
  return inThread(folds);
}

/** Milliseconds after which a host's own work (timers, signals, input) gets its turn. */
const TURN = 50;

/** One job after another: side by side they would take as long, and more memory. */
function inThread(folds: readonly FoldExamples[]): JobRunner {
  const engine = createEngine();
  const loaded = folds.map((fold) => loadFold(engine, fold));
  let lastTurn = platform.now();
  const pause = async (): Promise<void> => {
    if (platform.now() - lastTurn < TURN) return;
    await new Promise<void>((resolve) => setTimeout(resolve));
    lastTurn = platform.now();
  };
  let lastJob: Promise<unknown> = Promise.resolve();
  return {
    jobs: 1,
    run(job) {
      const result = lastJob.then(() => runJob(engine, loaded[job.fold], job, pause));
      lastJob = result.catch(() => {});
      return result;
    },
    async close() {
      for (const fold of loaded) fold.free();
    },
  };
}

interface Task {
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, what it has been given, batch by batch in order, and the programs that it knows. */
interface Member {
  readonly worker: WorkerThread;
  readonly known: Set<number>;
  readonly batches: (readonly Task[])[];
  /** When it had a first batch to do, and for how long it did a job of the last one, in milliseconds. */
  began: number;
  took: number;
}

/**
 * Milliseconds of work that a thread is given at a time, if jobs are shorter, and as much again that waits with
 * it: to ask for each of them would take a good part of a short one. A longer job comes alone, since it must
 * not wait for one thread while another has nothing to do.
 */
const BATCH = 20;
/** Jobs of a batch, where a clock is too coarse to tell how long they take. */
const MOST = 16;

class WorkerPool implements JobRunner {
  readonly jobs: number;
  private readonly members: Member[];
  private readonly queue: Task[] = [];
  private readonly programIds = new WeakMap<object, number>();
  private nextProgramId = 0;

  constructor(workers: readonly WorkerThread[], folds: readonly FoldExamples[]) {
    this.jobs = workers.length;
    this.members = workers.map((worker) => ({
      worker,
      known: new Set(),
      batches: [],
      began: 0,
      took: Number.POSITIVE_INFINITY,
    }));
    const examples = folds.map(({ train, validation, features, outputs }) => ({
      train,
      validation,
      features,
      outputs,
    }));
    for (const member of this.members) {
      member.worker.onMessage((message) => this.finish(member, message as Reply));
      member.worker.onFailure((error) => this.lose(member, error));
      this.post(member, { type: "folds", folds: examples });
    }
  }

  run(job: Job): Promise<JobResult> {
    if (this.members.length === 0) {
      return Promise.reject(
        new FettleError("internal", "all worker threads were lost; none is left to do a job"),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ job, resolve, reject });
      this.assign();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map(({ worker }) => worker.terminate()));
  }

  private assign(): void {
    for (const ahead of [0, 1]) {
      for (const member of this.members) {
        if (member.batches.length > ahead || (ahead > 0 && member.took > BATCH)) continue;
        const jobs = Math.min(MOST, Math.max(1, Math.floor(BATCH / member.took)));
        const batch = this.queue.splice(0, jobs);
        if (batch.length > 0) this.give(member, batch);
      }
    }
  }

  private give(member: Member, batch: readonly Task[]): void {
    if (member.batches.length === 0) member.began = platform.now();
    member.batches.push(batch);
    const jobs = batch.map(({ job: { programs, ...job } }) => {
      const id = this.programId(programs);
      if (!member.known.has(id)) {
        member.known.add(id);
        this.post(member, { type: "programs", id, programs: stripped(programs) });
      }
      return { ...job, programs: id };
    });
    this.post(member, { type: "jobs", jobs });
  }

  private programId(programs: Job["programs"]): number {
    const id = this.programIds.get(programs.train) ?? this.nextProgramId++;
    this.programIds.set(programs.train, id);
    return id;
  }

  private finish(member: Member, reply: Reply): void {
    const batch = member.batches.shift() ?? [];
    const now = platform.now();
    member.took = (now - member.began) / batch.length;
    member.began = now;
    batch.forEach((task, i) => {
      const outcome = reply[i];
      if ("result" in outcome) task.resolve(outcome.result);
      else task.reject(new FettleError(outcome.error.code, outcome.error.message));
    });
    this.assign();
  }

  /** A thread ended. Others do its jobs, to the same bits; without any left, nothing can. */
  private lose(member: Member, error: Error): void {
    if (!this.members.includes(member)) return;
    this.members.splice(this.members.indexOf(member), 1);
    this.queue.unshift(...member.batches.flat());
    if (this.members.length > 0) {
      this.assign();
      return;
    }
    for (const task of this.queue.splice(0)) {
      task.reject(
        new FettleError("internal", `the last worker thread was lost: ${error.message}`, { cause: error }),
      );
    }
  }

  private post(member: Member, message: Request): void {
    member.worker.post(message);
  }
}
