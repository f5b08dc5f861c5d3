/** To maximize is to minimize the negative, in all that is chosen, ranked or drawn by a direction. */
import { describe, expect, it } from "vitest";
import { bestAmong, bestFew, bestOf } from "../../src/dashboard/state/study.js";
import type { Direction } from "../../src/direction.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { getMetric, metricNamed } from "../../src/metrics/registry.js";
import { RandomStream } from "../../src/numerics/random.js";
import { plotHistory } from "../../src/report/plots/history.js";
import { ranked } from "../../src/report/plots/objective.js";
import { studyData } from "../../src/report/plots/studyData.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { makeRecord } from "../../src/search/trial/trial.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { fitLinear } from "../../src/tune/linear/choice.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { KeptPredictions } from "../../src/tune/trial/kept.js";
import { chooseThreshold } from "../../src/tune/trial/threshold.js";
import { tune } from "../../src/tune/tune.js";
import { logistic, rates, x, y } from "../tune/support.js";

/** The metric, or its negative. */
function metricOf(direction: Direction, name: "f1" | "logLoss" = "f1"): CustomMetric {
  const { compute, direction: own, decides } = metricNamed(name);
  const sign = direction === own ? 1 : -1;
  return {
    name: "own",
    direction,
    ...(decides && { decides }),
    compute: (...given: Parameters<typeof compute>) => sign * compute(...given),
  };
}

const values = [3, 1, 4, 1.5, -9, 2.6, 5, 3.5, -8, 9];
const space = { rate: float(0, 1) };
/** The same study, by its values or their negatives. */
function studyOf(direction: Direction) {
  const sign = direction === "minimize" ? 1 : -1;
  const trials = values.map((value, number) =>
    makeRecord({ number, params: { rate: ((number * 7) % 10) / 10 } }, { value: sign * value }, 1),
  );
  return studyData({ space, strategy: { name: "random" }, direction, trials });
}
const about = (direction: Direction) => ({ directions: [direction] }) as never;
const rowsOf = (direction: Direction) => studyOf(direction).trials as never;
const options = {
  x,
  y,
  model: logistic,
  jobs: 1,
  seed: 2,
  fit: { epochs: 3 },
  validation: { folds: 2 },
};

/** What a direction decides, but for the sign of values. */
const subjects: Readonly<Record<string, (direction: Direction) => unknown>> = {
  "the trials of a picture by rank": (direction) =>
    ranked(studyOf(direction)).map(({ trial }) => trial.number),
  "the best so far of a history": (direction) => {
    const series = plotHistory(studyOf(direction)).option.series as {
      name: string;
      data: [number, number][];
    }[];
    const sign = direction === "minimize" ? 1 : -1;
    return series.map(({ name, data }) => [name, data.map(([at, value]) => [at, sign * value || 0])]);
  },
  "the best trials of a dashboard": (direction) => [
    bestAmong(rowsOf(direction), [direction])?.number,
    bestOf({ rows: rowsOf(direction), about: about(direction) }).map(({ number }) => number),
    bestFew({ rows: rowsOf(direction), about: about(direction) }, 4),
  ],
  "the predictions that are kept": (direction) => {
    const kept = new KeptPredictions(3, direction);
    for (const { number, value } of studyOf(direction).trials)
      kept.add(number, value ?? undefined, [Float32Array.of(1)]);
    return kept.trials;
  },
  "a threshold": (direction) => {
    const stream = new RandomStream(4);
    const yTrue = Float64Array.from({ length: 50 }, () => stream.integer(2));
    const yPred = yTrue.map((label) => 0.3 * label + 0.5 * stream.uniform());
    return chooseThreshold(getMetric(metricOf(direction)), [{ yTrue, yPred }]);
  },
  "the penalty of a linear model": (direction) => {
    const data = toDataset({ x, y });
    const ids = Int32Array.from(x.keys());
    const folds = [{ train: ids.subarray(0, 12), validation: ids.subarray(12) }];
    return fitLinear({ data, pipeline: {}, weights: {} }, folds, getMetric(metricOf(direction, "logLoss")))
      .penalty;
  },
  async "a search, its best trial, its ensemble and its threshold"(direction) {
    const { trials, best, bestTrials, ensemble, final } = await tune({
      ...options,
      space: rates(0.01, 1, 0.1),
      strategy: random(),
      trials: 5,
      metric: metricOf(direction),
      ensemble: { networks: 2, untuned: false },
      threshold: metricOf(direction) as never,
    });
    return [
      trials.map(({ params, value }) => [params, Math.abs(value as number)]),
      [best.number, bestTrials.map(({ number }) => number), ensemble?.members, final.threshold],
    ];
  },
  async "the ranks of a grid"(direction) {
    const { rows, bestIndex } = await gridSearch({
      ...options,
      space: rates(0.01, 1, 0.1),
      scoring: metricOf(direction),
    });
    return [rows.map(({ scores }) => scores.own.rank), bestIndex];
  },
};

describe("maximizing the negative gives", () => {
  it.each(Object.entries(subjects))("%s", async (_, subject) => {
    expect(await subject("maximize")).toEqual(await subject("minimize"));
  });
});
