/** Makes engines: an executor by its name, with its limits. */

import { kernelsModule } from "../numerics/kernels.js";
import type { KernelsModule } from "../platform/platform.js";
import { type OptionRules, oneOf, readOptions, rule } from "../rules.js";
import type { Executor } from "./executor.js";
import { ReferenceExecutor } from "./reference.js";
import { MOST_MEMORY, WasmExecutor } from "./wasm.js";

/** Which engine, and its bounds. */
export interface EngineOptions {
  /** `wasm` (float32) or `reference` (float64, slow, for checks). Default `wasm`. */
  readonly executor?: "wasm" | "reference";
  /** The compiled kernels, a `WebAssembly.Module`, for hosts and bundlers that load them themselves. */
  readonly module?: KernelsModule;
  /** The most bytes of WebAssembly memory. Default: as much as the host allows, at most 4 GiB. */
  readonly memoryLimit?: number;
}

const RULES = {
  executor: [oneOf("executor", ["wasm", "reference"]), "wasm"],
  module: true,
  memoryLimit: [
    rule(
      "a positive integer, a number of bytes",
      (bytes) => Number.isSafeInteger(bytes) && Number(bytes) > 0,
    ),
    MOST_MEMORY,
  ],
} satisfies OptionRules<EngineOptions>;

/**
 * An engine: memory for matrices and runs, and the kernels that run programs. It owns its memory; `free()` of
 * a run or a matrix releases its part.
 *
 * @throws FettleError `invalid_state` if the host can only load the kernels asynchronously and `ready()` has
 * not been awaited; `unknown_name` for another executor or an unknown option; `invalid_argument` for a limit
 * that is not positive.
 * @example
 * ```ts
 * const engine = createEngine({ memoryLimit: 64 * 2 ** 20 });
 * const norm = engine.load(compile((x: Value) => sqrt(sum(square(x))), [3]));
 * norm([1, 2, 2]).get(); // 3
 * ```
 */
export function createEngine(options: EngineOptions = {}): Executor {
  const { executor, module, memoryLimit } = readOptions(options, "createEngine", RULES);
  if (executor === "reference") return new ReferenceExecutor();
  return new WasmExecutor(module ?? kernelsModule(), memoryLimit);
}
