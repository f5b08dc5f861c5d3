/** The same study with parallel jobs: each is a message of a queue that this Worker also consumes. */
import { type QueueBinding, studyWorker } from "fettle/cloudflare";
import { type Env, objects, settings, token, tuner } from "./study.js";

interface ParallelEnv extends Env {
  readonly JOBS: QueueBinding;
}

const { StudyObject, worker } = studyWorker({
  token,
  objects,
  queue: (env: ParallelEnv) => env.JOBS,
  settings,
  tuner,
});

export { StudyObject };
export default worker;
