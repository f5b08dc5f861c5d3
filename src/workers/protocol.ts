/**
 * What a thread backend sends to its workers: plain data, each message complete in itself. A worker is set up once; then
 * come batches of jobs, each with the programs that the worker has not seen.
 */
import type { Program } from "../compile/program.js";
import { kernelsModule } from "../numerics/kernels.js";
import type { KernelsModule } from "../platform/platform.js";

/** What a worker answers once it is set up. */
export const READY = "ready";

/** What a worker sends before the outcomes of a batch: how far a job of it has come. */
export interface JobProgress<Progress> {
  /** Its place in the batch. */
  readonly job: number;
  readonly progress: Progress;
}

/** A job that needs compiled programs; each field of `programs` is one. */
export interface ProgrammedJob {
  readonly programs: object;
}

/** A program and the number by which jobs refer to it. */
export interface NumberedProgram {
  readonly id: number;
  readonly program: Program;
}

/** A job with the numbers of its programs in their place. */
export type SentJob<Job extends ProgrammedJob> = Omit<Job, "programs"> & {
  readonly programs: Readonly<Record<string, number>>;
};

export type Request<Setup, Job extends ProgrammedJob> =
  | { readonly type: "setup"; readonly kernels: KernelsModule; readonly setup: Setup }
  | {
      readonly type: "jobs";
      readonly programs: readonly NumberedProgram[];
      readonly jobs: readonly SentJob<Job>[];
    };

/** Sets a worker up, and returns what sends it a batch of jobs. */
export type Introduce<Job> = (post: (message: unknown) => void) => (jobs: readonly Job[]) => void;

/**
 * The sender's side, for any number of workers.
 *
 * @param setup - what each worker needs before its first job
 */
export function createSender<Setup, Job extends ProgrammedJob>(setup: Setup): Introduce<Job> {
  const ids = new WeakMap<Program, number>();
  let nextId = 0;
  const idOf = (program: Program): number => {
    const id = ids.get(program) ?? nextId++;
    ids.set(program, id);
    return id;
  };
  return (send) => {
    const post = (message: Request<Setup, Job>): void => send(message);
    const known = new Set<number>();
    post({ type: "setup", kernels: kernelsModule(), setup });
    return (batch) => {
      const added = new Map<number, Program>();
      const number = (program: Program): number => {
        const id = idOf(program);
        if (!known.has(id)) added.set(id, withoutGraph(program));
        return id;
      };
      const jobs = batch.map((job) => ({
        ...job,
        programs: mapFields<Program, number>(job.programs, number),
      }));
      const programs = Array.from(added, ([id, program]): NumberedProgram => ({ id, program }));
      post({ type: "jobs", programs, jobs });
      for (const id of added.keys()) known.add(id); // only now: what could not be sent is not known
    };
  };
}

/** The receiver's side: a job as it was before it was sent. */
export function receiveJob<Job extends ProgrammedJob>(job: SentJob<Job>, programs: readonly Program[]): Job {
  return {
    ...job,
    programs: mapFields<number, Program>(job.programs, (id) => programs[id]),
  } as unknown as Job;
}

/** Programs without their graphs: the kernels do not need them, and a user's graph may be large. */
export function withoutGraphs<Programs extends Readonly<Record<keyof Programs, Program>>>(
  programs: Programs,
): Programs {
  return mapFields(programs, withoutGraph) as Programs;
}

function withoutGraph(program: Program): Program {
  return { ...program, graph: { ...program.graph, nodes: [] } };
}

function mapFields<A, B>(object: object, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries<A>(object as Record<string, A>).map(([k, v]) => [k, change(v)]));
}
