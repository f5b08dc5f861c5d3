/** What the page learns, which runs in Node too. */
import { adam, dense, freeze, sequential } from "fettle";
import { importTfjs } from "fettle/export";

export const EPOCHS = 100;
/** Images to learn from; all others are for the test. */
const TRAINED = 100;

/**
 * The images of some digits.
 *
 * @param {string} csv - the text of `fettle/data/digits.csv`
 * @param {(digit: number) => boolean} isWanted
 * @returns images, [rows, 8, 8, 1] of ink from 0 to 1, and what they show
 */
export function digitsFrom(csv, isWanted) {
  const rows = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number))
    .filter((row) => isWanted(row[64]));
  const image = (row) =>
    Array.from({ length: 8 }, (_, i) => row.slice(8 * i, 8 * i + 8).map((ink) => [ink / 16]));
  return { images: rows.map(image), digits: rows.map((row) => row[64]) };
}

/** The digits 5 to 9, as classes from 0: a few to learn from, all others for the test. */
export function newDigits(csv) {
  const { images, digits } = digitsFrom(csv, (digit) => digit >= 5);
  const part = (from, to) => ({
    images: images.slice(from, to),
    digits: digits.slice(from, to).map((digit) => digit - 5),
  });
  return { train: part(0, TRAINED), test: part(TRAINED) };
}

/**
 * The network of TensorFlow.js with two new layers at its end, which alone are trained.
 *
 * @param json - `model.json`
 * @param {Uint8Array} weights - `weights.bin`
 */
export async function withNewEnd(json, weights) {
  const { model: trained } = await importTfjs(json, weights);
  const kept = trained.layers.slice(0, -2).map(freeze);
  const model = sequential([...kept, dense(32, { activation: "relu" }), dense(5, { activation: "softmax" })]);
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy" });
  return model;
}

/**
 * @param {(epoch: number, logs: { loss: number }) => boolean} onEpoch - called after each epoch, counted from 1; true ends the training
 */
export async function fineTune(model, { images, digits }, onEpoch) {
  const watch = {
    onEpochEnd(epoch, logs, control) {
      if (onEpoch(epoch + 1, logs)) control.stop();
    },
  };
  return model.fit(images, digits, { epochs: EPOCHS, batchSize: 20, callbacks: [watch], seed: 0 });
}

/** The share of images that are read correctly. */
export function accuracyOf(model, { images, digits }) {
  const scores = model.predict(images);
  const read = digits.map((_, row) => {
    const ofRow = Array.from({ length: 5 }, (_, k) => scores.get(row, k));
    return ofRow.indexOf(Math.max(...ofRow));
  });
  return read.filter((digit, row) => digit === digits[row]).length / digits.length;
}
