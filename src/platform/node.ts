import { createRequire } from "node:module";
import { FettleError } from "../errors.js";
import type { Platform } from "./platform.js";
import { openThread } from "./threads.js";

// Node's modules are loaded where they are used: as imports they took a third of the time that Fettle loads in.
const require = createRequire(import.meta.url);
const fs = () => require("node:fs") as typeof import("node:fs");
const os = () => require("node:os") as typeof import("node:os");
const threads = () => require("node:worker_threads") as typeof import("node:worker_threads");

function compileKernels(): WebAssembly.Module {
  const url = new URL("../../wasm/kernels.wasm", import.meta.url);
  try {
    return new WebAssembly.Module(fs().readFileSync(url));
  } catch (cause) {
    throw new FettleError(
      "not_found",
      `the kernels could not be loaded from ${url.href}: ${(cause as Error).message}; ` +
        "leave fettle out of the bundle, or give them to ready({ module })",
      { cause },
    );
  }
}

/** Node, Deno and Bun. */
export const platform: Platform = {
  name: "node",
  kernelsSync: compileKernels,
  kernels: async () => compileKernels(),
  parallelism: () => os().availableParallelism(),
  spawnWorker: (program = "worker") => openThread(program),
  serve(handle) {
    const { parentPort } = threads();
    let last = Promise.resolve();
    parentPort?.on("message", (message) => {
      last = last.then(async () => {
        const answer = await handle(message);
        if (answer !== undefined) parentPort?.postMessage(answer);
      });
    });
  },
  now: () => performance.now(),
};
