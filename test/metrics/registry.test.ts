import { describe, expect, it } from "vitest";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { getMetric, metrics } from "../../src/metrics/registry.js";
import { refusal } from "../data/refusal.js";

describe("getMetric", () => {
  it("finds every metric under its own name, with the direction in which it is better", () => {
    for (const [name, metric] of Object.entries(metrics)) {
      expect(metric.name).toBe(name);
      expect(getMetric(name)).toBe(metric);
      // Two outputs of two rows: right everywhere, and wrong everywhere.
      const truth = Float64Array.of(1, 0, 0, 1);
      const right = metric.compute(truth, truth, 2);
      const wrong = metric.compute(truth, Float64Array.of(0, 1, 1, 0), 2);
      expect(metric.direction).toBe(right > wrong ? "maximize" : "minimize");
      expect(metric.compute(truth, truth, 2)).toBeCloseTo(metric.direction === "maximize" ? 1 : 0, 6);
    }
  });

  it("knows the names of Keras and scikit-learn", () => {
    const aliases = {
      acc: "accuracy",
      f1Score: "f1",
      auc: "rocAuc",
      roc_auc: "rocAuc",
      log_loss: "logLoss",
      mse: "meanSquaredError",
      rmse: "rootMeanSquaredError",
      mae: "meanAbsoluteError",
    };
    for (const [alias, name] of Object.entries(aliases)) expect(getMetric(alias).name).toBe(name);
  });

  it("takes a metric of the user's own", () => {
    const custom: CustomMetric & { readonly factor: number } = {
      name: "scaledBias",
      direction: "minimize",
      factor: 10,
      compute(truth, prediction) {
        return this.factor * Math.abs(truth[0] - prediction[0]);
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
  });

  it("says which tasks a metric is defined for", () => {
    const regression = ["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"];
    for (const [name, { tasks }] of Object.entries(metrics)) {
      expect(tasks, name).toEqual([regression.includes(name) ? "regression" : "classification"]);
    }
  });

  it("refuses names it does not know, and objects that are no metric", () => {
    expect(refusal(() => getMetric("accurcy"))).toMatch(
      /^unknown_name: unknown metric "accurcy". Did you mean "accuracy"\? Known: accuracy, precision/,
    );
    expect(refusal(() => getMetric("toString"))).toMatch(/^unknown_name/);
    const compute = () => 0;
    for (const broken of [
      null,
      {},
      { name: "x", direction: "up", compute },
      { name: "x", direction: "minimize" },
      { direction: "minimize", compute },
    ]) {
      expect(refusal(() => getMetric(broken as CustomMetric))).toMatch(
        /^invalid_argument: a metric is a name or/,
      );
    }
  });
});
