import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parentPort, Worker } from "node:worker_threads";
import type { Platform } from "./platform.js";

function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(
    readFileSync(fileURLToPath(new URL("../../wasm/kernels.wasm", import.meta.url))),
  );
}

/** Node, Deno and Bun. */
export const platform: Platform = {
  name: "node",
  kernelsSync: compileKernels,
  kernels: async () => compileKernels(),
  parallelism: () => availableParallelism(),
  spawnWorker() {
    const worker = new Worker(new URL("../../dist/tune/worker.js", import.meta.url));
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      onMessage: (listener) => worker.on("message", listener),
      onFailure: (listener) => {
        worker.on("error", (error) => listener(error instanceof Error ? error : new Error(String(error))));
        worker.on("exit", (code) => listener(new Error(`the worker thread ended with code ${code}`)));
      },
      terminate: async () => {
        worker.removeAllListeners();
        await worker.terminate();
      },
    };
  },
  serve(handle) {
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
