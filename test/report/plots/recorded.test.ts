/**
 * Every property of every picture as `recorded.txt` has it: sizes, colours, dashes, axes, words.
 * A change of a picture changes that file, which a review then sees:
 * `npx vitest run test/report/plots/recorded.test.ts --update` rewrites it.
 */
import { beforeAll, expect, it } from "vitest";
import { ready } from "../../../src/numerics/kernels.js";
import * as report from "../../../src/report/index.js";
import { plotOverlay } from "../../../src/report/plots/overlay.js";
import type { Plot } from "../../../src/report/plots/plot.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { recordedLines } from "../../recordedLines.js";
import { studyOf } from "./support.js";

beforeAll(() => ready(), 60_000);

const space = {
  rate: float(0.001, 1, { log: true }),
  units: int(1, 20),
  kind: choice(["a", "b"]),
  momentum: float(0, 1, { when: { kind: ["b"] } }),
};
// numbers of trials with a value, and epochs, reach from 1 to more than 10: an axis could be logarithmic
const epochs = Array.from({ length: 12 }, (_, epoch) => epoch);
const statuses = { 0: "failed", 4: "pruned", 7: "diverged" } as const;
const study = studyOf(
  space,
  Array.from({ length: 14 }, (_, i) => {
    const kind = i % 2 === 0 ? "a" : "b";
    const params = {
      rate: 0.001 * 1.5 ** i,
      units: 1 + i,
      kind,
      ...(kind === "b" && { momentum: i / 14 }),
    };
    const curves = {
      loss: [epochs.map((epoch) => 9 - i / 2 + (epoch % 5)), epochs.map((epoch) => 8 - epoch / 4)],
    };
    const status = statuses[i as keyof typeof statuses];
    const outcome = { seconds: 1 + i, std: 0.1, curves, ...(status && { status }) };
    return [
      params,
      status === "failed" || status === "diverged" ? outcome : { ...outcome, value: (i - 5) ** 2 },
    ];
  }),
);
const front = studyOf(
  { rate: float(0, 1) },
  [0, 1, 2, 3, 4].map((i) => [
    { rate: i / 4 },
    { values: i === 4 ? [3, 9] : [i, 9 - i * i, (i * 3) % 4].slice(0, 2) },
  ]),
  ["minimize", "minimize"],
  ["error", "size"],
);
const three = studyOf(
  { rate: float(0, 1) },
  [0, 1, 2, 3].map((i) => [{ rate: i / 4 }, { values: [i, 9 - i * i, (i * 3) % 4] }]),
  ["minimize", "minimize", "maximize"],
);
const p = [0.1, 0.4, 0.35, 0.8, 0.65, 0.05, 0.9, 0.2];
const two: report.Predictions = {
  target: "kind",
  classes: ["no", "yes"],
  truth: [0, 0, 1, 1, 1, 0, 1, 0],
  predicted: p.map((each) => Number(each >= 0.3)),
  probabilities: p.map((each) => [1 - each, each]),
  threshold: 0.3,
};
const many: report.Predictions = {
  target: "species",
  classes: ["a long name of a class", "b", "c", "d", "e", "f"],
  truth: [0, 1, 2, 3, 4, 5, 0, 1],
  predicted: [0, 1, 2, 3, 4, 0, 0, 2],
  probabilities: [0, 1, 2, 3, 4, 0, 0, 2].map((k) => [0, 1, 2, 3, 4, 5].map((j) => (j === k ? 0.5 : 0.1))),
};
const numbers: report.Predictions = {
  target: "price",
  truth: p.map((_, i) => 2 ** i),
  predicted: p.map((each, i) => 2 ** i * (each + 0.6)),
};
const swept = [
  { value: 0.01, mean: 0.5, std: 0.1 },
  { value: 0.1, mean: 0.75, std: 0.05 },
  { value: 1, mean: 0.6, std: null },
];
const rates = {
  rates: [0.01, 0.1, 1],
  losses: [2, 1, 3],
  smoothed: [2, 1.5, 2],
  suggested: 0.1,
  belowMinimum: 0.01,
};
const ofLine = (points: readonly (readonly [number, number])[]) =>
  ({ name: "valLoss", unit: "epoch", points, count: points.length }) as const;

type Plots = { [K in keyof typeof report as K extends `plot${string}` ? K : never]: readonly Plot[] };
const plots = (): Omit<Plots, "plotTheme"> & { readonly plotOverlay: readonly Plot[] } => ({
  plotCalibration: [report.plotCalibration(two), report.plotCalibration(many)],
  plotComparison: [report.plotComparison([study, studyOf(space, [[{ rate: 1 }, { value: 3 }]])])],
  plotConfusion: [report.plotConfusion(two), report.plotConfusion(many)],
  plotContour: [report.plotContour(study, "rate", "units")],
  plotCurves: [
    report.plotCurves(study),
    report.plotCurves(study, { trials: [2, 1] }),
    report.plotCurves(studyOf(space, [[{ rate: 1 }, { value: 3, curves: { loss: [[2]] } }]]), {
      title: "One point",
    }),
  ],
  plotHistory: [report.plotHistory(study), report.plotHistory(study, { against: "time" })],
  plotImportances: [report.plotImportances(study, { draws: 3 })],
  plotOverlay: [
    plotOverlay(
      [
        {
          name: "one",
          curve: ofLine([
            [1, 3],
            [2, 2],
          ]),
          group: 0,
        },
        { name: "two", curve: ofLine([[1, 4]]), group: 1 },
        { name: "three" },
      ],
      "valLoss",
      "epoch",
    ),
  ],
  plotParallel: [report.plotParallel(study)],
  plotParetoFront: [report.plotParetoFront(front), report.plotParetoFront(three)],
  plotPrecisionRecall: [report.plotPrecisionRecall(two), report.plotPrecisionRecall(many)],
  plotRanks: [report.plotRanks(study, "rate", "kind")],
  plotRates: [report.plotRates({ ...rates, reason: "finished" })],
  plotResiduals: [report.plotResiduals(numbers)],
  plotRoc: [report.plotRoc(two), report.plotRoc(many)],
  plotSegments: [
    report.plotSegments(two, { name: "city", values: ["a", "b", "a", "b", "c", "c", "a", null] }),
    report.plotSegments(numbers, { name: "age", values: p.map((_, i) => 10 ** i) }),
  ],
  plotSlice: [
    report.plotSlice(study, "rate"),
    report.plotSlice(study, "kind"),
    report.plotSlice(study, "units", { marginal: false }),
  ],
  plotSweep: [report.plotSweep(swept, { parameter: "rate", metric: "accuracy", direction: "maximize" })],
  plotTimeline: [report.plotTimeline(study)],
  plotTraining: [
    report.plotTraining({ epoch: [0], history: { loss: [2] } }),
    report.plotTraining({
      epoch: [0, 1],
      history: { loss: [2, 1], valLoss: [3, 4], learningRate: [0.1, 0.01] },
    }),
  ],
});

it("every picture has the properties that are recorded", async () => {
  const lines = Object.entries(plots()).flatMap(([name, all]) =>
    all.flatMap((plot, i) => ["", ...recordedLines(plot, `${name}.${i}`)]),
  );
  for (const theme of ["light", "dark"] as const) {
    const { color, series } = report.chartOption(report.plotHistory(study), theme);
    lines.push("", ...recordedLines({ colors: report.plotTheme(theme), color, series }, theme));
  }
  await expect(`${lines.slice(1).join("\n")}\n`).toMatchFileSnapshot("recorded.txt");
});
