import type { KernelsModule, Platform } from "./platform.js";

/** A host without threads that compiles no WebAssembly from bytes: its file imports the kernels statically. */
export const embedded = (name: string, kernels: KernelsModule): Platform => ({
  name,
  kernelsSync: () => kernels,
  kernels: async () => kernels,
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  turn: () => new Promise((resolve) => void setTimeout(resolve)),
  now: () => performance.now(),
});
