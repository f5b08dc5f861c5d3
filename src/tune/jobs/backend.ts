/** The backend of a tuner: threads that hold its folds, or this thread. Its results are the same on either. */
import { type Backend, inlineBackend } from "../../workers/backend.js";
import { startThreads } from "../../workers/threadBackend.js";
import type { FoldExamples, Job, JobResult } from "./job.js";
import { JobWorker } from "./jobWorker.js";

export type JobBackend = Backend<Job, JobResult>;

/**
 * @param folds - as jobs number them
 * @param workers - how many threads are wanted; no more are started than there are cores
 */
export function createBackend(folds: readonly FoldExamples[], workers: number): JobBackend {
  // What a thread needs of a fold, which has more.
  const examples = folds.map(({ train, validation, features, outputs }) => ({
    ...{ train, validation, features, outputs },
  }));
  const threads = startThreads<readonly FoldExamples[], Job, JobResult>("worker", workers, examples);
  if (threads) return threads;
  const worker = new JobWorker(folds);
  return inlineBackend(
    (job, pause) => worker.run(job, pause),
    () => worker.free(),
  );
}
