/** What is measured while a model trains: in pieces, between which the host has its turns. */
import type { WasmExecutor } from "../../engine/wasm.js";
import type { Floats } from "../../ndarray.js";
import type { Logs } from "../callbacks/callback.js";
import { hyperparametersOf, type ScoredArchitecture } from "../programs/architecture.js";
import { programOf } from "../programs/programs.js";
import type { Yielding } from "./loop.js";
import { evaluationOf } from "./rowWeights.js";
import { EVALUATION_BATCH, scoresOf } from "./scores.js";
import { EvaluationRun, type Examples } from "./trainer.js";

/** The loss and metrics of examples under some parameters, as `evaluate` computes them. */
export type Score = (examples: Examples, parameters: Floats) => Promise<Logs>;

export function scoreWith(engine: WasmExecutor, architecture: ScoredArchitecture, yielding: Yielding): Score {
  const hyperparameters = hyperparametersOf(architecture);
  return async (examples, parameters) => {
    const program = programOf(architecture, evaluationOf(examples), EVALUATION_BATCH);
    const evaluation = new EvaluationRun(engine, program, examples, parameters, hyperparameters);
    try {
      while (evaluation.stepsLeft > 0) await yielding.piece(evaluation, (steps) => evaluation.advance(steps));
      return scoresOf(architecture.metrics, evaluation.result(), examples);
    } finally {
      evaluation.free();
    }
  };
}

/** The mean of each metric over batches, which count by their weights. */
export class MeanLogs {
  private weight = 0;
  private means: Record<string, number> = {};

  add(logs: Logs, weight: number): void {
    this.weight += weight;
    for (const [name, value] of Object.entries(logs)) {
      const before = this.means[name] ?? 0;
      // exactly the value, if there is only one
      this.means[name] = before + (value - before) * (weight / this.weight);
    }
  }

  /** The means so far; then it starts again. */
  take(): Logs {
    const { means } = this;
    this.means = {};
    this.weight = 0;
    return means;
  }
}
