// Where WebAssembly may not be compiled from bytes, the module is a static import.
import kernels from "../../wasm/kernels.wasm";
import type { Platform } from "./platform.js";

/** Cloudflare's workerd, and edge runtimes like it. */
export const platform: Platform = {
  name: "workerd",
  kernelsSync: () => kernels,
  kernels: async () => kernels,
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
};
