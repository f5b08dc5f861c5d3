/** `fettle lr-find`: reads a table, runs a learning-rate range test on it and prints what it suggests. Every figure is computed elsewhere. */
import { basename } from "node:path";
import type { Command } from "commander";
import { check } from "../errors.js";
import { count, formatValue } from "../report/format.js";
import { describeRates } from "../report/rates.js";
import { describeData } from "../report/study.js";
import { wrap } from "../report/table.js";
import type { Params } from "../search/space/space.js";
import { DENSE_DEFAULTS, denseModel } from "../tune/dense.js";
import { findLearningRate } from "../tune/rateFinder.js";
import { EXIT } from "./exit.js";
import { positiveNumber, setting, share, wholeNumber } from "./options.js";
import { note, paintFor, printLines, widthOf } from "./streams.js";
import { addTableOptions, readDataset, type TableOptions } from "./table.js";

/** What commander hands over. */
interface Options extends TableOptions {
  readonly set?: Params;
  readonly low: number;
  readonly high: number;
  readonly steps: number;
  readonly batch?: number;
  readonly smoothing: number;
  readonly seed: number;
  readonly json?: true;
}

/** Given by options of their own. */
const OWN = { learningRate: "--low and --high", batchSize: "--batch" };

/** Adds the command; `done` is told the exit code. */
export function addLrFindCommand(program: Command, done: (exitCode: number) => void): void {
  const settable = Object.keys(DENSE_DEFAULTS).filter((name) => !Object.hasOwn(OWN, name));
  const command = program
    .command("lr-find")
    .summary("find learning rates worth searching on a table")
    .description(
      "Trains a dense network once while the learning rate rises from step to step, and suggests rates by where the " +
        "loss falls. It trains on all rows of the table.",
    );
  addTableOptions(command)
    .option("--set <name=value>", `of the network, once for each: ${settable.join(", ")}`, setting)
    .option("--low <rate>", "the first rate", positiveNumber, 1e-6)
    .option("--high <rate>", "the last rate", positiveNumber, 10)
    .option("--steps <n>", "steps from the one to the other", wholeNumber(2), 100)
    .option("--batch <rows>", "rows a step (default: 32, or all if they are fewer)", wholeNumber(1))
    .option("--smoothing <share>", "how much of the average loss is kept from step to step", share, 0.9)
    .option("--seed <n>", "decides everything random", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: Options) => done(await run(file, options)));
}

const EXAMPLES = `
Examples:
  fettle lr-find examples/data/breast-cancer.csv --target diagnosis
  fettle lr-find houses.csv --target price --set optimizer=sgd --set units=64`;

/** @returns the exit code */
async function run(file: string, options: Options): Promise<number> {
  const { set = {}, low, high, steps, smoothing, seed, json } = options;
  for (const [name, option] of Object.entries(OWN)) {
    check(!Object.hasOwn(set, name), `${name} is given by ${option}, not by --set`);
  }
  const data = readDataset(file, options);
  const { batch = Math.min(DENSE_DEFAULTS.batchSize, data.rows) } = options;
  const result = await findLearningRate({
    ...{ data, low, high, steps, smoothing, seed, batchSize: batch },
    model: ({ learningRate }) => denseModel(data, { ...set, learningRate }),
  });
  if (json) {
    const { suggested = null, belowMinimum = null, ...rest } = result;
    printLines([JSON.stringify({ ...rest, suggested, belowMinimum, seed })]);
  } else {
    const width = widthOf(process.stdout);
    const range = `rates from ${formatValue(low)} to ${formatValue(high)}`;
    const introduction = [
      describeData(basename(file), data),
      `learning-rate range test: ${count(steps, "step")} of ${count(batch, "row")}, ${range}; seed ${seed}`,
    ];
    printLines([
      ...introduction.flatMap((line) => wrap(line, width)),
      ...describeRates(result, width, paintFor(process.stdout)),
    ]);
  }
  if (result.suggested !== undefined) return EXIT.success;
  note("No rate lowered the loss; try lower ones, from --low 1e-9 up.");
  return EXIT.failure;
}
