/**
 * `fettle lr-find`: reads a table, runs a learning-rate range test on it and prints the suggested rates. It
 * computes no figure itself.
 */
import type { Dataset } from "../data/dataset.js";
import { check, show } from "../errors.js";
import { count, formatValue } from "../report/format.js";
import { wrap } from "../report/layout.js";
import { plotRates } from "../report/plots/rates.js";
import { loadCharts } from "../report/plots/render.js";
import { renderSvg } from "../report/plots/svg.js";
import { describeRates } from "../report/rates.js";
import { describeData } from "../report/study.js";
import { drawRates } from "../report/terminal/rates.js";
import { DENSE_DEFAULTS, denseModel } from "../tune/dense.js";
import { findLearningRate, type RateFinderResult } from "../tune/rateFinder.js";
import { defineCommand } from "./command.js";
import { DATA, pipelineOf, readDataset, TABLE_HELP } from "./dataset.js";
import { EXIT } from "./exit.js";
import { titleOf } from "./files.js";
import {
  type FlagsOf,
  grouped,
  integer,
  JSON_ONLY,
  positiveNumber,
  SEED,
  settingOf,
  share,
  text,
  turnOn,
} from "./flags.js";
import { checkFile, writeWhole } from "./output.js";
import { coloursFor, drawingFor, note, paintFor, printLines, widthOf } from "./streams.js";
import { RATES_FILE } from "./studyFolder.js";

/** Parameters of the network that have their own flags. */
const OWN_FLAGS = { learningRate: "--low and --high", batchSize: "--batch-size", epochs: "--steps" };

const SETTABLE = Object.keys(DENSE_DEFAULTS).filter((name) => !Object.hasOwn(OWN_FLAGS, name));

const LR_FIND = {
  ...DATA,
  ...grouped("Range test:", {
    low: positiveNumber("<rate>", "lowest learning rate", 1e-6),
    high: positiveNumber("<rate>", "highest learning rate", 10),
    steps: integer(2)("<n>", "steps from the lowest rate to the highest", 100),
    smoothing: share("<share>", "weight of earlier losses in the moving average; 0 turns it off", 0.9),
  }),
  ...grouped("Training:", {
    batchSize: integer(1)("<rows>", "rows per batch (default: 32, or all rows if there are fewer)"),
    set: settingOf(SETTABLE),
  }),
  ...grouped("Other options:", {
    seed: SEED,
    json: JSON_ONLY,
    plot: turnOn("draw the loss against the learning rate", ["json"]),
    out: text(
      "<file>",
      `write a picture of the loss against the learning rate (.svg, needs the package echarts), or the result (.json); fettle report draws ${RATES_FILE} if it is in the folder of a study`,
    ),
  }),
};
type LrFindFlags = FlagsOf<typeof LR_FIND>;

export const define = defineCommand({
  description:
    "Run a learning-rate range test: train a dense network once, on all rows of a table, while the rate " +
    "increases at every step, and suggest rates where the loss falls.",
  arguments: [["<data.csv>", TABLE_HELP]],
  flags: LR_FIND,
  after: `Examples:
  fettle lr-find examples/data/breast-cancer.csv --target diagnosis
  fettle lr-find houses.csv --target price --set optimizer=sgd --set units=64
  fettle lr-find houses.csv --target price --plot --out rates.svg
  fettle lr-find houses.csv --target price --out study/${RATES_FILE}`,
  run,
});

/** @returns the exit code */
async function run(file: string, flags: LrFindFlags): Promise<number> {
  const { set = {}, low, high, steps, smoothing, seed } = flags;
  check(low < high, `--low must be less than --high; received ${low} and ${high}`);
  for (const [name, own] of Object.entries(OWN_FLAGS)) {
    check(!Object.hasOwn(set, name), `--set must not hold ${name}; use ${own}`);
  }
  const { out } = flags;
  if (out !== undefined) await checkOut(out);
  const data = await readDataset(file, flags);
  const { batchSize = Math.min(DENSE_DEFAULTS.batchSize, data.rows) } = flags;
  check(
    batchSize <= data.rows,
    `--batch-size must be at most ${data.rows}, the rows of the table; received ${batchSize}`,
  );
  const result = await findLearningRate({
    data,
    low,
    high,
    steps,
    smoothing,
    seed,
    batchSize,
    pipeline: pipelineOf(data, flags),
    model: ({ learningRate }) => denseModel(data, { ...set, learningRate }),
  });
  const { suggested = null, belowMinimum = null, ...rest } = result;
  const json = JSON.stringify({ ...rest, suggested, belowMinimum, seed });
  if (out !== undefined) writeWhole(out, isPicture(out) ? await renderSvg(plotRates(result)) : `${json}\n`);
  if (flags.json) printLines([json]);
  else {
    printResult(file, { ...flags, batchSize }, data, result);
  }
  if (result.suggested !== undefined) return EXIT.success;
  note(coloursFor(process.stderr).red("error: no rate lowered the loss; try lower ones, such as --low 1e-9"));
  return EXIT.failure;
}

const isPicture = (out: string): boolean => out.endsWith(".svg");

/** Checks before the work begins that the picture can be drawn and the file written. */
async function checkOut(out: string): Promise<void> {
  check(
    isPicture(out) || out.endsWith(".json"),
    () => `--out must end with .svg or .json; received ${show(out)}`,
  );
  if (isPicture(out)) await loadCharts();
  checkFile(out);
}

function printResult(
  file: string,
  { low, high, steps, batchSize = 0, seed, plot, out }: LrFindFlags,
  data: Dataset,
  result: RateFinderResult,
): void {
  const width = widthOf(process.stdout);
  const introduction = [
    describeData(titleOf(file), data),
    `learning-rate range test: ${count(steps, "step")} of ${count(batchSize, "row")}, ` +
      `rates from ${formatValue(low)} to ${formatValue(high)}; seed ${seed}`,
  ];
  printLines([
    ...introduction.flatMap((line) => wrap(line, width)),
    ...describeRates(result, width, paintFor(process.stdout)),
    ...(plot ? drawRates(result, drawingFor(process.stdout), paintFor(process.stdout)) : []),
    ...(out === undefined ? [] : ["", `Written: ${out}`]),
  ]);
}
