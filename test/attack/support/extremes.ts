/**
 * A program, not a test: legal extremes of every option and range of every exported function, and what the
 * results do when they are used. `tsx test/attack/support/extremes.ts <seed> <cases>`. A case is a call of a
 * function with right arguments but for one to three numbers or options, which are the largest, smallest,
 * finest or most; or a study over a space of such ranges. It may be refused by a FettleError. A watchdog
 * thread ends the process at a case that takes more than `SECONDS` of processor time, which other work on the
 * machine does not count towards. Standard output has a line of JSON for each `Finding`, standard error one
 * for each case that begins.
 */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import * as fettle from "fettle";
import * as benchmark from "fettle/benchmark";
import * as engine from "fettle/engine";
import * as explaining from "fettle/explain";
import * as exporting from "fettle/export";
import * as ops from "fettle/ops";
import * as predicting from "fettle/predict";
import * as report from "fettle/report";
import { BrokenLaw } from "../../../src/testing/laws.js";
import { callOf, type Draw, studyCase } from "./extremeCases.js";

/**
 * A line of standard output: what a case threw that is not of the family, or, at the end, how many cases ran
 * and were refused.
 */
export type Finding = { readonly raw: string } | { readonly cases: number; readonly refused: number };

/** Processor seconds of one case at most. */
const SECONDS = 5;
const [seed, count] = process.argv.slice(2).map(Number);

// the number of the case that runs, for the watchdog; and what it is
const shared = new Int32Array(new SharedArrayBuffer(8));
let running = "";
const watchdog = new Worker(
  `const { workerData: shared } = require("node:worker_threads");
   let at = -1, since = process.cpuUsage();
   setInterval(() => {
     const now = process.cpuUsage();
     if (shared[0] !== at) { at = shared[0]; since = now; }
     else if (now.user + now.system - since.user - since.system > ${SECONDS}e6) process.kill(process.pid, "SIGKILL");
   }, 50);`,
  { eval: true, workerData: shared },
);
watchdog.unref();

const entries = {
  fettle,
  "fettle/benchmark": benchmark,
  "fettle/engine": engine,
  "fettle/export": exporting,
  "fettle/ops": ops,
  "fettle/explain": explaining,
  "fettle/predict": predicting,
  "fettle/report": report,
};
const draw: Draw = callOf(entries);
const found = (finding: Finding): void => void writeSync(1, `${JSON.stringify(finding)}\n`);
let refused = 0;

for (let number = 0; number < count; number++) {
  const [g] = fc.sample(fc.gen(), { seed: seed + number, numRuns: 1 });
  const from = g(fc.nat, { max: 3 }) === 0 ? studyCase : draw;
  Atomics.store(shared, 0, number);
  running = `seed ${seed + number}`;
  writeSync(2, `${running}\n`); // at once: the process may be ended
  try {
    const { name, run } = await from(g);
    running = `seed ${seed + number}: ${name}`;
    writeSync(2, `${running}\n`);
    await run();
  } catch (error) {
    if (error instanceof BrokenLaw) continue;
    if (error instanceof fettle.FettleError && error.code !== "internal") refused++;
    else found({ raw: `${running}: ${(error as Error)?.stack ?? String(error)}` });
  }
}
found({ cases: count, refused });
process.exit(0); // nothing that a case has begun keeps it
