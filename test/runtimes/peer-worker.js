/**
 * What `bounds.js` holds the first step of Fettle to: the same network's first step in TensorFlow.js, in
 * plain JavaScript.
 */
const ROWS = 32;
const COLUMNS = 100;

export default {
  async fetch() {
    const begin = performance.now();
    await firstStep();
    return Response.json(performance.now() - begin);
  },
};

async function firstStep() {
  const { setBackend, zeros } = await import("@tensorflow/tfjs-core");
  const { layers, sequential } = await import("@tensorflow/tfjs-layers");
  await import("@tensorflow/tfjs-backend-cpu");
  await setBackend("cpu");
  const model = sequential({
    layers: [
      layers.dense({ units: 64, activation: "relu", inputShape: [COLUMNS] }),
      layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await model.fit(zeros([ROWS, COLUMNS]), zeros([ROWS, 1]), { batchSize: ROWS, epochs: 1, verbose: 0 });
}
