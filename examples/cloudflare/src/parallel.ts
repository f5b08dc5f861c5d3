/** The same, with trainings side by side: each is a message of a queue, which this Worker consumes as well. */
import { type JobQueue, studyWorker } from "fettle/cloudflare";
import { type Env, objects, settings, token, tune } from "./study.js";

interface ParallelEnv extends Env {
  readonly JOBS: JobQueue;
}

const { StudyObject, worker } = studyWorker({
  token,
  objects,
  queue: (env: ParallelEnv) => env.JOBS,
  settings,
  tune,
});

export { StudyObject };
export default worker;
