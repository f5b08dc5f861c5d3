/** Makes engines: an executor by its name, with its limits. */
import { checkOptions, must, type OptionNames, unknownName } from "../errors.js";
import { kernelsModule } from "../numerics/kernels.js";
import type { KernelsModule } from "../platform/platform.js";
import type { Executor } from "./executor.js";
import { ReferenceExecutor } from "./reference.js";
import { MOST_MEMORY, WasmExecutor } from "./wasm.js";

/** Which engine, and its bounds. */
export interface EngineOptions {
  /** `wasm` (float32, default) or `reference` (float64, slow, for checks). */
  readonly executor?: "wasm" | "reference";
  /** The compiled kernels, a `WebAssembly.Module`, for hosts and bundlers that load them themselves. */
  readonly module?: KernelsModule;
  /** The most bytes of WebAssembly memory. Default: as much as the host allows, at most 4 GiB. */
  readonly memoryLimit?: number;
}

const ENGINE_OPTIONS: OptionNames<EngineOptions> = { executor: true, module: true, memoryLimit: true };

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
  checkOptions(options, "createEngine", ENGINE_OPTIONS);
  const { executor = "wasm", module, memoryLimit = MOST_MEMORY } = options;
  must(
    Number.isSafeInteger(memoryLimit) && memoryLimit > 0,
    "memoryLimit",
    "a positive integer, a number of bytes",
    memoryLimit,
  );
  if (executor === "reference") return new ReferenceExecutor();
  if (executor !== "wasm") throw unknownName("executor", executor, ["wasm", "reference"]);
  return new WasmExecutor(module ?? kernelsModule(), memoryLimit);
}
