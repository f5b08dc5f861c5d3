/**
 * `fettle predict`: reads the rows of a table in blocks, and writes a prediction for each, in the same order.
 */
import { rowReader } from "../data/csv.js";
import { limitsOf, mustFit, type TableLimits } from "../data/limits.js";
import { cellText } from "../data/scan.js";
import { namesIn } from "../data/table.js";
import { check, FettleError, show } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { classesOf } from "../predict/answers.js";
import { intervalsOf, setsOf } from "../predict/conformal.js";
import type { Predictor } from "../predict/predictor.js";
import { RowError, type RowRecord } from "../predict/rows.js";
import { csvCell } from "../report/trialsCsv.js";
import { defineCommand } from "./command.js";
import { readSource } from "./dataset.js";
import { inFile, nameOf, turn } from "./files.js";
import { type FlagsOf, names, share, text, turnOn } from "./flags.js";
import { ROWS, readPredictor } from "./modelFile.js";
import { writeOut } from "./streams.js";
import { WholeFile } from "./wholeFile.js";

const PREDICT = {
  out: text("<file.csv>", "file to write, completely or not at all (default: standard output)"),
  proba: turnOn("also write the probability of each class"),
  intervals: turnOn(
    "also write <target>_low and <target>_high, which hold the target with the probability --coverage",
  ),
  sets: turnOn("also write <target>_set, the classes that cannot be excluded at --coverage, separated by ;"),
  coverage: share("<p>", "probability that an interval or a set holds the truth (default: 0.9)"),
  keep: names("<columns>", "columns of the table to copy to the output, separated by commas"),
  ...ROWS,
};
type PredictFlags = FlagsOf<typeof PREDICT>;

/** Rows per block. */
const BLOCK = 1024;

export const define = defineCommand({
  description:
    "Predict each row of a table with a model that fettle tune --out or final.save wrote. It needs the " +
    "columns that the model was trained on, in any order, and ignores others. It writes CSV: one row " +
    "for each row read, in the same order.",
  arguments: [
    ["<model>", "model file, such as study/model.fettle"],
    [
      "<data.csv>",
      "table: a line of names and rows, or JSON, an array of objects or one a line; or Parquet; gzip is unpacked; - for standard input",
    ],
  ],
  flags: PREDICT,
  after: `Examples:
  fettle predict study/model.fettle new.csv
  fettle predict study/model.fettle new.csv --proba --keep id --out predictions.csv
  cat new.csv | fettle predict study/model.fettle -`,
  run,
});

async function run(path: string, file: string, flags: PredictFlags): Promise<void> {
  const { unknown, coverage } = flags;
  check(
    coverage === undefined || flags.intervals || flags.sets,
    "--coverage needs --intervals or --sets, to which it belongs",
  );
  const predictor = await readPredictor(path, unknown === undefined ? {} : { unknown });
  check(
    !flags.proba || predictor.classes.length > 0,
    () => `--proba needs a classification model; ${show(path)} is a regression model`,
  );
  const source = await readSource(file, flags.encoding, flags.limits);
  const output = flags.out === undefined ? STANDARD_OUTPUT : await WholeFile.open(flags.out);
  try {
    const table = new Predictions(predictor, flags, (lines) => output.write(lines));
    if (source.text) await predictText(table, file, source.text, flags.limits);
    else await predictRecords(table, file, source.records, flags.limits);
    output.finish();
  } finally {
    output.close();
  }
}

/** Rows are not kept, so their number is unlimited. */
const ENDLESS = { rows: Infinity, cells: Infinity, length: Infinity };

async function predictText(
  table: Predictions,
  file: string,
  text: AsyncIterable<string>,
  limits: TableLimits | undefined,
): Promise<void> {
  const reader = rowReader({ limits: { ...ENDLESS, ...limits } }, ({ columns }) => {
    table.begin(columns, file);
    const places = table.wanted.map((name) => columns.indexOf(name));
    return (row) =>
      table.push(
        row.line,
        places.map((place) => cellText(row, place)),
      );
  });
  for await (const piece of text) {
    inFile(file, () => reader.take(piece));
    table.flush(); // rows that have arrived are predicted before it waits for more
  }
  inFile(file, () => reader.end());
  table.flush();
}

async function predictRecords(
  table: Predictions,
  file: string,
  records: readonly RowRecord[],
  given: TableLimits | undefined,
): Promise<void> {
  const limits = limitsOf({ ...ENDLESS, ...given });
  table.begin(
    inFile(file, () => namesIn(records, limits)),
    file,
    "record",
  );
  const cellOf = (record: RowRecord, i: number, name: string): Cell => {
    const cell = Object.hasOwn(record, name) ? record[name] : null;
    if (typeof cell === "string")
      mustFit(limits, "cellLength", cell.length, () => `records[${i}], column ${show(name)}: `);
    return cell;
  };
  for (const [i, record] of records.entries()) {
    if (i % BLOCK === 0) await turn();
    table.push(
      i,
      inFile(file, () => table.wanted.map((name) => cellOf(record, i, name))),
    );
  }
  table.flush();
  await turn();
}

type Cell = RowRecord[string];

/** Rows that await prediction. */
class Predictions {
  /** Columns to read: inputs of the model, then those to keep. */
  wanted: readonly string[] = [];
  private columns: Cell[][] = [];
  private places: number[] = [];
  private unit: "line" | "record" = "line";
  private file = "";

  constructor(
    private readonly predictor: Predictor,
    private readonly flags: PredictFlags,
    private readonly write: (lines: string) => void,
  ) {
    // refused before anything is written
    this.sureness(new Float64Array(predictor.table.outputs), 1);
  }

  /** @throws FettleError `invalid_data` naming missing columns */
  begin(columns: readonly string[], file: string, unit: "line" | "record" = "line"): void {
    const { predictor, flags } = this;
    const { keep = [], proba, intervals, sets } = flags;
    this.unit = unit;
    this.file = file;
    const inputs = predictor.inputs.map(({ name }) => name);
    const missing = [...inputs, ...keep].filter((name) => !columns.includes(name));
    check(
      missing.length === 0,
      () => `${nameOf(file)} must have the columns of the model; missing: ${missing.map(show).join(", ")}`,
      "invalid_data",
    );
    this.wanted = [...new Set([...inputs, ...keep])];
    this.columns = this.wanted.map(() => []);
    const targets = predictor.targets.map((name) => (keep.includes(name) ? `${name} (predicted)` : name));
    const classes = proba ? predictor.classes.map((name) => `${predictor.targets[0]}=${name}`) : [];
    const sure = [
      ...(intervals ? predictor.targets.flatMap((name) => [`${name}_low`, `${name}_high`]) : []),
      ...(sets ? [`${predictor.targets[0]}_set`] : []),
    ];
    this.write(lineOf([...keep, ...targets, ...classes, ...sure]));
  }

  push(place: number, cells: readonly Cell[]): void {
    cells.forEach((cell, j) => {
      this.columns[j].push(cell);
    });
    this.places.push(place);
    if (this.places.length === BLOCK) this.flush();
  }

  flush(): void {
    const { predictor, flags, wanted, columns, places } = this;
    if (places.length === 0) return;
    const { keep = [], proba } = flags;
    const kept = keep.map((name) => columns[wanted.indexOf(name)]);
    const { data, shape } = this.predicted(Object.fromEntries(wanted.map((name, j) => [name, columns[j]])));
    const [rows, outputs] = shape;
    const classes = predictor.classes.length > 0 ? classesOf(data, rows, predictor, this.place) : undefined;
    const sure = this.sureness(data, rows);
    const lines = places.map((_, i) => {
      const own = Array.from(data.subarray(i * outputs, (i + 1) * outputs));
      const shares = outputs === 1 ? [1 - own[0], own[0]] : own;
      const answer = classes ? [classes[i], ...(proba ? shares : [])] : own;
      return lineOf([...kept.map((values) => values[i]), ...answer, ...sure[i]]);
    });
    this.write(lines.join(""));
    this.columns = wanted.map(() => []);
    this.places = [];
  }

  /** What `--intervals` and `--sets` write after each prediction. */
  private sureness(data: Floats, rows: number): (readonly (string | number)[])[] {
    const { intervals, sets, coverage = 0.9 } = this.flags;
    const { table } = this.predictor;
    const ends = intervals && intervalsOf(data, rows, table, coverage);
    const words = sets && setsOf(data, rows, table, coverage);
    return Array.from({ length: rows }, (_, row) => [
      ...(ends
        ? table.pipeline.target.outputs.flatMap((_, j) => [ends.low.get(row, j), ends.high.get(row, j)])
        : []),
      ...(words ? [words[row].join(";")] : []),
    ]);
  }

  private predicted(rows: Readonly<Record<string, Cell[]>>) {
    try {
      return this.predictor.predict(rows);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const { code, row, column, reason, remedy } = error;
      throw new FettleError(code, `${this.place(row)}, column ${show(column)}: ${reason}${remedy}`, {
        cause: error,
      });
    }
  }

  /** Where a row of the block is in its file. */
  private readonly place = (row: number): string => {
    const at = this.places[row];
    return `${nameOf(this.file)}: ${this.unit === "line" ? `line ${at}` : `records[${at}]`}`;
  };
}

const lineOf = (cells: readonly unknown[]): string => `${cells.map(csvCell).join(",")}\n`;

/** The destination of lines. */
interface Output {
  write(lines: string): void;
  finish(): void;
  close(): void;
}

/** Standard output, for a command that never pauses, so that the runtime cannot report a closed reader. */
const STANDARD_OUTPUT: Output = { write: writeOut, finish() {}, close() {} };
