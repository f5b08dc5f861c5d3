/**
 * Who does tasks: a pool of threads, or this thread. A task is plain data and its result depends on it alone, so it
 * does not matter who does it. What a task is, and what a thread is told before its first, say those who use it.
 */
import { platform } from "#platform";
import { type ErrorCode, FettleError } from "../errors.js";
import type { WorkerThread } from "../platform/platform.js";

/** Does tasks, several at a time. */
export interface Pool<Task, Result> {
  /** How many tasks it does at a time. */
  readonly jobs: number;
  run(task: Task): Promise<Result>;
  close(): Promise<void>;
}

/** What became of each task of a message, in order. */
export type Outcome<Result> =
  | { readonly result: Result }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** As many threads as the host gives, at most `jobs`; none for one job, which this thread does. */
export function spawnWorkers(program: string, jobs: number): WorkerThread[] {
  const workers: WorkerThread[] = [];
  for (let i = 0; jobs > 1 && i < jobs; i++) {
    const worker = platform.spawnWorker(program);
    if (worker) workers.push(worker);
  }
  return workers;
}

/** In a thread: what becomes of one task. */
export async function outcomeOf<Result>(work: () => Result | Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await work() };
  } catch (error) {
    const code = error instanceof FettleError ? error.code : "internal";
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** Milliseconds after which a host's own work (timers, signals, input) gets its turn. */
const TURN = 50;

/**
 * One task after another in this thread: side by side they would take as long, and more memory.
 *
 * @param work - does a task; it awaits `pause` now and then
 */
export function inThread<Task, Result>(
  work: (task: Task, pause: () => Promise<void>) => Promise<Result>,
  close: () => void = () => {},
): Pool<Task, Result> {
  let lastTurn = platform.now();
  const pause = async (): Promise<void> => {
    if (platform.now() - lastTurn < TURN) return;
    await new Promise<void>((resolve) => setTimeout(resolve));
    lastTurn = platform.now();
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    jobs: 1,
    run(task) {
      const result = last.then(() => work(task, pause));
      last = result.catch(() => {});
      return result;
    },
    close: async () => close(),
  };
}

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, and what it has been given, batch by batch in order. */
interface Member<Task, Result> {
  readonly worker: WorkerThread;
  readonly give: (tasks: readonly Task[]) => void;
  readonly batches: (readonly Waiting<Task, Result>[])[];
  /** When it had a first batch to do, and for how long it did a task of the last one, in milliseconds. */
  began: number;
  took: number;
}

/**
 * Milliseconds of work that a thread is given at a time, if tasks are shorter, and as much again that waits with
 * it: to ask for each of them would take a good part of a short one. A longer task comes alone, since it must
 * not wait for one thread while another has nothing to do.
 */
const BATCH = 20;
/** Tasks of a batch, where a clock is too coarse to tell how long they take. */
const MOST = 16;

/** A pool of threads. A thread that is lost leaves its tasks to the others. */
export class ThreadPool<Task, Result> implements Pool<Task, Result> {
  readonly jobs: number;
  private readonly members: Member<Task, Result>[];
  private readonly queue: Waiting<Task, Result>[] = [];

  /**
   * @param meet - tells a thread what it has to know before its first task, and returns what gives it tasks from then
   * on: with any number of messages, of which the last is answered by a list of outcomes
   */
  constructor(
    workers: readonly WorkerThread[],
    meet: (post: (message: unknown) => void) => (tasks: readonly Task[]) => void,
  ) {
    this.jobs = workers.length;
    this.members = workers.map((worker) => ({
      worker,
      give: meet((message) => worker.post(message)),
      batches: [],
      began: 0,
      took: Number.POSITIVE_INFINITY,
    }));
    for (const member of this.members) {
      member.worker.onMessage((message) => this.finish(member, message as readonly Outcome<Result>[]));
      member.worker.onFailure((error) => this.lose(member, error));
    }
  }

  run(task: Task): Promise<Result> {
    if (this.members.length === 0) {
      return Promise.reject(
        new FettleError("internal", "all worker threads were lost; none is left to do a job"),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ task, resolve, reject });
      this.assign();
    });
  }

  /** Rejects the tasks that no thread has been given yet. */
  drop(reason: Error): void {
    for (const { reject } of this.queue.splice(0)) reject(reason);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.members.map(({ worker, batches }) =>
        batches.length === 0 ? worker.release() : worker.terminate(),
      ),
    );
  }

  private assign(): void {
    for (const ahead of [0, 1]) {
      for (const member of this.members) {
        if (member.batches.length > ahead || (ahead > 0 && member.took > BATCH)) continue;
        const size = Math.min(MOST, Math.max(1, Math.floor(BATCH / member.took)));
        const batch = this.queue.splice(0, size);
        if (batch.length > 0) this.give(member, batch);
      }
    }
  }

  private give(member: Member<Task, Result>, batch: readonly Waiting<Task, Result>[]): void {
    if (member.batches.length === 0) member.began = platform.now();
    member.batches.push(batch);
    member.give(batch.map(({ task }) => task));
  }

  private finish(member: Member<Task, Result>, outcomes: readonly Outcome<Result>[]): void {
    const batch = member.batches.shift() ?? [];
    const now = platform.now();
    member.took = (now - member.began) / batch.length;
    member.began = now;
    batch.forEach((waiting, i) => {
      const outcome = outcomes[i];
      if ("result" in outcome) waiting.resolve(outcome.result);
      else waiting.reject(new FettleError(outcome.error.code, outcome.error.message));
    });
    this.assign();
  }

  /** A thread ended. Others do its tasks, to the same bits; without any left, nothing can. */
  private lose(member: Member<Task, Result>, error: Error): void {
    if (!this.members.includes(member)) return;
    this.members.splice(this.members.indexOf(member), 1);
    this.queue.unshift(...member.batches.flat());
    if (this.members.length > 0) {
      this.assign();
      return;
    }
    for (const { reject } of this.queue.splice(0)) {
      reject(
        new FettleError("internal", `the last worker thread was lost: ${error.message}`, { cause: error }),
      );
    }
  }
}
