/** `fettle evaluate`: scores a saved model on rows whose targets are known. */
import { rowsWithTargets } from "../data/columns.js";
import { encodeRows, weightsOfRows } from "../data/dataset.js";
import type { RowOrigin } from "../data/origin.js";
import { columnNamed } from "../data/table.js";
import { check, show } from "../errors.js";
import { scoreLines } from "../report/baselines.js";
import { count, plain } from "../report/format.js";
import { defineCommand } from "./command.js";
import { readOtherFile } from "./dataset.js";
import { inFile, titleOf } from "./files.js";
import { type FlagsOf, JSON_ONLY, text } from "./flags.js";
import { ROWS, readModel } from "./modelFile.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

const EVALUATE = {
  ...ROWS,
  positive: text(
    "<class>",
    "the positive class, to which precision, recall, f1 and AUC refer (default: that of the model)",
  ),
  weight: text("<column>", "column with each row's weight in the scores"),
  json: JSON_ONLY,
};
type EvaluateFlags = FlagsOf<typeof EVALUATE>;

export const define = defineCommand({
  description: "Score a saved model on the rows of a table that has the target, by every metric of the task.",
  arguments: [
    ["<model>", "model file, such as study/model.fettle"],
    ["<data.csv>", "table with the columns that the model was trained on, and its target"],
  ],
  flags: EVALUATE,
  after: "Example:\n  fettle evaluate study/model.fettle last-month.csv",
  run,
});

async function run(path: string, file: string, flags: EvaluateFlags): Promise<void> {
  const model = await readModel(path);
  const { table } = model;
  check(table !== undefined, () => `${show(path)} must be a model of a table; it contains only a network`);
  const { positive = model.positive, weight } = flags;
  const { columns } = table.schema;
  // the model has no column of weights
  const isRead = weight === undefined || columns.some(({ name }) => name === weight);
  const more = isRead ? [] : [{ name: weight, kind: "number" as const, categories: [] }];
  const schema = { ...table.schema, columns: [...columns, ...more] };
  const all = await readOtherFile(file, flags, schema, flags.unknown ?? model.unknown);
  const { table: read, rows: kept } = rowsWithTargets(all, table.targets ?? [table.target]);
  const leftOut = all.rows - read.rows;
  if (leftOut > 0)
    note(`${leftOut} of ${count(all.rows, "row")} lack target ${show(table.target)} and are left out.`);
  const origin: RowOrigin = { isTable: true, rows: kept };
  const scores = inFile(file, () => {
    const sampleWeight = weight === undefined ? undefined : weightsOfRows(columnNamed(all, weight), kept);
    const rows = { ...encodeRows(read, table), origin, ...(sampleWeight && { sampleWeight }) };
    check(
      rows.y !== undefined,
      () => `the column ${show(table.target)} must be present, to score against`,
      "invalid_data",
    );
    return model.evaluate(rows, positive === undefined ? {} : { positive });
  });
  if (flags.json) {
    const told = { rows: read.rows, leftOut: leftOut > 0 ? leftOut : undefined, positive, weight, scores };
    printLines([JSON.stringify(told)]);
    return;
  }
  const paint = paintFor(process.stdout);
  const weighted = weight === undefined ? "" : `, weighted by ${plain(weight)}`;
  const title = `Scores on ${count(read.rows, "row")} of ${plain(titleOf(file))}${weighted}`;
  printLines([paint.heading(title), ...scoreLines(scores, undefined, positive, widthOf(process.stdout))]);
}
