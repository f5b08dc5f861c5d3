/**
 * The page: reads the form, tells the worker, shows what it hears. It computes nothing of the search, so that it answers
 * at once while the worker trains.
 */
import breastCancer from "fettle/data/breast-cancer.csv";
import diabetes from "fettle/data/diabetes.csv";
import wine from "fettle/data/wine.csv";
import { drawChart } from "./chart.js";

const TABLES = { "breast-cancer": breastCancer, diabetes, wine };
/** How many of the best trials are listed. */
const LISTED = 10;
/** Milliseconds between pictures of a search at work. */
const PICTURE = 200;

const find = (selector) => document.querySelector(selector);
const form = find("#settings");
const fields = form.elements;
const [start, pause, stop] = ["#start", "#pause", "#stop"].map(find);

const newWorker = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

/** The table that is chosen, as text; undefined until a file is. */
let csv;
/** The tuning that is at work, or was the last: its worker, settings, trials, steps, and when it began. */
let tuning;

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

/** The first answer of a worker. */
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

// -------------------------------------------------------------------------------------------------- the tuning

function begin(settings) {
  tuning?.worker.terminate();
  const worker = newWorker();
  tuning = {
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

function hear({ type, ...told }) {
  if (type === "progress") {
    const { trials, ...now } = told;
    tuning.trials.push(...trials);
    Object.assign(tuning, now);
    changed(PICTURE);
    return;
  }
  if (type === "done") {
    Object.assign(tuning, told, { state: "done", took: performance.now() - tuning.began });
    tuning.worker.terminate();
  } else {
    tuning.state = "failed";
    tuning.worker.terminate();
    say(told.message);
  }
  changed();
}

pause.addEventListener("click", () => {
  const paused = tuning.state === "paused";
  tuning.state = paused ? "running" : "paused";
  tuning.worker.postMessage({ type: paused ? "resume" : "pause" });
  changed();
});

stop.addEventListener("click", () => {
  tuning.worker.terminate();
  tuning.state = "stopped";
  changed();
});

// -------------------------------------------------------------------------------------------------- the picture

let drawing = false;
let drawn = 0;

/** Shows the tuning as it is, once for all that happens within so many milliseconds. */
function changed(within = 0) {
  if (drawing || !tuning) return;
  drawing = true;
  setTimeout(() => requestAnimationFrame(picture), Math.max(0, drawn + within - performance.now()));
}

function picture() {
  drawing = false;
  drawn = performance.now();
  show();
}

function show() {
  const { state, settings, trials, steps, direction, metric = "score" } = tuning;
  const active = state === "running" || state === "paused";
  const focused = document.activeElement;
  start.disabled = active;
  pause.disabled = !active;
  stop.disabled = !active;
  pause.textContent = state === "paused" ? "Resume" : "Pause";
  find("fieldset").disabled = active;
  // who came by keyboard stays among the buttons
  if (focused?.matches(":disabled")) (active ? pause : start).focus();
  document.body.dataset.state = state;
  find("#progress").value = state === "done" ? 1 : trials.length / settings.trials;
  const best = ranked(tuning)[0];
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
  const { state, test, fingerprint, took } = tuning;
  find("#results").hidden = false;
  const scores = Object.entries(test ?? {}).map(([name, score]) => `${name} ${score.toFixed(4)}`);
  find("#final").textContent =
    state === "done"
      ? `In ${(took / 1000).toFixed(1)} s. Fitted again and scored on rows that no trial saw: ${scores.join(", ")}. ` +
        `Fingerprint of trials and weights: ${fingerprint}.`
      : "The score is the mean over five folds.";
  const best = ranked(tuning).slice(0, LISTED);
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
