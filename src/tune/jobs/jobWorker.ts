/** Does jobs on the folds of one tuner, in the thread that holds it, on an engine of its own. */
import { createEngine } from "../../engine/engine.js";
import { type FoldExamples, type Job, type JobResult, type LoadedFold, loadFold, OpenJob } from "./job.js";

/** Steps between pauses: short beside a turn of the host, long beside reading its clock. */
const STEPS = 64;

export class JobWorker {
  private readonly engine = createEngine();
  /** Folds on the engine, each from the first job on it. */
  private readonly loaded: LoadedFold[] = [];

  /** @param folds - as jobs number them */
  constructor(private readonly folds: readonly FoldExamples[]) {}

  /** Begins a job, or continues it where it was saved. */
  open(job: Job): OpenJob {
    this.loaded[job.fold] ??= loadFold(this.engine, this.folds[job.fold]);
    return new OpenJob(this.engine, this.loaded[job.fold], job);
  }

  /**
   * Does a job to its end.
   *
   * @param pause - awaited from time to time, where the thread has other things to do
   */
  async run(job: Job, pause: () => Promise<void> | void = () => {}): Promise<JobResult> {
    const open = this.open(job);
    try {
      while (!open.done) {
        open.advance(STEPS);
        await pause();
      }
      return open.result();
    } finally {
      open.free();
    }
  }

  free(): void {
    for (const fold of this.loaded.splice(0)) fold?.free();
  }
}
