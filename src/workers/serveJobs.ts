/**
 * The loop of a worker thread: it is set up, then runs batches of jobs, one job after another. The platform
 * starts it.
 */
import { platform } from "#platform";
import type { Program } from "../compile/program.js";
import { ready } from "../numerics/kernels.js";
import { type Outcome, outcomeOf } from "./backend.js";
import { type JobProgress, type ProgrammedJob, READY, type Request, receiveJob } from "./protocol.js";
import { unsendable } from "./sendable.js";

/** Runs a job, and may report its progress. */
type Work<Job, Result, Progress> = (
  job: Job,
  onProgress: (progress: Progress) => void,
) => Result | Promise<Result>;

/** @param setUp - returns a function that runs a job; called again when another backend reuses the thread */
export function serveJobs<Setup, Job extends ProgrammedJob, Result, Progress = never>(
  setUp: (setup: Setup) => Work<Job, Result, Progress>,
): void {
  let work: Work<Job, Result, Progress>;
  const programs: Program[] = [];
  platform.serve(async (message, post) => {
    const request = message as Request<Setup, Job>;
    if (request.type === "setup") {
      await ready({ module: request.kernels });
      programs.length = 0;
      work = setUp(request.setup);
      return READY;
    }
    for (const { id, program } of request.programs) programs[id] = program;
    const outcomes: Outcome<Result>[] = [];
    for (const [i, job] of request.jobs.entries()) {
      const tell = (progress: Progress): void => post({ job: i, progress } satisfies JobProgress<Progress>);
      outcomes.push(await outcomeOf(() => work(receiveJob(job, programs), tell)));
    }
    try {
      post(outcomes);
    } catch {
      post(outcomes.map(sendableOutcome));
    }
    return undefined; // it is posted
  });
}

/** The outcome; if the result cannot be copied to the other thread, an error that names the part. */
function sendableOutcome<Result>(outcome: Outcome<Result>): Outcome<Result> {
  try {
    structuredClone(outcome);
    return outcome;
  } catch (error) {
    const { message } = unsendable("the result of a job", "result" in outcome && outcome.result, error);
    return { error: { code: "internal", message } };
  }
}
