/** `fettle evaluate`: scores a saved model on rows whose targets are known. */
import { scoreLines } from "../report/baselines.js";
import { count, plain } from "../report/format.js";
import { defineCommand } from "./command.js";
import { inFile, titleOf } from "./files.js";
import { type FlagsOf, JSON_ONLY, text } from "./flags.js";
import { readModel } from "./modelFile.js";
import { readRowsFor, SCORED, scoredRows, tableOf } from "./scoredRows.js";
import { paintFor, printLines, widthOf } from "./streams.js";

const EVALUATE = {
  ...SCORED,
  positive: text(
    "<class>",
    "the positive class, to which precision, recall, f1 and AUC refer (default: that of the model)",
  ),
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
  const table = tableOf(model, path);
  const { positive = model.positive, weight } = flags;
  const { rows, leftOut } = scoredRows(await readRowsFor(table, model, file, flags), table, file, flags);
  const scores = inFile(file, () => model.evaluate(rows, positive === undefined ? {} : { positive }));
  if (flags.json) {
    const told = { rows: rows.rows, leftOut: leftOut > 0 ? leftOut : undefined, positive, weight, scores };
    printLines([JSON.stringify(told)]);
    return;
  }
  const paint = paintFor(process.stdout);
  const weighted = weight === undefined ? "" : `, weighted by ${plain(weight)}`;
  const title = `Scores on ${count(rows.rows, "row")} of ${plain(titleOf(file))}${weighted}`;
  printLines([paint.heading(title), ...scoreLines(scores, undefined, positive, widthOf(process.stdout))]);
}
