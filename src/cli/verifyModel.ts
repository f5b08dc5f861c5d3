/**
 * `fettle verify <model> <data.csv>`: recomputes the study of a model from its receipt, and reports
 * differences.
 */
import { FettleError, isRecord, show } from "../errors.js";
import { kernelsName } from "../numerics/kernels.js";
import { count } from "../report/format.js";
import { wrap } from "../report/layout.js";
import { digestOfData, type Receipt } from "../tune/trial/receipt.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { EXIT } from "./exit.js";
import { readModel } from "./modelFile.js";
import { printLines, widthOf } from "./streams.js";
import type { TuneFlags } from "./tuneFlags.js";
import { search } from "./tuneSearch.js";
import { readSetup } from "./tuneSetup.js";

/** What was compared, whether it is the same, and the difference. */
type Comparison = readonly [what: string, same: boolean, difference?: string];

/** @returns the exit code: success if every bit is the same */
export async function verifyModel(path: string, file: string, json: boolean): Promise<number> {
  const { notes } = await readModel(path);
  const { receipt, command } = notes as { receipt?: Receipt; command?: { flags?: TuneFlags } };
  if (!isRecord(receipt) || !isRecord(command) || !isRecord(command.flags))
    throw new FettleError(
      "invalid_state",
      `${show(path)} must have a receipt, as fettle tune --out writes it; received none`,
    );
  const flags = command.flags as unknown as TuneFlags;
  const setup = await readSetup(file, flags);
  const data = await digestOfData(setup.data);
  const started = performance.now();
  const compared: Comparison[] = [
    [
      "kernels",
      receipt.kernels === kernelsName(),
      `${receipt.kernels} then, ${kernelsName()} now; their bits may differ`,
    ],
    ["data", receipt.data === data.data, differenceOf(receipt, data)],
  ];
  if (receipt.data === data.data) {
    const result = await search(setup, flags, () => {});
    const again = finalOrNone(result)?.notes.receipt as Receipt | undefined;
    const trials = count(result?.trials.length ?? 0, "trial");
    compared.push(
      ["folds", receipt.folds === again?.folds, "the rows were divided differently"],
      ["trials", receipt.trials === again?.trials, `${trials} had different results`],
      ["weights", receipt.weights === again?.weights, "the final network has other weights"],
    );
  }
  const same = compared.every(([, each]) => each) && compared.length === 5;
  if (json) {
    const outcome = compared.map(([what, each, difference]) => [what, each ? "same" : difference]);
    printLines([JSON.stringify({ same, ...Object.fromEntries(outcome) })]);
  } else {
    const lines = compared.map(
      ([what, each, difference = ""]) => `${what.padEnd(7)}  ${each ? "same" : difference}`,
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    printLines([
      ...lines.flatMap((line) => wrap(line, widthOf(process.stdout))),
      same ? `Recomputed in ${seconds} s: every bit is the same.` : "This is not the study of the model.",
    ]);
  }
  return same ? EXIT.success : EXIT.failure;
}

function differenceOf(receipt: Receipt, { rows, columns }: Pick<Receipt, "rows" | "columns">): string {
  if (receipt.rows !== rows) return `${count(rows, "row")}, where the study had ${receipt.rows}`;
  const names = Object.keys({ ...receipt.columns, ...columns });
  const changed = names.filter((name) => receipt.columns[name] !== columns[name]);
  return changed.length > 0 ? `other cells in ${changed.map(show).join(", ")}` : "other kinds of columns";
}
