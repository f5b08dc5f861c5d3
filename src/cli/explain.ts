/** `fettle explain`: which columns decide a model's answers, or why one row has its answer. */

import { type Dataset, encodeRows, takeExamples } from "../data/dataset.js";
import { check, FettleError, isRecord } from "../errors.js";
import { explain, explainRow } from "../explain/explain.js";
import type { Model } from "../model/model.js";
import type { TableDescription } from "../predict/description.js";
import { describeExplanation, describeRow } from "../report/explanation.js";
import { count } from "../report/format.js";
import { divideRows } from "../tune/trial/folds.js";
import { digestOfData, type Receipt } from "../tune/trial/receipt.js";
import { splitSeed } from "../tune/tuner/setup.js";
import { defineCommand } from "./command.js";
import { readDataset } from "./dataset.js";
import { isFile, titleOf } from "./files.js";
import {
  type FlagsOf,
  grouped,
  integer,
  JSON_ONLY,
  names,
  number,
  SEED,
  splitNames,
  text,
  texts,
} from "./flags.js";
import { readModel } from "./modelFile.js";
import { readRowsFor, SCORED, scoredRows, tableOf } from "./scoredRows.js";
import { drawingFor, note, paintFor, printLines } from "./streams.js";
import type { TuneFlags } from "./tuneFlags.js";
import { validationOf } from "./validation.js";

const { weight, ...ROWS } = SCORED;
/** The flags of a model, and of a row. */
const OF_MODEL = grouped("Which columns decide:", {
  metric: text("<name>", "the score that becomes worse (default: logLoss or rootMeanSquaredError)"),
  group: texts(
    "<columns>",
    "columns to shuffle together, separated by commas; may be repeated (default: those that tell nearly the same)",
  ),
  weight,
});
const OF_ROW = grouped("Why a row has its answer:", {
  to: text("<class>", "the class that a change must lead to (default: any other)"),
  least: number("<n>", "the prediction that a change must reach at least, for a quantity"),
  most: number("<n>", "the prediction that a change must reach at most, for a quantity"),
  fixed: names("<columns>", "columns that cannot change, separated by commas"),
});
const EXPLAIN = {
  row: integer(1)("<n>", "explain the answer for this row; 1 is the first below the header"),
  ...OF_MODEL,
  ...OF_ROW,
  ...grouped("Rows:", ROWS),
  seed: SEED,
  json: JSON_ONLY,
};
type ExplainFlags = FlagsOf<typeof EXPLAIN>;

export const define = defineCommand({
  description:
    "Show which columns decide the answers of a saved model, and in which direction; or with --row why a row has " +
    "its answer, and what would change it. Of the table that the model was tuned on, the test rows are used.",
  arguments: [
    ["<model>", "model file, such as study/model.fettle"],
    ["<data.csv>", "table with the columns that the model was trained on; without --row also its target"],
  ],
  flags: EXPLAIN,
  after: `Examples:
  fettle explain study/model.fettle last-month.csv
  fettle explain study/model.fettle last-month.csv --row 3 --fixed age`,
  run,
});

async function run(path: string, file: string, flags: ExplainFlags): Promise<void> {
  const { row } = flags;
  const [others, how] = row === undefined ? [OF_ROW, "needs"] : [OF_MODEL, "must be left out with"];
  for (const name of Object.keys(others))
    check(flags[name as keyof ExplainFlags] === undefined, () => `--${name} ${how} --row`);
  const model = await readModel(path);
  const table = tableOf(model, path);
  printLines(
    await (row === undefined ? ofModel(model, table, file, flags) : ofRow(model, table, file, row, flags)),
  );
}

async function ofModel(
  model: Model,
  table: TableDescription,
  file: string,
  flags: ExplainFlags,
): Promise<string[]> {
  const all = await readRowsFor(table, model, file, flags);
  const { rows: scored, leftOut } = scoredRows(all, table, file, flags);
  const own = await testRowsOf(model, file, scored.rows);
  const rows = own ?? scored;
  if (own)
    note(
      `This is the table that the model was tuned on: only its ${count(own.rows, "test row")}, which no trial saw, ${own.rows === 1 ? "is" : "are"} used.`,
    );
  const { metric, group, seed, json, weight: column } = flags;
  const found = await explain(model, rows, {
    seed,
    ...(metric !== undefined && { metric }),
    ...(group && { groups: group.map(splitNames) }),
  } as Parameters<typeof explain>[2]);
  if (json) return [JSON.stringify({ ...found, leftOut: leftOut > 0 ? leftOut : undefined, weight: column })];
  return describeExplanation(found, titleOf(file), drawingFor(process.stdout), paintFor(process.stdout));
}

async function ofRow(
  model: Model,
  table: TableDescription,
  file: string,
  row: number,
  flags: ExplainFlags,
): Promise<string[]> {
  const read = await readRowsFor(table, model, file, flags);
  check(row <= read.rows, () => `--row must be at most ${read.rows}, the rows of the table; received ${row}`);
  const { targets = [table.target] } = table;
  // a row to be explained needs no target
  const columns = read.columns.filter(({ name }) => !targets.includes(name));
  const rows = encodeRows({ ...read, columns }, table);
  const { to, least, most, fixed, seed, json } = flags;
  const found = await explainRow(
    model,
    { columns: rows.columns.map((cells) => cells.subarray(row - 1, row)) },
    rows,
    {
      seed,
      ...(to !== undefined && { to }),
      ...(least !== undefined && { least }),
      ...(most !== undefined && { most }),
      ...(fixed && { fixed }),
    },
  );
  if (json) return [JSON.stringify({ row, ...found })];
  const title = `Row ${row} of ${titleOf(file)}`;
  return describeRow(found, title, drawingFor(process.stdout), paintFor(process.stdout));
}

/**
 * The rows of the table of a model's own study that no trial saw; undefined for another table. A note says if
 * there are none, or if the table cannot be read again.
 */
async function testRowsOf({ notes }: Model, file: string, rows: number): Promise<Dataset | undefined> {
  const { receipt, command } = notes as { receipt?: Receipt; command?: { flags?: TuneFlags } };
  if (receipt?.rows !== rows || !isRecord(command?.flags)) return undefined;
  if (!isFile(file)) {
    note("If the model was tuned on this table, name its file, so that only the test rows are used.");
    return undefined;
  }
  const { flags } = command as { flags: TuneFlags };
  const data = await ownData(file, flags);
  if (!data || (await digestOfData(data)).data !== receipt.data) return undefined;
  const { testSize, seed } = flags;
  const { folds, scored } = divideRows(data, {
    validation: validationOf(flags, data),
    testSize,
    seed: splitSeed(seed),
  });
  const { validation: test } = folds[scored];
  if (test.length > 1) return takeExamples(data, test);
  note("The model was trained on these rows: importances show what it memorized. Use other rows.");
  return undefined;
}

/** The table as the study read it, if it can be read so. */
async function ownData(file: string, flags: TuneFlags): Promise<Dataset | undefined> {
  try {
    return await readDataset(file, flags);
  } catch (error) {
    if (error instanceof FettleError) return undefined;
    throw error;
  }
}
