/**
 * The page: reads the form, sends messages to the worker and shows its messages. It does no work of the study, so that it
 * responds at once while the worker trains. All data of a study come from the worker, also after a reload.
 */
import breastCancer from "fettle/data/breast-cancer.csv";
import diabetes from "fettle/data/diabetes.csv";
import wine from "fettle/data/wine.csv";
import { clearAnswer, hearAnswer, showAnswer } from "./answer.js";
import { fill, find, save, shown, written } from "./elements.js";
import { Pictures } from "./pictures.js";

const TABLES = { "breast-cancer": breastCancer, diabetes, wine };
/** How many of the best trials are listed. */
const LISTED = 10;
/** Milliseconds between updates of a running study, and of its pictures. */
const UPDATE = 200;
const REDRAW = 600;
/** Trials between updates of importances, which take longer. */
const EVERY = 10;

const form = find("#settings");
const fields = form.elements;
const [start, pause, stop] = ["#start", "#pause", "#stop"].map(find);
const pictures = new Pictures();

let worker = newWorker();
/** The chosen table: text or a file; undefined until there is one. */
let source;
/** Counts the chosen tables, so that a large one that is read late does not replace a later one. */
let asked = 0;
/** The running study, or the last one. */
let study;

function newWorker() {
  const made = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data: { type, ...message } }) => (hears[type] ?? hearAnswer)(message, type);
  made.onerror = ({ message }) => hears.error({ message: `the worker failed: ${message}` });
  return made;
}

// ---------------------------------------------------------------------------------------------------- the form

function chooseTable(given) {
  const own = fields.table.value === "own";
  shown("#own", own);
  source = given ?? (own ? undefined : TABLES[fields.table.value]);
  fields.target.replaceChildren();
  find("#about").textContent = "";
  shown("#look", false);
  say("");
  if (source !== undefined) worker.postMessage({ type: "table", source, id: ++asked });
}

function chooseOwn(given) {
  fields.table.value = "own";
  chooseTable(given);
}

/** @param target - the last column that can be predicted, as in most tables */
function showTable(
  { rows, columns, preview, notes },
  target = columns.findLast(({ refused }) => refused === undefined).name,
) {
  const made = columns.map(({ name, refused }) => {
    const option = new Option(refused === undefined ? name : `${name} (${refused})`, name);
    option.disabled = refused !== undefined;
    return option;
  });
  fields.target.replaceChildren(...made);
  fields.target.value = target;
  const left = columns.filter(({ reason }) => reason !== undefined).length;
  const words = [`${rows.toLocaleString("en")} rows, ${columns.length} columns`];
  if (left > 0) words.push(`${left} of them left out`);
  find("#about").textContent = [`${words.join("; ")}.`, ...notes].join(" ");
  fill(
    "#look",
    [
      ["", ...columns.map(({ name }) => name)],
      ["kind", ...columns.map(({ kind }) => kind)],
    ],
    preview.map((row, i) => [`row ${i + 1}`, ...row]),
  );
  shown("#look", true);
}

function say(message) {
  shown("#error", message !== "");
  find("#error").textContent = message;
}

for (const radio of fields.table) radio.addEventListener("change", () => chooseTable());
fields.file.addEventListener("change", () => chooseOwn(fields.file.files[0]));
fields.paste.addEventListener("change", () => chooseOwn(fields.paste.value || undefined));

addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.toggle("dropping", !fields.source.disabled);
});
addEventListener("dragleave", ({ relatedTarget }) => {
  if (relatedTarget === null) document.body.classList.remove("dropping");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const [file] = event.dataTransfer.files;
  if (file && fields.source.disabled)
    say("This study is still tuning: stop it before you drop another table.");
  else if (file) chooseOwn(file);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say("");
  if (source === undefined) return say("Choose a file first, or paste a table.");
  if (fields.target.value === "") return say("Choose a table that can be read, and a target column.");
  const [trials, epochs, seed] = ["trials", "epochs", "seed"].map((name) => fields[name].valueAsNumber);
  const settings = { table: fields.table.value, target: fields.target.value, trials, epochs, seed };
  begin(settings);
  worker.postMessage({ type: "start", settings, source });
  // in a narrow window, the progress is below the form
  if (!matchMedia("(min-width: 60rem)").matches) find("#work").scrollIntoView();
});

// -------------------------------------------------------------------------------------------------- the study

function begin(settings) {
  study = { settings, trials: [], steps: 0, direction: "maximize", state: "running", clock: 0, first: 0 };
  study.since = performance.now();
  document.body.dataset.state = study.state;
  for (const id of ["#history", "#curves", "#importances", "#results"]) shown(id, false);
  clearAnswer();
  changed();
}

const hears = {
  kept({ settings, table, source: kept }) {
    if (!settings) return chooseTable();
    fields.table.value = settings.table;
    shown("#own", settings.table === "own");
    for (const name of ["trials", "epochs", "seed"]) fields[name].value = settings[name];
    source = kept;
    showTable(table, settings.target);
    begin(settings);
  },
  table({ id, ...table }) {
    if (id === asked) showTable(table);
  },
  began({ finished, ...about }) {
    Object.assign(study, about, { first: finished, since: performance.now() });
    pictures.begin(about);
  },
  progress({ trials, steps }) {
    study.trials.push(...trials);
    study.steps = steps;
    pictures.add(trials);
    changed(UPDATE);
  },
  done({ fields: inputs, ...message }) {
    Object.assign(study, message, { state: "done", clock: elapsed() });
    changed();
    showAnswer({ ...study, inputs }, worker, pictures);
  },
  forgets({ message }) {
    say(`This study will be lost when the page closes: ${message}`);
  },
  error({ of, id, message }) {
    if (of === "table" && id !== asked) return;
    // an option of the library that this page lacks
    say(message.replace(/; choose as: \{[^{}]*\}/g, ""));
    if (of !== "start" && of !== "open" && of !== undefined) return;
    if (!study) return chooseTable();
    study.state = "failed";
    changed();
  },
};

/** Milliseconds that the study has been running here, without pauses. */
const elapsed = () => study.clock + (study.state === "running" ? performance.now() - study.since : 0);

pause.addEventListener("click", () => {
  const { state } = study;
  study.clock = elapsed();
  study.since = performance.now();
  study.state = state === "running" ? "paused" : "running";
  if (state === "stopped") {
    study.trials = [];
    worker.postMessage({ type: "open" });
  } else worker.postMessage({ type: state === "paused" ? "resume" : "pause" });
  changed();
});

stop.addEventListener("click", () => {
  worker.terminate();
  worker = newWorker();
  study.clock = elapsed();
  study.state = "stopped";
  changed();
});

find("#get-trials").addEventListener("click", () => {
  const names = Object.keys(study.space);
  const quoted = (value) =>
    /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : (value ?? "");
  const rows = study.trials.map(({ number, status, value, std, params }) => [
    number,
    status,
    value,
    std,
    ...names.map((name) => params[name]),
  ]);
  const lines = [["number", "status", "value", "std", ...names], ...rows].map((row) =>
    row.map(quoted).join(","),
  );
  save("trials.csv", `${lines.join("\n")}\n`, "text/csv");
});

// -------------------------------------------------------------------------------------------------- the display

let drawing = false;
let drawn = 0;
let redrawn = 0;

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

const WORDS = { running: "Tuning", paused: "Paused", stopped: "Stopped", failed: "Refused", done: "Done" };

function show() {
  const { state, settings, trials, steps, metric = "score" } = study;
  const active = state === "running" || state === "paused";
  const focused = document.activeElement;
  start.disabled = active;
  pause.disabled = !active && state !== "stopped";
  stop.disabled = !active;
  pause.textContent = state === "paused" || state === "stopped" ? "Resume" : "Pause";
  fields.source.disabled = fields.choice.disabled = active;
  // keyboard focus stays among the buttons
  if (focused?.matches(":disabled")) (active ? pause : start).focus({ preventScroll: true });
  document.body.dataset.state = state;
  find("#progress").value = state === "done" ? 1 : trials.length / settings.trials;
  find("#state").textContent = WORDS[state];
  find("#count").textContent = `${trials.length} of ${settings.trials}`;
  find("#steps").textContent = steps.toLocaleString("en");
  find("#left").textContent = left();
  shown("#empty", trials.length === 0);
  const best = ranked(study);
  find("#best-name").textContent = `Best ${metric}`;
  find("#best").textContent = best.length > 0 ? best[0].value.toFixed(4) : "–";
  if (trials.length > 0 && study.space) showPictures();
  if (best.length > 0) showResults(best.slice(0, LISTED));
}

function left() {
  const { state, settings, trials, first } = study;
  if (state === "done") return "none";
  const here = trials.length - first;
  if (state !== "running" || here < 2) return "–";
  const seconds = Math.round(((elapsed() / here) * (settings.trials - trials.length)) / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Trials with a value, the best first. */
function ranked({ trials, direction }) {
  const sign = direction === "maximize" ? -1 : 1;
  return trials.filter(({ value }) => value !== null).sort((a, b) => sign * (a.value - b.value));
}

const picture = (id) => find(`${id} .picture`);

function showPictures() {
  const { trials, state } = study;
  for (const id of ["#history", "#curves"]) shown(id, true);
  const now = performance.now();
  if (state === "running" && now < redrawn + REDRAW) return changed(REDRAW);
  redrawn = now;
  pictures.show("history", picture("#history"));
  showCurves();
  if (trials.length < 2 * EVERY || (trials.length === study.weighed && state !== "done")) return;
  if (trials.length < (study.weighed ?? 0) + EVERY && state !== "done") return;
  study.weighed = trials.length;
  shown("#importances", true);
  pictures.show("importances", picture("#importances"));
}

const select = find("#shown");

function showCurves() {
  const { value } = select;
  pictures.show("curves", picture("#curves"), value === "all" ? {} : { trial: Number(value) });
}

select.addEventListener("change", showCurves);
pictures.onTrial = (number) => {
  if (![...select.options].some(({ value }) => value === String(number)))
    select.append(new Option(`trial ${number}`, number));
  select.value = String(number);
  showCurves();
  find("#curves").scrollIntoView({ block: "nearest", behavior: "smooth" });
};

function showResults(best) {
  shown("#results", true);
  const numbers = best.map(({ number }) => number);
  const chosen = select.value || "all";
  // a list that is open must not change under the pointer
  if (document.activeElement !== select && numbers.join() !== study.listed) {
    study.listed = numbers.join();
    const others =
      numbers.includes(Number(chosen)) || chosen === "all" ? numbers : [...numbers, Number(chosen)];
    select.replaceChildren(
      new Option("all trials", "all"),
      ...others.map((number) => new Option(`trial ${number}`, number)),
    );
    select.value = chosen;
  }
  const names = [...new Set(best.flatMap(({ params }) => Object.keys(params)))];
  const rows = best.map(({ number, value, std, params }) => [
    ...[number, `${value.toFixed(4)} ± ${std.toFixed(4)}`],
    ...names.map((name) => written(params[name])),
  ]);
  fill("#results", [["trial", study.metric ?? "score", ...names]], rows);
}

// from now on the page opens offline; if a browser forbids that, it still works online
navigator.serviceWorker?.register(new URL("./offline.js", import.meta.url)).catch(() => {});
// scrolling areas must be reachable by keyboard
for (const part of document.querySelectorAll(".scrolls")) part.tabIndex = 0;
worker.postMessage({ type: "open" });
