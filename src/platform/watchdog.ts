/**
 * A thread that ends the process when another one hangs, as in an endless loop, which nothing within that
 * thread can end.
 */
import { builtin } from "./builtin.js";
import type { Watchdog } from "./platform.js";

/**
 * Checks within the limit. They are counted, so that a machine that slept is not mistaken for one that hangs.
 */
const LOOKS = 5;

export function watchThread(limit: number): Watchdog {
  const { Worker } = builtin("node:worker_threads");
  // the number of heartbeats of the thread, and whether it is working
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const every = Math.max(1, Math.ceil(limit / LOOKS));
  const worker = new Worker(PROGRAM, { eval: true, workerData: { cells, every, limit, most: LOOKS } });
  worker.unref();
  worker.on("error", () => {}); // without it, jobs run as before
  return {
    beat(isAtWork) {
      Atomics.add(cells, 0, 1);
      Atomics.store(cells, 1, isAtWork ? 1 : 0);
    },
    stop: () => void worker.terminate(),
  };
}

const PROGRAM = `
const { writeSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
const { cells, every, limit, most } = workerData;
let [last, looks] = [-1, 0];
setInterval(() => {
  const beats = Atomics.load(cells, 0);
  looks = beats === last && Atomics.load(cells, 1) === 1 ? looks + 1 : 0;
  last = beats;
  if (looks < most) return;
  try {
    writeSync(2, "A job has blocked its thread for " + limit / 1000 + " s, its limit: this process ends, and its jobs count as failed once.\\n");
  } finally {
    process.kill(process.pid, "SIGKILL");
  }
}, every);`;
