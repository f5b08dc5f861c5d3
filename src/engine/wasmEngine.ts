/** Engines for training: separate from `engine.ts`, so that training does not load the reference executor. */
import { kernelsModule } from "../numerics/kernels.js";
import { MOST_MEMORY, WasmExecutor } from "./wasm.js";

/**
 * A new one.
 *
 * @param memoryLimit - in bytes; by default as much memory as the host allows
 * @throws FettleError as `createEngine`
 */
export function createWasmEngine(memoryLimit = MOST_MEMORY): WasmExecutor {
  return new WasmExecutor(kernelsModule(), memoryLimit);
}

let shared: WasmExecutor | undefined;

/** The default engine of models: one for the process, made at the first call. */
export function defaultEngine(): WasmExecutor {
  shared ??= createWasmEngine();
  return shared;
}
