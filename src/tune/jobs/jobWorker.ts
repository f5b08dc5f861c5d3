/** Does jobs on the data of one tuner, in the thread that holds it, on an engine of its own. */
import { createEngine } from "../../engine/engine.js";
import {
  examplesOf,
  type Job,
  type JobData,
  type JobResult,
  type LoadedFold,
  loadFold,
  OpenJob,
} from "./job.js";

/** Steps between pauses: short beside a turn of the host, long beside reading its clock. */
const STEPS = 64;

export class JobWorker {
  private readonly engine = createEngine();
  /** Folds on the engine, the latest used last: as many as the data has, so that one pipeline is learnt once. */
  private readonly loaded = new Map<string, LoadedFold>();

  constructor(private readonly data: JobData) {}

  /** Begins a job, or continues it where it was saved. */
  open(job: Job): OpenJob {
    return new OpenJob(this.engine, this.foldOf(job), job);
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
    for (const fold of this.loaded.values()) fold.free();
    this.loaded.clear();
  }

  private foldOf(job: Job): LoadedFold {
    const { loaded, data } = this;
    const key = JSON.stringify([job.fold, job.pipeline, job.classWeight]);
    const fold = loaded.get(key) ?? loadFold(this.engine, examplesOf(data, job));
    loaded.delete(key);
    loaded.set(key, fold);
    if (loaded.size > data.folds.length) {
      const [oldest] = loaded.keys();
      loaded.get(oldest)?.free();
      loaded.delete(oldest);
    }
    return fold;
  }
}
