/** `fettle fit`: trains a dense network with given hyperparameters on a table, and saves it. */
import { basename, resolve } from "node:path";
import type { Dataset } from "../data/dataset.js";
import { positiveOf } from "../data/positive.js";
import { check } from "../errors.js";
import { saveModel } from "../model/save.js";
import { defined } from "../options.js";
import { scoreLines } from "../report/baselines.js";
import { count, plain, scoreLabel } from "../report/format.js";
import type { ReportOptions } from "../report/html/options.js";
import { createReport } from "../report/html/report.js";
import { wrap } from "../report/layout.js";
import { loadCharts } from "../report/plots/render.js";
import { type StudySource, studyData } from "../report/plots/studyData.js";
import { describeData } from "../report/study.js";
import { drawTraining } from "../report/terminal/training.js";
import { choice } from "../search/space/builders.js";
import type { Space } from "../search/space/space.js";
import { grid } from "../search/strategies/grid/grid.js";
import { type BaselineReport, compareBaselines } from "../tune/baselines/compare.js";
import { checkDenseSpace, DENSE_DEFAULTS, denseFit, denseModel } from "../tune/dense.js";
import { divideRows, type PartSizes, sizesOf } from "../tune/trial/folds.js";
import { digestOfData } from "../tune/trial/receipt.js";
import { tune } from "../tune/tune.js";
import type { TuneResult } from "../tune/tuner/options.js";
import { splitSeed } from "../tune/tuner/setup.js";
import { VERSION } from "../version.js";
import { defineCommand } from "./command.js";
import { DATA, pipelineOf, readDataset, TABLE_HELP } from "./dataset.js";
import { titleOf } from "./files.js";
import { epochs, type FlagsOf, grouped, JSON_ONLY, SEED, settingOf, share, text, turnOn } from "./flags.js";
import { inFlags, quotedPath } from "./messages.js";
import { checkFile, writeWhole } from "./output.js";
import { commandLine, FILE } from "./repeat.js";
import { tableParts } from "./reportParts.js";
import { drawingFor, paintFor, printLines, widthOf } from "./streams.js";
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
    report: text("<file.html>", "file to write a report to, with the curves; needs the package echarts"),
    plot: turnOn("draw training against validation, epoch by epoch", ["json"]),
    seed: SEED,
    json: JSON_ONLY,
  }),
};
type FitFlags = FlagsOf<typeof FIT>;

export const define = defineCommand({
  description:
    "Train a dense network with given hyperparameters on a table, score it on held-out rows, and save it.",
  arguments: [["<data.csv>", TABLE_HELP]],
  flags: FIT,
  after: `Examples:
  fettle fit examples/data/breast-cancer.csv --target diagnosis --plot
  fettle fit houses.csv --target price --set units=64 --set learningRate=0.003 --out price.fettle`,
  run,
});

async function run(file: string, flags: FitFlags): Promise<void> {
  const { set = {}, epochs, testSize, seed, out, indicator, report, plot } = flags;
  check(!Object.hasOwn(set, "epochs"), "--set must not hold epochs; use --epochs");
  if (report !== undefined) {
    await loadCharts();
    checkFile(report);
    check(resolve(report) !== resolve(out), "--report and --out must name two files; received one");
  }
  const data = await readDataset(file, flags);
  const validation = { split: 0.2 };
  const rows = divideRows(data, { validation, testSize, seed: splitSeed(seed) });
  const sizes = sizesOf(rows);
  const params = { batchSize: Math.min(DENSE_DEFAULTS.batchSize, sizes.training), ...set };
  const space: Space = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, choice([value])]),
  );
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
      ...((plot || report !== undefined) && { curves: "validation" }),
    });
    const { final, best, metric } = result;
    output.write(saveModel(final));
    output.finish();
    const baselines =
      sizes.test > 1 ? await compareBaselines(result, { data, pipeline: { indicator } }) : undefined;
    if (report !== undefined) {
      const setup = {
        data,
        rows,
        folds: 1,
        labels: result.metrics.map((name) => scoreLabel(name, positiveOf(data))),
      };
      const study = studyData(result.study as StudySource, { name: file, metrics: setup.labels });
      const shown = { test: final.test, ...defined({ baselines }) };
      const table = { ...(await tableParts(file, setup, final, out)), ...(await saidOf(file, flags, data)) };
      writeWhole(report, await createReport(study, { ...table, ...shown }));
    }
    if (flags.json) {
      const { positive, test } = final;
      const scores = { metric, validation: best.value, positive, test, baselines };
      printLines([JSON.stringify({ model: out, ...scores, params })]);
    } else printResult({ ...flags, file }, data, sizes, result, baselines);
  } finally {
    output.close();
  }
}

/** What the report says about the command. */
async function saidOf(file: string, flags: FitFlags, data: Dataset): Promise<ReportOptions> {
  const { out: _out, report: _report, plot: _plot, json: _json, ...held } = flags;
  const command = file === "-" ? undefined : commandLine("fit", [basename(file)], held);
  const positive = positiveOf(data);
  return {
    title: `${data.target} of ${titleOf(file)}`,
    ...defined({ positive }),
    repeat: {
      ...defined({ command }),
      isSame: command?.includes(FILE) === false,
      facts: [
        ["fettle", VERSION],
        ["seed", String(flags.seed)],
        ["table (SHA-256)", (await digestOfData(data)).data],
      ],
    },
  };
}

function printResult(
  { file, out, report, plot }: FitFlags & { readonly file: string },
  data: Dataset,
  sizes: PartSizes,
  { final, best }: TuneResult<Space>,
  baselines: BaselineReport | undefined,
): void {
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  const scores = scoreLines(final.test, baselines, positiveOf(data), width);
  const { training, development } = sizes;
  const curved = `Curves of a training on ${count(training, "row")}, validated on ${development - training}; the written model learnt from all ${development}.`;
  printLines([
    describeData(titleOf(file), data),
    ...(data.notes ?? []).flatMap((note) =>
      wrap(plain(inFlags(note, ["task", "missing", "positive"])), width),
    ),
    ...(scores.length > 0
      ? [paint.heading(`Scores on ${count(sizes.test, "held-out row")}`), ...scores]
      : []),
    ...(plot && best.curves
      ? [
          ...drawTraining(best.curves, "loss", drawingFor(process.stdout), paint),
          ...wrap(curved, width).map(paint.faint),
        ]
      : []),
    `Written: ${[out, ...(report === undefined ? [] : [report])].join(", ")}`,
    `Predict ${data.target} of other rows: npx fettle predict ${quotedPath(out)} <data.csv>`,
  ]);
}
