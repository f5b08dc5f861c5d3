/**
 * Threads of Node, Deno and Bun. One that is released waits for the next who wants its program: to start a thread takes
 * some 15 ms of a processor, a dozen short fits, and a new one has compiled none of its code.
 */
import { createRequire } from "node:module";
import type { Worker } from "node:worker_threads";
import type { WorkerThread } from "./platform.js";

// loaded where they are used, since most programs start no thread
const load = (name: string): unknown => createRequire(import.meta.url)(name);
const timers = () => load("node:timers") as typeof import("node:timers");
const threads = () => load("node:worker_threads") as typeof import("node:worker_threads");

/** Milliseconds that a thread waits before it ends. */
const PATIENCE = 10_000;

/** A thread that waits, and how to have it wait no longer. */
interface Waiting {
  readonly worker: Worker;
  readonly stop: () => void;
}

/** By program. */
const waiting = new Map<string, Set<Waiting>>();

/** A thread that waits, or a new one. */
export function openThread(program: string): WorkerThread {
  const worker = takeWaiting(program) ?? startThread(program);
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.on("message", listener),
    onFailure: (listener) => {
      worker.on("error", (error) => listener(error instanceof Error ? error : new Error(String(error))));
      worker.on("exit", (code) => listener(new Error(`the worker thread ended with code ${code}`)));
    },
    terminate: async () => {
      forget(worker);
      await worker.terminate();
    },
    release: () => wait(program, worker),
  };
}

function startThread(program: string): Worker {
  const file = new URL(`../../dist/node/${program}.js`, import.meta.url);
  return new (threads().Worker)(file, { execArgv: [] });
}

/** Nobody listens to a thread any more. By name: of all events, Node's own listeners would be gone too. */
function forget(worker: Worker): void {
  for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event);
}

function takeWaiting(program: string): Worker | undefined {
  for (const { worker, stop } of waiting.get(program) ?? []) {
    stop();
    worker.ref();
    return worker;
  }
  return undefined;
}

/** Has a thread wait, without keeping the process alive. */
function wait(program: string, worker: Worker): void {
  const others = waiting.get(program) ?? new Set();
  waiting.set(program, others);
  const timer = timers().setTimeout(() => {
    me.stop();
    void worker.terminate();
  }, PATIENCE);
  timer.unref();
  const me: Waiting = {
    worker,
    stop() {
      timers().clearTimeout(timer);
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
