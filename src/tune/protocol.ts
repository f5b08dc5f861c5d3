/** What a pool and its threads say to each other: plain data, each message complete in itself. */
import type { Program } from "../compile/program.js";
import type { ErrorCode } from "../errors.js";
import type { TrainingPrograms } from "../nn/trainer.js";
import type { FoldExamples, Job, JobResult } from "./job.js";

export type Request =
  | { readonly type: "folds"; readonly folds: readonly FoldExamples[] }
  | { readonly type: "programs"; readonly id: number; readonly programs: TrainingPrograms }
  | { readonly type: "jobs"; readonly jobs: readonly JobRequest[] };

/** A job whose programs were sent before, under a number. */
export type JobRequest = Omit<Job, "programs"> & { readonly programs: number };

/** What became of each job of a request, in order. */
export type Reply = readonly Outcome[];
export type Outcome =
  | { readonly result: JobResult }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** Programs without their graphs, which the kernels do not need and a user's graph may be large. */
export function stripped({ initialize, train, evaluate }: TrainingPrograms): TrainingPrograms {
  const strip = (program: Program): Program => ({ ...program, graph: { ...program.graph, nodes: [] } });
  return { initialize: strip(initialize), train: strip(train), evaluate: strip(evaluate) };
}
