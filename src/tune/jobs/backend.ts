/** The backend of a tuner: threads that hold its data, or this thread. Its results are the same on either. */
import { type Backend, inlineBackend } from "../../workers/backend.js";
import { startThreads } from "../../workers/threadBackend.js";
import type { Job, JobData, JobResult } from "./job.js";
import { JobWorker } from "./jobWorker.js";

export type JobBackend = Backend<Job, JobResult>;

/** @param workers - how many threads are wanted; no more are started than there are cores */
export function createBackend({ data, folds }: JobData, workers: number): JobBackend {
  const threads = startThreads<JobData, Job, JobResult>("worker", workers, () => {
    // what a thread needs of a data set, which has more
    const { inputs, x, task, outputs, y, sampleWeight } = data;
    const all = { inputs, x: shared(x), task, outputs, y: shared(y) };
    return { data: { ...all, ...(sampleWeight && { sampleWeight: shared(sampleWeight) }) }, folds };
  });
  if (threads) return threads;
  const worker = new JobWorker({ data, folds });
  return inlineBackend(
    (job, pause) => worker.run(job, pause),
    () => worker.free(),
  );
}

/** The same numbers in memory that all threads share, where the host has it. */
function shared(values: Float64Array): Float64Array {
  if (typeof SharedArrayBuffer === "undefined") return values;
  const copy = new Float64Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
