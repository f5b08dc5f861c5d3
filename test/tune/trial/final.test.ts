/** The final model: fitted again, scored on the test rows, in the units of the target. */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import { readTable } from "../../../src/data/table.js";
import { decided } from "../../../src/metrics/decided.js";
import { accuracy } from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { metricNamed } from "../../../src/metrics/registry.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { dense } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import type { TableDescription } from "../../../src/predict/description.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { FitSettings } from "../../../src/tune/trial/settings.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, randomRows, rates, x, y } from "../support.js";

const regression = {
  x,
  y: quantity,
  model: linear,
  space: rates(0.2),
  strategy: grid(),
  fit: { epochs: 60, batchSize: 8 },
  validation: { folds: 3 },
  jobs: 1,
};

describe("a quantity", () => {
  it("is standardised for training and predicted in its own units", async () => {
    // y is linear in x with numbers around 1000 ± 40, so a linear model that learnt it leaves next to nothing
    const { final, trials } = await tune({ ...regression, testSize: 0.2 });
    expect(trials[0].value).toBeGreaterThan(0.9999);
    const prediction = final.predict(x);
    expect(prediction?.shape).toEqual([60, 1]);
    quantity.forEach((value, i) => {
      expect(Math.abs((prediction?.get(i, 0) as number) - value)).toBeLessThan(0.5); // of a deviation of 35
    });
    expect(Object.keys(final.test).sort()).toEqual([
      "meanAbsoluteError",
      "meanSquaredError",
      "r2",
      "rootMeanSquaredError",
    ]);
    expect(final.test.rootMeanSquaredError).toBeLessThan(0.5);
    expect(final.test.r2).toBeGreaterThan(0.9999);
  });

  it("may be in any units: the scores are the same, and predictions follow", async () => {
    const one = await tune(regression);
    const other = await tune({ ...regression, y: quantity.map((value) => 1024 * value - 7) });
    expect(Math.abs((one.trials[0].value as number) - (other.trials[0].value as number))).toBeLessThan(1e-6);
    const [a, b] = [one.final.predict(x), other.final.predict(x)];
    quantity.forEach((_, i) => {
      const expected = 1024 * (a?.get(i, 0) as number) - 7;
      // standardised targets differ in their last bit of 2^-24, deviations are 35 · 1024, and 480 steps
      // forget them
      expect(Math.abs((b?.get(i, 0) as number) - expected)).toBeLessThan(35 * 1024 * 64 * 2 ** -24);
    });
  });

  it("may have several columns", async () => {
    const two = x.map(([a, b], i) => [quantity[i], -5 + 0.01 * a + 0.02 * b]);
    const { final } = await tune({
      ...regression,
      y: two,
      model: () => {
        const model = sequential([dense(2)]);
        model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
        return model;
      },
      fit: { epochs: 300, batchSize: 8 },
    });
    const prediction = final.predict(x.slice(0, 5));
    expect(prediction?.shape).toEqual([5, 2]);
    two.slice(0, 5).forEach(([a, b], i) => {
      expect(Math.abs((prediction?.get(i, 0) as number) - a)).toBeLessThan(1);
      expect(Math.abs((prediction?.get(i, 1) as number) - b)).toBeLessThan(1e-3);
    });
  });

  it("is left as it is without a scaling", async () => {
    const small = quantity.map((value) => (value - 1000) / 100);
    const { final } = await tune({ ...regression, y: small, pipeline: { scale: "none", target: "none" } });
    const raw = final.model.predict(x);
    expect([...final.predict(x).data]).toEqual([...(raw?.data ?? [])]);
    small.forEach((value, i) => {
      expect(Math.abs((raw?.get(i, 0) as number) - value)).toBeLessThan(0.01);
    });
  });
});

describe("the test part", () => {
  it("is seen by no trial, and scored by every metric of the task and the one tuned for", async () => {
    // the quantity names the rows that a metric is shown
    const shown: number[][] = [];
    const watched: CustomMetric = {
      name: "watched",
      direction: "maximize",
      compute(yTrue) {
        shown.push(Array.from(yTrue, (value) => quantity.indexOf(value)));
        return 1;
      },
    };
    const { final } = await tune({ ...regression, metric: watched, testSize: 0.2, fit: { epochs: 1 } });
    const tested = shown.pop() as number[];
    expect(tested.length).toBe(12);
    expect(shown.flat().some((row) => tested.includes(row))).toBe(false);
    expect([...shown.flat(), ...tested].sort((a, b) => a - b)).toEqual(x.map((_, i) => i));
    expect(final.test.watched).toBe(1);
  });

  it("is empty without testSize", async () => {
    const { final } = await tune({ ...regression, fit: { epochs: 1 } });
    expect(final.test).toEqual({});
  });

  it("of classes has the scores of the final predictions", async () => {
    const { final } = await tune({
      x,
      y,
      model: logistic,
      space: rates(0.5),
      strategy: grid(),
      jobs: 1,
      testSize: 0.5,
      fit: { epochs: 40, batchSize: 8 },
    });
    expect(Object.keys(final.test).sort()).toEqual([
      "accuracy",
      "f1",
      "logLoss",
      "precision",
      "recall",
      "rocAuc",
    ]);
    // 30 rows of each part: accuracy over all is the mean of both, so it lies within half a unit of the
    // test's
    const all = accuracy(y, final.predict(x) as never);
    const test = final.test.accuracy;
    expect(Number.isInteger(Math.round(test * 30 * 1e9) / 1e9)).toBe(true);
    expect(all).toBeGreaterThanOrEqual(test / 2);
    expect(all).toBeLessThanOrEqual((1 + test) / 2);
    expect(all).toBeGreaterThan(0.9);
  });
});

describe("the scores of the test part", () => {
  const wavy = x.map(([a, b, c], i) => 1000 + 50 * a - 30 * b * a + 20 * c + 9 * Math.sin(9 * i));
  const classes = { y, model: logistic, fit: { epochs: 3, batchSize: 8 } };
  it.each<[string, object]>([
    ["one network", { y: wavy }],
    ["networks and untuned models", { y: wavy, ensemble: { networks: 6, selection: "best" } }],
    ["classes", classes],
    ["a threshold", { ...classes, threshold: "recall" }],
    ["a calibrated ensemble", { ...classes, calibrate: true, threshold: "f1", ensemble: 2 }],
    ["rows in time", { y: wavy, time: x.map((_, i) => -i) }],
  ])("are those of its predictions: %s", async (what, options) => {
    const given = { ...regression, space: rates(0.01, 0.02, 0.05), testSize: 0.25, ...options };
    const { final, testRows, ensemble } = await tune(given);
    const rows = [...testRows];
    const { data } = final.predict(rows.map((row) => x[row]));
    const truths = Float64Array.from(rows, (row) => given.y[row]);
    expect(Object.keys(final.test).length).toBeGreaterThan(3);
    for (const [name, score] of Object.entries(final.test)) {
      const metric = metricNamed(name);
      const own = metric.decides ? decided(data, final.threshold) : data;
      expect(score).toBeCloseTo(metric.compute(truths, own, 1), 4);
    }
    if (!what.startsWith("networks")) return;
    expect([ensemble?.members.length, Object.keys(ensemble?.untuned ?? {})]).toEqual([
      expect.toSatisfy((count) => count > 0),
      expect.toSatisfy((names) => names.length > 0),
    ]);
  });
});

describe("the final fit", () => {
  it("runs as many epochs as the folds of the best trial kept", async () => {
    const noise = randomRows(60, 1, 5).map(([value]) => Number(value > 0)); // nothing to learn: later epochs are worse
    const run = (fit: FitSettings) =>
      tune({ ...regression, y: noise, model: logistic, space: rates(2), metric: "logLoss", fit });
    const stopped = await run({ epochs: 10, batchSize: 40, earlyStopping: { patience: 10 } });
    const kept = stopped.best.attributes?.epochs as number[];
    const epochs = Math.round(kept.reduce((sum, value) => sum + value, 0) / kept.length);
    expect(epochs).toBeLessThan(10);
    const whole = await run({ epochs, batchSize: 40 });
    expect(stopped.final.predict(x).data).toEqual(whole.final.predict(x).data);
    expect(stopped.final.predict(x).data).not.toEqual((await run({ epochs: 10 })).final.predict(x).data);
  });
});

describe("a table", () => {
  const noise = randomRows(60, 1, 9);
  const lines = x.map(([a, b], i) => {
    const color = noise[i][0] > 0.3 ? "red" : noise[i][0] > -0.3 ? "blue" : "";
    return `${i % 7 === 0 ? "" : a},${i % 11 === 0 ? "" : 1e4 * b},${color},${a - b > 0 ? "yes" : "no"}`;
  });
  const data = encodeTable(readTable(["a,b,color,good", ...lines].join("\n")), {
    target: "good",
    missing: "impute",
  });

  it("with missing cells is imputed within the folds, and tuned", async () => {
    expect(data.columns[0].some(Number.isNaN)).toBe(true);
    const { trials, final } = await tune({
      data,
      model: logistic,
      space: rates(0.5),
      strategy: grid(),
      jobs: 1,
      testSize: 0.2,
      metric: "accuracy",
      fit: { epochs: 40, batchSize: 8 },
    });
    expect(trials[0].value).toBeGreaterThan(0.8);
    expect(final.test.accuracy).toBeGreaterThan(0.7);
    // a row as it was given: a, b, and the code of the color
    const [good, bad] = [0, 1].map((i) =>
      final
        ?.predict([
          [0.9, -9000, 1],
          [-0.9, 9000, 0],
        ])
        .get(i, 0),
    );
    expect(good).toBeGreaterThan(0.8);
    expect(bad).toBeLessThan(0.2);
    // b alone decides where a is missing; the filling is a's mean, near 0
    const filled = final.predict([
      [Number.NaN, -9000, 1],
      [Number.NaN, 9000, 1],
    ]);
    expect(filled?.get(0, 0)).toBeGreaterThan(0.5);
    expect(filled?.get(1, 0)).toBeLessThan(0.5);
  });

  it("without missing cells refuses them in predictions", async () => {
    const { final } = await tune({ ...regression, fit: { epochs: 1 } });
    expect(() => final.predict([x[0].map(() => Number.NaN)])).toThrow(
      /row 0, column "x0": a cell must be there/,
    );
  });

  it("of three classes is one-hot, and so are its predictions", async () => {
    const three = x.map(([a, b]) => `${a},${b},${a > 0.3 ? "u" : b > 0 ? "v" : "w"}`);
    const table = encodeTable(readTable(["a,b,c", ...three].join("\n")), { target: "c" });
    const { final, trials } = await tune({
      data: table,
      space: rates(0.5),
      strategy: grid(),
      jobs: 1,
      testSize: 0.2,
      validation: { folds: 3 },
      fit: { epochs: 60, batchSize: 8 },
      model: () => {
        const model = sequential([dense(3, { activation: "softmax" })]);
        model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
        return model;
      },
    });
    expect(trials[0].status).toBe("complete");
    const prediction = final.predict([[0.5, 0.5]]);
    expect(prediction?.shape).toEqual([1, 3]);
    const sum = [0, 1, 2].reduce((total, j) => total + (prediction?.get(0, j) as number), 0);
    expect(Math.abs(sum - 1)).toBeLessThanOrEqual(4 * 2 ** -24);
  });
});

describe("the table of a final model", () => {
  const text = ["a,day,word,p,q,y"];
  for (let i = 0; i < 40; i++)
    text.push(
      [i % 11, `2020-01-${10 + (i % 20)}`, "xyz"[i % 3], i * i, 3 - i, i % 3 === 0 ? "no" : "yes"].join(","),
    );
  const table = readTable(text.join("\n"));
  const settings = { strategy: grid(), fit: { epochs: 1 }, validation: { folds: 2 }, jobs: 1 };
  const classes = () => {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    return model;
  };
  const quantities = (outputs: number) => () => {
    const model = sequential([dense(outputs)]);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };

  it.each([
    ["classes", { target: "y", drop: ["p"] }, classes, { threshold: "recall", unknown: "ignore" }],
    ["a quantity", { target: "p", missing: "impute" }, quantities(1), { unknown: "missing" }],
    ["several quantities", { target: ["q", "p"] }, quantities(2), {}],
  ] as const)("of %s has all of the data, and so has its file", async (_, encoding, model, more) => {
    const data = encodeTable(table, encoding);
    const { final } = await tune({ ...settings, data, model, ...more, space: rates(0.1) });
    const own = final.table as TableDescription;
    const threshold = "threshold" in more ? expect.not.closeTo(0.5, 9) : 0.5;
    const names = [...data.inputs.map(({ name }) => name), ...(data.targets ?? [data.target])];
    const expected: Readonly<Record<keyof TableDescription, unknown>> = {
      schema: {
        na: data.schema?.na,
        // without cells of the table
        columns: data.schema?.columns
          .filter(({ name }) => names.includes(name))
          .map(({ samples: _, ...column }) => {
            const isInput = data.inputs.some(({ name }) => name === column.name);
            return isInput ? column : { ...column, role: "target" };
          }),
      },
      inputs: data.inputs.map((input) => ({ ...input, gaps: data.imputes ?? input.gaps })),
      pipeline: fitPipeline(data).pipeline,
      task: data.task,
      target: data.target,
      targets: data.targets,
      outputs: data.outputs,
      classes: data.classes,
      threshold,
      unknown: "unknown" in more ? more.unknown : undefined,
      // of the out-of-fold predictions that the threshold is chosen by
      conformal: "threshold" in more ? expect.objectContaining({ rows: data.rows }) : undefined,
    };
    expect(own).toEqual(expected);
    const { table: kept } = await loadModel(saveModel(final));
    expect(kept).toEqual(own);
  });
});
