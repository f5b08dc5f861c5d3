/**
 * What is tuned: a dense network for a table. It depends on no page and no worker, so that Node gives the same bits with it
 * (`test/runtimes/example.js`).
 */
import { denseFit, denseModel, densePipeline, denseSpace, encodeTable, readTable } from "fettle";

const TEST_SIZE = 0.2;
const FOLDS = 5;

/**
 * The options of the tuner.
 *
 * @param {{ csv: string, target: string, trials: number, epochs: number, seed: number }} settings
 * @throws FettleError for invalid tables and settings
 */
export function optionsFor({ csv, target, trials, epochs, seed }) {
  const data = encodeTable(readTable(csv), { target });
  const rows = Math.floor(data.rows * (1 - TEST_SIZE) * (1 - 1 / FOLDS));
  const { epochs: _, ...space } = denseSpace(rows, data.inputs.length); // the page sets their number
  return {
    data,
    trials,
    seed,
    testSize: TEST_SIZE,
    validation: { folds: FOLDS },
    metric: data.task === "classification" ? "accuracy" : "r2",
    space,
    pipeline: densePipeline(data),
    model: (params) => denseModel(data, params),
    fit: (params) => denseFit(params, { epochs }),
  };
}

/** The SHA-256 of parameters, values, scores and final weights, as hexadecimal digits. */
export async function fingerprint(result) {
  const { trials } = result;
  const tried = trials.map(({ number, params, value, scores }) => ({ number, params, value, scores }));
  const weights = Object.values(result.finalError ? {} : result.final.model.getWeights()).flatMap(
    ({ data }) => [...data],
  );
  const bytes = new TextEncoder().encode(JSON.stringify([tried, weights]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
