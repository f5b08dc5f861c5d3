/** The program of a thread that executes a benchmark's runs. The platform starts it. */
import { createEngine } from "../engine/engine.js";
import { serveJobs } from "../workers/serveJobs.js";
import type { ProblemData } from "./problem.js";
import { type RunJob, type RunResult, RunWorker } from "./run.js";

serveJobs<readonly (ProblemData | undefined)[], RunJob, RunResult>((data) => {
  const worker = new RunWorker(createEngine(), data);
  return (job) => worker.run(job);
});
