/** The thread's side of the pool: holds the data of the problems, does one run after another. Started by the platform. */
import { platform } from "#platform";
import { createEngine } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";
import { type Outcome, outcomeOf } from "../workers/pool.js";
import type { ProblemData } from "./problem.js";
import type { RunPrograms } from "./programs.js";
import { type LoadedData, loadData, type RunResult, type RunTask, runTask } from "./run.js";

/** What a pool says to its threads: plain data, each message complete in itself. */
export type Request =
  | { readonly type: "data"; readonly data: readonly (ProblemData | undefined)[] }
  | { readonly type: "programs"; readonly id: number; readonly programs: RunPrograms }
  | { readonly type: "runs"; readonly runs: readonly RunRequest[] };

/** A run whose programs were sent before, under a number. */
export type RunRequest = Omit<RunTask, "programs"> & { readonly programs: number };

let engine: Executor;
let data: readonly (ProblemData | undefined)[] = [];
/** Data on the engine, each from the first run on it. */
const loaded: LoadedData[] = [];
const programs = new Map<number, RunPrograms>();

platform.serve(async (message) => {
  const request = message as Request;
  switch (request.type) {
    case "data":
      // nothing is left of another pool that released this thread
      engine = createEngine();
      loaded.length = 0;
      programs.clear();
      data = request.data;
      return undefined;
    case "programs":
      programs.set(request.id, request.programs);
      return undefined;
    case "runs": {
      const outcomes: Outcome<RunResult>[] = [];
      for (const run of request.runs) outcomes.push(await outcomeOf(() => doRun(run)));
      return outcomes;
    }
  }
});

function doRun(run: RunRequest): RunResult {
  loaded[run.problem] ??= loadData(engine, data[run.problem]);
  return runTask(engine, loaded[run.problem], {
    ...run,
    programs: programs.get(run.programs) as RunPrograms,
  });
}
