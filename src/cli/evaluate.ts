/** `fettle evaluate`: scores a saved model on rows whose targets are known. */
import type { Command } from "commander";
import { rowsWithTargets } from "../data/columns.js";
import { encodeRows } from "../data/dataset.js";
import type { RowOrigin } from "../data/origin.js";
import { check, show } from "../errors.js";
import { count, formatScore, plain, scoreLabel } from "../report/format.js";
import { layOut } from "../report/layout.js";
import { readOtherFile } from "./dataset.js";
import { EXIT } from "./exit.js";
import { inFile, titleOf } from "./files.js";
import { addFlags, type FlagsOf, JSON_ONLY, text } from "./flags.js";
import { ROWS, readModel } from "./modelFile.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";

const EVALUATE = {
  ...ROWS,
  positive: text(
    "<class>",
    "the positive class, to which precision, recall, f1 and AUC refer (default: that of the model)",
  ),
  json: JSON_ONLY,
};
type EvaluateFlags = FlagsOf<typeof EVALUATE>;

/** Defines the command; `done` receives the exit code. */
export function define(command: Command, done: (exitCode: number) => void): void {
  command
    .description(
      "Score a saved model on the rows of a table that has the target, by every metric of the task.",
    )
    .argument("<model>", "model file, such as study/model.fettle")
    .argument("<data.csv>", "table with the columns that the model was trained on, and its target");
  addFlags(command, EVALUATE)
    .addHelpText("after", "\nExample:\n  fettle evaluate study/model.fettle last-month.csv")
    .action(async (model: string, file: string, flags: EvaluateFlags) => done(await run(model, file, flags)));
}

/** @returns the exit code */
async function run(path: string, file: string, flags: EvaluateFlags): Promise<number> {
  const model = await readModel(path);
  const { table } = model;
  check(table !== undefined, () => `${show(path)} must be a model of a table; it contains only a network`);
  const all = await readOtherFile(file, flags, table.schema, flags.unknown ?? model.unknown);
  const { table: read, rows: kept } = rowsWithTargets(all, table.targets ?? [table.target]);
  const leftOut = all.rows - read.rows;
  if (leftOut > 0)
    note(`${leftOut} of ${count(all.rows, "row")} lack target ${show(table.target)} and are left out.`);
  const { positive = model.positive } = flags;
  const origin: RowOrigin = { isTable: true, rows: kept };
  const scores = inFile(file, () => {
    const rows = { ...encodeRows(read, table), origin };
    check(
      rows.y !== undefined,
      () => `the column ${show(table.target)} must be present, to score against`,
      "invalid_data",
    );
    return model.evaluate(rows, positive === undefined ? {} : { positive });
  });
  if (flags.json) {
    printLines([
      JSON.stringify({
        rows: read.rows,
        ...(leftOut > 0 && { leftOut }),
        ...(positive !== undefined && { positive }),
        scores,
      }),
    ]);
    return EXIT.success;
  }
  const paint = paintFor(process.stdout);
  const lines = Object.entries(scores).map(([name, score]) => [
    plain(scoreLabel(name, positive)),
    formatScore(score),
  ]);
  const title = `Scores on ${count(read.rows, "row")} of ${plain(titleOf(file))}`;
  printLines([paint.heading(title), ...layOut(lines, { width: widthOf(process.stdout) })]);
  return EXIT.success;
}
