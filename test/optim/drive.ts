/** The two executors, and paths of optimizers on them. */

import type { Program } from "../../src/compile/program.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor } from "../../src/engine/executor.js";
import type { Value } from "../../src/graph/graph.js";
import { dense } from "../../src/nn/layers/index.js";
import { chain, networkOf } from "../../src/nn/network/network.js";
import { architectureOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { drive, followed } from "../../src/testing/drive.js";

export const reference: Executor = createEngine({ executor: "reference" });
export const wasm: Executor = createEngine();

/** The points after each of `steps` steps. Gradients are those of the loss, or of the list, one per step. */
export function trajectory(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  source: ((w: Value) => Value) | readonly (readonly number[])[],
  steps: number,
): number[][] {
  if (typeof source !== "function") return followed(executor, optimizer, start, source.slice(0, steps));
  const { run, point } = drive(executor, optimizer, start, { loss: source });
  const points = Array.from({ length: steps }, () => {
    run.advance(1);
    return point();
  });
  run.free();
  return points;
}

/** The program of a step of a small model. Optimizers that share one get the very same object. */
export function stepProgram(optimizer: Optimizer): Program {
  return programOf(
    architectureOf(networkOf(chain([dense(1)]), 2), "meanSquaredError", optimizer),
    "train",
    4,
  );
}
