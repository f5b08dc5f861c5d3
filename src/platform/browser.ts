import type { Platform } from "./platform.js";

/** Browsers, and any host that has `fetch` and resolves `import.meta.url`. */
export const platform: Platform = {
  name: "browser",
  kernelsSync: () => undefined,
  kernels: () => WebAssembly.compileStreaming(fetch(new URL("../../wasm/kernels.wasm", import.meta.url))),
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
};
