/**
 * The worker of `bounds.js`. `/step` is one step of training from nothing, `/tune` the main job: 50 trials of
 * a dense network on the breast cancer table, cross-validated, in slices of 10 ms with a turn for others
 * between them.
 */

/** The memories of all instances of the kernels, since nothing else of Fettle's lies outside the heap. */
const memories = [];
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};

const SLICE = 10;
const REQUESTS = 100;
const STEPS = 30;

export default {
  async fetch({ url }) {
    try {
      return Response.json(await (url.endsWith("/tune") ? tuneInSlices() : stepFromNothing()));
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};

/** Milliseconds from before Fettle's first line to the end of the first step. */
async function stepFromNothing() {
  const begin = performance.now();
  const { firstStep } = await import("./program/speed.js");
  await firstStep();
  return performance.now() - begin;
}

async function tuneInSlices() {
  const { createTuner } = await import("fettle");
  const { optionsFor } = await import("../../examples/browser/tuning.js");
  const { default: csv } = await import("fettle/data/breast-cancer.csv");
  const options = optionsFor({ csv, target: "diagnosis", trials: 50, epochs: 20, seed: 1 });
  const tuner = await createTuner(options);
  const slices = [];
  let middle;
  while (!tuner.result) {
    const begin = performance.now();
    const { steps } = await tuner.advance({ maxMilliseconds: SLICE });
    slices.push({ steps, took: performance.now() - begin });
    if (tuner.study.trials.length >= 25) middle ??= tuner.save();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { trials, best } = tuner.result;
  const kernels = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  const resumed = await timesFromBytes(middle, options);
  return { trials: trials.length, best: best.value, slices, kernels, resumed, bytes: middle.length };
}

/**
 * Milliseconds of requests that have nothing but bytes and the table: each goes on for some steps, and saves.
 */
async function timesFromBytes(bytes, options) {
  const { restoreTuner } = await import("fettle");
  const times = [];
  while (times.length < REQUESTS) {
    const begin = performance.now();
    const tuner = await restoreTuner(bytes, options);
    const { steps } = await tuner.advance({ steps: STEPS });
    if (steps !== STEPS) throw new Error(`a request made ${steps} steps, not ${STEPS}`);
    bytes = tuner.save();
    times.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return times;
}
