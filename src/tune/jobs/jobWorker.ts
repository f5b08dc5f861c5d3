/** Runs the jobs of one tuner, in the thread that holds its data, on a separate engine. */
import { platform } from "#platform";
import type { Executor } from "../../engine/executor.js";
import { createWasmEngine } from "../../engine/wasmEngine.js";
import { Pieces } from "../../platform/turns.js";
import { examplesOf, type JobData, type LoadedFold, loadFold, sizeOf } from "./fold.js";
import { type FoldCurves, type Job, type JobResult, OpenJob } from "./job.js";

/** The most numbers of folds kept for the next jobs: 256 MB. A larger fold is kept alone. */
const KEPT = 2 ** 26;

/** Milliseconds between two reports of curves: often enough for people, and rare enough not to slow jobs. */
const TELL = 250;

/** A fold on the engine. */
interface Held {
  readonly fold: LoadedFold;
  /** How many numbers it has. */
  readonly size: number;
  /** How many open jobs use it. */
  users: number;
}

export class JobWorker {
  private readonly engine: Executor;
  /** Folds under a pipeline, the last used last: small ones all fit, so each is made once. */
  private readonly held = new Map<string, Held>();

  private readonly kept: number;
  /** When curves were last reported. */
  private told = platform.now();

  /**
   * @param kept - the most numbers of kept folds
   * @param memoryLimit - of its engine, in bytes; folds are kept in at most half of it
   */
  constructor(
    private readonly data: JobData,
    kept = KEPT,
    memoryLimit?: number,
  ) {
    this.engine = createWasmEngine(memoryLimit);
    this.kept = Math.min(kept, (memoryLimit ?? Number.POSITIVE_INFINITY) / 8);
  }

  /** Starts a job, or resumes it where it was saved. */
  open(job: Job): OpenJob {
    const held = this.foldOf(job);
    held.users++;
    try {
      return new OpenJob(this.engine, held.fold, job, () => held.users--);
    } catch (error) {
      held.users--;
      throw error;
    }
  }

  /**
   * Runs a job to its end, or until its time runs out: at least one step.
   *
   * @param pause - awaited from time to time, if the thread has other work
   * @param onCurves - see `tell`
   */
  async run(
    job: Job,
    pause?: () => Promise<void> | void,
    onCurves?: (curves: FoldCurves) => void,
  ): Promise<JobResult> {
    const open = this.open(job);
    const { until = Number.POSITIVE_INFINITY } = job;
    const pieces = new Pieces();
    const rest = (): Promise<void> | void => {
      this.tell(open, onCurves);
      return pause?.();
    };
    try {
      if (await open.trainWatched(rest)) return open.result();
      do {
        pieces.run(Number.POSITIVE_INFINITY, (steps) => void open.advance(steps));
        await rest();
      } while (!open.done && platform.time() < until);
      open.cut();
      return open.result();
    } finally {
      open.free();
    }
  }

  /** Reports the curves of a job so far, unless curves were reported a moment ago. */
  tell(open: OpenJob, onCurves?: (curves: FoldCurves) => void): void {
    const now = platform.now();
    if (now - this.told < TELL) return;
    this.told = now;
    onCurves?.(open.curves);
  }

  free(): void {
    for (const { fold } of this.held.values()) fold.free();
    this.held.clear();
  }

  private foldOf(job: Job): Held {
    const { held, data } = this;
    const key = JSON.stringify([job.fold, job.pipeline, job.classWeight]);
    let found = held.get(key);
    if (found === undefined) {
      const examples = examplesOf(data, job);
      const size = sizeOf(examples);
      this.makeRoom(size, data.folds.length - 1);
      found = { fold: loadFold(this.engine, examples), size, users: 0 };
    }
    held.delete(key);
    held.set(key, found);
    return found;
  }

  /**
   * Frees unused folds, the least recently used first, until so many more numbers fit and at most `most`
   * folds are left.
   */
  private makeRoom(numbers: number, most: number): void {
    let all = [...this.held.values()].reduce((sum, { size }) => sum + size, numbers);
    for (const [key, { fold, size, users }] of this.held) {
      if (all <= this.kept && this.held.size <= most) return;
      if (users > 0) continue;
      all -= size;
      fold.free();
      this.held.delete(key);
    }
  }
}
