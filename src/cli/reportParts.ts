/** The parts of a report other than trials: from the summary of a study, its model and its table. */
import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { Dataset } from "../data/dataset.js";
import { takeExamples } from "../data/dataset.js";
import { diagnose } from "../data/diagnosis/diagnose.js";
import type { Warning } from "../data/diagnosis/warning.js";
import { rowIn } from "../data/origin.js";
import type { ColumnSchema } from "../data/schema.js";
import { FettleError, isRecord, show } from "../errors.js";
import { partialDependence } from "../explain/dependence.js";
import { permutationImportance } from "../explain/importance.js";
import { classAt } from "../metrics/decided.js";
import type { Model } from "../model/model.js";
import { defined } from "../options.js";
import { formatMoment, formatValue, scoreLabel } from "../report/format.js";
import type { ReportOptions } from "../report/html/options.js";
import type { Predictions } from "../report/plots/quality.js";
import { type SegmentColumn, segmentsOf } from "../report/plots/residuals.js";
import { receiptLines } from "../report/receipt.js";
import type { RateFinderReason } from "../tune/rateFinder.js";
import { digestOfData } from "../tune/trial/receipt.js";
import { VERSION } from "../version.js";
import { READING } from "./dataset.js";
import { isThere } from "./files.js";
import { inFlags, quoted, quotedPath } from "./messages.js";
import { commandLine, FILE } from "./repeat.js";
import { note } from "./streams.js";
import { RATES_FILE } from "./studyFolder.js";
import type { TuneFlags } from "./tuneFlags.js";
import { readSetup, type TuneSetup } from "./tuneSetup.js";

type Parts = ReportOptions & { readonly metrics?: readonly string[] };

/** The contents of the summary. */
export function summaryOf(summary: Readonly<Record<string, unknown>>): Parts {
  const { test, baselines, ensemble, calibration, positive, threshold, bestCommand } = summary as Parts & {
    bestCommand?: readonly string[];
  };
  const repeat = isRecord(summary.repeat) ? summary.repeat : undefined;
  const command = isRecord(summary.command) ? summary.command : {};
  const { program, file, flags } = command;
  const held = isRecord(flags) ? flags : {};
  const words = Array.isArray(program) ? program.map(String) : undefined;
  // a table of standard input has no name
  const tuned =
    typeof file === "string" && file !== "-"
      ? commandLine("tune", [basename(file)], { ...held, ...repeat })
      : undefined;
  return {
    ...defined({ test, baselines, ensemble, calibration, positive, threshold }),
    ...defined({
      title: typeof file === "string" ? titleOf(file, held) : undefined,
      metrics: Array.isArray(held.metric)
        ? held.metric.map((name) => scoreLabel(String(name), positive))
        : undefined,
      use: bestCommand && [{ title: "The best again", code: bestCommand.map(quoted).join(" ") }],
    }),
    repeat: {
      ...defined({ command: words ? commandLine("optimize", [], held, words) : tuned }),
      isSame: repeat !== undefined && tuned?.includes(FILE) === false,
      facts: [
        ["fettle", VERSION],
        ...(held.seed === undefined ? [] : [["seed", String(held.seed)] as const]),
        ...(typeof command.data === "string" ? [["table (SHA-256)", command.data] as const] : []),
      ],
    },
  };
}

function titleOf(file: string, { target }: Readonly<Record<string, unknown>>): string {
  return typeof target === "string" ? `${target} of ${basename(file)}` : basename(file);
}

/**
 * Lines that predict with the model of a file.
 *
 * @param data - its first row is predicted; without it, an example row with the same columns
 */
export function linesThatPredict(
  path: string,
  inputs: readonly ColumnSchema[],
  data?: Dataset,
): NonNullable<ReportOptions["use"]> {
  const cells = inputs.map((input, j) => {
    const value = data ? cell(data, j, 0) : anyCell(input);
    const code = input.kind === "date" && typeof value === "number" ? dateCode(value) : JSON.stringify(value);
    return `${JSON.stringify(input.name)}: ${code}`;
  });
  // a folder's path on this machine means nothing elsewhere
  const model = isAbsolute(path) ? join(basename(dirname(path)), basename(path)) : path;
  return [
    { title: "On the command line", code: `npx fettle predict ${quotedPath(model)} <data.csv>` },
    {
      title: "In a program, such as predict.mjs",
      code: `import { readFile } from "node:fs/promises";
import { loadPredictor } from "fettle/predict";

const predictor = await loadPredictor(await readFile(${JSON.stringify(model)}));
const answers = predictor.answers([{ ${cells.join(", ")} }]);
console.log(answers);`,
    },
  ];
}

const dateCode = (moment: number): string =>
  `new Date("${new Date(moment).toISOString().replace("T00:00:00.000Z", "")}")`;

/** An example cell of a column. */
const anyCell = ({ kind, categories }: ColumnSchema): string | number =>
  kind === "category" || kind === "boolean" ? categories[0] : 0;

/**
 * The parts from the table and the model; empty, with a note, if the table is gone or has changed.
 *
 * @param path - of the model's file, if there is one
 */
export async function partsOf(
  { command }: Readonly<Record<string, unknown>>,
  model: Model | undefined,
  path: string | undefined,
): Promise<Parts> {
  const { file, flags, data } = isRecord(command) ? command : {};
  if (typeof file !== "string" || !isRecord(flags)) return {};
  if (file === "-" || !isThere(file)) {
    note(
      `note: ${show(file)} no longer exists, so the report does not include the data and the errors on them`,
    );
    return {};
  }
  try {
    const setup = await readSetup(file, flags as unknown as TuneFlags);
    if ((await digestOfData(setup.data)).data !== data) {
      note(
        `note: the cells of ${show(file)} have changed, so the report does not include the data and the errors on them`,
      );
      return {};
    }
    return tableParts(file, setup, model, path);
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    note(`note: ${error.message}; the report does not include the data`);
    return {};
  }
}

/** The range test in a folder, if there is one. */
export function ratesIn(folder: string): Pick<ReportOptions, "rates"> {
  const path = join(folder, RATES_FILE);
  return isThere(path) ? ratesOf(readFileSync(path), path) : {};
}

/** A range test as `fettle lr-find` wrote it; undefined, with a note, for anything else. */
export function ratesOf(bytes: Uint8Array, name = RATES_FILE): Pick<ReportOptions, "rates"> {
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    read = undefined;
  }
  const isNumbers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((each) => Number.isFinite(each));
  if (isRecord(read)) {
    const { rates, losses, smoothed, suggested, belowMinimum, reason } = read;
    const isTest =
      isNumbers(rates) &&
      isNumbers(losses) &&
      isNumbers(smoothed) &&
      rates.length === losses.length &&
      rates.length === smoothed.length &&
      rates.every((rate) => rate > 0) &&
      [suggested, belowMinimum].every((rate) => rate === null || Number(rate) > 0);
    if (isTest) {
      const rateOf = (rate: unknown): number | undefined => (rate === null ? undefined : Number(rate));
      const ends = { suggested: rateOf(suggested), belowMinimum: rateOf(belowMinimum) };
      return { rates: { rates, losses, smoothed, ...ends, reason: reason as RateFinderReason } };
    }
  }
  note(`note: ${show(name)} is not a range test of fettle lr-find --out, so the report does not include it`);
  return {};
}

/** For a table whose rows were divided as in the study. */
export async function tableParts(
  file: string,
  { data, rows, labels: metrics, folds }: Pick<TuneSetup, "data" | "rows" | "labels" | "folds">,
  model?: Model,
  path?: string,
): Promise<Parts> {
  const testRows = rows.folds[rows.scored].validation;
  const predictions = model && testRows.length > 1 ? predictionsOf(data, testRows, model) : undefined;
  return {
    metrics,
    folds,
    ...(model && path !== undefined && { use: linesThatPredict(path, data.inputs, data) }),
    data: {
      name: basename(file),
      rows: data.rows,
      target: data.target,
      columns: data.inputs.map(({ name, kind, categories }, j) => ({
        name,
        kind: kind === "category" ? `category of ${categories.length}` : kind,
        missing: Array.from(data.columns[j]).filter(Number.isNaN).length,
        samples: [0, 1, 2].flatMap((row) => (row < data.rows ? [sample(data, j, row)] : [])).join(", "),
      })),
      classes: data.classes.map((name, k) => ({
        name,
        rows: data.labels.reduce((sum, label) => sum + Number(label === k), 0),
      })),
      ...(data.receipt && {
        receipt: receiptLines(data.receipt, (message) => inFlags(message, ["missing", ...READING])),
      }),
      warnings: warningsOf(data),
    },
    ...(predictions && { predictions, segments: segmentsThatDiffer(data, testRows, predictions) }),
    ...(model && testRows.length > 1 && (await explanationOf(data, testRows, model))),
  };
}

/** About how many cells may be predicted to find out which columns decide: some tenths of a second. */
const MOST_CELLS = 3e7;
/** Fewer rows say little. */
const LEAST_EXPLAINED = 50;
/** The columns with a curve. */
const CURVES = 4;

/** Which columns decide, or why that is not known. */
async function explanationOf(
  data: Dataset,
  testRows: Int32Array,
  model: Model,
): Promise<Pick<Parts, "explanation">> {
  const repeats = 5;
  const { length: columns } = data.inputs;
  const most = Math.floor(MOST_CELLS / (repeats * columns * columns));
  if (most < Math.min(LEAST_EXPLAINED, testRows.length))
    return {
      explanation: `The table has ${columns} columns, too many to be measured for a report; the command explain measures them.`,
    };
  const rows = takeExamples(data, testRows);
  try {
    const importance = await permutationImportance(model, rows, {
      repeats,
      rows: Math.min(10_000, Math.max(2, most)),
    });
    const first = importance.columns.flatMap((each) => (each.columns.length === 1 ? each.columns : []));
    const dependence = await partialDependence(model, rows, { columns: first.slice(0, CURVES), rows: 200 });
    const { task, classes, targets = [data.target], outputs } = data;
    return {
      explanation: {
        task,
        importance,
        dependence,
        outputs: classes.length > 0 ? classes.slice(-outputs) : targets,
      },
    };
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    return { explanation: `It is not known which columns decide: ${error.message}.` };
  }
}

/** Problems of a data set, cached because they take a while to find and are reported twice. */
const diagnoses = new WeakMap<Dataset, readonly Warning[]>();

/** Problems of a data set in terms of the command line, except those that flags have settled. */
export function warningsOf(
  data: Dataset,
  { threshold, cost, unknown }: Pick<TuneFlags, "threshold" | "cost" | "unknown"> = {},
): string[] {
  const settled = [
    ...(threshold === undefined && cost === undefined ? [] : ["rareClass"]),
    ...(unknown === undefined ? [] : ["newWords"]),
  ];
  const warnings = diagnoses.get(data) ?? diagnose(data);
  diagnoses.set(data, warnings);
  return warnings
    .filter(({ type }) => !settled.includes(type))
    .map(({ message }) =>
      inFlags(message, ["drop", "weight", "metric", "positive", "threshold", "cost", "time", "unknown"]),
    );
}

/** The word of a category or a boolean, or the number; of a date its moment. */
function cell(data: Dataset, column: number, row: number): string | number | null {
  const { kind, categories } = data.inputs[column];
  const value = data.columns[column][row];
  if (Number.isNaN(value)) return null;
  return kind === "category" || kind === "boolean" ? (categories[value] ?? null) : value;
}

/** A cell for people, with dates as days. */
function sample(data: Dataset, column: number, row: number): string {
  const value = cell(data, column, row);
  return data.inputs[column].kind === "date" && typeof value === "number"
    ? formatMoment(value)
    : formatValue(value ?? undefined);
}

function predictionsOf(data: Dataset, rows: Int32Array, model: Model): Predictions | undefined {
  // several targets have no single picture
  if (data.task === "regression" && data.outputs > 1) return undefined;
  const examples = takeExamples(data, rows);
  const values = model.predict(examples).data;
  const { target, classes, outputs } = data;
  const names = Array.from(rows, (row) => rowIn(data.origin, row));
  if (data.task === "regression") return { target, truth: examples.y, predicted: values, rows: names };
  const { threshold } = model;
  const probabilities = Array.from(rows, (_, row) =>
    outputs === 1
      ? [1 - values[row], values[row]]
      : Array.from(values.subarray(row * outputs, (row + 1) * outputs)),
  );
  const predicted = Array.from(rows, (_, row) => classAt(values, row * outputs, outputs, threshold));
  return {
    target,
    classes,
    truth: examples.labels,
    predicted,
    probabilities,
    rows: names,
    ...(outputs === 1 && { threshold }),
  };
}

const MOST_SEGMENTED = 4;
/** The fewest rows of a part; smaller ones are not informative. */
const LEAST_ROWS = 8;

/** The inputs whose parts differ most in their errors. */
function segmentsThatDiffer(data: Dataset, rows: Int32Array, predictions: Predictions): SegmentColumn[] {
  const all = data.inputs.map(({ name, kind }, j) => {
    const column = {
      name,
      values: Array.from(rows, (row) => cell(data, j, row)),
      ...(kind === "date" && { isDate: true as const }),
    };
    const errors = segmentsOf(predictions, column)
      .filter((segment) => segment.rows >= LEAST_ROWS)
      .map(({ error }) => error);
    return { column, apart: errors.length < 2 ? 0 : Math.max(...errors) - Math.min(...errors) };
  });
  return all
    .filter(({ apart }) => apart > 0)
    .sort((a, b) => b.apart - a.apart)
    .slice(0, MOST_SEGMENTED)
    .map(({ column }) => column);
}
