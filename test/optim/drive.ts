/** The two executors, and paths of optimizers on them. */

import { createEngine } from "../../src/engine/engine.js";
import type { Executor } from "../../src/engine/executor.js";
import type { Value } from "../../src/graph/graph.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { descended, followed } from "../../src/testing/drive.js";

export const reference: Executor = createEngine({ executor: "reference" });
export const wasm: Executor = createEngine();

/** The points after each of `steps` steps. Gradients come from the loss, or from the list, one a step. */
export function trajectory(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  source: ((w: Value) => Value) | readonly (readonly number[])[],
  steps: number,
): number[][] {
  return typeof source === "function"
    ? descended(executor, optimizer, start, source, steps)
    : followed(executor, optimizer, start, source.slice(0, steps));
}
