/** The finished study: the scores and errors of its model, and predictions of a row by hand. */
import { fill, find, made, save, shown, written } from "./elements.js";

/** Inputs beyond this number get no fields; they keep the values of the row. */
const MOST_FIELDS = 200;
/** Milliseconds after the last key until a row is predicted. */
const PAUSE = 120;

const form = find("#inputs");
/** The study on display, and the worker that holds its model. */
let inputs = [];
let shownStudy;
let worker;
let itsPictures;
let index = 0;
let timer;

export function clearAnswer() {
  for (const id of ["#answer", "#errors", "#predict"]) shown(id, false);
}

/** @param {{ test?: object, baselines?: object, errors?: object, inputs?: object[] }} study - as the worker sends it */
export function showAnswer(study, itsWorker, pictures) {
  const { test, baselines, errors, fingerprint } = study;
  [shownStudy, worker, itsPictures] = [study, itsWorker, pictures];
  shown("#answer", true);
  const seconds = (study.clock / 1000).toFixed(1);
  find("#final").textContent =
    `In ${seconds} s. Fingerprint of trials and weights, for comparison with other machines: ${fingerprint}.`;
  if (!test) {
    find("#verdict").textContent = "No trial gave a model.";
    return;
  }
  find("#verdict").textContent = verdictOf(study);
  find("#scores").replaceChildren(
    ...Object.keys(test).map((name) => tile(name, test[name], baselines.scores[name])),
  );
  shown("#errors", true);
  shown("#confusion", errors.matrix !== undefined);
  shown("#residuals", errors.matrix === undefined);
  if (errors.matrix) showConfusion(errors);
  else pictures.show("residuals", find("#residuals .picture"), errors);
  inputs = study.inputs;
  shown("#predict", true);
  form.replaceChildren(...inputs.slice(0, MOST_FIELDS).map(fieldOf));
  index = 0;
  worker.postMessage({ type: "row", index });
}

find("#get-report").addEventListener("click", () => {
  const { test, baselines, fingerprint, settings, errors } = shownStudy;
  const { matrix: _, ...predictions } = errors;
  const facts = [
    ["seed", String(settings.seed)],
    ["epochs", String(settings.epochs)],
    ["fingerprint", fingerprint],
  ];
  itsPictures.report({
    folds: 5,
    test,
    baselines,
    predictions,
    repeat: { facts },
    title: `Predicting ${settings.target}`,
  });
});

const VERDICTS = {
  final: "It is better than a linear model and a constant, with 95 % confidence.",
  level: "The test rows do not show whether it or a linear model is better (95 % confidence).",
  linear: "A linear model is better, with 95 % confidence: use that one.",
  constant:
    "It is not better than a constant with 95 % confidence: the columns may not determine the target.",
};

function verdictOf({ trials, baselines, settings }) {
  return (
    `The best of ${trials.length} networks, refitted, predicts “${settings.target}” for ${baselines.rows} rows that no trial saw. ` +
    VERDICTS[baselines.verdict]
  );
}

/** Four decimals, and fewer of large numbers. */
const scored = (score) => (Math.abs(score) < 100 ? score.toFixed(4) : score.toPrecision(5));

function tile(name, score, reference) {
  const value = made("dd", scored(score));
  const words = [];
  if (reference?.interval) words.push(`95 %: ${reference.interval.map(scored).join(" to ")}`);
  if (reference?.linear !== undefined) words.push(`linear ${scored(reference.linear)}`);
  if (reference) words.push(`constant ${scored(reference.constant)}`);
  value.append(...words.map((text) => made("small", text)));
  return made("div", "", made("dt", name), value);
}

function showConfusion({ classes, matrix }) {
  const right = matrix.reduce((sum, row, i) => sum + row[i], 0);
  const all = matrix.flat().reduce((sum, count) => sum + count, 0);
  find("#confusion caption").textContent =
    `Rows are true classes, columns predicted ones: ${right} of ${all} are right.`;
  fill(
    "#confusion",
    [["", ...classes]],
    matrix.map((row, i) => [classes[i], ...row]),
  );
  for (const [i, row] of [...find("#confusion tbody").rows].entries()) {
    const total = Math.max(
      1,
      matrix[i].reduce((sum, count) => sum + count, 0),
    );
    for (const [j, cell] of [...row.cells].slice(1).entries()) {
      cell.style.setProperty("--share", matrix[i][j] / total);
      cell.classList.toggle("wrong", i !== j && matrix[i][j] > 0);
    }
  }
}

// ---------------------------------------------------------------------------------------------- a row by hand

function fieldOf({ name, kind, categories, step }) {
  const isWord = kind === "category" || kind === "boolean";
  const field = document.createElement(isWord ? "select" : "input");
  if (isWord) field.append(new Option("missing", ""), ...categories.map((word) => new Option(word)));
  else Object.assign(field, kind === "number" ? { type: "number", step } : { type: "text" });
  const label = made("label", "", made("span", name), field);
  label.title = name;
  return label;
}

const controls = () => [...form.querySelectorAll("input, select")];

function predict() {
  const row = {};
  for (const [i, { name, kind }] of inputs.entries()) {
    const text = controls()[i]?.value ?? form.hiddenTexts?.[i] ?? "";
    row[name] = text === "" ? null : kind === "number" ? Number(text) : text;
  }
  worker.postMessage({ type: "predict", row });
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  form.known = undefined;
  clearTimeout(timer);
  timer = setTimeout(predict, PAUSE);
});
find("#another").addEventListener("click", () => worker.postMessage({ type: "row", index: ++index }));
find("#get-model").addEventListener("click", () => worker.postMessage({ type: "model" }));

const hears = {
  row({ texts, actual, number }) {
    form.hiddenTexts = texts;
    form.known = `Row ${number} of the table, whose value is ${written(actual)}.`;
    for (const [i, control] of controls().entries()) control.value = texts[i];
    predict();
  },
  prediction({ answer }) {
    const lines = [made("p", form.known ?? "Your own row.")];
    const { probabilities } = answer;
    lines[0].className = "small";
    if (probabilities) {
      lines.unshift(made("p", answer.class));
      const ordered = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
      lines.splice(1, 0, ...ordered.slice(0, 5).map(([name, share]) => bar(name, share)));
    } else
      lines.unshift(
        ...Object.entries(answer).map(([name, value]) => made("p", `${name}: ${written(value)}`)),
      );
    lines[0].className = "predicted";
    find("#prediction").replaceChildren(...lines);
  },
  model: ({ bytes }) => save("model.fettle", bytes, "application/octet-stream"),
};

function bar(name, share) {
  const meter = document.createElement("progress");
  Object.assign(meter, { value: share, max: 1 });
  meter.setAttribute("aria-label", name);
  const row = made("div", "", made("span", name), meter, made("span", `${(100 * share).toFixed(1)} %`));
  row.className = "bar";
  return row;
}

/** What the worker answers about the model. */
export function hearAnswer(message, type) {
  hears[type](message);
}
