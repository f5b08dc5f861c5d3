/**
 * Runs jobs: in this thread, or on a pool of threads that hold the folds. Which of them
 * does a job changes nothing about its result. It knows no study.
 */
import { createEngine } from "../../engine/engine.js";
import { kernelsModule } from "../../numerics/kernels.js";
import { inThread, type Pool, spawnWorkers, ThreadPool } from "../../workers/pool.js";
import { type FoldExamples, type Job, type JobResult, loadFold, runJob } from "./job.js";
import { type Request, stripped } from "./protocol.js";

export type JobRunner = Pool<Job, JobResult>;

/**
 * A runner over `folds`: on `jobs` threads where the host has them, in this thread for one
 * job or where it has none.
 */
export function createRunner(folds: readonly FoldExamples[], jobs: number): JobRunner {
  const workers = spawnWorkers("worker", jobs);
  if (workers.length > 0) return new ThreadPool(workers, introduce(folds));
  const engine = createEngine();
  const loaded = folds.map((fold) => loadFold(engine, fold));
  return inThread(
    (job, pause) => runJob(engine, loaded[job.fold], job, pause),
    () => {
      for (const fold of loaded) fold.free();
    },
  );
}

/** A thread gets the kernels and the folds at once, and programs before the first job that needs them. */
function introduce(folds: readonly FoldExamples[]) {
  const examples = folds.map(({ train, validation, features, outputs }) => ({
    train,
    validation,
    features,
    outputs,
  }));
  const ids = new WeakMap<object, number>();
  let nextId = 0;
  const idOf = ({ train }: Job["programs"]): number => {
    const id = ids.get(train) ?? nextId++;
    ids.set(train, id);
    return id;
  };
  return (send: (message: unknown) => void) => {
    const known = new Set<number>();
    const post = (message: Request): void => send(message);
    post({ type: "start", kernels: kernelsModule(), folds: examples });
    return (batch: readonly Job[]): void => {
      const jobs = batch.map(({ programs, ...job }) => {
        const id = idOf(programs);
        if (!known.has(id)) {
          known.add(id);
          post({ type: "programs", id, programs: stripped(programs) });
        }
        return { ...job, programs: id };
      });
      post({ type: "jobs", jobs });
    };
  };
}
