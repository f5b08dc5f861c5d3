import { FettleError } from "../errors.js";
import type { Platform } from "./platform.js";

/** Not compiled while it streams, which would ask servers for the right media type and is no faster for so little. */
async function fetchKernels(): Promise<WebAssembly.Module> {
  const url = new URL("../../wasm/kernels.wasm", import.meta.url);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new FettleError(
      "not_found",
      `the kernels could not be loaded from ${url.href}: ${(cause as Error).message}; ` +
        "give them to ready({ module }), a WebAssembly.Module",
      { cause },
    );
  }
}

/** Browsers, and any host that has `fetch` and resolves `import.meta.url`. */
export const platform: Platform = {
  name: "browser",
  kernelsSync: () => undefined,
  kernels: fetchKernels,
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
};
