/**
 * The text of some pictures, the same wherever this is run: in a page, in a Web Worker, in Node and in Deno.
 */
import { ready } from "fettle";
import * as report from "fettle/report";

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
    params: {
      rate: 1e-4 * (1 + 9999 * share(number, 31)),
      units: 4 + (number % 60),
      kind: number % 3 ? "relu" : "Größe <b>",
    },
    value: 0.125 + share(number, 41),
    std: null,
    status: "complete",
    seconds: 0.5,
  })),
};
const rates = [0.001, 0.01, 0.1, 1];
const test = { rates, losses: [2, 1, 0.5, 3], smoothed: [2, 1.5, 1, 2], suggested: 0.01, belowMinimum: 0.01 };

const sweep = { parameter: "rate", metric: "accuracy", direction: "maximize" };
const swept = [0.01, 0.1, 1].map((value, i) => ({ value, mean: 0.5 + 0.2 * (i % 2), std: 0.1 }));
const front = {
  ...study,
  directions: ["minimize", "maximize"],
  metrics: ["logLoss", "accuracy"],
  trials: study.trials.map((trial) => ({
    ...trial,
    value: null,
    values: [trial.value, share(trial.number, 43)],
  })),
};
const p = Array.from({ length: 60 }, (_, i) => share(i, 59));
const classes = {
  target: "kind",
  classes: ["no", "yes"],
  truth: p.map((each, i) => Number(each > share(i, 47))),
  predicted: p.map((each) => Number(each >= 0.5)),
  probabilities: p.map((each) => [1 - each, each]),
};
const numbers = {
  target: "price",
  truth: p.map((each) => 10 * each),
  predicted: p.map((each, i) => 10 * each + share(i, 31)),
};
const cities = { name: "city", values: p.map((each) => (each > 0.3 ? "Oslo" : "東京")) };

/** Every kind of picture. */
const plots = () => [
  report.plotHistory(study),
  report.plotHistory(study, { against: "time" }),
  report.plotTimeline(study),
  report.plotComparison([study, { ...study, name: "half", trials: study.trials.slice(0, 20) }]),
  report.plotCurves({
    ...study,
    trials: study.trials.map((trial) => ({ ...trial, curve: [2, 1, trial.value] })),
  }),
  report.plotImportances(study),
  report.plotSlice(study, "rate"),
  report.plotSlice(study, "kind"),
  report.plotContour(study, "rate", "units"),
  report.plotRanks(study, "rate", "kind"),
  report.plotParallel(study),
  report.plotParetoFront(front),
  report.plotConfusion(classes),
  report.plotPrecisionRecall(classes),
  report.plotRoc(classes),
  report.plotCalibration(classes),
  report.plotResiduals(numbers),
  report.plotSegments(numbers, cities),
  report.plotRates({ ...test, reason: "finished" }),
  report.plotSweep(swept, sweep),
];

/** The kernels that importances, slices and contours compute with, from the file beside this one. */
async function load() {
  const url = new URL("kernels.wasm", import.meta.url);
  const bytes =
    url.protocol === "file:"
      ? await (await import("node:fs/promises")).readFile(url)
      : await (await fetch(url)).arrayBuffer();
  await ready({ module: await WebAssembly.compile(bytes) });
}

/** @returns {Promise<{ options: string, svgs: string[], refused: string }>} */
export async function pictures() {
  let refused = "";
  try {
    report.plotContour(study, "rate", "units");
  } catch ({ code, message }) {
    refused = `${code}: ${message}`;
  }
  await load();
  const drawn = plots();
  const svgs = [];
  for (const plot of drawn) svgs.push(await report.renderSvg(plot, { theme: "dark" }));
  return { options: JSON.stringify(drawn), svgs, refused };
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
