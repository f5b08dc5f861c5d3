/**
 * Small studies of networks that are no stacks of dense layers: images, sequences with masks, and a graph of
 * several inputs and outputs. Like `study.js`, they must come to the same bits on every runtime, and touch no
 * file, thread or clock.
 */
import {
  adam,
  averagePooling2d,
  batchNormalization,
  bidirectional,
  choice,
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  embedding,
  float,
  functional,
  gaussianNoise,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  gru,
  input,
  layerNormalization,
  lstm,
  masking,
  maxPooling2d,
  merge,
  multiHeadAttention,
  random,
  randomFlip,
  randomTranslation,
  separableConv2d,
  sequential,
  simpleRNN,
  spatialDropout2d,
  timeDistributed,
  upSampling2d,
} from "fettle";

const ROWS = 46;

/** Multiples of 1/8 without a pattern, in [-2, 2]. */
function numbers(shape, seed) {
  let state = seed;
  const next = () => {
    state = (state * 1103 + 12345) % 65521;
    return ((state % 33) - 16) / 8;
  };
  const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, ROWS) }, next);
  return { data, shape: [ROWS, ...shape] };
}

const images = numbers([6, 7, 2], 1);
const space = {
  learningRate: float(1e-3, 1e-1, { log: true }),
  rate: float(0.1, 0.5),
  wide: choice([true, false]),
};

/** Three classes of images. */
function ofImages({ learningRate, rate, wide }) {
  const image = input([6, 7, 2]);
  const trunk = [
    randomFlip("horizontal"),
    randomTranslation(1, 2),
    conv2d(wide ? 5 : 4, 3, { padding: "same", activation: "relu" }),
    batchNormalization({ momentum: 0.8 }),
    spatialDropout2d(rate),
    maxPooling2d([2, 3], { strides: 2, padding: "same" }),
  ].reduce((value, layer) => layer.apply(value), image);
  const separable = separableConv2d(4, 2, { padding: "same", depthMultiplier: 2, activation: "gelu" });
  const up = conv2dTranspose(4, 3, { strides: 2, padding: "same" });
  const around = averagePooling2d(2).apply(upSampling2d(2).apply(separable.apply(trunk)));
  const through = conv2d(4, 3, { strides: 2, padding: "same" }).apply(up.apply(trunk));
  const sum = merge("add").apply(around, through);
  const deep = depthwiseConv2d(2, { dilationRate: wide ? 2 : 1 }).apply(layerNormalization().apply(sum));
  const seen = merge("concatenate").apply(
    globalMaxPooling2d().apply(deep),
    globalAveragePooling2d().apply(deep),
  );
  const model = functional({ inputs: image, outputs: dense(3, { activation: "softmax" }).apply(seen) });
  model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
  return model;
}

/** Sequences of two to five steps, filled up with zeros. */
const sequences = numbers([5, 3], 2);
for (let row = 0; row < ROWS; row++) sequences.data.fill(0, (row * 5 + 2 + (row % 4)) * 3, (row + 1) * 5 * 3);

/** A quantity of sequences. */
function ofSequences({ learningRate, rate, wide }) {
  const dropouts = { dropout: rate, recurrentDropout: rate / 2 };
  const model = sequential([
    masking(0),
    bidirectional(lstm(3, { returnSequences: true, ...dropouts }), { mergeMode: wide ? "concat" : "ave" }),
    timeDistributed(dense(4, { activation: "tanh" })),
    simpleRNN(4, { returnSequences: true, goBackwards: true }),
    gru(3, { resetAfter: wide, ...dropouts }),
    dense(1),
  ]);
  model.compile({ optimizer: adam({ learningRate }), loss: "huber" });
  return model;
}

/** Four words, 0 where there are fewer, and three numbers. */
const both = numbers([7], 3);
for (let row = 0; row < ROWS; row++)
  for (let i = 0; i < 4; i++) both.data[row * 7 + i] = i > row % 4 ? 0 : 1 + ((row * 7 + i * 5) % 8);

/** Two quantities of words and numbers. */
function ofBoth({ learningRate, rate, wide }) {
  const [words, measured] = [input(4), input(3)];
  const vectors = embedding(9, 4, { maskZero: wide }).apply(words);
  const attended = multiHeadAttention(2, 2, { dropout: rate, causal: wide }).apply(vectors);
  const block = layerNormalization().apply(merge("add").apply(vectors, attended));
  const read = merge("concatenate").apply(
    lstm(3).apply(block),
    globalAveragePooling1d().apply(conv1d(3, 2, { padding: "causal", dilationRate: 2 }).apply(block)),
    dense(3, { activation: "relu" }).apply(gaussianNoise(rate).apply(measured)),
  );
  const model = functional({
    inputs: { words, measured },
    outputs: { size: dense(1).apply(read), price: dense(1).apply(read) },
  });
  model.compile({
    optimizer: adam({ learningRate }),
    loss: { size: "meanSquaredError", price: "huber" },
    lossWeights: { price: 0.5 },
  });
  return model;
}

/** For each network the options of `createTuner`. */
export const layerParts = [
  {
    x: images,
    y: Array.from({ length: ROWS }, (_, i) => ["a", "b", "c"][(i + (i >> 2)) % 3]),
    model: ofImages,
  },
  { x: sequences, y: numbers([1], 4), model: ofSequences },
  { x: both, y: numbers([2], 5), model: ofBoth, metric: "rmse" },
].map((part) => ({
  ...part,
  space,
  strategy: random(),
  pipeline: { scale: "none" },
  fit: { epochs: 2, batchSize: 8 },
  validation: { folds: 2 },
  testSize: 0.2,
  trials: 3,
  lag: 1,
  seed: 12,
}));
