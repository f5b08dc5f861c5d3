/**
 * The messages of a thread backend to its workers: plain data, each message self-contained. A worker is set
 * up once; then it receives batches of jobs, each with the programs that it has not seen.
 */
import type { Program } from "../compile/program.js";
import { kernelsModule } from "../numerics/kernels.js";
import type { KernelsModule } from "../platform/platform.js";

/** The answer of a worker once it is set up. */
export const READY = "ready";

/** The progress of a job, sent before the outcomes of its batch. */
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

/** A job with the numbers of its programs instead of the programs. */
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

/** Sets up a worker, and returns a function that sends it a batch of jobs. */
export type Introduce<Job> = (post: (message: unknown) => void) => (jobs: readonly Job[]) => void;

/**
 * The sender's side, for any number of workers.
 *
 * @param setup - the data for each worker before its first job
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
      for (const id of added.keys()) known.add(id); // only now: the worker does not have programs that could not be sent
    };
  };
}

/** The receiver's side: restores a job. */
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
