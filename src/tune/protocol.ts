/** What a pool and its threads say to each other: plain data, each message complete in itself. */
import type { Program } from "../compile/program.js";
import type { ErrorCode } from "../errors.js";
import type { TrainingPrograms } from "../nn/trainer.js";
import type { FoldExamples, Job, JobResult } from "./job.js";

export type Request =
  | { readonly type: "folds"; readonly folds: readonly FoldExamples[] }
  | { readonly type: "programs"; readonly id: number; readonly programs: TrainingPrograms }
  | { readonly type: "job"; readonly programs: number; readonly job: Omit<Job, "programs"> };

export type Reply =
  | { readonly type: "result"; readonly result: JobResult }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string };

/** Programs without their graphs, which the kernels do not need and a user's graph may be large. */
export function stripped({ initialize, train, evaluate }: TrainingPrograms): TrainingPrograms {
  const strip = (program: Program): Program => ({ ...program, graph: { ...program.graph, nodes: [] } });
  return { initialize: strip(initialize), train: strip(train), evaluate: strip(evaluate) };
}
