/** Searches that report as scikit-learn's: the table against what `tune` and plain arithmetic say. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Dataset, encodeTable } from "../../src/data/dataset.js";
import { timeSeriesSplit } from "../../src/data/split/time.js";
import { readTable } from "../../src/data/table.js";
import { r2 } from "../../src/metrics/index.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { asha } from "../../src/search/schedulers/asha.js";
import { choice, float } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { cvRows } from "../../src/tune/cvRows.js";
import { gridSearch, randomSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { createTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import { linear, logistic, quantity, x, y } from "./support.js";

const space = { learningRate: choice([0.01, 0.1, 1]) };
const base = { x, y, space, fit: { epochs: 3 }, validation: { folds: 3 }, seed: 4, jobs: 1 };
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

/** The share of rows of class 1 that are predicted as such. */
const recalled: CustomMetric = {
  name: "recalled",
  direction: "maximize",
  compute(yTrue, yPred) {
    const rows = [...yTrue.keys()].filter((row) => yTrue[row] === 1);
    return rows.filter((row) => yPred[row] > 0.5).length / rows.length;
  },
};

const softmaxOfTwo = ({ learningRate }: { readonly learningRate: number }) => {
  const model = sequential([dense(2, { activation: "softmax" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "categoricalCrossentropy" });
  return model;
};

describe("a listener that is async and rejects", () => {
  const onEvent = async ({ type }: { readonly type: string }): Promise<void> => {
    await Promise.resolve();
    if (type === "trialEnded") throw new Error("disk full");
  };
  it.each([
    ["tune", () => tune({ ...base, model: logistic, strategy: grid(), onEvent })],
    [
      "tune of an objective",
      () => tune({ space, strategy: grid(), direction: "minimize", objective: () => 1, onEvent }),
    ],
    ["gridSearch", () => gridSearch({ ...base, model: logistic, onEvent })],
    [
      "a tuner",
      async () => {
        const { jobs: _, ...options } = base;
        const tuner = await createTuner({ ...options, model: logistic, onEvent });
        while (!tuner.result) await tuner.advance();
      },
    ],
  ])("ends the study as one that throws: %s", async (_, search) => {
    await expect(search()).rejects.toThrow("disk full");
  });
});

describe("gridSearch", () => {
  it("has the scores of tune, by every metric, with ranks and times", async () => {
    const scoring = ["logLoss", "accuracy", recalled, "recall"] as const;
    const { rows, bestIndex, bestParams, bestScore, final } = await gridSearch({
      ...base,
      model: logistic,
      scoring,
      refit: "accuracy",
      testSize: 0.2,
    });
    expect(rows.map(({ params, trial, status }) => [params.learningRate, trial, status])).toEqual([
      [0.01, 0, "complete"],
      [0.1, 1, "complete"],
      [1, 2, "complete"],
    ]);
    for (const metric of ["accuracy", "logLoss"] as const) {
      const same = await tune({ ...base, model: logistic, strategy: grid(), metric, testSize: 0.2 });
      expect(rows.map(({ scores }) => [...scores[metric].folds])).toEqual(
        same.trials.map(({ scores }) => scores),
      );
      expect(rows.map(({ scores }) => [scores[metric].mean, scores[metric].std])).toEqual(
        same.trials.map(({ value, std }) => [value, std]),
      );
    }
    for (const { scores, fitSeconds, scoreSeconds } of rows) {
      expect(Object.keys(scores)).toEqual(["logLoss", "accuracy", "recalled", "recall"]);
      expect(scores.recalled).toEqual({ ...scores.recall, rank: scores.recalled.rank });
      expect(scores.recall.mean).toBeCloseTo(mean(scores.recall.folds), 12);
      for (const { mean: seconds, std } of [fitSeconds, scoreSeconds]) {
        expect(seconds).toBeGreaterThan(0);
        expect(std).toBeGreaterThanOrEqual(0);
      }
    }
    for (const [metric, sign] of [
      ["accuracy", -1],
      ["logLoss", 1],
    ] as const) {
      const means = rows.map(({ scores }) => sign * scores[metric].mean);
      const sorted = [...means].sort((a, b) => a - b);
      expect(rows.map(({ scores }) => scores[metric].rank)).toEqual(means.map((m) => 1 + sorted.indexOf(m)));
    }
    expect(bestIndex).toBe(rows.findIndex(({ scores }) => scores.accuracy.rank === 1));
    expect(bestParams).toEqual(rows[bestIndex].params);
    expect(bestScore).toBe(rows[bestIndex].scores.accuracy.mean);
    expect(final.test.accuracy).toBeGreaterThan(0.5);
    expect(final.test).toHaveProperty("recalled");
  });

  it("scores the training rows if asked to, as networks that are trained by hand", async () => {
    const options = {
      ...base,
      y: quantity,
      model: linear,
      space: { learningRate: choice([0.05, 1e10]) },
      pipeline: { scale: "none", target: "none" },
      scoring: "meanAbsoluteError",
      refit: false,
    } as const;
    const [before] = (await gridSearch(options)).rows;
    const seeds: number[] = [];
    const { scoring: metric, refit: _, ...shared } = options;
    const { folds } = await tune({
      ...shared,
      metric,
      strategy: grid(),
      onEvent: (event) => {
        if (event.type === "trialStarted") seeds.push(event.trial.seed);
      },
    });
    for (const jobs of [1, 2]) {
      const { rows } = await gridSearch({ ...options, jobs, returnTrainScore: true });
      const [{ trainScores, ...row }, diverged] = rows;
      expect(row.scores).toEqual(before.scores);
      expect(diverged.trainScores?.meanAbsoluteError.mean).toBeNaN();
      const errors: number[] = [];
      for (const { train } of folds) {
        const own = linear({ learningRate: 0.05 });
        const take = <T>(values: readonly T[]): T[] => Array.from(train, (id) => values[id]);
        const [rows, truths] = [take(x), take(quantity)];
        await own.fit(rows, truths, { epochs: 3, seed: seeds[0] });
        const predicted = own.predict(rows).data;
        errors.push(mean(truths.map((truth, i) => Math.abs(truth - predicted[i]))));
      }
      const found = trainScores?.meanAbsoluteError;
      // sums of 40 float64 terms in other orders
      for (const [i, each] of (found?.folds ?? []).entries()) expect(each / errors[i]).toBeCloseTo(1, 12);
      expect(found?.folds).toHaveLength(3);
      expect((found?.mean as number) / mean(errors)).toBeCloseTo(1, 12);
      const variance = mean(errors.map((each) => (each - mean(errors)) ** 2));
      expect((found?.std as number) / Math.sqrt(variance)).toBeCloseTo(1, 9);
    }
  });

  it("scores the training rows in the units of the target, with their weights", async () => {
    const sampleWeight = x.map((_, i) => 1 + (i % 3));
    const seen: { readonly truths: number[]; readonly weights: number[] }[] = [];
    const metric: CustomMetric = {
      name: "watched",
      direction: "maximize",
      compute(yTrue, yPred, _, weights) {
        seen.push({ truths: [...yTrue], weights: [...(weights ?? [])] });
        return r2([...yTrue], [...yPred]);
      },
    };
    const { rows } = await gridSearch({
      ...base,
      y: quantity,
      sampleWeight,
      model: linear,
      space: { learningRate: choice([0.1]) },
      fit: { epochs: 30 },
      scoring: metric,
      refit: false,
      returnTrainScore: true,
    });
    // first the value of the trial, on each fold; then what its row has
    expect(seen).toHaveLength(9);
    const all = [...quantity].sort();
    for (const i of [3, 5, 7]) {
      const [held, trained] = seen.slice(i, i + 2);
      expect([...held.truths, ...trained.truths].sort()).toEqual(all);
      expect(trained.truths).toHaveLength(40);
      expect(trained.weights).toEqual(trained.truths.map((truth) => sampleWeight[quantity.indexOf(truth)]));
    }
    // the quantity is linear in x
    expect(rows[0].trainScores?.watched.mean).toBeGreaterThan(0.99);
    await expect(gridSearch({ ...base, model: logistic, returnTrainScore: 1 as never })).rejects.toThrow(
      "returnTrainScore must be true or false; received 1",
    );
  });

  it("gives trainings that fail or diverge the error score, and the last rank", async () => {
    const options = {
      ...base,
      y: quantity,
      space: { learningRate: choice([1e10, 0.01, 2, 0.02]) },
      model: (params: { learningRate: number }) => {
        if (params.learningRate === 2) throw new Error("no such rate");
        return linear(params);
      },
      refit: false,
      returnTrainScore: true,
    };
    const result = await gridSearch(options);
    const { rows, bestIndex } = result;
    expect(rows.map(({ status }) => status)).toEqual(["diverged", "complete", "failed", "complete"]);
    const [diverged, , failed] = rows;
    expect([...diverged.scores.r2.folds, failed.scores.r2.mean]).toEqual(new Array(4).fill(Number.NaN));
    expect(rows.map(({ scores }) => scores.r2.rank)).toEqual(bestIndex === 1 ? [3, 1, 3, 2] : [3, 2, 3, 1]);
    expect(rows.map(({ trainScores }) => Number.isNaN(trainScores?.r2.mean))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(failed.fitSeconds.mean).toBeNaN();
    expect(() => result.final).toThrow("refit must not be false for a final model; received false");

    const marked = await gridSearch({ ...options, errorScore: -9 });
    const marks = { folds: [-9, -9, -9], mean: -9, std: 0 };
    expect(marked.rows[0]).toMatchObject({
      scores: { r2: { ...marks, rank: 3 } },
      trainScores: { r2: marks },
    });
    await expect(gridSearch({ ...options, errorScore: "raise" })).rejects.toThrow("trial 0 diverged");
  });

  it("does not raise the error of a trial that a scheduler prunes, which has none", async () => {
    const { rows } = await gridSearch({
      ...base,
      y: quantity,
      space: { learningRate: choice([0.1, 0.05, 1e-4, 1e-5, 1e-6, 1e-7]) },
      model: linear,
      scheduler: asha(),
      fit: { epochs: 4 },
      errorScore: "raise",
      refit: false,
    });
    expect(rows.map(({ status }) => status)).toContain("pruned");
  });

  it("gives the error score to folds without a score alone, of which 0 is one", () => {
    const trial = (number: number, scores: readonly (number | null)[]) => ({
      number,
      params: {},
      status: "complete" as const,
      attributes: { folds: scores.map((r2) => ({ scores: { r2 }, fitSeconds: 1, scoreSeconds: 2 })) },
    });
    const trials = [trial(0, [0, 0]), trial(1, [0, null]), trial(2, [null, 1])];
    const rows = cvRows(trials as never, [{ name: "r2", direction: "maximize" }], 2, -9);
    expect(rows.map(({ scores }) => [...scores.r2.folds, scores.r2.mean, scores.r2.rank])).toEqual([
      [0, 0, 0, 1],
      [0, -9, -4.5, 3],
      [-9, 1, -4, 2],
    ]);
  });

  it("takes points for ranges of numbers, and one fold", async () => {
    const { rows } = await gridSearch({
      ...base,
      space: { learningRate: float(0.01, 1, { log: true }) },
      points: 2,
      validation: { split: 0.25 },
      model: logistic,
    });
    expect(rows.map(({ params, scores }) => [params.learningRate, scores.accuracy.folds.length])).toEqual([
      [0.01, 1],
      [1, 1],
    ]);
  });

  it("refuses what does not fit", async () => {
    const options = { ...base, model: logistic };
    await expect(gridSearch({ ...options, scoring: ["accuracy", "acc"] })).rejects.toThrow(
      /scoring must be different metrics; received "accuracy" twice/,
    );
    await expect(gridSearch({ ...options, scoring: ["f1"], refit: "recall" })).rejects.toThrow(
      'refit must be true, false or one of the metrics in scoring, ["f1"]; received "recall"',
    );
    await expect(gridSearch({ ...options, scoring: "r2" })).rejects.toThrow(/r2, which is for regression/);
    await expect(gridSearch({ ...options, constraint: () => false })).rejects.toThrow(
      "constraint must be true for some point of the space; received false",
    );
    await expect(gridSearch({ ...options, errorScore: "rise" as never })).rejects.toThrow(
      /errorScore must be a number or "raise"/,
    );
    await expect(gridSearch({ ...options, strategy: grid() } as never)).rejects.toThrow(/strategy/);
  });
});

it("randomSearch draws the combinations of tune", async () => {
  const free = {
    ...base,
    space: { learningRate: float(0.01, 1, { log: true }) },
    model: logistic,
    trials: 4,
  };
  const { rows } = await randomSearch(free);
  const { trials } = await tune({ ...free, strategy: random() });
  expect(rows.map(({ params }) => params)).toEqual(trials.map(({ params }) => params));
  expect(rows.map(({ scores }) => scores.logLoss.mean)).toEqual(trials.map(({ value }) => value));
});

describe("nestedCrossValidation", () => {
  const table = readTable(readFileSync(new URL("../../examples/data/iris.csv", import.meta.url), "utf8"));
  const data = encodeTable(table, { target: "species" });

  const classify = ({ learningRate }: { learningRate: number }) => {
    const model = sequential([dense(3, { activation: "softmax" })]);
    model.compile({ optimizer: sgd({ learningRate }), loss: "categoricalCrossentropy" });
    return model;
  };

  it("scores each outer fold by a model that was tuned without it", async () => {
    const seen: number[] = [];
    const result = await nestedCrossValidation(
      async (options: Parameters<typeof gridSearch<typeof space>>[0]) => {
        seen.push(options.data?.rows ?? 0);
        return gridSearch(options);
      },
      {
        space,
        data,
        model: classify,
        fit: { epochs: 3 },
        validation: { folds: 3 },
        jobs: 1,
        outer: { folds: 3 },
        scoring: "accuracy",
      },
    );
    expect(seen).toEqual([100, 100, 100]);
    expect(result.scores).toHaveLength(3);
    expect(result.mean).toBeCloseTo(mean(result.scores), 12);
    // 50 rows are right or wrong
    for (const score of result.scores) expect((score * 50) % 1).toBeCloseTo(0, 9);
    expect(result.searches.map(({ rows }) => rows.length)).toEqual([3, 3, 3]);
    expect(result.mean).toBeGreaterThan(0.6);
  });

  it("is infallible only on what the search may know: labels at random give chance", async () => {
    const noise = y.map((_, i) => ((i * 7919) % 13) % 2);
    const { mean: score } = await nestedCrossValidation(gridSearch, {
      x,
      y: noise,
      space,
      model: logistic,
      fit: { epochs: 2 },
      validation: { folds: 2 },
      jobs: 1,
      outer: { folds: 4 },
      scoring: "accuracy",
    });
    expect(Math.abs(score - 0.5)).toBeLessThan(0.2);
  });

  it.each<[string, object, number, (data: Dataset) => unknown, unknown]>([
    ["the threshold of the final model", { scoring: "accuracy" }, 1, ({ outputs }) => outputs, 1],
    [
      "the metric that refits",
      { scoring: ["accuracy", "logLoss"], refit: "logLoss" },
      -Math.log(0.45),
      ({ task }) => task,
      "classification",
    ],
    [
      "a column for each class of a softmax of two",
      { scoring: "logLoss", model: softmaxOfTwo },
      -Math.log(0.45),
      ({ outputs, y: [first, second] }) => [outputs, first, second],
      [2, 1, 0],
    ],
    [
      "an order of time that the inner folds assume",
      { scoring: "accuracy", validation: timeSeriesSplit({ folds: 2 }) },
      1,
      ({ time }) => time && [...time.slice(0, 2)],
      [0, 1],
    ],
  ])("scores and searches by %s", async (_, options, score, seenOf, seen) => {
    const found: unknown[] = [];
    // a search that gives class 1 a probability of 0.45
    const search = async ({ data }: { readonly data?: Dataset }) => {
      found.push(seenOf(data as Dataset));
      const predictMasked = ({ rows, outputs }: Dataset) => ({
        prediction: Float64Array.from({ length: rows * outputs }, (_, k) =>
          outputs === 1 || k % 2 === 1 ? 0.45 : 0.55,
        ),
      });
      return { final: { predictMasked, threshold: 0.4 } };
    };
    const ones = y.map((_, i) => Number(i > 0)); // class 0 is in the first training part alone
    const { scores } = await nestedCrossValidation(
      search as never,
      {
        x,
        y: ones,
        task: "classification",
        space,
        model: logistic,
        outer: [{ train: [0, 1, 2, 3, 4, 5], validation: [6, 7, 8] }],
        validation: { folds: 2 },
        positive: "1",
        ...options,
      } as never,
    );
    expect(found[0]).toEqual(seen);
    expect(scores[0]).toBeCloseTo(score, 12);
  });

  it("refuses options in place of a search", async () => {
    await expect(nestedCrossValidation({} as never, undefined as never)).rejects.toThrow(
      "search must be gridSearch, randomSearch or a function like them; received {}",
    );
    await expect(nestedCrossValidation(gridSearch, undefined as never)).rejects.toThrow(
      "the options of nestedCrossValidation must be an object; received undefined",
    );
    const { study } = await tune({ ...base, model: logistic, strategy: grid(), trials: 1 });
    await expect(
      nestedCrossValidation(gridSearch, { ...base, model: logistic, study: study.toJSON() }),
    ).rejects.toThrow("study must be left out of nestedCrossValidation");
  });
});
