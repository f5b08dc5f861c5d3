/** The program of a thread that runs a tuner's jobs. Started by the platform. */
import { serveJobs } from "../../workers/serveJobs.js";
import type { JobData } from "./fold.js";
import type { FoldCurves, Job, JobResult } from "./job.js";
import { JobWorker } from "./jobWorker.js";

serveJobs<JobData, Job, JobResult, FoldCurves>((data) => {
  const worker = new JobWorker(data);
  return (job, onCurves) => worker.run(job, undefined, onCurves);
});
