/** The loop of a worker thread: is set up, then does batches of jobs, one job after another. Started by the platform. */
import { platform } from "#platform";
import type { Program } from "../compile/program.js";
import { ready } from "../numerics/kernels.js";
import { type Outcome, outcomeOf } from "./backend.js";
import { type ProgrammedJob, READY, type Request, receiveJob } from "./protocol.js";

/** @param setUp - returns what does a job; called again when another backend takes the thread over */
export function serveJobs<Setup, Job extends ProgrammedJob, Result>(
  setUp: (setup: Setup) => (job: Job) => Result | Promise<Result>,
): void {
  let work: (job: Job) => Result | Promise<Result>;
  const programs: Program[] = [];
  platform.serve(async (message) => {
    const request = message as Request<Setup, Job>;
    if (request.type === "setup") {
      await ready({ module: request.kernels });
      programs.length = 0;
      work = setUp(request.setup);
      return READY;
    }
    for (const { id, program } of request.programs) programs[id] = program;
    const outcomes: Outcome<Result>[] = [];
    for (const job of request.jobs) outcomes.push(await outcomeOf(() => work(receiveJob(job, programs))));
    return outcomes;
  });
}
