/** The program of a thread that does a tuner's jobs. Started by the platform. */
import { serveJobs } from "../../workers/serveJobs.js";
import type { FoldExamples, Job, JobResult } from "./job.js";
import { JobWorker } from "./jobWorker.js";

serveJobs<readonly FoldExamples[], Job, JobResult>((folds) => {
  const worker = new JobWorker(folds);
  return (job) => worker.run(job);
});
