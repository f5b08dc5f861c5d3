/**
 * The worker of `bounds.js`. `/step` is one step of training from nothing, `/tune` the main job: 50 trials of a dense
 * network on the breast cancer table, cross-validated, in slices of 10 ms with a turn for others between them.
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
  const tuner = await createTuner(optionsFor({ csv, target: "diagnosis", trials: 50, epochs: 20, seed: 1 }));
  const slices = [];
  while (!tuner.result) {
    const begin = performance.now();
    const { steps } = await tuner.advance({ maxMilliseconds: SLICE });
    slices.push({ steps, took: performance.now() - begin });
    await new Promise((resolve) => setTimeout(resolve));
  }
  const saved = tuner.save().length;
  const { trials, best } = tuner.result;
  const kernels = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { trials: trials.length, best: best.value, slices, kernels, saved };
}
