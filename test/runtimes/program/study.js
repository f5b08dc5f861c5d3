/**
 * The study that every runtime must bring to the same bits: a space of every kind of parameter, two
 * strategies that learn, dropout, early stopping and folds, on a real table. It touches no file, thread or
 * clock itself.
 */
import {
  adam,
  choice,
  createTuner,
  dense,
  dropout,
  encodeTable,
  float,
  gp,
  int,
  loadModel,
  readTable,
  restoreTuner,
  saveModel,
  sequential,
  sgd,
  tpe,
  tune,
} from "fettle";
import { loadPredictor } from "fettle/predict";
import { layerParts } from "./layers.js";

const space = {
  units: int(4, 32, { log: true }),
  activation: choice(["relu", "tanh", "gelu"]),
  dropout: float(0, 0.4),
  optimizer: choice(["adam", "sgd"]),
  learningRate: float(1e-3, 1e-1, { log: true }),
  momentum: float(0, 0.9, { when: { optimizer: ["sgd"] } }),
};

/** Three classes of wine, from 13 columns. */
function model({ units, activation, optimizer, momentum, learningRate, dropout: rate }) {
  const network = sequential([
    dense(units, { activation }),
    dropout(rate),
    dense(3, { activation: "softmax" }),
  ]);
  network.compile({
    optimizer: optimizer === "adam" ? adam({ learningRate }) : sgd({ learningRate, momentum }),
    loss: "categoricalCrossentropy",
  });
  return network;
}

/** `tune` in slices, each by a tuner made from the bytes of the one before. */
async function inSlices({ jobs, ...options }, steps) {
  let tuner = await createTuner(options);
  for (;;) {
    await tuner.advance({ steps });
    if (tuner.result) return tuner.result;
    tuner = await restoreTuner(tuner.save(), options);
  }
}

/**
 * @param {string} csv - the text of `fettle/data/wine.csv`
 * @param {number} jobs - threads, where the runtime has them
 * @param {Record<string, typeof tune>} others - other ways to the same
 * @returns {Promise<Record<"trials" | "weights" | "scores" | "predictions" | "ensemble" | "layers", string>>}
 * those of the dense networks in one go, and one each of all of an ensemble and of `layers.js`; with one
 * thread, in slices and in the other ways they are the same
 */
export async function study(csv, jobs, others = {}) {
  const dense = await inEveryWay(partsOf(csv), 40, jobs, others);
  const ensemble = await inEveryWay([ensembleOf(csv)], 40, jobs, others);
  const layers = await inEveryWay(layerParts, 7, jobs, others);
  return {
    ...dense,
    ensemble: await digestOfWords(Object.values(ensemble)),
    layers: await digestOfWords(Object.values(layers)),
  };
}

/** The digests of some parts, which are the same in slices of so many steps and in the other ways. */
async function inEveryWay(parts, steps, jobs, others) {
  const threaded = parts.map((part) => ({ ...part, jobs }));
  const results = await oneByOne(threaded, tune);
  const whole = await digestsOf(results);
  // the other ways have no threads, so the study with one has been through them
  const ways = jobs > 1 ? {} : { "cut into slices": (part) => inSlices(part, steps), ...others };
  for (const [how, search] of Object.entries(ways)) {
    const other = await digestsOf(await oneByOne(threaded, search));
    for (const what of Object.keys(whole)) {
      if (other[what] !== whole[what]) throw new Error(`${how}, the study comes to other ${what}`);
    }
  }
  return { ...whole, predictions: await predictionsOf(results, parts) };
}

/**
 * The SHA-256 of model files and of what a predictor makes of them.
 *
 * @throws {Error} unless a predictor and a model that was loaded answer as the one that was tuned
 */
async function predictionsOf(results, parts) {
  const digests = [];
  for (const [i, { final }] of results.entries()) {
    const { x, data } = parts[i];
    const rows = x ?? recordsOf(data);
    const bytes = saveModel(final);
    const answers = [final, await loadModel(bytes), await loadPredictor(bytes)].map((model) => [
      ...model.predict(rows).data,
    ]);
    for (const other of answers.slice(1))
      if (String(other) !== String(answers[0])) throw new Error("a saved model answers otherwise");
    digests.push(await digest(bytes), await digest(Float64Array.from(answers[0])));
  }
  return digestOfWords(digests);
}

/** A table as objects, one a row. */
function recordsOf({ rows, inputs, columns }) {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(inputs.map(({ name }, j) => [name, columns[j][row]])),
  );
}

/** What is tuned: for each strategy the options of `createTuner`. */
export function partsOf(csv) {
  const data = encodeTable(readTable(csv), { target: "cultivar" });
  return [tpe({ startupTrials: 5 }), gp({ startupTrials: 5 })].map((strategy) => ({
    data,
    space,
    model,
    strategy,
    fit: { epochs: 12, batchSize: 16, earlyStopping: { patience: 2 } },
    metric: "logLoss",
    validation: { folds: 3 },
    testSize: 0.2,
    trials: 15,
    lag: 3,
    seed: 11,
  }));
}

/** A tuning whose final model is the calibrated mean of several networks. */
function ensembleOf(csv) {
  return { ...partsOf(csv)[0], trials: 8, ensemble: 5, calibrate: true };
}

async function oneByOne(parts, search) {
  const results = [];
  for (const part of parts) results.push(await search(part));
  return results;
}

/**
 * @param {import("fettle").TuneResult[]} results - of the parts
 * @returns {Promise<{ trials: string, weights: string, scores: string }>} the SHA-256 of what was tried and
 * how it went, of the weights of the final models, and of all scores
 */
export async function digestsOf(results) {
  const trials = [];
  const weights = [];
  const scores = [];
  for (const result of results) {
    const failed = result.trials.find(({ status }) => status !== "complete");
    if (failed) throw new Error(`trial ${failed.number} is ${failed.status}: ${failed.error}`);
    trials.push(
      result.trials.map(({ number, params, status, steps }) => ({ number, params, status, steps })),
    );
    weights.push(...Object.values(result.final.model.getWeights()).flatMap(({ data }) => [...data]));
    scores.push(...result.trials.flatMap(({ value, std, scores }) => [value, std, ...scores]));
    scores.push(...Object.values(result.final.test));
  }
  if (![...weights, ...scores].every(Number.isFinite)) throw new Error("a result is not finite");
  return {
    trials: await digestOfWords([JSON.stringify(trials)]),
    weights: await digest(Float32Array.from(weights)),
    scores: await digest(Float64Array.from(scores)),
  };
}

function digestOfWords(words) {
  return digest(new TextEncoder().encode(words.join()));
}

async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
