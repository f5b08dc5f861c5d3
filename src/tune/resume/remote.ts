/**
 * A tuner whose jobs run on other machines. Jobs leave as bytes; results return in any order, and each counts
 * once, with the same bits as on one machine. The host sends the bytes and finds the workers.
 */
import { FettleError, isA } from "../../errors.js";
import type { Space } from "../../search/space/space.js";
import type { StoredTrial } from "../../store/storage.js";
import type { Job, JobResult } from "../jobs/job.js";
import { JobWorker } from "../jobs/jobWorker.js";
import type { TunerOptions } from "../tuner/options.js";
import type { ResumableBackend } from "./journal.js";
import { largestTraining } from "./memory.js";
import { packedWorker, packJob, unpackOutcome } from "./remoteJobs.js";
import type { ServedTuner } from "./slices.js";
import { createTunerCore, setUpResumable } from "./tunerCore.js";

/**
 * The name of a job: the number of its trial, null for the final fit, and its own number within the trial.
 */
export interface JobName {
  readonly trial: number | null;
  readonly index: number;
}

/** A tuner whose `advance` processes delivered results, and returns the steps that they took. */
export interface RemoteTuner<S extends Space> extends ServedTuner<S> {
  /** The jobs that wait for a result. */
  waiting(): readonly JobName[];
  /** A job as bytes, for a job worker; undefined if it is not waiting. */
  job(name: JobName): Uint8Array | undefined;
  /**
   * Accepts the outcome of a job. It is ignored if the job is not waiting.
   *
   * @throws FettleError `invalid_checkpoint` for bytes that are corrupted, or that belong to another job of
   * that name, such as one of a study that was deleted and recreated
   */
  deliver(name: JobName, outcome: Uint8Array): void;
}

/** How many jobs may wait at a time; the lag of the study may allow fewer. */
const JOBS = 8;

interface Waiting {
  readonly name: JobName;
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * @param bytes - from `save` of any kind of tuner; null for a new one
 * @param elsewhere - the finished trials that `saveRest` left out, among others
 * @throws what `createTuner` and `restoreTuner` throw
 */
export async function createRemoteTuner<S extends Space>(
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
  _memoryLimit?: number,
  elsewhere?: readonly StoredTrial[],
): Promise<RemoteTuner<S>> {
  const resumable = await setUpResumable("createRemoteTuner", options, bytes, elsewhere);
  const waiting = new Map<string, Waiting>();
  let steps = 0;
  const backend: ResumableBackend = {
    data: resumable.setup.trialSetup.rows,
    current: undefined,
    run: (job, index) =>
      new Promise((resolve, reject) => {
        const name = { trial: job.trial ?? null, index };
        waiting.set(keyOf(name), { name, job, resolve, reject });
      }),
    async beginTrial() {
      steps++;
    },
  };
  const packed = ({ job }: Waiting): Uint8Array => packJob(resumable.fingerprint, job);
  let ended = false;
  const core = createTunerCore(resumable, backend, JOBS, () => {
    ended = true;
  });
  /**
   * A tuner with jobs waits for nothing else, so it has advanced as far as it can before the host's next
   * turn. Without jobs it waits for the digests of its receipt.
   */
  const settle = async (): Promise<void> => {
    do await new Promise<void>((resolve) => setTimeout(resolve));
    while (waiting.size === 0 && !ended);
  };
  core.start();
  await settle();
  return {
    study: core.study,
    get result() {
      return core.result;
    },
    async advance() {
      await settle();
      core.isOver();
      const taken = steps;
      steps = 0;
      return { steps: taken };
    },
    save: () => core.save(),
    saveRest: (isElsewhere) => core.save(isElsewhere),
    largestTraining: () => largestTraining(resumable),
    waiting: () => [...waiting.values()].map(({ name }) => name),
    job(name) {
      const found = waiting.get(keyOf(name));
      return found && packed(found);
    },
    deliver(name, bytes) {
      const key = keyOf(name);
      const found = waiting.get(key);
      if (!found) return;
      const { job, resolve, reject } = found;
      const result = unpackOutcome(bytes, job, packed(found), key, backend.data);
      waiting.delete(key);
      if (isA(result, FettleError)) {
        reject(result);
        return;
      }
      steps +=
        result.curves.loss.length * Math.ceil(backend.data.folds[job.fold].train.length / job.batchSize);
      resolve(result);
    },
  };
}

/**
 * A worker for the jobs of a remote tuner.
 *
 * @param options - those of the tuner
 * @returns turns the bytes of `job` into those for `deliver`; it refuses a job with other data or settings
 */
export async function createJobWorker<S extends Space>(
  options: TunerOptions<S>,
): Promise<(job: Uint8Array) => Promise<Uint8Array>> {
  const { setup, fingerprint } = await setUpResumable("createJobWorker", options, null);
  const worker = new JobWorker(setup.trialSetup.rows);
  return packedWorker(fingerprint, (job) => worker.run(job));
}

function keyOf({ trial, index }: JobName): string {
  return `${trial}/${index}`;
}
