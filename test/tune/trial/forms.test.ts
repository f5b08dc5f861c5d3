/** Models of predicted distributions in a tuner: their scores, units and files, and what is refused. */
import { describe, expect, it } from "vitest";
import { restored, type TargetTransform } from "../../../src/data/pipeline/target.js";
import * as metrics from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { momentsMetric } from "../../../src/metrics/moments.js";
import { exportModel } from "../../../src/model/export/exportModel.js";
import type { Model } from "../../../src/model/model.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { dense, reshape } from "../../../src/nn/layers/index.js";
import type { Loss } from "../../../src/nn/losses/given.js";
import { gaussianCrps, gaussianNll } from "../../../src/nn/losses/index.js";
import { functional, input } from "../../../src/nn/models/functional.js";
import type { Sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { loadPredictor } from "../../../src/predict/predictor.js";
import { float } from "../../../src/search/space/builders.js";
import { compareBaselines } from "../../../src/tune/baselines/compare.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../../src/tune/nestedCv.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { tune } from "../../../src/tune/tune.js";
import { compiled } from "../../nn/support.js";
import { randomRows, refusal } from "../support.js";

const x = randomRows(60, 2, 4);
const y = x.map(([a, b]) => 100 + 20 * a - 10 * b + 3 * Math.sin(40 * a));
const of = (loss: Loss, units = 2, activation: "linear" | "softplus" = "linear"): Sequential =>
  compiled([dense(units, { activation })], { optimizer: adam({ learningRate: 0.05 }), loss });
const nll = gaussianNll({ fromLogVariance: true });
const crps = gaussianCrps({ fromLogVariance: true });
const options = (loss: Loss, targets: readonly unknown[] = y) => ({
  x,
  y: targets as number[],
  space: { rate: float(0.1, 1) },
  trials: 1,
  testSize: 0.25,
  fit: { epochs: 5 },
  model: () => of(loss),
});
const trainedOn = (model: Pick<Model, "predictDistribution">, rows: readonly number[][]) => {
  const { mean, standardDeviation } = model.predictDistribution(rows as number[][]);
  return [Array.from(mean.data), Array.from(standardDeviation.data)];
};
const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("metrics of distributions", () => {
  const truth = Float64Array.of(1, -2, 0.5, 30);
  const predictions = Float64Array.of(0.5, -1, 0.25, 2, 2, 10, 1e-3, 100);

  // torch.nn.GaussianNLLLoss in float64; its rows times [1, 3] for the weighted one
  it("are PyTorch's GaussianNLLLoss, and count rows by weight", () => {
    const score = (full: boolean, weights?: Float64Array) =>
      momentsMetric("gaussianNll", full).compute(truth, predictions, 2, weights);
    expect(score(false)).toBeCloseTo(281.56303346580574, 10);
    expect(score(true)).toBeCloseTo(282.4819719990104, 10);
    expect(score(false, Float64Array.of(1, 3))).toBeCloseTo(422.2436935962786, 10);
    const gaps = predictions.with(4, Number.NaN);
    expect(momentsMetric("gaussianNll", false).compute(truth, gaps, 2)).toBeNaN();
    expect(momentsMetric("gaussianNll", false).compute(truth, gaps, 2, Float64Array.of(1, 0))).toBeCloseTo(
      (Math.log(0.25) + 1 + Math.log(2) + 0.5) / 4,
      14,
    );
  });

  it("are the integral of squared differences of distribution functions", () => {
    // ∫ (Φ((t − μ)/σ) − [t ≥ y])² dt with 30 digits, by mpmath's quad
    const score = momentsMetric("gaussianCrps", false).compute(truth, predictions, 2);
    expect(score).toBeCloseTo(4.228173887614234, 12);
  });
});

it("means and variances return to the units of the target", () => {
  const target = (log: boolean): TargetTransform => ({
    outputs: [
      { center: 5, scale: 10 },
      { center: -1, scale: 0.5 },
    ],
    moments: { log, least: 0.25 },
  });
  const z = [1, 2, 4, 9, 0, 0, 0.01, -1];
  expect([...restored(target(false), Float64Array.from(z))]).toEqual([
    ...[15, 0, 400, 2.25],
    ...[5, -1, 25, Number.NaN],
  ]);
  const logs = restored(target(true), Float64Array.of(1, 2, 0, -3));
  expect([...logs]).toEqual([15, 0, 100, 0.0625]);
});

describe.each([
  ["gaussianNll", nll],
  ["gaussianCrps", crps],
] as const)("tuning %s", (name, loss) => {
  it("takes the loss as metric, in the units of the target", async () => {
    const { final, metric, testRows, best } = await tune(options(loss));
    const rows = Array.from(testRows, (row) => x[row]);
    const truth = Array.from(testRows, (row) => y[row]);
    const [means, deviations] = trainedOn(final, rows);
    const flat = Float64Array.from(means.flatMap((mean, i) => [mean, deviations[i] ** 2]));
    const expected = momentsMetric(name, false).compute(Float64Array.from(truth), flat, 1);
    expect(metric).toBe(name);
    expect(best.value).toBeGreaterThan(0);
    // the network predicts the same float32 numbers for the test rows: squares of roots round
    expect((final.test as Record<string, number>)[name]).toBeCloseTo(expected, 10);
    expect(Array.from(final.predict(rows).data)).toEqual(means);
    expect(final.answers(rows)).toEqual(means.map((mean) => ({ y: mean })));
    expect(final.test.meanSquaredError).toBeCloseTo(metrics.meanSquaredError(truth, means), 10);
    expect(final.test.r2).toBeCloseTo(metrics.r2(truth, means), 10);
    // the least variance of PyTorch's losses
    expect(final.pipeline?.target.moments).toEqual({ log: true, least: 1e-6 });
    // sensible: deviations are far from 0 and from the learned units
    expect(average(deviations)).toBeGreaterThan(1);
  });

  it("scales as a distribution of a target that is 2¹⁰ times as large", async () => {
    const one = await tune(options(loss));
    const thousand = await tune(
      options(
        loss,
        y.map((value) => 1024 * value),
      ),
    );
    const [a, b] = [one.best.value, thousand.best.value];
    // a power of 2 changes no mantissa, so both learn the same bits
    if (name === "gaussianNll") expect(b - a).toBeCloseTo(10 * Math.LN2, 10);
    else expect(b / a).toBeCloseTo(1024, 8);
  });

  it("reads the means for metrics of quantities, and both for metrics of moments", async () => {
    const inside: CustomMetric = {
      name: "inside",
      direction: "maximize",
      predictions: "moments",
      compute: (yTrue, yPred) =>
        average(
          Array.from(yTrue, (value, i) =>
            Number(Math.abs(value - yPred[2 * i]) < 2 * Math.sqrt(yPred[2 * i + 1])),
          ),
        ),
    };
    const result = await tune({ ...options(loss), metric: "mse" });
    const truth = Array.from(result.testRows, (row) => y[row]);
    const [means, deviations] = trainedOn(
      result.final,
      Array.from(result.testRows, (row) => x[row]),
    );
    expect(result.final.test.meanSquaredError).toBeCloseTo(metrics.meanSquaredError(truth, means), 10);
    const byShare = await tune({ ...options(loss), metric: inside });
    expect(trainedOn(byShare.final, x)).toEqual(trainedOn(result.final, x));
    // baselines have no variances, so they have no score by it
    const shared = await compareBaselines(byShare, { ...options(loss), metric: inside });
    expect(Object.keys(shared.scores)).not.toContain("inside");
    expect((byShare.final.test as Record<string, number>).inside).toBe(
      average(truth.map((value, i) => Number(Math.abs(value - means[i]) < 2 * deviations[i]))),
    );
  });

  it("counts rows by weight in training, trials and test rows", async () => {
    // a row of weight 0 is left out of all three: whatever its target is, nothing moves
    const sampleWeight = x.map((_, row) => row % 5);
    const wrong = y.map((value, row) => (row % 5 === 0 ? 1e6 : value));
    const given = { ...options(loss), sampleWeight, pipeline: { target: "none" as const } };
    const [as, other] = [await tune(given), await tune({ ...given, y: wrong })];
    expect(other.best.value).toBe(as.best.value);
    expect(trainedOn(other.final, x)).toEqual(trainedOn(as.final, x));
    const rows = Array.from(as.testRows);
    const [means, deviations] = trainedOn(
      as.final,
      rows.map((row) => x[row]),
    );
    const expected = momentsMetric(name, false).compute(
      Float64Array.from(rows, (row) => y[row]),
      Float64Array.from(means.flatMap((mean, i) => [mean, deviations[i] ** 2])),
      1,
      Float64Array.from(rows, (row) => sampleWeight[row]),
    );
    expect((as.final.test as Record<string, number>)[name] / expected).toBeCloseTo(1, 10);
  });

  it("is saved, loaded and predicted with the same bits", async () => {
    const { final } = await tune(options(loss));
    const bytes = saveModel(final);
    const [loaded, predictor] = [await loadModel(bytes), await loadPredictor(bytes)];
    const expected = trainedOn(final, x);
    expect(trainedOn(loaded, x)).toEqual(expected);
    expect(trainedOn(predictor, x)).toEqual(expected);
    expect(Array.from(predictor.predict(x).data)).toEqual(expected[0]);
    expect(predictor.answers(x)).toEqual(final.answers(x));
  });

  it("has rows of searches, nested scores and baselines of its means", async () => {
    const { testSize, ...searched } = options(loss);
    const rows = await gridSearch({
      ...searched,
      space: { rate: float(0.1, 1) },
      points: 1,
      validation: { folds: 2 },
    });
    expect(Object.keys(rows.rows[0].scores)).toEqual([name]);
    const nested = await nestedCrossValidation(gridSearch, { ...searched, points: 1, outer: { folds: 2 } });
    // no r2, which would be at most 1
    expect(nested.scores.every((score) => score > 1)).toBe(true);
    const given = { ...options(loss), testSize };
    const report = await compareBaselines(await tune(given), given);
    expect(report.metric).toBe("r2");
    expect(Object.keys(report.scores)).toEqual([
      ...["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"],
    ]);
  });

  it("resumes from bytes", async () => {
    const given = { ...options(loss), trials: 2 };
    const whole = await tune(given);
    let tuner = await createTuner(given);
    while (!tuner.result) {
      await tuner.advance({ steps: 7 });
      tuner = await restoreTuner(tuner.save(), given);
      await tuner.advance({ steps: 3 });
    }
    expect(trainedOn(tuner.result.final, x)).toEqual(trainedOn(whole.final, x));
  });
});

it("variances of softplus, of two targets, and the least variance", async () => {
  const two = x.map(([a, b]) => [a - b, 1000 * a * b]);
  const loss = gaussianNll({ epsilon: 0.5, full: true });
  const given = {
    ...options(loss, two),
    model: () => of(loss, 4, "softplus"),
    pipeline: { target: "none" as const },
  };
  const { final, testRows } = await tune(given);
  const [means, deviations] = trainedOn(final, x);
  const at = (row: number, column: number): number => 2 * row + column;
  const score = momentsMetric("gaussianNll", true).compute(
    Float64Array.from(Array.from(testRows, (row) => two[row]).flat()),
    Float64Array.from(
      Array.from(testRows, (row) => [
        ...[0, 1].map((column) => means[at(row, column)]),
        ...[0, 1].map((column) => deviations[at(row, column)] ** 2),
      ]).flat(),
    ),
    2,
  );
  expect((final.test as Record<string, number>).gaussianNll / score).toBeCloseTo(1, 10);
  const raw = final.model.predict(final.pipeline ? x.map((row) => scaled(final, row)) : x).data;
  expect(means).toEqual(Array.from(raw).filter((_, at) => at % 4 < 2));
  const variances = Array.from(raw).filter((_, at) => at % 4 > 1);
  expect(deviations).toEqual(variances.map((variance) => Math.sqrt(Math.max(variance, 0.5))));
});

/** A row as the network of a model reads it. */
const scaled = ({ pipeline }: Model, row: readonly number[]): number[] =>
  row.map((value, j) => {
    const { center, scale } = pipeline.columns[j].features[0].scaling as { center: number; scale: number };
    return Math.fround((value - center) / scale);
  });

it("callbacks see metrics of the means in the units of the target", async () => {
  const logs: Record<string, number>[] = [];
  const { testSize: _, ...given } = options(nll);
  await tune({
    ...given,
    validation: { split: 0.25 },
    model: () => compiled([dense(2)], { optimizer: adam(), loss: nll, metrics: ["mse"] }),
    callbacks: () => [{ onEpochEnd: (_epoch, log) => void logs.push({ ...log }) }],
    metric: "mse",
  }).then(({ best }) => expect(logs[4].valMeanSquaredError).toBeCloseTo(best.value, 6));
});

describe("refuse", () => {
  const sigmoids = dense(2, { activation: "sigmoid" });
  const other = (loss: Loss, layer: ReturnType<typeof dense>) => () =>
    compiled([layer], { optimizer: "sgd", loss });
  const why = (name: string, reason: string) =>
    `unsupported: tune needs a loss whose predictions can be scored out of fold; received ${name}, whose ${reason}; ` +
    "fit the model in the objective of createStudy, and return its loss";
  it.each<[string, object, string]>([
    [
      "ordinal levels",
      { model: other("coral", sigmoids) },
      why(
        "ordinalCrossentropy",
        "predictions are chances of levels, which a final model does not read as classes",
      ),
    ],
    [
      "times",
      { model: other("cox", dense(1)) },
      why(
        "coxPartialLikelihood",
        "value for a row depends on the other rows of its batch, so that folds have no mean over rows",
      ),
    ],
    [
      "units of targets",
      { model: () => of(nll, 4) },
      "invalid_shape: units of the last layer for gaussianNll must be 2: a mean of each column of y, then as many variances; received 4",
    ],
    [
      "several outputs",
      {
        model: () => {
          const entry = input(2);
          const ends = { a: dense(2).apply(entry), b: dense(2).apply(entry) };
          const model = functional({ inputs: entry, outputs: ends });
          model.compile({ optimizer: "sgd", loss: nll });
          return model;
        },
        y: x,
      },
      why("gaussianNll", "model has several outputs"),
    ],
    [
      "an output of several axes",
      { model: () => compiled([reshape([2, 1]), dense(1)], { optimizer: "sgd", loss: nll }) },
      "unsupported: the output of a tuned network for gaussianNll must have one axis; received [2, 1]",
    ],
    [
      "classes",
      { y: x.map(([a]) => Number(a > 0.5)) },
      'invalid_argument: task for gaussianNll must be "regression"; received "classification"',
    ],
    [
      "a logarithm of the target",
      { pipeline: { target: "log" } },
      'invalid_argument: pipeline.target for gaussianNll must be "standard" or "none", since a normal distribution of its logarithm is not a normal distribution of the target; received "log"',
    ],
    [
      "moments by hand",
      { pipeline: { moments: { log: true, least: 1 } } },
      'invalid_argument: moments of the pipeline must be left out: the loss decides; received {"log":true,"least":1}',
    ],
    [
      "an ensemble",
      { ensemble: 3 },
      "unsupported: ensemble must be left out for gaussianNll, since the mean of variances is not the variance of a mixture; fit several models and mix their distributions",
    ],
    [
      "a metric of distributions without them",
      {
        model: () => of("mse", 1),
        metric: { name: "width", direction: "minimize", predictions: "moments", compute: () => 0 },
      },
      "invalid_argument: the loss of each model must be gaussianNll or gaussianCrps for the metric width; received another",
    ],
  ])("%s", async (_, changes, message) => {
    expect(await refusal(() => tune({ ...options(nll), ...changes } as ReturnType<typeof options>))).toBe(
      message,
    );
  });

  it("formats without a place for variances, and distributions of other models", async () => {
    const { final } = await tune(options(nll));
    for (const format of ["onnx", "js", "tfjs"] as const)
      expect(await refusal(() => exportModel(final, format))).toBe(
        `unsupported: the format must be "safetensors" for a model of means and variances; received "${format}", which has only a number for each target; ` +
          "or export its network, final.model, whose outputs are in the units that it learned",
      );
    expect(Object.keys(exportModel(final, "safetensors").files)).toEqual(["model.safetensors"]);
    expect(exportModel(final.model, "onnx").files["model.onnx"].length).toBeGreaterThan(0);
    const plain = await tune({ ...options("mse"), model: () => of("mse", 1) });
    expect(await refusal(() => plain.final.predictDistribution(x))).toBe(
      "invalid_state: predictDistribution needs a model that was tuned with gaussianNll or gaussianCrps; use predict",
    );
  });
});
