/**
 * Tuning whose jobs others do, on other machines: they are handed out as bytes, and what comes of them is taken in any
 * order, once, to the same bits as alone. It sends nothing itself, and whether anybody does a job is not its business.
 */
import { createEngine } from "../../engine/engine.js";
import { check, FettleError, isRecord, show } from "../../errors.js";
import type { Space } from "../../search/space/space.js";
import { type ArchiveFormat, crc32, packArchive, unpackArchive } from "../../workers/archive.js";
import { type Outcome, outcomeOf } from "../../workers/pool.js";
import { type Job, type JobResult, type LoadedFold, loadFold, runJob } from "../jobs/job.js";
import { stripped } from "../jobs/protocol.js";
import type { TunerOptions } from "../tuner/options.js";
import { foldsOf } from "../tuner/search.js";
import type { Doer } from "./journal.js";
import { checkIsOf, isResult } from "./saved.js";
import { checkPlan, openSession, prepareTuning } from "./session.js";
import type { Tuner } from "./tuner.js";

/** Which job: the number of its trial, null for the last fit, and its own number within that. */
export interface JobName {
  readonly trial: number | null;
  readonly index: number;
}

/** A tuner whose `advance` does what can be done without others, and counts the steps that they did since. */
export interface SharedTuner<S extends Space> extends Tuner<S> {
  /** The jobs that wait for somebody. */
  waiting(): readonly JobName[];
  /** A job for `doJob`; undefined if it does not wait any more, or never did. */
  job(name: JobName): Uint8Array | undefined;
  /**
   * Takes what came of a job. Of one that does not wait, nothing is taken.
   *
   * @throws FettleError `invalid_checkpoint` for bytes that are damaged, or of another job of that name, as of a study
   * that was forgotten and begun anew
   */
  deliver(name: JobName, outcome: Uint8Array): void;
}

const JOB: ArchiveFormat = { magic: "fettle/j", version: 1, what: "a job" };
const OUTCOME: ArchiveFormat = { magic: "fettle/o", version: 1, what: "what came of a job" };

/** How many jobs others may do at a time; the lag of the search may allow fewer. */
const JOBS = 8;

type Failed = Extract<Outcome<JobResult>, { readonly error: unknown }>;

interface Waiting {
  readonly name: JobName;
  readonly job: Job;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * @param bytes - of `save`, of this or of another tuner; null where it begins
 * @throws what `createTuner` and `restoreTuner` throw
 */
export async function shareTuner<S extends Space>(
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
): Promise<SharedTuner<S>> {
  const prepared = await prepareTuning("shareTuner", options, bytes);
  const { search } = prepared;
  const waiting = new Map<string, Waiting>();
  let steps = 0;
  const doer: Doer = {
    folds: foldsOf(search.work.folds),
    current: undefined,
    run: (job, index) =>
      new Promise((resolve, reject) => {
        const name = { trial: job.trial ?? null, index };
        waiting.set(keyOf(name), { name, job, resolve, reject });
      }),
    async turn() {
      steps++;
    },
  };
  const packed = ({ job: { programs, ...job } }: Waiting): Uint8Array =>
    packArchive(JOB, { plan: prepared.plan, job: { ...job, programs: stripped(programs) } });
  const session = openSession(prepared, doer, JOBS, () => {});
  /** Between jobs a search waits for nothing, so it has come as far as it can before the host's next turn. */
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  session.begin();
  await settle();
  return {
    study: session.study,
    get result() {
      return session.result;
    },
    async advance() {
      await settle();
      session.isOver();
      const taken = steps;
      steps = 0;
      return { steps: taken };
    },
    save: () => session.save(),
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
      const { of, outcome } = unpackArchive(OUTCOME, bytes);
      check(of === crc32(packed(found)), () => `this came of another job ${show(key)}`, "invalid_checkpoint");
      if (isRecord(outcome) && isRecord(outcome.error)) {
        const { code, message } = (outcome as Failed).error;
        waiting.delete(key);
        reject(new FettleError(code, message));
        return;
      }
      const result = isRecord(outcome) ? outcome.result : undefined;
      check(isResult(result), () => `what came of job ${show(key)} is damaged`, "invalid_checkpoint");
      checkIsOf(job, doer.folds[job.fold], result);
      waiting.delete(key);
      steps += result.losses.length * Math.ceil(doer.folds[job.fold].train.rows / job.batchSize);
      resolve(result);
    },
  };
}

/**
 * Does a job.
 *
 * @param options - of the tuning that it is of
 * @returns what it does with the bytes of `job`: those for `deliver`. A job of other data or settings is refused.
 */
export async function jobDoer<S extends Space>(
  options: TunerOptions<S>,
): Promise<(job: Uint8Array) => Promise<Uint8Array>> {
  const { search, plan: own } = await prepareTuning("jobDoer", options, null);
  const folds = foldsOf(search.work.folds);
  const engine = createEngine();
  const loaded: LoadedFold[] = [];
  return async (bytes) => {
    const { plan, job } = unpackArchive(JOB, bytes) as { plan: unknown; job: Job };
    checkPlan(own, plan);
    loaded[job.fold] ??= loadFold(engine, folds[job.fold]);
    const outcome = await outcomeOf(() => runJob(engine, loaded[job.fold], job));
    return packArchive(OUTCOME, { of: crc32(bytes), outcome });
  };
}

function keyOf({ trial, index }: JobName): string {
  return `${trial}/${index}`;
}
