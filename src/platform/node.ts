// In the module itself and not in a separate file, so that every bundle contains it.
import kernels from "../../wasm/kernels.base64.js";
import { FettleError, messageOf } from "../errors.js";
import { builtin } from "./builtin.js";
import type { Files, Platform, Turn } from "./platform.js";
import { openThread } from "./threads.js";
import { watchThread } from "./watchdog.js";

/**
 * Whether there may be threads: a constant, so that bundles for hosts without threads omit the code for them.
 */
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
    // renamed when complete, so that a kill or a full disk leaves the former file
    const { promises } = builtin("node:fs");
    // a random name: others may write too, from this process or from a container with the same process number
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

/** Not by setTimeout, which sleeps at least a millisecond. */
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
    // an unreadable message would never be answered: the thread ends, and another runs its jobs
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
