/**
 * What every runtime does: trains a small network, tunes another, and digests every bit
 * of what came out. It touches no file, thread or clock itself, so that any host runs it. It prints
 * nothing and compares nothing; `run.js` does.
 */
import { adam, binaryCrossentropy, dense, dropout, float, int, sequential, tune } from "fettle";

/** 5 steps an epoch, of which the last has 10 rows only. */
const ROWS = 90;
const BATCH_SIZE = 20;
const EPOCHS = 10;
const COLUMNS = 4;

/**
 * @returns {Promise<{ runtime: string, digest: string }>} the host that this ran on, and the SHA-256 of the weights
 * after 50 steps, the losses on the way, and the parameters and values of the trials of two studies
 */
export async function smoke() {
  const { x, y } = examples();
  const numbers = [...(await trained(x, y)), ...(await tuned(x, y, 1)), ...(await tuned(x, y, 2))];
  if (!numbers.every(Number.isFinite)) throw new Error(`a result is not finite: ${numbers}`);
  return { runtime: runtimeName(), digest: await digest(Float64Array.from(numbers)) };
}

/** Points of a grid, and whether they lie above a plane. Sums of eighths, so exact everywhere. */
function examples() {
  let state = 1;
  const next = () => {
    state = (state * 1103 + 12345) % 65521;
    return ((state % 33) - 16) / 8;
  };
  const x = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, next));
  const y = x.map(([a, b, c, d]) => Number(2 * a - b + c - d / 2 > 0));
  return { x, y };
}

/** Dropout, Adam, shuffling and a ragged last batch: the weights and the losses of 50 steps. */
async function trained(x, y) {
  const model = sequential([
    dense(16, { activation: "relu" }),
    dropout(0.2),
    dense(1, { activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: binaryCrossentropy() });
  const { history } = await model.fit(x, y, {
    epochs: EPOCHS,
    batchSize: BATCH_SIZE,
    shuffle: true,
    seed: 7,
  });
  const weights = Object.values(model.getWeights()).flatMap(({ data }) => [...data]);
  return [...weights, ...history.loss];
}

/** Four random trials on two folds: drawn parameters, means and deviations. On workerd two jobs share the one thread. */
async function tuned(x, y, jobs) {
  const { trials } = await tune({
    x,
    y,
    space: { units: int(4, 32, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
    model: ({ units, learningRate }) => {
      const model = sequential([dense(units, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
      return model;
    },
    fit: { epochs: 5, batchSize: 16 },
    metric: "logLoss",
    validation: { folds: 2 },
    trials: 4,
    jobs,
    seed: 3,
  });
  const failed = trials.find(({ status }) => status !== "complete");
  if (failed) throw new Error(`trial ${failed.number} is ${failed.status}: ${failed.error}`);
  return trials.flatMap(({ params, value, std }) => [params.units, params.learningRate, value, std]);
}

/** The host by what only it has. */
function runtimeName() {
  if ("Deno" in globalThis) return "deno";
  if ("Bun" in globalThis) return "bun";
  return globalThis.navigator?.userAgent === "Cloudflare-Workers" ? "workerd" : "node";
}

/** float32 numbers keep their bits as float64 ones. */
async function digest(numbers) {
  const bytes = await crypto.subtle.digest("SHA-256", numbers);
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
