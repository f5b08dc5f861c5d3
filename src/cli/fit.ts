/** `fettle fit`: trains a dense network with given hyperparameters on a table, and saves it. */
import type { Command } from "commander";
import type { Dataset } from "../data/dataset.js";
import { positiveOf } from "../data/positive.js";
import { check } from "../errors.js";
import { saveModel } from "../model/save.js";
import { besideBaselines } from "../report/baselines.js";
import { count, formatScore, plain, scoreLabel } from "../report/format.js";
import { layOut, wrap } from "../report/layout.js";
import { describeData } from "../report/study.js";
import { choice } from "../search/space/builders.js";
import { grid } from "../search/strategies/grid/grid.js";
import { type BaselineReport, compareBaselines } from "../tune/baselines/compare.js";
import { checkDenseSpace, DENSE_DEFAULTS, denseFit, denseModel } from "../tune/dense.js";
import { divideRows, sizesOf } from "../tune/trial/folds.js";
import { tune } from "../tune/tune.js";
import { splitSeed } from "../tune/tuner/setup.js";
import { DATA, pipelineOf, readDataset, TABLE_HELP } from "./dataset.js";
import { EXIT } from "./exit.js";
import { inFlags, quotedPath } from "./explain.js";
import { titleOf } from "./files.js";
import { addFlags, epochs, type FlagsOf, grouped, JSON_ONLY, SEED, settingOf, share, text } from "./flags.js";
import { paintFor, printLines, widthOf } from "./streams.js";
import { MODEL_FILE } from "./studyFolder.js";
import { WholeFile } from "./wholeFile.js";

const SETTABLE = Object.keys(DENSE_DEFAULTS).filter((name) => name !== "epochs");

const FIT = {
  ...DATA,
  testSize: share("<share>", "share of rows held out for the scores; 0 holds out no rows", 0.2),
  ...grouped("Training:", {
    epochs: epochs("<n>", "epochs of training", DENSE_DEFAULTS.epochs),
    set: settingOf(SETTABLE),
  }),
  ...grouped("Other options:", {
    out: text("<file>", "file to write the model to", MODEL_FILE),
    seed: SEED,
    json: JSON_ONLY,
  }),
};
type FitFlags = FlagsOf<typeof FIT>;

/** Defines the command; `done` receives the exit code. */
export function define(command: Command, done: (exitCode: number) => void): void {
  command
    .description(
      "Train a dense network with given hyperparameters on a table, score it on held-out rows, and save it.",
    )
    .argument("<data.csv>", TABLE_HELP);
  addFlags(command, FIT)
    .addHelpText(
      "after",
      `
Examples:
  fettle fit examples/data/breast-cancer.csv --target diagnosis
  fettle fit houses.csv --target price --set units=64 --set learningRate=0.003 --out price.fettle`,
    )
    .action(async (file: string, flags: FitFlags) => done(await run(file, flags)));
}

/** @returns the exit code */
async function run(file: string, flags: FitFlags): Promise<number> {
  const { set = {}, epochs, testSize, seed, out, indicator } = flags;
  check(!Object.hasOwn(set, "epochs"), "--set must not hold epochs; use --epochs");
  const data = await readDataset(file, flags);
  const validation = { split: 0.2 };
  const sizes = sizesOf(divideRows(data, { validation, testSize, seed: splitSeed(seed) }));
  const params = { batchSize: Math.min(DENSE_DEFAULTS.batchSize, sizes.training), ...set };
  const space = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, choice([value])]));
  checkDenseSpace(data, space, sizes.training);
  const output = await WholeFile.open(out);
  try {
    const result = await tune({
      data,
      space,
      strategy: grid(),
      validation,
      testSize,
      seed,
      jobs: 1,
      pipeline: pipelineOf(data, flags),
      model: (own) => denseModel(data, own),
      ...(flags.unknown !== undefined && { unknown: flags.unknown }),
      fit: (own) => denseFit(own, { epochs }),
    });
    const { final, best, metric } = result;
    output.write(saveModel(final));
    output.finish();
    const baselines =
      sizes.test > 1 ? await compareBaselines(result, { data, pipeline: { indicator } }) : undefined;
    if (flags.json) {
      const { positive, test } = final;
      const scores = {
        metric,
        validation: best.value,
        ...(positive !== undefined && { positive }),
        test,
        ...(baselines && { baselines }),
      };
      printLines([JSON.stringify({ model: out, ...scores, params })]);
    } else printResult({ ...flags, file }, data, sizes.test, final.test, baselines);
    return EXIT.success;
  } finally {
    output.close();
  }
}

function printResult(
  { file, out }: FitFlags & { readonly file: string },
  data: Dataset,
  testRows: number,
  test: Readonly<Record<string, number>>,
  baselines: BaselineReport | undefined,
): void {
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  const scores = Object.entries(test).map(([name, score]) => [
    scoreLabel(name, positiveOf(data)),
    formatScore(score),
  ]);
  printLines([
    describeData(titleOf(file), data),
    ...(data.notes ?? []).flatMap((note) =>
      wrap(plain(inFlags(note, ["task", "missing", "positive"])), width),
    ),
    ...(scores.length > 0
      ? [
          paint.heading(`Scores on ${count(testRows, "held-out row")}`),
          ...(baselines ? besideBaselines(baselines, width) : layOut(scores, { width })),
        ]
      : []),
    `Written: ${out}`,
    `Predict ${data.target} of other rows: npx fettle predict ${quotedPath(out)} <data.csv>`,
  ]);
}
