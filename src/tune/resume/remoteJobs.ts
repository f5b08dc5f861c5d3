/**
 * Jobs of a tuner as bytes for other machines, and their outcomes as bytes. It sends nothing, and finds no
 * workers.
 */
import type { Program } from "../../compile/program.js";
import { crc32 } from "../../crc32.js";
import { check, FettleError, isRecord, show } from "../../errors.js";
import { type ArchiveFormat, packArchive, unpackArchive } from "../../workers/archive.js";
import { type Outcome, outcomeOf } from "../../workers/backend.js";
import { withoutGraphs } from "../../workers/protocol.js";
import type { JobData } from "../jobs/fold.js";
import type { Job, JobResult } from "../jobs/job.js";
import { checkTuner, type TunerFingerprint } from "./fingerprint.js";
import { checkIsOf, isResult } from "./saved.js";

const JOB: ArchiveFormat = { magic: "fettle/j", version: 2, oldest: 2, what: "a job" };
const OUTCOME: ArchiveFormat = { magic: "fettle/o", version: 2, oldest: 2, what: "the outcome of a job" };

type Failed = Extract<Outcome<JobResult>, { readonly error: unknown }>;

/** A job for a worker with the same data and settings. */
export function packJob(plan: TunerFingerprint, { programs, ...job }: Job): Uint8Array {
  return packArchive(JOB, { plan, job: { ...job, programs: withoutGraphs(programs) } });
}

/**
 * Reads the outcome of a job, which is untrusted.
 *
 * @param packed - the bytes of the job
 * @param name - as messages name it
 * @returns its result, or the error of its training
 * @throws FettleError `invalid_checkpoint` for bytes that are corrupted, or that belong to another job
 */
export function unpackOutcome(
  bytes: Uint8Array,
  job: Job,
  packed: Uint8Array,
  name: string,
  data: JobData,
): JobResult | FettleError {
  const { of, outcome } = unpackArchive(OUTCOME, bytes);
  check(of === crc32(packed), () => `this is the outcome of another job ${show(name)}`, "invalid_checkpoint");
  if (isRecord(outcome) && isRecord(outcome.error)) {
    const { code, message } = (outcome as Failed).error;
    return new FettleError(code, message);
  }
  const result = isRecord(outcome) ? outcome.result : undefined;
  check(isResult(result), () => `the outcome of job ${show(name)} is corrupted`, "invalid_checkpoint");
  checkIsOf(job, data, result);
  return result;
}

/** The most programs that a worker keeps: as many architectures as a long study has. */
const PROGRAMS = 1024;

/**
 * Turns the bytes of jobs into those of their outcomes.
 *
 * @param run - runs a job on the data of the fingerprint; it receives what came with the bytes
 * @returns a function that refuses a job with other data or settings
 */
export function packedWorker<Control = void>(
  fingerprint: TunerFingerprint,
  run: (job: Job, control: Control) => Promise<JobResult>,
): (bytes: Uint8Array, control: Control) => Promise<Uint8Array> {
  // equal programs are one object, so that threads and engines recognize it
  const known = new Map<string, Program>();
  const intern = (program: Program): Program => {
    const key = JSON.stringify({ ...program, code: program.code.join() });
    const same = known.get(key);
    if (same) return same;
    if (known.size >= PROGRAMS) known.clear();
    known.set(key, program);
    return program;
  };
  return async (bytes, control) => {
    const { plan, job } = unpackArchive(JOB, bytes) as { plan: unknown; job: Job };
    checkTuner(fingerprint, plan);
    const { initialize, train, evaluate } = job.programs;
    const programs = {
      initialize: intern(initialize),
      train: intern(train),
      evaluate: intern(evaluate),
    };
    const outcome = await outcomeOf(() => run({ ...job, programs }, control));
    return packArchive(OUTCOME, { of: crc32(bytes), outcome });
  };
}
