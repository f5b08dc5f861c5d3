/** The backend of a tuner: threads that hold its data, or this thread. Results are the same on both. */
import { HAS_THREADS } from "#platform";
import type { Floats } from "../../ndarray.js";
import { type Backend, inlineBackend } from "../../workers/backend.js";
import { startThreads } from "../../workers/threadBackend.js";
import type { JobData } from "./fold.js";
import type { FoldCurves, Job, JobResult } from "./job.js";
import { JobWorker } from "./jobWorker.js";

/** It reports the curves of running jobs. */
export type JobBackend = Backend<Job, JobResult, FoldCurves>;

/** @param workers - the wanted number of threads; at most one is started per core */
export function createBackend({ data, folds }: JobData, workers: number): JobBackend {
  const threads =
    HAS_THREADS &&
    startThreads<JobData, Job, JobResult, FoldCurves>("worker", workers, () => {
      // the fields of a data set that a thread needs
      const { inputs, columns, task, outputs, y, sampleWeight, origin } = data;
      const all = { inputs, columns: columns.map((values) => shared(values)), task, outputs, y: shared(y) };
      const parted = {
        ...all,
        ...(sampleWeight && { sampleWeight: shared(sampleWeight) }),
        ...(origin && { origin: { ...origin, ...(origin.rows && { rows: shared(origin.rows) }) } }),
      };
      const parts = folds.map(({ train, validation }) => ({
        train: shared(train),
        validation: shared(validation),
      }));
      return { data: parted, folds: parts };
    });
  if (threads) return threads;
  const worker = new JobWorker({ data, folds });
  return inlineBackend<Job, JobResult, FoldCurves>(
    (job, pause, onCurves) => worker.run(job, pause, onCurves),
    () => worker.free(),
  );
}

/** The same numbers in memory that all threads share, where the host has it. */
function shared<Values extends Floats | Int32Array>(values: Values): Values {
  if (typeof SharedArrayBuffer === "undefined") return values;
  const Kind = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new Kind(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
