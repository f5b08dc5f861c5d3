/**
 * The Web Worker: tunes in slices, and reads messages of the page between them. It receives `columns` with a table, `start`
 * with settings, `pause` and `resume`; it sends `columns`, `progress` after each slice, `done` and `error`. The page stops
 * it by terminating it.
 */
import { createTuner, FettleError, readTable, ready } from "fettle";
import kernels from "fettle/kernels.wasm"; // its address, from esbuild's file loader
import { fingerprint, optionsFor } from "./tuning.js";

/** Milliseconds of a slice: how long a pause takes at most, unless a trial is being suggested. */
const SLICE = 50;

let paused = false;
let resume = () => {};

addEventListener("message", async ({ data: { type, ...message } }) => {
  try {
    if (type === "columns")
      postMessage({ type, columns: readTable(message.csv).columns.map(({ name }) => name) });
    if (type === "start") await run(message.settings);
    if (type === "pause") paused = true;
    if (type === "resume") {
      paused = false;
      resume();
    }
  } catch (error) {
    const code = error instanceof FettleError ? error.code : "internal";
    postMessage({ type: "error", code, message: error.message });
  }
});

async function run(settings) {
  await ready({ module: await compiled(new URL(kernels, import.meta.url)) });
  const options = optionsFor(settings);
  const tuner = await createTuner(options);
  const { study } = tuner;
  let steps = 0;
  let sent = 0;
  while (!tuner.result) {
    const slice = await tuner.advance({ maxMilliseconds: SLICE });
    steps += slice.steps;
    const trials = study.trials.slice(sent);
    sent += trials.length;
    postMessage({ type: "progress", steps, trials, direction: study.direction, metric: options.metric });
    await turn();
    if (paused) await new Promise((resolve) => (resume = resolve));
  }
  const { final } = tuner.result;
  postMessage({ type: "done", test: final?.test, fingerprint: await fingerprint(tuner.result) });
}

async function compiled(url) {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`the kernels could not be loaded: the server answered ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** A turn of the event loop, in which messages arrive. */
const turn = () => new Promise((resolve) => setTimeout(resolve));
