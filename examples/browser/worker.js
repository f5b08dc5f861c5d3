/**
 * The Web Worker: reads tables, tunes in slices, keeps the study in the browser, and answers the page between slices. The page sends
 * `{ type, ... }`; it sends back `kept`, `table`, `began`, `progress`, `done`, `prediction`, `row`, `model` and `error`. The page stops it
 * by terminating it: finished trials are kept.
 */
import { compareBaselines, createTuner, FettleError, ready, saveModel } from "fettle";
import kernels from "fettle/kernels.wasm"; // its address, from esbuild's file loader
import { memoryStorage, recordStudy } from "fettle/store";
import { indexedDbStorage } from "fettle/store/indexeddb";
import { aboutTable, textOf } from "./reading.js";
import { errorsOf, fieldsOf, rowOf } from "./results.js";
import { fingerprint, optionsFor } from "./tuning.js";

/** Milliseconds of a slice: how long a pause takes at most, unless a trial is being suggested. */
const SLICE = 50;
const STUDY = "tuning";
const TABLE = "table.csv";

let paused = false;
let resume = () => {};
/** The finished study: its result and its inputs. */
let finished;

const storage = openStorage();
const kernelsReady = loadKernels();

const answers = {
  /** The study of an earlier visit. */
  async open() {
    const kept = await (await storage).open(STUDY);
    const bytes = (await kept?.artifact(TABLE))?.bytes;
    if (!bytes) return postMessage({ type: "kept" });
    const csv = new TextDecoder().decode(bytes);
    const source = new Blob([bytes]);
    postMessage({ type: "kept", settings: kept.settings, table: aboutTable(csv), source });
    await run(kept.settings, csv);
  },
  async table({ source, id }) {
    postMessage({ type: "table", id, ...aboutTable(await textOf(source)) });
  },
  async start({ settings, source }) {
    const csv = await textOf(source);
    if ((await (await storage).names()).includes(STUDY)) await (await storage).delete(STUDY);
    await run(settings, csv);
  },
  pause() {
    paused = true;
  },
  resume() {
    paused = false;
    resume();
  },
  predict({ row }) {
    const { final } = finished.result;
    postMessage({ type: "prediction", task: finished.options.data.task, answer: final.answers(row)[0] });
  },
  row({ index }) {
    const { result, options } = finished;
    postMessage({ type: "row", ...rowOf(options.data, result.testRows[index % result.testRows.length]) });
  },
  model() {
    postMessage({ type: "model", bytes: saveModel(finished.result.final) });
  },
};

addEventListener("message", async ({ data: { type, ...message } }) => {
  try {
    await kernelsReady;
    await answers[type](message);
  } catch (error) {
    const code = error instanceof FettleError ? error.code : "internal";
    postMessage({ type: "error", of: type, id: message.id, code, message: error.message });
  }
});

async function run(settings, csv) {
  // a second tab would train the same trials again
  await navigator.locks.request("fettle-tuning", { ifAvailable: true }, async (lock) => {
    if (!lock)
      throw new FettleError(
        "conflict",
        "another tab of this page is tuning, and its study is stored here; continue in that tab, or stop it and reload this one",
      );
    await tuneInSlices(settings, csv);
  });
}

async function tuneInSlices(settings, csv) {
  const options = optionsFor({ csv, ...settings });
  const recorder = await recordStudy(await storage, STUDY, settings);
  const { study: earlier } = recorder;
  const tuner = await createTuner({
    ...options,
    onEvent: recorder.onEvent,
    ...(earlier && { study: earlier }),
  });
  const { study } = tuner;
  const { direction, space } = study;
  const about = {
    direction,
    space,
    strategy: { name: study.strategy.name },
    metric: options.metric,
    name: settings.target,
  };
  postMessage({ type: "began", ...about, finished: study.trials.length });
  let steps = 0;
  let sent = 0;
  let isNew = earlier === undefined;
  while (!tuner.result) {
    const slice = await tuner.advance({ maxMilliseconds: SLICE });
    steps += slice.steps;
    const trials = study.trials.slice(sent);
    sent += trials.length;
    const kept = await recorder.saved();
    if (isNew && kept) {
      await kept.keep(TABLE, new TextEncoder().encode(csv));
      isNew = false;
    }
    postMessage({ type: "progress", steps, trials: trials.map(plain) });
    await turn();
    if (paused) await new Promise((go) => (resume = go));
  }
  const { result } = tuner;
  finished = { result, options };
  postMessage({
    type: "done",
    fingerprint: await fingerprint(result),
    ...(!result.finalError && {
      test: result.final.test,
      baselines: await compareBaselines(result, options),
      errors: errorsOf(result, options.data),
      fields: fieldsOf(options.data),
      testRows: result.testRows.length,
    }),
  });
}

/** A trial in a form that can be sent: its curves as plain data. */
const plain = ({ curves, ...trial }) => ({ ...trial, ...(curves && { curves: { ...curves } }) });

/** The browser's database; if it forbids one, memory, and a message to the page. */
async function openStorage() {
  try {
    return await indexedDbStorage("fettle-page");
  } catch (error) {
    postMessage({ type: "forgets", message: error.message });
    return memoryStorage();
  }
}

async function loadKernels() {
  const response = await fetch(new URL(kernels, import.meta.url));
  if (!response.ok)
    throw new Error(`the kernels could not be loaded: the server answered ${response.status}`);
  await ready({ module: await WebAssembly.compile(await response.arrayBuffer()) });
}

/** A turn of the event loop, in which messages arrive. */
const turn = () => new Promise((go) => setTimeout(go));
