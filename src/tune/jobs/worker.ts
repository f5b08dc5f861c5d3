/** The thread's side of the pool: holds the folds, does one job after another. Started by the platform. */
import { platform } from "#platform";
import { createEngine } from "../../engine/engine.js";
import type { Executor } from "../../engine/executor.js";
import type { TrainingPrograms } from "../../nn/trainer.js";
import { ready } from "../../numerics/kernels.js";
import { type Outcome, outcomeOf } from "../../workers/pool.js";
import { type FoldExamples, type JobResult, type LoadedFold, loadFold, runJob } from "./job.js";
import type { JobRequest, Request } from "./protocol.js";

let engine: Executor;
let folds: readonly FoldExamples[] = [];
/** Folds on the engine, each from the first job on it. */
const loaded: LoadedFold[] = [];
const programs = new Map<number, TrainingPrograms>();

platform.serve(async (message) => {
  const request = message as Request;
  switch (request.type) {
    case "start":
      await ready({ module: request.kernels });
      // nothing is left of another pool that released this thread
      engine = createEngine();
      loaded.length = 0;
      programs.clear();
      folds = request.folds;
      return undefined;
    case "programs":
      programs.set(request.id, request.programs);
      return undefined;
    case "jobs": {
      const outcomes: Outcome<JobResult>[] = [];
      for (const job of request.jobs) outcomes.push(await outcomeOf(() => run(job)));
      return outcomes;
    }
  }
});

function run(job: JobRequest): Promise<JobResult> {
  loaded[job.fold] ??= loadFold(engine, folds[job.fold]);
  const known = programs.get(job.programs) as TrainingPrograms;
  return runJob(engine, loaded[job.fold], { ...job, programs: known });
}
