/** The thread's side of the pool: holds the folds, does one job after another. Started by the platform. */
import { platform } from "#platform";
import { createEngine } from "../engine/engine.js";
import { FettleError } from "../errors.js";
import type { TrainingPrograms } from "../nn/trainer.js";
import { type FoldExamples, type JobResult, type LoadedFold, loadFold, runJob } from "./job.js";
import type { Reply, Request } from "./protocol.js";

const engine = createEngine();
let folds: readonly FoldExamples[] = [];
/** Folds on the engine, each from the first job on it. */
const loaded: LoadedFold[] = [];
const programs = new Map<number, TrainingPrograms>();

platform.serve(async (message) => {
  const request = message as Request;
  switch (request.type) {
    case "folds":
      folds = request.folds;
      return undefined;
    case "programs":
      programs.set(request.id, request.programs);
      return undefined;
    case "job":
      return reply(() => {
        const { fold } = request.job;
        loaded[fold] ??= loadFold(engine, folds[fold]);
        const job = { ...request.job, programs: programs.get(request.programs) as TrainingPrograms };
        return runJob(engine, loaded[fold], job);
      });
  }
});

async function reply(work: () => Promise<JobResult>): Promise<Reply> {
  try {
    return { type: "result", result: await work() };
  } catch (error) {
    const code = error instanceof FettleError ? error.code : "internal";
    return { type: "error", code, message: error instanceof Error ? error.message : String(error) };
  }
}
