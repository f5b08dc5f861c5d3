import { describe, expect, it } from "vitest";
import * as classification from "../../src/metrics/classification.js";
import * as namespace from "../../src/metrics/index.js";
import type { CustomMetric, MetricFunction } from "../../src/metrics/metric.js";
import type { BuiltInMetric, MetricLike, MetricName } from "../../src/metrics/names.js";
import * as probability from "../../src/metrics/probability.js";
import {
  getMetric,
  getMetrics,
  metricNamed,
  metrics,
  oneOrSeveralMetrics,
} from "../../src/metrics/registry.js";
import * as regression from "../../src/metrics/regression.js";
import { metricRows } from "../../src/metrics/truths.js";
import * as losses from "../../src/nn/losses/index.js";
import { refusal } from "../data/refusal.js";

it.each([
  ["f1Marco", "f1Macro"],
  ["f1_marco", "f1Macro"],
  ["fBetta2", "fBeta2"],
  ["fBeta2Macor", "fBeta2Macro"],
  ["topKAcuracy3", "topKAccuracy3"],
  ["roc_auc_ovo_wieghted", "rocAucOvoWeighted"],
  ["meanPinbalLoss0.9", "meanPinballLoss0.9"],
  ["accurcy", "accuracy"],
])("a misspelt name with options is refused with the nearest: %s", (name, nearest) => {
  expect(refusal(() => metricNamed(name))).toMatch(
    `unknown_name: unknown metric "${name}". Did you mean "${nearest}"? Known: accuracy, balancedAccuracy, `,
  );
  expect(metricNamed(nearest).name).toBe(nearest);
});

describe("getMetric", () => {
  it("finds every metric under its own name, with the direction in which it is better", () => {
    for (const [name, metric] of Object.entries<MetricFunction>(metrics)) {
      expect(metric.name).toBe(name);
      expect(metricNamed(name)).toBe(metric);
      expect(getMetric(metric)).toBe(metric);
      // Three outputs of three rows: right everywhere, and wrong everywhere.
      const truth = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
      const right = metric.compute(truth, truth, 3);
      const wrong = metric.compute(
        truth,
        truth.map((y) => (1 - y) / 2),
        3,
      );
      expect(metric.direction).toBe(right > wrong ? "maximize" : "minimize");
      expect(right).toBeCloseTo(metric.direction === "maximize" ? 1 : 0, 6);
    }
  });

  it("has the metrics of the namespace", () => {
    const { confusionMatrix, precisionRecallCurve, precisionRecallFScore, rocCurve, ...functions } =
      namespace;
    expect({ ...functions }).toEqual(metrics);
    for (const data of [confusionMatrix, precisionRecallCurve, precisionRecallFScore, rocCurve])
      expect(refusal(() => getMetric(data as never))).toMatch(/^invalid_argument: metric must be a name/);
  });

  it("knows the aliases that people type", () => {
    const names: Partial<Record<BuiltInMetric, MetricName[]>> = {
      accuracy: ["acc", "accuracy_score", "Accuracy"],
      precision: ["precision_score", "Precision"],
      recall: ["recall_score", "Recall"],
      f1: ["f1Score", "f1_score", "F1Score"],
      rocAuc: ["auc", "AUC", "roc_auc", "roc_auc_score"],
      logLoss: ["log_loss", "bce", "neg_log_loss"],
      meanSquaredError: ["mse", "MSE", "mean_squared_error", "MeanSquaredError", "neg_mean_squared_error"],
      rootMeanSquaredError: ["rmse", "RMSE", "root_mean_squared_error", "RootMeanSquaredError"],
      meanAbsoluteError: ["mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"],
      r2: ["r2Score", "r2_score", "R2Score"],
    };
    for (const [name, aliases] of Object.entries(names))
      for (const alias of aliases) expect(getMetric(alias)).toBe(metrics[name as BuiltInMetric]);
    const all = Object.values<MetricFunction>(metrics).flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("accepts a custom metric", () => {
    const custom: CustomMetric & { readonly factor: number } = {
      name: "scaledBias",
      direction: "minimize",
      factor: 10,
      compute(yTrue, yPred) {
        return this.factor * Math.abs(yTrue[0] - yPred[0]);
      },
    };
    const metric = getMetric(custom);
    expect([metric.name, metric.direction, metric.tasks]).toEqual([
      "scaledBias",
      "minimize",
      ["classification", "regression"],
    ]);
    expect(metric.compute(Float64Array.of(1), Float32Array.of(3), 1)).toBe(20);
    expect(getMetric({ ...custom, tasks: ["regression"] }).tasks).toEqual(["regression"]);
    expect(getMetric({ ...custom, direction: "maximize" }).direction).toBe("maximize");
    const told = { decides: true, truths: "counts", predictions: "probabilities" } as const;
    expect(getMetric({ ...custom, ...told })).toMatchObject(told);
    expect(Object.keys(getMetric(custom))).not.toContain("predictions");
  });

  it("says which tasks a metric is defined for", () => {
    for (const { tasks } of Object.values({ ...classification, ...probability }))
      expect(tasks).toEqual(["classification"]);
    for (const { tasks } of Object.values(regression)) expect(tasks).toEqual(["regression"]);
  });

  it("refuses names it does not know, and anything that is not a metric", () => {
    expect(refusal(() => getMetric("accurcy" as never))).toMatch(
      /^unknown_name: unknown metric "accurcy". Did you mean "accuracy"\? Known: accuracy, balancedAccuracy/,
    );
    expect(refusal(() => getMetric("toString" as never))).toMatch(/^unknown_name/);
    const compute = () => 0;
    for (const broken of [
      null,
      5,
      {},
      compute,
      namespace.confusionMatrix,
      { name: "x", direction: "up", compute },
      { name: "x", direction: "minimize" },
      { direction: "minimize", compute },
    ]) {
      expect(refusal(() => getMetric(broken as never))).toMatch(
        /^invalid_argument: metric must be a name, a function such as metrics\.f1, or \{ name, direction: "maximize" \| "minimize", compute \}; received /,
      );
    }
  });

  it("refuses a loss, and says which metric to use", () => {
    expect(refusal(() => getMetric(losses.meanSquaredError as never))).toBe(
      "invalid_argument: metric must be a metric; received losses.meanSquaredError, which is a loss; use metrics.meanSquaredError",
    );
    expect(refusal(() => getMetric(losses.binaryCrossentropy({ fromLogits: true }) as never))).toMatch(
      /^invalid_argument: metric must be a metric; received losses\.binaryCrossentropy, which is a loss; known metrics: accuracy, /,
    );
  });

  it("is typed by name", () => {
    for (const wrong of [
      // @ts-expect-error a misspelt name
      () => getMetric("accurcy"),
      // @ts-expect-error a loss
      () => getMetric(losses.meanSquaredError),
      // @ts-expect-error not a metric
      () => getMetric(namespace.confusionMatrix),
    ]) {
      expect(wrong).toThrow();
    }
    const right: readonly MetricLike[] = [
      "acc",
      namespace.f1,
      { name: "x", direction: "minimize", compute: () => 0 },
    ];
    expect(right.map((metric) => getMetric(metric).name)).toEqual(["accuracy", "f1", "x"]);
  });
});

describe("a list of metrics", () => {
  it("holds one or several", () => {
    expect(oneOrSeveralMetrics("metric", undefined)).toEqual([]);
    expect(oneOrSeveralMetrics("metric", "acc")).toEqual([metrics.accuracy]);
    expect(oneOrSeveralMetrics("metric", ["f1", metrics.r2])).toEqual([metrics.f1, metrics.r2]);
    expect(getMetrics("metrics", [])).toEqual([]);
  });

  it("is not empty where a metric is needed, and names none twice", () => {
    expect(refusal(() => oneOrSeveralMetrics("metric", []))).toBe(
      "invalid_argument: metric must be a metric, or a list of at least one metric; received []",
    );
    expect(refusal(() => getMetrics("metrics", ["f1", "accuracy", "accuracy"]))).toBe(
      'invalid_argument: metrics must be different metrics; received "accuracy" twice',
    );
    expect(refusal(() => getMetrics("scoring", ["mse", "f1", metrics.meanSquaredError]))).toBe(
      'invalid_argument: scoring must be different metrics; received "meanSquaredError" twice (as "mse" and metrics.meanSquaredError)',
    );
  });
});

describe("predictions outside 0 to 1", () => {
  const column = [
    [0, 1, 1, 0],
    [-3, 5, 2, 0.5],
  ] as const;
  const rows = [
    [0, 1, 2, 1],
    [
      [-3, 5, 1],
      [2, 0, 1],
      [1, 2, 9],
      [0, 4, 2],
    ],
  ] as const;
  const labels = [rows[1].map((row) => row.map((cell) => Number(cell > 1))), rows[1]] as const;
  type Given = typeof column | typeof rows | typeof labels;
  const isRead = (metric: (truth: never, predicted: never) => number, given: Given) => {
    try {
      return Number.isFinite(metric(given[0] as never, given[1] as never));
    } catch (error) {
      expect((error as Error).message).toContain("yPred must be ");
      return false;
    }
  };
  const [{ accuracy, precision, recall, f1, fBeta, jaccard }, multiLabel] = [metrics, true];

  it.each([
    [
      "are scores, of which only the order counts",
      ["rocAuc", "averagePrecision", "topKAccuracy"],
      true,
      true,
    ],
    ["are no probabilities", ["logLoss", "brierScore", "expectedCalibrationError"], false, false],
    [
      "are no decisions about one class, but of several the largest is one",
      ["accuracy", "balancedAccuracy", "precision", "f1", "jaccard", "matthewsCorrcoef", "cohenKappa"],
      false,
      true,
    ],
  ] as const)("%s: %j", (_, names, ofOne, ofSeveral) => {
    for (const name of names)
      expect([name, isRead(metrics[name], column), isRead(metrics[name], rows)]).toEqual([
        name,
        ofOne,
        ofSeveral,
      ]);
  });

  it.each([
    ["accuracy", accuracy({ multiLabel }), false],
    ["precision", precision({ multiLabel }), false],
    ["recall", recall({ multiLabel }), false],
    ["f1", f1({ multiLabel }), false],
    ["fBeta", fBeta({ multiLabel, beta: 2 }), false],
    ["jaccard", jaccard({ multiLabel }), false],
    ["rocAuc", metrics.rocAuc({ multiLabel }), true],
    ["averagePrecision", metrics.averagePrecision({ multiLabel }), true],
  ] as const)("of several labels: %s", (_, metric, reads) => {
    expect(isRead(metric, labels)).toBe(reads);
  });
});

describe("a row of weight 0 counts nowhere, whatever it holds", () => {
  const ofClasses = Object.keys(metricRows).filter(
    (name) => !["quantities", "counts"].includes(String(metricRows[name as BuiltInMetric].truths)),
  ) as BuiltInMetric[];
  const names = ofClasses.filter((name) => metricRows[name].predictions !== "quantities");

  it.each([
    ["a column", [0, 1, 1, 0], [0.2, 0.9, 0.4, 0.6], [-7, 9]],
    ["ids", [0, 1, 2, 1], [0.1, 0.3, 0.6, 0.2].map((p) => [p, 0.4, 0.6 - p]), [99, [7, -3, 5]]],
    [
      "rows",
      [0, 1, 2, 1].map((label) => [0, 1, 2].map((k) => Number(k === label))),
      [0.1, 0.3, 0.6, 0.2].map((p) => [p, 0.4, 0.6 - p]),
      [
        [4, -1, 0.5],
        [7, -3, 5],
      ],
    ],
  ])("of classes in %s", (_, truth, predicted, [wild, far]) => {
    for (const name of names) {
      const metric = metrics[name] as (...of: readonly unknown[]) => number;
      const without = metric(truth, predicted, [1, 2, 3, 1]);
      for (const guess of [far, Array.isArray(far) ? far.map(() => Number.NaN) : Number.NaN])
        expect([name, metric([wild, ...truth], [guess, ...predicted], [0, 1, 2, 3, 1])]).toEqual([
          name,
          without,
        ]);
    }
  });

  it.each([
    ["an id of no class", 255, 0],
    ["an id of no class in both", 255, 7],
    ["no prediction", 0, Number.NaN],
  ])("of predicted classes: %s", (_, wild, far) => {
    const [truth, predicted] = [
      [0, 1, 1, 0],
      [0, 1, 0, 1],
    ];
    const all = [
      [wild, ...truth],
      [far, ...predicted],
      [0, 1, 2, 3, 1],
    ] as const;
    for (const name of names.filter((each) => metricRows[each].predictions === "decisions")) {
      const metric = metrics[name] as (...of: readonly unknown[]) => number;
      expect([name, metric(...all)]).toEqual([name, metric(truth, predicted, [1, 2, 3, 1])]);
    }
    const { confusionMatrix, precisionRecallFScore } = namespace;
    expect(confusionMatrix(...all)).toEqual([
      [1, 1],
      [3, 2],
    ]);
    expect([...precisionRecallFScore(all[0], all[1], { sampleWeight: all[2] }).support]).toEqual([2, 5]);
    if (wild === 0) expect([...namespace.rocCurve(...all).truePositiveRate]).toEqual([0, 0.4, 1]);
  });

  const { meanTweedieDeviance, d2Tweedie, ...others } = regression;
  const ofQuantities = [
    ...Object.values(others),
    ...[0, 1, 1.5, 2, 3].flatMap((power) => [meanTweedieDeviance({ power }), d2Tweedie({ power })]),
  ];
  it.each(ofQuantities.map((metric) => [metric.name, metric] as const))("of quantities: %s", (_, metric) => {
    const without = metric([1, 4], [2, 3], [1, 2]);
    expect(without).not.toBeNaN();
    for (const [wild, far] of [
      [-7, 99],
      [0, -3],
      [0, 0],
      [0, Number.NaN],
    ])
      expect(metric([wild, 1, 4], [far, 2, 3], [0, 1, 2])).toBe(without);
  });
});
