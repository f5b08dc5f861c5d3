/** The text of some pictures, the same wherever this is run: in a page, in a Web Worker, in Node and in Deno. */
import { plotHistory, plotParallel, plotRates, renderSvg } from "fettle/report";

const share = (number, prime) => ((number * prime) % 97) / 97;
const study = {
  name: "study",
  space: {
    rate: { type: "float", low: 1e-4, high: 1, log: true },
    units: { type: "int", low: 4, high: 64 },
    kind: { type: "choice", values: ["relu", "Größe <b>"] },
  },
  strategy: "random",
  directions: ["minimize"],
  metrics: ["logLoss"],
  trials: Array.from({ length: 40 }, (_, number) => ({
    number,
    params: { rate: 1e-4 * (1 + 9999 * share(number, 31)), units: 4 + (number % 60), kind: "relu" },
    value: 0.125 + share(number, 41),
    std: null,
    status: "complete",
    seconds: 0.5,
  })),
};
const rates = [0.001, 0.01, 0.1, 1];
const test = { rates, losses: [2, 1, 0.5, 3], smoothed: [2, 1.5, 1, 2], suggested: 0.01, belowMinimum: 0.01 };

/** @returns {Promise<{ options: string, svgs: string[] }>} */
export async function pictures() {
  const plots = [plotHistory(study), plotParallel(study), plotRates({ ...test, reason: "finished" })];
  const svgs = [];
  for (const plot of plots) svgs.push(await renderSvg(plot, { theme: "dark" }));
  return { options: JSON.stringify(plots), svgs };
}

if (globalThis.WorkerGlobalScope !== undefined && globalThis.location?.hash === "#worker")
  postMessage(await pictures());
else if (globalThis.document !== undefined)
  globalThis.reported = Promise.all([
    pictures(),
    new Promise((resolve, reject) => {
      const worker = new Worker(`${import.meta.url}#worker`, { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`in a worker: ${message}`));
    }),
  ]);
else if (globalThis.process?.argv.includes("--print")) console.log(JSON.stringify(await pictures()));
