import { describe, expect, it } from "vitest";
import { jsonReport } from "../../src/report/json.js";
import {
  type FrontReport,
  introduce,
  type StudyReport,
  summarize,
  summarizeFront,
} from "../../src/report/study.js";
import type { Params } from "../../src/search/space/space.js";
import { makeRecord, type TrialOutcome } from "../../src/search/trial/trial.js";

const record = (number: number, params: Params, told: TrialOutcome) => makeRecord({ number, params }, told);
const trials = [
  record(0, { units: 8, optimizer: "adam" }, { value: 0.9, std: 0.01, seconds: 1 }),
  record(1, { units: 16, optimizer: "sgd", momentum: 0.5 }, { value: 0.95, std: 0.02, seconds: 2 }),
  record(2, { units: 32, optimizer: "adam" }, { value: Number.NaN }),
  record(3, { units: 64, optimizer: "adam" }, { status: "failed", error: "out of\nluck" }),
  record(4, { units: 9, optimizer: "adam" }, { value: 0.95, std: 0.03, seconds: 3 }),
];
const report: StudyReport = {
  metric: "accuracy",
  direction: "maximize",
  folds: 5,
  trials,
  best: trials[1],
  test: { accuracy: 0.875, rocAuc: Number.NaN },
  testRows: 8,
  seconds: 6,
};
const same = (text: string) => text;
const paint = { heading: same, faint: same };

describe("summarize", () => {
  it("shows the best, its scores, the best trials side by side, and how trials ended", () => {
    expect(summarize(report, 80, paint)).toEqual([
      "",
      "Best parameters (trial 1)",
      "  units       16",
      "  optimizer  sgd",
      "  momentum   0.5",
      "",
      "Cross-validated accuracy (mean ± std of 5 folds)",
      "  0.9500 ± 0.0200",
      "",
      "Scores on 8 held-out rows",
      "  accuracy  0.8750",
      "  rocAuc         –",
      "",
      "Best trials",
      "  trial           1       4       0",
      "  accuracy   0.9500  0.9500  0.9000",
      "  ± std      0.0200  0.0300  0.0100",
      "  units          16       9       8",
      "  optimizer     sgd    adam    adam",
      "  momentum      0.5       –       –",
      "  seconds       2.0     3.0     1.0",
      "",
      "5 trials: 3 complete, 1 failed, 1 diverged, in 6.0 s",
      "Trial 3 failed: out of luck",
    ]);
  });

  it("shows no deviation of a single validation part", () => {
    const attributes = { scores: { logLoss: { mean: 0.125, std: 0 } } };
    const best = { ...trials[1], attributes };
    const lines = summarize({ ...report, best, folds: 1 }, 80, paint);
    expect(lines.slice(5, 8)).toEqual(["", "Validated accuracy", "  0.9500; logLoss 0.1250"]);
    expect(lines.join("\n")).not.toContain("±");
  });

  it("says how many networks there was time for", () => {
    const ended = summarize({ ...report, endedAfter: 5, networks: 1 }, 80, paint).slice(-2);
    expect(ended).toEqual(["Time ran out after 5 trials.", "Time allowed 1 network for the final model."]);
    const shown = (shortened: object) =>
      summarize({ ...report, shortened } as never, 80, paint)
        .slice(-2)
        .join(" ");
    expect(shown({ epochs: 3, of: 15 })).toContain("Time allowed 3 of its 15 epochs; more");
    expect(shown({ epochs: 3, of: 15, rows: 400 })).toContain(
      "Time allowed 3 of its 15 epochs, on 400 of the rows; more --seconds train it on all.",
    );
  });

  it("shows scores beside what was tuned for", () => {
    const attributes = { scores: { accuracy: { mean: 0.975, std: 0.0125 } } };
    const best = { ...trials[1], attributes };
    expect(summarize({ ...report, best, metric: "logLoss" }, 80, paint)).toContain(
      "  0.9500 ± 0.0200; accuracy 0.9750 ± 0.0125",
    );
  });

  it("says which networks an ensemble has, and what it is worth beside one", () => {
    const members = [
      { trial: 4, networks: 2 },
      { trial: 1, networks: 1 },
    ];
    const ensemble = { members, score: 0.9625, single: 0.95 };
    const lines = summarize({ ...report, ensemble }, 80, paint);
    expect(lines.slice(8, 12)).toEqual([
      "",
      "Final model: the mean of 3 networks",
      "  trial 4 (2), trial 1",
      "  accuracy 0.9625, of one network 0.9500; chosen without the fold that is scored",
    ]);
    expect(jsonReport({ best: undefined, test: {}, trials, ensemble, seed: 0 }).ensemble).toEqual(ensemble);
    const mixed = { ...ensemble, untuned: { linear: 2, constant: 1 } };
    expect(summarize({ ...report, ensemble: mixed }, 80, paint).slice(9, 11)).toEqual([
      "Final model: the mean of 6 networks",
      "  trial 4 (2), trial 1, linear model (2), constant",
    ]);
    const alone = { ...ensemble, members: [], untuned: { linear: 8 } };
    expect(summarize({ ...report, ensemble: alone }, 80, paint).slice(9, 11)).toEqual([
      "Final model: the linear model",
      "  no other network improved it on the validation rows",
    ]);
  });

  it("says by which temperature probabilities are calibrated, and what it is worth", () => {
    const calibration = {
      temperature: 1.2968395546510096,
      logLoss: { before: 0.4, after: 0.38 },
      error: { before: 0.05125, after: 0.034 },
    };
    const lines = summarize({ ...report, calibration }, 80, paint);
    expect(lines.slice(8, 11)).toEqual([
      "",
      "Calibration of probabilities",
      "  temperature 1.30; expected calibration error 0.0340, before 0.0512",
    ]);
    const same = {
      temperature: 1,
      logLoss: { before: 0.4, after: 0.4 },
      error: { before: 0.05, after: 0.05 },
    };
    expect(summarize({ ...report, calibration: same }, 80, paint)).toContain(
      "  temperature 1, since no other is better; expected calibration error 0.0500",
    );
    expect(jsonReport({ best: undefined, test: {}, trials, calibration, seed: 0 }).calibration).toEqual(
      calibration,
    );
  });

  it("shows the scores beside those of models that need no tuning, and which to prefer", () => {
    const lead = (difference: number, low: number, high: number) => ({
      difference,
      interval: [low, high] as const,
    });
    const baselines = {
      rows: 8,
      metric: "accuracy",
      verdict: "level" as const,
      penalty: 0.1,
      scores: {
        accuracy: { final: 0.875, interval: [0.52, 0.98] as const, linear: 0.75, constant: 0.5 },
        rocAuc: { final: Number.NaN, linear: 0.9, constant: 0.5 },
      },
      ahead: { linear: lead(0.125, -0.105, 0.355), constant: lead(0.375, 0.016, 0.73) },
    };
    const lines = (own: object) => {
      const all = summarize({ ...report, baselines: { ...baselines, ...own } }, 80, paint);
      return all.slice(all.indexOf("Scores on 8 held-out rows") + 1, all.indexOf("Best trials") - 1);
    };
    expect(lines({})).toEqual([
      "            this model     95 % interval  linear  constant",
      "  accuracy      0.8750  0.5200 to 0.9800  0.7500    0.5000",
      "  rocAuc             –                    0.9000    0.5000",
      "  A linear model is as good, as far as 8 rows can tell: the accuracy of this one",
      "  is 0.13 higher (95 % interval of the lead: -0.1 to 0.35).",
    ]);
    expect(lines({ verdict: "final" }).slice(3).join(" ")).toBe(
      "  This model is better than a linear model: its accuracy is 0.13 higher (95 %   interval of the lead: -0.1 to 0.35).",
    );
    const behind = { verdict: "linear", ahead: { ...baselines.ahead, linear: lead(-0.125, -0.2, -0.05) } };
    const scores = { accuracy: { ...baselines.scores.accuracy, linear: 1 } };
    expect(
      lines({ ...behind, scores })
        .slice(2)
        .join(" "),
    ).toBe(
      "  A linear model is better: its accuracy is 0.13 higher (95 % interval of the   lead: -0.2 to -0.05).",
    );
    expect(lines({ verdict: "constant" }).slice(3).join(" ")).toBe(
      "  This model is not clearly better than always answering the same: its accuracy   is 0.38 higher (95 % interval of the lead: 0.016 to 0.73).",
    );
    expect(lines({ verdict: "final", ahead: { constant: baselines.ahead.constant } })).toEqual([
      "            this model     95 % interval  constant",
      "  accuracy      0.8750  0.5200 to 0.9800    0.5000",
      "  rocAuc             –                      0.5000",
      "  This model is better than always answering the same: its accuracy is 0.38",
      "  higher (95 % interval of the lead: 0.016 to 0.73). No linear model was fitted:",
      "  it would be too large.",
    ]);
    expect(jsonReport({ best: undefined, test: {}, trials, baselines, seed: 0 }).baselines).toEqual(
      baselines,
    );
    const decided = {
      accuracy: { ...baselines.scores.accuracy, decidedBy: 1 },
      recall: { ...baselines.scores.accuracy, decidedBy: 0 },
      maxError: { final: 3, linear: 2, constant: 5, noInterval: "it grows with the number of rows" },
    };
    const ahead = { ...baselines.ahead, linear: { ...baselines.ahead.linear, decidedBy: 2 } };
    expect(lines({ scores: decided, ahead }).slice(4).join(" ").replace(/ +/g, " ")).toBe(
      " A linear model is as good, as far as 8 rows can tell: the accuracy of this one is 0.13 higher " +
        "(95 % interval of the lead: -0.1 to 0.35, decided by 2 of 8 rows). " +
        "A few rows decide these intervals, which may be too narrow: accuracy (1 of 8 rows) and recall " +
        "(none of 8 rows differs, up to 3 in 8 new ones may). " +
        "Without an interval: maxError (it grows with the number of rows).",
    );
  });

  it("says from which trials the best resumed", () => {
    const [first, , , , last] = trials;
    const child = makeRecord({ number: 5, params: last.params, parent: 4 }, { value: 0.96 });
    const line = [first, makeRecord({ ...last, parent: 0 }, { value: 0.95 }), child];
    expect(summarize({ ...report, trials: line, best: child }, 80, paint)).toContain(
      "Best parameters (trial 5, resumed from 4, resumed from 0)",
    );
  });

  it("puts the lowest first if lower is better, and has no held-out scores without held-out rows", () => {
    const lines = summarize(
      { ...report, metric: "logLoss", direction: "minimize", best: trials[0], test: {} },
      80,
      paint,
    );
    expect(lines).toContain("  trial           0       1       4");
    expect(lines.join("\n")).not.toContain("held-out");
  });

  it.each([10, 20, 36, 60])("fits %i columns", (width) => {
    for (const line of summarize(report, width, paint)) expect(line.length).toBeLessThanOrEqual(width);
  });
});

describe("introduce", () => {
  it("names the table, the search and the rows", () => {
    const data = {
      rows: 10,
      inputs: [],
      target: "y\u001b",
      classes: ["a", "b"],
      labels: Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1, 0, 0),
      task: "classification" as const,
    };
    const about = {
      file: "t.csv",
      data,
      metrics: ["accuracy"],
      strategy: "random",
      trials: 1,
      folds: 3,
      development: 8,
      searched: 8,
      test: 2,
      seed: 7,
    };
    expect(introduce(about, 200)).toEqual([
      "t.csv: 10 rows, 0 inputs, classification of y  (a, b)",
      "random search: 1 trial, each by 3-fold cross-validation on 8 rows, 2 rows held out; seed 7",
    ]);
    expect(introduce({ ...about, folds: 1 }, 200).at(-1)).toContain(" each by one validation part on ");
    expect(introduce({ ...about, data: { ...data, classes: [] } }, 200)).toHaveLength(2);
  });
});

describe("summarizeFront", () => {
  const pairs = [
    ...[
      [5, 1],
      [9, 0],
      [4, 2],
      [9, 9],
      [1, 6],
    ],
    ...[
      [2.5, 4],
      [0, 10],
      [2, 5],
    ],
  ];
  const many = pairs.map((values, number) =>
    makeRecord({ number, params: { units: number } }, { values }, 2),
  );
  const front: FrontReport = {
    metrics: ["logLoss", "size"],
    directions: ["minimize", "minimize"],
    folds: 3,
    trials: many,
    bestTrials: many.filter(({ number }) => number !== 3),
    seconds: 2,
  };

  it("shows the trials of the front that are furthest apart, the best by the first metric first", () => {
    // Trials 6 and 1 are the ends. Gaps in parts of the ranges, 9 and 10: 5/9 + 2/10 for trial 0, 2/9 + 5/10
    // for 4, 2.5/9 + 3/10 for 2, and less for 5 (2/9 + 3/10) and 7 (1.5/9 + 2/10).
    expect(summarizeFront(front, 80, paint)).toEqual([
      "",
      "Pareto front of logLoss and size (means of 3 folds): 7 of 8 trials, 5 shown",
      "  trial          6       4       2       0       1",
      "  logLoss   0.0000  1.0000  4.0000  5.0000  9.0000",
      "  size     10.0000  6.0000  2.0000  1.0000  0.0000",
      "  units          6       4       2       0       1",
      "  seconds        –       –       –       –       –",
      "",
      "8 trials: 8 complete, in 2.0 s",
    ]);
  });

  it.each([10, 20, 36, 60])("fits %i columns", (width) => {
    for (const line of summarizeFront(front, width, paint)) expect(line.length).toBeLessThanOrEqual(width);
  });
});

describe("jsonReport", () => {
  it("is JSON with null for numbers that are not finite", () => {
    const json = jsonReport({ best: trials[1], test: report.test, trials, seed: 7 });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      best: { params: { units: 16, optimizer: "sgd", momentum: 0.5 }, value: 0.95, std: 0.02 },
      test: { accuracy: 0.875, rocAuc: null },
      seed: 7,
    });
    expect(json.trials[3]).toEqual({
      number: 3,
      params: { units: 64, optimizer: "adam" },
      status: "failed",
      error: "out of\nluck",
      value: null,
      std: null,
      seconds: null,
    });
    expect(json.trials[2]).toEqual({
      number: 2,
      params: { units: 32, optimizer: "adam" },
      status: "diverged",
      value: null,
      std: null,
      seconds: null,
    });
  });

  it("has no best without one", () => {
    expect(jsonReport({ best: undefined, test: {}, trials: [], seed: 0 }).best).toBeNull();
  });
});
