/**
 * Threads of Node, Deno and Bun. A released thread waits for reuse: starting one takes some 15 ms of
 * processor time, as much as a dozen short trainings, and a new thread has not compiled its code.
 */
import type { Worker } from "node:worker_threads";
import { isA, messageOf } from "../errors.js";
import { builtin } from "./builtin.js";
import type { WorkerThread } from "./platform.js";

/** Milliseconds that a released thread waits before it ends. */
const PATIENCE = 10_000;

/** A waiting thread. */
interface Waiting {
  readonly worker: Worker;
  /** Ends the wait, not the thread. */
  readonly stop: () => void;
}

/**
 * Written out, so that bundlers find the files; .mjs, since they copy them to folders without a package.json.
 */
const programs: Readonly<Record<string, () => URL>> = {
  worker: () => new URL("../../dist/node/worker.mjs", import.meta.url),
  benchmarkWorker: () => new URL("../../dist/node/benchmarkWorker.mjs", import.meta.url),
};

/** Waiting threads, by program. */
const waiting = new Map<string, Set<Waiting>>();

/** A waiting thread, or a new one; undefined in a bundle, which does not contain the threads' programs. */
export function openThread(program: string): WorkerThread | undefined {
  const worker = takeWaiting(program) ?? startThread(program);
  if (!worker) return undefined;
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.on("message", listener),
    onFailure: (listener) => {
      worker.on("error", (error) => listener(isA(error, Error) ? error : new Error(messageOf(error))));
      worker.on("messageerror", (error) => listener(error));
      worker.on("exit", (code) => listener(new Error(`the worker thread ended with code ${code}`)));
    },
    terminate: async () => {
      forget(worker);
      worker.on("error", () => {}); // errors while it ends are ignored, and do not end this thread
      await worker.terminate();
    },
    release: () => wait(program, worker),
  };
}

function startThread(program: string): Worker | undefined {
  const file = fileOf(program);
  if (!file) return undefined;
  const { Worker } = builtin("node:worker_threads");
  // not `new Worker(file)`, for which Turbopack bundles every possible `file`
  return Reflect.construct(Worker, [file, { execArgv: [] }]) as Worker;
}

/** The file of a program. In a bundle there may be none, and `import.meta.url` may be undefined. */
function fileOf(program: string): URL | undefined {
  try {
    const file = programs[program]();
    // Deno starts a thread without permission to look for its file
    const exists = "deno" in process.versions || builtin("node:fs").existsSync(file);
    return exists ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the listeners, by event: without a name, Node's own listeners would go too. */
function forget(worker: Worker): void {
  for (const event of ["message", "messageerror", "error", "exit"]) worker.removeAllListeners(event);
}

function takeWaiting(program: string): Worker | undefined {
  for (const { worker, stop } of waiting.get(program) ?? []) {
    stop();
    worker.ref();
    return worker;
  }
  return undefined;
}

/** Lets a thread wait without keeping the process alive. */
function wait(program: string, worker: Worker): void {
  const others = waiting.get(program) ?? new Set();
  waiting.set(program, others);
  const timer = builtin("node:timers").setTimeout(() => {
    me.stop();
    void worker.terminate();
  }, PATIENCE);
  timer.unref();
  const me: Waiting = {
    worker,
    stop() {
      builtin("node:timers").clearTimeout(timer);
      others.delete(me);
      forget(worker);
    },
  };
  forget(worker);
  worker.on("error", me.stop);
  worker.on("exit", me.stop);
  worker.unref();
  others.add(me);
}
