/** The final model for the page: its errors on the test rows, and a form for a row by hand. */
import { metrics } from "fettle";
import { cell } from "./reading.js";

/**
 * The errors on the test rows: a confusion matrix of classes, or the true and predicted numbers.
 *
 * @param {import("fettle").TuneResult} result - with a final model
 * @param {import("fettle").Dataset} data
 */
export function errorsOf({ final, testRows }, data) {
  const { target, task, classes } = data;
  const truth = Array.from(testRows, (row) => truthOf(data, row));
  const records = Array.from(testRows, (row) => recordOf(data, row));
  if (task === "regression") return { target, truth, predicted: [...final.predict(records).data] };
  const answers = final.answers(records);
  const predicted = answers.map((answer) => classes.indexOf(answer.class));
  const probabilities = answers.map((answer) => classes.map((name) => answer.probabilities[name]));
  const { threshold } = final;
  return {
    target,
    classes,
    truth,
    predicted,
    probabilities,
    threshold,
    matrix: metrics.confusionMatrix(truth, predicted),
  };
}

/** A field for each input. */
export function fieldsOf({ inputs, columns }) {
  return inputs.map(({ name, kind, categories }, i) => ({
    name,
    kind,
    categories: categories.map(String),
    step:
      kind === "number" && columns[i].every((value) => Number.isNaN(value) || Number.isInteger(value))
        ? 1
        : "any",
  }));
}

/** A row of the table as the texts of its fields, and its target. */
export function rowOf(data, row) {
  const texts = data.inputs.map((input, i) => cell({ ...input, values: data.columns[i] }, row));
  const truth = truthOf(data, row);
  return { texts, actual: data.classes[truth] ?? truth, number: row + 1 };
}

/** The class of a row by its index, or its number. */
const truthOf = ({ task, labels, y }, row) => (task === "classification" ? labels : y)[row];

/** A row as a record, as a person would type it. */
function recordOf({ inputs, columns }, row) {
  return Object.fromEntries(
    inputs.map((input, i) => {
      const value = columns[i][row];
      if (Number.isNaN(value)) return [input.name, null];
      return [input.name, input.kind === "number" ? value : cell({ ...input, values: columns[i] }, row)];
    }),
  );
}
