/**
 * The page: reads the form, sends messages to the worker and shows its messages. It does no work of the study, so that it
 * responds at once while the worker trains.
 */
import breastCancer from "fettle/data/breast-cancer.csv";
import diabetes from "fettle/data/diabetes.csv";
import wine from "fettle/data/wine.csv";
import { drawChart } from "./chart.js";

const TABLES = { "breast-cancer": breastCancer, diabetes, wine };
/** How many of the best trials are listed. */
const LISTED = 10;
/** Milliseconds between updates of a running study. */
const UPDATE = 200;

const find = (selector) => document.querySelector(selector);
const form = find("#settings");
const fields = form.elements;
const [start, pause, stop] = ["#start", "#pause", "#stop"].map(find);

const newWorker = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

/** The chosen table, as text; undefined until a file is chosen. */
let csv;
/** The running study, or the last one: its worker, settings, trials, steps, and when it began. */
let study;

// ---------------------------------------------------------------------------------------------------- the form

async function chooseTable() {
  const own = fields.table.value === "file";
  find("#file").hidden = !own;
  csv = own ? await fields.file.files[0]?.text() : TABLES[fields.table.value];
  fields.target.replaceChildren();
  say("");
  if (csv === undefined) return;
  const worker = newWorker();
  const { columns, message } = await answerOf(worker, { type: "columns", csv });
  worker.terminate();
  if (message) return say(message);
  fields.target.append(...columns.map((name) => new Option(name)));
  fields.target.selectedIndex = columns.length - 1;
}

/** The first message of a worker. */
function answerOf(worker, question) {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ message });
    worker.postMessage(question);
  });
}

function say(message) {
  find("#error").hidden = message === "";
  find("#error").textContent = message;
}

fields.table.addEventListener("change", chooseTable);
fields.file.addEventListener("change", chooseTable);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say("");
  if (csv === undefined) return say("Choose a file first.");
  const [trials, epochs, seed] = ["trials", "epochs", "seed"].map((name) => fields[name].valueAsNumber);
  begin({ csv, target: fields.target.value, trials, epochs, seed });
});

// -------------------------------------------------------------------------------------------------- the study

function begin(settings) {
  study?.worker.terminate();
  const worker = newWorker();
  study = {
    worker,
    settings,
    trials: [],
    steps: 0,
    direction: "maximize",
    state: "running",
    began: performance.now(),
  };
  find("#results").hidden = true;
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = ({ message }) => hear({ type: "error", message: `the worker failed: ${message}` });
  worker.postMessage({ type: "start", settings });
  changed();
}

function hear({ type, ...message }) {
  if (type === "progress") {
    const { trials, ...now } = message;
    study.trials.push(...trials);
    Object.assign(study, now);
    changed(UPDATE);
    return;
  }
  if (type === "done") {
    Object.assign(study, message, { state: "done", took: performance.now() - study.began });
    study.worker.terminate();
  } else {
    study.state = "failed";
    study.worker.terminate();
    say(message.message);
  }
  changed();
}

pause.addEventListener("click", () => {
  const paused = study.state === "paused";
  study.state = paused ? "running" : "paused";
  study.worker.postMessage({ type: paused ? "resume" : "pause" });
  changed();
});

stop.addEventListener("click", () => {
  study.worker.terminate();
  study.state = "stopped";
  changed();
});

// -------------------------------------------------------------------------------------------------- the display

let drawing = false;
let drawn = 0;

/** Shows the study, at most once in `within` milliseconds. */
function changed(within = 0) {
  if (drawing || !study) return;
  drawing = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawn + within - performance.now()));
}

function draw() {
  drawing = false;
  drawn = performance.now();
  show();
}

function show() {
  const { state, settings, trials, steps, direction, metric = "score" } = study;
  const active = state === "running" || state === "paused";
  const focused = document.activeElement;
  start.disabled = active;
  pause.disabled = !active;
  stop.disabled = !active;
  pause.textContent = state === "paused" ? "Resume" : "Pause";
  find("fieldset").disabled = active;
  // keyboard focus stays among the buttons
  if (focused?.matches(":disabled")) (active ? pause : start).focus();
  document.body.dataset.state = state;
  find("#progress").value = state === "done" ? 1 : trials.length / settings.trials;
  const best = ranked(study)[0];
  const count = `: ${trials.length} of ${settings.trials} trials, ${steps.toLocaleString("en")} steps of training`;
  find("#state").textContent = WORDS[state];
  find("#count").textContent = best
    ? `${count}; the best ${metric} is ${best.value.toFixed(4)}.`
    : `${count}.`;
  const values = trials.map(({ value }) => value);
  drawChart(find("#chart"), values, settings.trials, direction, metric);
  if (best) showResults();
}

const WORDS = { running: "Tuning", paused: "Paused", stopped: "Stopped", failed: "Refused", done: "Done" };

/** Trials with a value, the best first. */
function ranked({ trials, direction }) {
  const sign = direction === "maximize" ? -1 : 1;
  return trials.filter(({ value }) => value !== null).sort((a, b) => sign * (a.value - b.value));
}

function showResults() {
  const { state, test, fingerprint, took } = study;
  find("#results").hidden = false;
  const scores = Object.entries(test ?? {}).map(([name, score]) => `${name} ${score.toFixed(4)}`);
  find("#final").textContent =
    state === "done"
      ? `In ${(took / 1000).toFixed(1)} s. The final model, scored on rows that no trial saw: ${scores.join(", ")}. ` +
        `Fingerprint of trials and weights: ${fingerprint}.`
      : "The score is the mean over five folds.";
  const best = ranked(study).slice(0, LISTED);
  const names = [...new Set(best.flatMap(({ params }) => Object.keys(params)))];
  const rows = best.map(({ number, value, std, params }) => [
    number + 1,
    `${value.toFixed(4)} ± ${std.toFixed(4)}`,
    ...names.map((name) => cell(params[name])),
  ]);
  fill("thead", [["trial", "score", ...names]], "th");
  fill("tbody", rows, "td");
}

function cell(value) {
  if (value === undefined) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(3);
}

function fill(part, rows, kind) {
  const made = rows.map((cells) => {
    const row = document.createElement("tr");
    for (const content of cells) {
      const one = document.createElement(kind);
      one.textContent = content;
      row.append(one);
    }
    return row;
  });
  find(`#results ${part}`).replaceChildren(...made);
}

new ResizeObserver(() => changed()).observe(find("#chart"));
await chooseTable();
