/**
 * Tunings of networks over padded sequences: what padding holds moves no score, and what could not be told
 * apart is refused.
 */

import { expect, it } from "vitest";
import { permutationImportance } from "../../src/explain/importance.js";
import { float, type Model } from "../../src/index.js";
import { dense, globalAveragePooling1d, gru, type Layer, masking } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { compareBaselines } from "../../src/tune/baselines/compare.js";
import { randomSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { tune } from "../../src/tune/tune.js";
import { refusal } from "../nn/support.js";

const STEPS = 4;
const ROWS = Array.from({ length: 60 }, (_, i) => i);
const lengthOf = (row: number): number => 1 + (row % STEPS);
const x = ROWS.map((i) =>
  Array.from({ length: STEPS }, (_, t) => [t < lengthOf(i) ? 1 + ((i * 7 + t * 3) % 11) / 11 : 0]),
);
/** The square of each step, and of padding what is given. */
const squares = (padding: number): number[][] =>
  x.map((row) => row.map(([v]) => (v === 0 ? padding : v * v)));

const options = (y: number[][] | number[], layers: () => readonly Layer[], more: object = {}) => ({
  x,
  y,
  trials: 2,
  seed: 1,
  testSize: 0.25,
  fit: { epochs: 3 },
  metric: "meanAbsoluteError" as const,
  space: { learningRate: float(0.01, 0.05) },
  pipeline: { scale: "none", target: "none" } as const,
  model({ learningRate }: { readonly learningRate: number }) {
    const model = sequential(layers());
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
  ...more,
});
const ofSteps = () => [masking(0), gru(3, { returnSequences: true }), dense(1)];

/** The mean absolute error of a model over the steps that count of some rows, by hand. */
function meanErrorOf({ model }: Model, rows: readonly number[]): number {
  const all = model.predict(rows.map((row) => x[row])) as { get(...at: number[]): number };
  const errors = rows.flatMap((row, i) =>
    Array.from({ length: lengthOf(row) }, (_, t) => Math.abs(all.get(i, t, 0) - x[row][t][0] ** 2)),
  );
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

it("targets of padding move no score, weight or curve", async () => {
  const [zeros, others] = [
    await tune(options(squares(0), ofSteps)),
    await tune(options(squares(1000), ofSteps)),
  ];
  const told = ({ study, final }: typeof zeros) => [
    study.trials.map(({ value, scores, status }) => [status, value, scores]),
    final?.test,
    Object.values(final?.model.getWeights() ?? {}).map(({ data }) => Array.from(data)),
  ];
  expect(told(others)).toEqual(told(zeros));
  // the mean error over the steps that count of the test rows, by hand
  const { final, testRows } = zeros;
  expect(final?.test.meanAbsoluteError).toBeCloseTo(meanErrorOf(final as Model, Array.from(testRows)), 6);
});

it("targets of rows of weight 0 move none either, and weights of rows do", async () => {
  const weights = ROWS.map((row) => row % 3);
  const scoresOf = async (odd: number, sampleWeight: number[]) => {
    const y = squares(0).map((row, i) => (weights[i] === 0 ? row.map(() => odd) : row));
    const { study, final } = await tune(options(y, ofSteps, { sampleWeight }));
    return [study.trials.map(({ value }) => value), final?.test];
  };
  const plain = await scoresOf(0, weights);
  expect(await scoresOf(1000, weights)).toEqual(plain);
  expect(
    await scoresOf(
      0,
      weights.map((weight) => Math.min(1, weight)),
    ),
  ).not.toEqual(plain);
});

it("what would count targets of padding is refused", async () => {
  const sequenceOf = (more: object) => options(squares(0), ofSteps, more);
  expect(await refusal(() => tune(sequenceOf({ pipeline: { scale: "none" } })))).toContain(
    'trial 0 failed: pipeline must have target: "none" for a network whose output leaves out steps, since targets at those steps ' +
      'would affect the scale; received "standard"',
  );
  expect(await refusal(() => tune(sequenceOf({ ensemble: 2 })))).toContain(
    "trial 0 failed: a network whose output leaves out steps must be tuned without ensemble, calibrate, threshold and cost, which support only rows",
  );
  // a sequence of one step has a target of two classes like any other
  const ofOne = {
    ...options(
      ROWS.map((row) => row % 2),
      ofSteps,
    ),
    x: x.map(([step], row) => [row % 3 === 0 ? [0] : step]),
    metric: "accuracy" as const,
    model({ learningRate }: { readonly learningRate: number }) {
      const model = sequential([
        masking(0),
        gru(3, { returnSequences: true }),
        dense(1, { activation: "sigmoid" }),
      ]);
      model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
      return model;
    },
  };
  for (const more of [{ threshold: "f1" as const }, { cost: { missed: 2, false: 1 } }, { calibrate: true }])
    expect(await refusal(() => tune({ ...ofOne, ...more }))).toContain(
      "must be tuned without ensemble, calibrate, threshold and cost",
    );
  const tuned = sequenceOf({});
  expect(await refusal(async () => compareBaselines(await tune(tuned), tuned))).toBe(
    "unsupported: final must be a network whose output has no mask; received one that leaves out steps, which baselines do not support",
  );
  const { final } = await tune(tuned);
  const rows = {
    columns: Array.from({ length: STEPS }, (_, t) => x.map((row) => row[t][0])),
    y: squares(0).flat(),
  };
  expect(await refusal(() => permutationImportance(final as never, rows as never))).toBe(
    "unsupported: importances need a network whose output has no mask; received one that leaves out steps",
  );
});

it("a final model scores test rows as it was scored on them, whatever padding holds", async () => {
  const y = squares(-1000);
  const { final, testRows } = await tune(options(y, ofSteps));
  const rows = Array.from(testRows);
  const columns = Array.from({ length: STEPS }, (_, t) => Float64Array.from(rows, (row) => x[row][t][0]));
  const scores = final?.evaluate({
    rows: rows.length,
    columns,
    y: Float64Array.from(rows.flatMap((row) => y[row])),
  });
  expect(scores).toEqual(final?.test);
  expect(scores?.meanAbsoluteError).toBeCloseTo(meanErrorOf(final as Model, rows), 6);
});

it("nested cross-validation scores the steps that count of outer rows, with their weights", async () => {
  const [even, odd] = [0, 1].map((rest) => ROWS.filter((row) => row % 2 === rest));
  const outer = [
    { train: even, validation: odd },
    { train: odd, validation: even },
  ];
  const nested = (padding: number, more: object = {}) => {
    const { metric, testSize, ...rest } = options(squares(padding), ofSteps, more);
    return nestedCrossValidation(randomSearch, { ...rest, scoring: metric, validation: { folds: 2 }, outer });
  };
  const { scores, searches } = await nested(-1000);
  expect((await nested(0)).scores).toEqual(scores);
  for (const [i, { validation }] of outer.entries())
    expect(scores[i]).toBeCloseTo(meanErrorOf(searches[i].final, validation), 6);
  const sampleWeight = ROWS.map((row) => (lengthOf(row) < 3 ? 1 : 0));
  const weighted = await nested(-1000, { sampleWeight });
  for (const [i, { validation }] of outer.entries())
    expect(weighted.scores[i]).toBeCloseTo(
      meanErrorOf(
        weighted.searches[i].final,
        validation.filter((row) => sampleWeight[row] > 0),
      ),
      6,
    );
});

it("a network with one answer a sequence is tuned and compared as any other", async () => {
  const means = x.map((row, i) => row.reduce((sum, [value]) => sum + value, 0) / lengthOf(i));
  const pooled = options(means, () => [masking(0), globalAveragePooling1d(), dense(1)], {
    pipeline: { scale: "none" },
  });
  const result = await tune({ ...pooled, fit: { epochs: 300 }, space: { learningRate: float(0.1, 0.2) } });
  expect(result.final?.test.r2).toBeGreaterThan(0.99);
  expect((await compareBaselines(result, pooled)).rows).toBe(15);
});
