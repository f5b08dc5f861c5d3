/**
 * A page with everything that a report can have, without its pictures, as `recorded.txt` has it; and each
 * option changes the page. `npx vitest run test/report/html/recorded.test.ts --update` rewrites that file
 * after a change of the page.
 */
import { expect, it } from "vitest";
import type { ReportedData, ReportOptions } from "../../../src/report/html/options.js";
import { createReport } from "../../../src/report/html/report.js";
import { choice, float } from "../../../src/search/space/builders.js";
import type { BaselineReport, BaselineScores } from "../../../src/tune/baselines/compare.js";
import { everyOption } from "../../everyOption.js";
import { studyOf } from "../plots/support.js";

const study = studyOf(
  { rate: float(0.001, 1, { log: true }), kind: choice(["a", "b"]) },
  Array.from({ length: 6 }, (_, i) => {
    const curves = { loss: [[1, i]], valLoss: [[2, i]] };
    const params = { rate: 0.001 * 2 ** i, kind: i % 3 ? "a" : "b" };
    return [
      params,
      i === 4
        ? { status: "failed" as const, error: "too large", seconds: 2 }
        : { value: (i - 2) ** 2, std: 0.5, seconds: 1, curves },
    ] as const;
  }),
  "minimize",
  ["logLoss"],
);
const data: Required<ReportedData> = {
  name: "t.csv",
  rows: 200,
  target: "answer",
  columns: [
    { name: "city", kind: "category", missing: 3, samples: "Oslo, Rome" },
    { name: "age", kind: "number" },
  ],
  classes: [
    { name: "no", rows: 150 },
    { name: "yes", rows: 50 },
  ],
  warnings: ['"city" tells the target'],
  receipt: ["read with a comma"],
};
const scores: Required<Omit<BaselineScores, "noInterval">> = {
  final: 0.25,
  interval: [0.2, 0.4],
  decidedBy: 3,
  linear: 0.375,
  constant: 0.75,
};
const lead = { difference: 0.125, interval: [-0.1, 0.3], decidedBy: 2 } as const;
const baselines: Required<BaselineReport> = {
  rows: 40,
  scores: { logLoss: scores, f1: { final: 0.5, noInterval: "no rows are yes", constant: 0.25 } },
  metric: "logLoss",
  ahead: { linear: lead, constant: { difference: 0.5, interval: [0.3, 0.7] } },
  verdict: "level",
  penalty: 0.01,
  positive: "yes",
};
const p = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) / 40);
const values = [0.01, 0.1, 1].map((value, i) => ({ value, mean: 1 + (i - 1) ** 2, std: 0.25 }));
const full: Required<ReportOptions> = {
  title: "All of it",
  folds: 3,
  test: { logLoss: 0.25, f1: null },
  baselines,
  ensemble: {
    members: [
      { trial: 1, networks: 2 },
      { trial: 2, networks: 1 },
    ],
    untuned: { linear: 1, constant: 1 },
    score: 0.125,
    single: 0.25,
    confirm: 2,
  },
  calibration: {
    temperature: 1.5,
    logLoss: { before: 0.5, after: 0.375 },
    error: { before: 0.25, after: 0.125 },
  },
  threshold: 0.375,
  positive: "yes",
  use: [{ title: "On the command line", code: "npx fettle predict model.fettle <data.csv>" }],
  predictions: {
    target: "answer",
    classes: ["no", "yes"],
    truth: p.map((each) => Number(each > 0.4)),
    predicted: p.map((each) => Number(each >= 0.5)),
    probabilities: p.map((each) => [1 - each, each]),
  },
  segments: [{ name: "city", values: p.map((each) => (each > 0.3 ? "Oslo" : "東京")) }],
  explanation: {
    task: "classification",
    outputs: ["yes"],
    importance: {
      metric: "logLoss",
      direction: "minimize",
      score: 0.25,
      rows: 30,
      of: 40,
      columns: [
        { columns: ["size"], importance: 0.5, interval: [0.25, 0.75], decidedBy: 3 },
        { columns: ["city"], importance: 0.125, interval: [0, 0.25] },
      ],
      groups: [{ columns: ["size", "city"], importance: 0.75, interval: [0.5, 1] }],
    },
    dependence: [
      {
        column: "size",
        values: [1, 2, 3],
        counts: [10, 10, 10],
        mean: [[0.25], [0.5], [0.75]],
        curves: [[[0.125], [0.5], [0.875]]],
        gaps: [],
        others: 0,
      },
    ],
  },
  data,
  repeat: { command: "npx fettle tune t.csv", facts: [["seed", "1"]], isSame: true },
  rates: {
    rates: [0.01, 0.1, 1],
    losses: [2, 1, 3],
    smoothed: [2, 1.5, 2],
    suggested: 0.1,
    belowMinimum: 0.01,
    reason: "finished",
  },
  sweep: { parameter: "rate", metric: "logLoss", direction: "minimize", values },
};

/** The page without what the pictures, the style and the script are made of. */
const pageOf = async (options: ReportOptions) =>
  (await createReport(study, options))
    .replaceAll(/<svg.*?<\/svg>/gs, "<svg/>")
    .replaceAll(/<(style|script)>.*?<\/\1>/gs, "<$1/>")
    .replaceAll(/sha256-[^&']*/g, "a digest");

it("a full page has what is recorded", async () => {
  await expect(await pageOf(full)).toMatchFileSnapshot("recorded.txt");
}, 60_000);

const omitted = (name: keyof ReportOptions): ReportOptions => {
  const { [name]: _, ...rest } = full;
  return rest;
};
everyOption<ReportOptions>("createReport", full, pageOf, {
  ...(Object.fromEntries(
    Object.keys(full).map((name) => [name, [{ [name]: undefined }]]),
  ) as unknown as Record<keyof ReportOptions, [ReportOptions]>),
  // scores of test rows are those of the baselines where there are some
  test: [{ test: { logLoss: 0.5 } }, { ...omitted("baselines"), baselines: undefined as never }],
});
