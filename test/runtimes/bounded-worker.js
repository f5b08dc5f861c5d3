/**
 * The worker of `bounds.js`. `/step` is one step of training from nothing, `/tune` the main job: 50 trials of
 * a dense network on the breast cancer table, cross-validated, in slices of 10 ms with a turn for others
 * between them. `/resume` goes on from its middle, as requests do that have nothing but bytes.
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
      const answers = { "/step": stepFromNothing, "/tune": tuneInSlices, "/resume": resume };
      return Response.json(await answers[new URL(url).pathname]());
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

/** A tuning in its middle: its bytes, and its options. */
let saved;

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
  saved = { bytes: middle, options };
  return { trials: trials.length, best: best.value, slices, kernels, bytes: middle.length };
}

/**
 * Requests that have nothing but bytes and the table: each goes on for some steps, and saves. Returns how
 * many.
 */
async function resume() {
  const { restoreTuner } = await import("fettle");
  let { bytes, options } = saved;
  for (let request = 0; request < REQUESTS; request++) {
    const tuner = await restoreTuner(bytes, options);
    const { steps } = await tuner.advance({ steps: STEPS });
    if (steps !== STEPS) throw new Error(`a request made ${steps} steps, not ${STEPS}`);
    bytes = tuner.save();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return REQUESTS;
}
