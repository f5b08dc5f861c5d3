// In the module itself and not in a file beside it, so that it is there in every bundle.
import kernels from "../../wasm/kernels.base64.js";
import { FettleError, messageOf } from "../errors.js";
import { builtin } from "./builtin.js";
import type { Files, Platform, Turn } from "./platform.js";
import { openThread } from "./threads.js";
import { watchThread } from "./watchdog.js";

/** Whether there may be threads: a constant, so that bundles for hosts without any leave out what hands jobs to them. */
export const HAS_THREADS = true;

const compileKernels = () => new WebAssembly.Module(Buffer.from(kernels, "base64"));

const files: Files = {
  async read(path) {
    try {
      return await builtin("node:fs").promises.readFile(path.startsWith("file:") ? new URL(path) : path);
    } catch (cause) {
      throw fileError("read", path, cause);
    }
  },
  async write(path, bytes) {
    // renamed when it is whole, so that a kill or a full disk leaves what was there before
    const { promises } = builtin("node:fs");
    // named at random: others may write it too, from this process or from a container with the same number
    const temporary = `${path}.${globalThis.crypto.randomUUID()}.tmp`;
    try {
      await promises.writeFile(temporary, bytes, { flush: true });
      await promises.rename(temporary, path);
    } catch (cause) {
      await promises.rm(temporary, { force: true }).catch(() => {});
      throw fileError("write", path, cause);
    }
  },
};

/** Not by setTimeout, which sleeps a millisecond at least. */
export const turn: Turn = () => new Promise((resolve) => void builtin("node:timers").setImmediate(resolve));

/** Node, Deno and Bun. */
export const platform: Platform = {
  name: "node",
  kernelsSync: compileKernels,
  kernels: async () => compileKernels(),
  parallelism: () => builtin("node:os").availableParallelism(),
  spawnWorker: (program = "worker") => openThread(program),
  watchThread,
  serve(handle) {
    const { parentPort } = builtin("node:worker_threads");
    const post = (message: unknown): void => parentPort?.postMessage(message);
    let last = Promise.resolve();
    // a message that cannot be read would never be answered: the thread ends, and its jobs are done by another
    parentPort?.on("messageerror", (error) => {
      throw error;
    });
    parentPort?.on("message", (message) => {
      last = last.then(async () => {
        const answer = await handle(message, post);
        if (answer !== undefined) post(answer);
      });
    });
  },
  files,
  terminal() {
    const { stderr } = process;
    return stderr.isTTY
      ? { columns: stderr.columns || 80, write: (text) => void stderr.write(text) }
      : undefined;
  },
  now: () => performance.now(),
  time: () => Date.now(),
};

function fileError(verb: string, path: string, cause: unknown): FettleError {
  return new FettleError("not_found", `cannot ${verb} ${JSON.stringify(path)}: ${messageOf(cause)}`, {
    cause,
  });
}
