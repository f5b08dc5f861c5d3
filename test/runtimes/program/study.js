/**
 * The study that every runtime must bring to the same bits: a space of every kind of parameter, two
 * strategies that learn, dropout, early stopping and folds, on a real table. It touches no file, thread or
 * clock itself.
 */
import {
  adam,
  batchNormalization,
  choice,
  createTraining,
  createTuner,
  dense,
  dropout,
  earlyStopping,
  encodeTable,
  float,
  gp,
  int,
  loadModel,
  readTable,
  reduceLROnPlateau,
  restoreTraining,
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
 * @returns {Promise<Record<"trials" | "weights" | "scores" | "predictions" | "ensemble" | "layers" |
 * "training", string>>} those of the dense networks in one go, and one each of all of an ensemble, of
 * `layers.js` and of a training; with one thread, in slices and in the other ways they are the same
 */
export async function study(csv, jobs, others = {}) {
  const dense = await inEveryWay(partsOf(csv), 40, jobs, others);
  const ensemble = await inEveryWay([ensembleOf(csv)], 40, jobs, others);
  const layers = await inEveryWay(layerParts, 7, jobs, others);
  return {
    ...dense,
    ensemble: await digestOfWords(Object.values(ensemble)),
    layers: await digestOfWords(Object.values(layers)),
    training: await trainingDigest(csv),
  };
}

/**
 * The SHA-256 of a training in slices of 7 steps, each resumed from the bytes of the one before: of all
 * bytes, of the model and the history.
 *
 * @throws {Error} unless model and history are those of one `fit`
 */
async function trainingDigest(csv) {
  const { inputs, columns, y, rows } = encodeTable(readTable(csv), { target: "cultivar" });
  const x = Float32Array.from({ length: rows * inputs.length }, (_, i) => {
    return columns[i % inputs.length][Math.floor(i / inputs.length)];
  });
  const [features, targets] = [x, y].map((data) => ({ data, shape: [rows, data.length / rows] }));
  const given = (network) => [network, features, targets, optionsOfFit()];
  const whole = networkOfFit();
  const history = JSON.stringify(await whole.fit(...given(whole).slice(1)));
  const expected = await digest(saveModel(whole, { optimizer: true }));
  const digests = [expected, history];
  let network = networkOfFit();
  let training = await createTraining(...given(network));
  while (!training.result) {
    await training.advance({ steps: 7 });
    const bytes = training.save();
    digests.push(await digest(bytes));
    await training.free();
    network = networkOfFit();
    training = await restoreTraining(bytes, ...given(network));
  }
  if (
    (await digest(saveModel(network, { optimizer: true }))) !== expected ||
    JSON.stringify(training.result) !== history
  )
    throw new Error("a training in slices differs from one fit");
  return digestOfWords(digests);
}

function networkOfFit() {
  const network = sequential([
    dense(12, { activation: "gelu" }),
    batchNormalization(),
    dropout(0.2),
    dense(3, { activation: "softmax" }),
  ]);
  network.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return network;
}

const optionsOfFit = () => ({
  epochs: 9,
  batchSize: 16,
  validationSplit: 0.2,
  seed: 6,
  callbacks: [reduceLROnPlateau({ patience: 1, factor: 0.5 }), earlyStopping({ patience: 4 })],
});

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
