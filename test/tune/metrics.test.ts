/**
 * Metrics with options go wherever metrics go, by their names: training, studies, threads, saved tuners and
 * model files. Needs `dist/`.
 */
import { describe, expect, it } from "vitest";
import { metrics } from "../../src/metrics/registry.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { createTuner, restoreTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import { controlFor } from "../nn/callbacks/follow.js";
import { logistic, randomRows, rates, refusal, untimed } from "./support.js";

const x = randomRows(120, 3, 8);
const y = x.map(([a, b, c], i) => Number(a + b - c > 0.4 || i % 17 === 0));
const truth = Float64Array.from(y);
const common = {
  x,
  y,
  model: logistic,
  space: rates(0.02, 0.3),
  jobs: 1,
  fit: { epochs: 6, batchSize: 16 },
  validation: { folds: 3 },
  trials: 2,
};

const network = () => {
  const model = sequential([dense(1, { activation: "sigmoid" })]);
  model.compile({
    optimizer: "sgd",
    loss: "binaryCrossentropy",
    metrics: ["f1_macro", metrics.fBeta({ beta: 2 }), "neg_brier_score", metrics.cohenKappa],
  });
  return model;
};

describe("a network", () => {
  it("has them in its history, and is saved with them", async () => {
    const model = network();
    const { history } = await model.fit(x, y, { epochs: 3, validationSplit: 0.25 });
    expect(Object.keys(history)).toEqual(
      ["loss", "f1Macro", "fBeta2", "brierScore", "cohenKappa"].concat([
        "valLoss",
        "valF1Macro",
        "valFBeta2",
        "valBrierScore",
        "valCohenKappa",
      ]),
    );
    const guess = Float32Array.from(model.predict(x).data);
    const all = model.evaluate(x, y);
    expect(all.f1Macro).toBe(metrics.f1({ average: "macro" }).compute(truth, guess, 1));
    expect(all.fBeta2).toBe(metrics.fBeta({ beta: 2 }).compute(truth, guess, 1));
    const { model: again } = await loadModel(saveModel(model));
    expect(again.evaluate(x, y)).toEqual(all);
  });

  it("is saved with a metric of the user's that has the name of a built-in one", async () => {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    const own = { ...metrics.f1, compute: () => 7 };
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: [own] });
    await model.fit(x, y, { epochs: 1 });
    const bytes = saveModel(model);
    expect(await refusal(() => loadModel(bytes))).toBe(
      'invalid_argument: customObjects["f1"] must be the metric that the model was saved with; received undefined',
    );
    const { model: again } = await loadModel(bytes, { customObjects: { f1: own } });
    expect(again.evaluate(x, y).f1).toBe(7);
  });

  it("stops by one in its direction", async () => {
    for (const [monitor, worse] of [
      ["valBrierScore", "larger"],
      ["valF1Macro", "smaller"],
    ] as const) {
      const callback = earlyStopping({ monitor, patience: 1 });
      const control = controlFor({});
      callback.onTrainBegin?.(control);
      callback.onEpochEnd?.(0, { [monitor]: 0.5 }, control);
      callback.onEpochEnd?.(1, { [monitor]: worse === "larger" ? 0.6 : 0.4 }, control);
      expect(callback.bestEpoch).toBe(0);
      callback.onEpochEnd?.(2, { [monitor]: worse === "larger" ? 0.4 : 0.6 }, control);
      expect(callback.bestEpoch).toBe(2);
    }
  });
});

describe("a study", () => {
  const stopping = {
    ...common.fit,
    epochs: 12,
    earlyStopping: { monitor: "valF1Macro" as const, patience: 2 },
  };

  it("is tuned for them, on threads as in one", async () => {
    const options = { ...common, fit: stopping, metric: metrics.f1({ average: "macro" }), testSize: 0.2 };
    const [alone, threads] = [await tune(options), await tune({ ...options, jobs: 2 })];
    expect(alone.metric).toBe("f1Macro");
    expect(alone.best.value).toBeGreaterThan(0.5);
    expect(alone.trials.some(({ attributes }) => String(attributes?.epochs) !== "12,12,12")).toBe(true);
    expect(untimed(threads.trials)).toEqual(untimed(alone.trials));
    expect(threads.final.test).toEqual(alone.final.test);
    expect(Object.keys(alone.final.test)).toEqual([
      "accuracy",
      "precision",
      "recall",
      "f1",
      "rocAuc",
      "logLoss",
      "f1Macro",
    ]);
  });

  it("weighs constraints by those that were given too", async () => {
    const seen: (readonly string[])[] = [];
    await tune({
      ...common,
      metric: "balanced_accuracy",
      constraints: (scores) => {
        seen.push(Object.keys(scores));
        return [0.1 - scores.balancedAccuracy];
      },
    });
    expect(seen[0]).toEqual([
      "accuracy",
      "precision",
      "recall",
      "f1",
      "rocAuc",
      "logLoss",
      "balancedAccuracy",
    ]);
  });

  it("chooses a threshold by them, at which they are scored", async () => {
    const many = randomRows(240, 3, 5);
    const rare = many.map(([a, b, c], i) => Number(a + b + 0.4 * c > 1.2 || i % 40 === 0));
    const options = { ...common, x: many, y: rare, fit: { epochs: 10, batchSize: 16 }, space: rates(0.1) };
    const { final } = await tune({
      ...options,
      trials: 1,
      metric: "f1Macro" as const,
      threshold: metrics.fBeta({ beta: 2, average: "macro" }),
    });
    expect(final.threshold).toBeLessThan(0.5);
    const nested = { ...options, outer: { folds: 2 }, scoring: "balancedAccuracy" as const };
    const chosen = await nestedCrossValidation(gridSearch, {
      ...nested,
      threshold: "balancedAccuracy" as const,
    });
    const half = await nestedCrossValidation(gridSearch, nested);
    // the networks are the same; only where class 1 begins differs
    for (const [k, { final: own }] of chosen.searches.entries()) {
      expect(own?.threshold).toBeLessThan(0.4);
      expect(half.searches[k].final.threshold).toBe(0.5);
      expect(own?.predict(many).data).toEqual(half.searches[k].final.predict(many).data);
      expect(chosen.scores[k]).toBeGreaterThan(half.scores[k]);
    }
  });

  it("ranks rows by them, and refits by one", async () => {
    const { rows, bestIndex } = await gridSearch({
      ...common,
      scoring: ["accuracy", metrics.fBeta({ beta: 2 }), "neg_log_loss"],
      refit: "fBeta2",
      trials: 2,
    });
    expect(new Set(Object.keys(rows[0].scores))).toEqual(new Set(["accuracy", "fBeta2", "logLoss"]));
    expect(rows[bestIndex ?? -1].scores.fBeta2.rank).toBe(1);
    const [a, b] = rows.map(({ scores }) => scores.logLoss);
    expect(a.mean < b.mean).toBe(a.rank < b.rank); // the smaller loss is the better
  });

  it("resumes with the same options alone", async () => {
    const { jobs: _, ...rest } = common;
    const options = { ...rest, metric: metrics.fBeta({ beta: 2 }) };
    const tuner = await createTuner(options);
    await tuner.advance({ steps: 20 });
    const saved = tuner.save();
    const again = await restoreTuner(saved, { ...options, metric: "fBeta2" });
    while (!again.result) await again.advance({ steps: 100 });
    expect(again.result.metric).toBe("fBeta2");
    await expect(restoreTuner(saved, { ...options, metric: metrics.fBeta({ beta: 3 }) })).rejects.toThrow(
      'the tuner was saved with metric ["fBeta2"]; received ["fBeta3"]; pass the same metric',
    );
  });

  it("refuses one of another task", async () => {
    await expect(tune({ ...common, metric: "d2Tweedie1" })).rejects.toThrow(
      "metric must be defined for classification; received d2Tweedie1, which is for regression",
    );
    await expect(tune({ ...common, threshold: metrics.rocAuc({ multiClass: "ovo" }) })).rejects.toThrow(
      "threshold must be a metric of predicted classes, such as f1; received rocAucOvo, which scores probabilities",
    );
  });
});
