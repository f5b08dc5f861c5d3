import type { KernelsModule, Platform } from "./platform.js";

/** A host that compiles no WebAssembly from bytes and has no threads; the kernels are a static import of its own file. */
export const embedded = (name: string, kernels: KernelsModule): Platform => ({
  name,
  kernelsSync: () => kernels,
  kernels: async () => kernels,
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
});
