/**
 * Runs jobs in this thread, one after another, as many steps at a time as its caller asks for. It waits for
 * nothing, and reads the clock only to report progress.
 */
import type { Backend } from "../../workers/backend.js";
import type { JobData } from "./fold.js";
import type { FoldCurves, Job, JobResult, OpenJob } from "./job.js";
import { JobWorker } from "./jobWorker.js";

export class SteppedBackend implements Backend<Job, JobResult, FoldCurves> {
  readonly concurrency = 1;
  private readonly worker: JobWorker;
  private readonly queue: Waiting[] = [];
  private open: OpenJob | undefined;

  /**
   * @param onWork - called when something enters the queue
   * @param memoryLimit - of the kernels' memory, in bytes
   */
  constructor(
    readonly data: JobData,
    private readonly onWork: () => void,
    memoryLimit?: number,
  ) {
    this.worker = new JobWorker(data, undefined, memoryLimit);
  }

  /** Whether the queue is empty. */
  get idle(): boolean {
    return this.queue.length === 0;
  }

  /** The running job. */
  get current(): { readonly job: Job; readonly open: OpenJob } | undefined {
    const [first] = this.queue;
    return this.open && "job" in first ? { job: first.job, open: this.open } : undefined;
  }

  /** @param _index - its name within its trial, not needed here */
  run(job: Job, _index?: unknown, onCurves?: (curves: FoldCurves) => void): Promise<JobResult> {
    return new Promise((resolve, reject) => this.enter({ job, onCurves, resolve, reject }));
  }

  /** Waits in the queue for one empty step: the price of a new trial. */
  beginTrial(): Promise<void> {
    return new Promise((resolve) => this.enter({ resolve }));
  }

  /** Runs at most `steps` steps of the queue. @returns how many */
  advance(steps: number): number {
    let taken = 0;
    while (taken < steps && this.queue.length > 0) {
      const [first] = this.queue;
      if ("job" in first) {
        try {
          this.open ??= this.worker.open(first.job);
          taken += this.open.advance(steps - taken);
          this.worker.tell(this.open, first.onCurves);
          if (!this.open.done) break;
          first.resolve(this.open.result());
        } catch (error) {
          first.reject(error);
        }
        this.open?.free();
        this.open = undefined;
      } else {
        taken++;
        first.resolve();
      }
      this.queue.shift();
    }
    return taken;
  }

  async close(): Promise<void> {
    this.worker.free();
  }

  private enter(waiting: Waiting): void {
    this.queue.push(waiting);
    this.onWork();
  }
}

type Waiting =
  | {
      readonly job: Job;
      readonly onCurves: ((curves: FoldCurves) => void) | undefined;
      readonly resolve: (result: JobResult) => void;
      readonly reject: (error: unknown) => void;
    }
  | { readonly resolve: () => void };
