/**
 * Findings that suggest an option: a rare class, rows in the order of time, and words that new rows will not
 * repeat.
 */
import { show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import { IMBALANCED, largestClass } from "../classes.js";
import type { Dataset, Input } from "../dataset.js";
import { positiveOf } from "../positive.js";
import type { Warning } from "./warning.js";

/** With fewer rows, nothing is suggested. */
const ENOUGH = 50;
/** The share of steps from row to row in one direction of a column in order. */
const ORDERED = 0.95;
/** From this share of new rows with unseen words, they are normal and not mistakes. */
const MANY_NEW = 1 / 20;

/** A class of nine tenths of the rows, and how to find the others. */
export function rareClass(data: Dataset): Warning[] {
  const largest = largestClass(data);
  if (largest === undefined || !(largest.share >= IMBALANCED)) return [];
  const positive = positiveOf(data);
  const others = data.classes.filter((name) => name !== largest.name).map(show);
  const first = positive === largest.name ? `positive: ${others[0]} with ` : "";
  const way =
    positive === undefined
      ? 'choose metric: "f1Macro", in which all classes count equally'
      : `to find ${others[0]}, choose ${first}threshold: "f1", or cost: {"missed":100,"false":5} with the costs of errors`;
  const message =
    `${(100 * largest.share).toFixed(1)} % of rows have class ${show(largest.name)}, so always predicting it has an ` +
    `accuracy of ${largest.share.toFixed(3)}; ${way}`;
  return [{ type: "rareClass", columns: [data.target], message }];
}

/** The first column of dates, years or timestamps by which the rows are sorted, ascending or descending. */
export function timeColumn(data: Dataset): Warning[] {
  if (data.rows < ENOUGH || data.time || data.groups) return [];
  const found = data.inputs.find((input, j) => isTime(input, data.columns[j]) && isInOrder(data.columns[j]));
  if (found === undefined) return [];
  const message =
    `rows are in the order of column ${show(found.name)}, and folds mix earlier and later ones; if the model must predict later ` +
    `rows, choose time: ${show(found.name)}`;
  return [{ type: "timeColumn", columns: [found.name], message }];
}

/** Dates; years; and milliseconds or seconds since 1970, from 1973 on. Numbers need a fitting name. */
function isTime({ name, kind }: Input, values: Floats): boolean {
  if (kind === "date") return true;
  if (kind !== "number") return false;
  const all = (holds: (value: number) => boolean): boolean =>
    values.every((value) => Number.isNaN(value) || (Number.isInteger(value) && holds(value)));
  if (/year/i.test(name)) return all((value) => value >= 1800 && value <= 2200);
  return /time|date|stamp|epoch|^ts$/i.test(name) && all((value) => value >= 1e8);
}

/**
 * Whether nearly all steps go one way, from row to row and over a quarter of the rows, which excludes panels
 * of many series.
 */
function isInOrder(values: Floats): boolean {
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length < ENOUGH || new Set(present).size < 3) return false;
  return [1, -1].some((sign) =>
    [1, Math.floor(present.length / 4)].every((lag) => {
      let [up, down] = [0, 0];
      for (let i = lag; i < present.length; i++) {
        const step = sign * (present[i] - present[i - lag]);
        up += Number(step > 0);
        down += Number(step < 0);
      }
      return up >= ORDERED * (up + down);
    }),
  );
}

/**
 * The share of new rows with an unseen word, by Good and Turing: the share of rows whose word occurs only
 * once. 0 for few rows.
 *
 * @see I. J. Good, "The population frequencies of species and the estimation of population parameters",
 * Biometrika 40, 1953
 */
function shareOfNewWords(values: Floats): number {
  const counts = new Map<number, number>();
  let present = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    present++;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  if (present < ENOUGH) return 0;
  let alone = 0;
  for (const count of counts.values()) alone += Number(count === 1);
  return alone / present;
}

/** The categories for which a twentieth of new rows or more have an unseen word. */
export function namesIn({ inputs, columns }: Pick<Dataset, "inputs" | "columns">) {
  return inputs.flatMap(({ name, kind }, j) => {
    const share = kind === "category" ? shareOfNewWords(columns[j]) : 0;
    return share < MANY_NEW ? [] : [{ name, share, values: columns[j] }];
  });
}

/** Columns such as names, whose words new rows do not repeat. */
export function newWords(data: Dataset): Warning[] {
  return namesIn(data).map(({ name, share, values }) => {
    const present = values.filter((value) => !Number.isNaN(value));
    const message =
      `column ${show(name)} has ${new Set(present).size} different words in ${present.length} rows, so about ` +
      `${(100 * share).toFixed(0)} % of new rows have an unknown one, which the model treats as outside all categories; ` +
      `leave the column out with drop: ${JSON.stringify([name])}, or refuse such rows with unknown: "refuse"`;
    return { type: "newWords", columns: [name], message };
  });
}
