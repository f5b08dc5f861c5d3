/** What a pool and its threads say to each other: plain data, each message complete in itself. */
import type { Program } from "../../compile/program.js";
import type { TrainingPrograms } from "../../nn/trainer.js";
import type { KernelsModule } from "../../platform/platform.js";
import type { FoldExamples, Job } from "./job.js";

export type Request =
  | { readonly type: "start"; readonly kernels: KernelsModule; readonly folds: readonly FoldExamples[] }
  | { readonly type: "programs"; readonly id: number; readonly programs: TrainingPrograms }
  | { readonly type: "jobs"; readonly jobs: readonly JobRequest[] };

/** A job whose programs were sent before, under a number. */
export type JobRequest = Omit<Job, "programs"> & { readonly programs: number };

/** Programs without their graphs, which the kernels do not need and a user's graph may be large. */
export function stripped<Programs extends Readonly<Record<keyof Programs, Program>>>(
  programs: Programs,
): Programs {
  const strip = (program: Program): Program => ({ ...program, graph: { ...program.graph, nodes: [] } });
  const entries = Object.entries<Program>(programs).map(([name, program]) => [name, strip(program)]);
  return Object.fromEntries(entries) as Programs;
}
