// In the module itself and not in a file beside it, so that it is there in every bundle.
import kernels from "../../wasm/kernels.base64.js";
import { builtin } from "./builtin.js";
import type { Platform } from "./platform.js";
import { openThread } from "./threads.js";

const compileKernels = () => new WebAssembly.Module(Buffer.from(kernels, "base64"));

/** Node, Deno and Bun. */
export const platform: Platform = {
  name: "node",
  kernelsSync: compileKernels,
  kernels: async () => compileKernels(),
  parallelism: () => builtin("node:os").availableParallelism(),
  spawnWorker: (program = "worker") => openThread(program),
  serve(handle) {
    const { parentPort } = builtin("node:worker_threads");
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
