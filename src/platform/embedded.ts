import type { KernelsModule, Platform, Turn } from "./platform.js";

/**
 * A host without threads that compiles no WebAssembly from bytes: its file imports the kernels statically.
 */
export const embedded = (name: string, kernels: KernelsModule): Platform => ({
  name,
  kernelsSync: () => kernels,
  kernels: async () => kernels,
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
  time: () => Date.now(),
});

/** By a timer: such hosts have nothing faster. */
export const turn: Turn = () => new Promise((resolve) => void setTimeout(resolve));
