/**
 * The law of the tables of truths: a loss or a metric refuses truths, or is finite; and predictions that
 * metrics would misread.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mean, square, sub } from "../../src/graph/functions.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import { metrics } from "../../src/metrics/registry.js";
import { metricRows } from "../../src/metrics/truths.js";
import { dense, type Layer } from "../../src/nn/layers/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { losses as registry } from "../../src/nn/losses/registry.js";
import { lossRows } from "../../src/nn/losses/truths.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { cases } from "../cases.js";
import { refusal } from "./support.js";
import { of, saysOf, sigmoids, softmaxes, x4 } from "./truths.js";

/** Truths that people have, most of them for some other loss or metric. */
const hostile = (width: number): fc.Arbitrary<number[][]> => {
  const row = (number: fc.Arbitrary<number>) => fc.array(number, { minLength: width, maxLength: width });
  const pool = [
    ...[[0, 1], [0, 255], [-1, 1], [-1, 0, 1], [1, 2], [0, 1, 2], [0.25, 0.5], [1]].map((list) =>
      fc.constantFrom(...list),
    ),
    fc.integer({ min: -3, max: 9 }),
    fc.integer({ min: -4096, max: 4096 }).map((n) => n / 1024),
    fc.constantFrom(1e30, -1e30, 1e-30, 0),
  ];
  const hot = fc
    .nat({ max: width - 1 })
    .map((id) => Array.from({ length: width }, (_, j) => Number(j === id)));
  const shares = row(fc.integer({ min: 1, max: 9 })).map((all) =>
    all.map((v) => v / all.reduce((a, b) => a + b)),
  );
  return fc
    .oneof(
      ...pool.map(row),
      hot,
      shares,
      hot.map((line) => line.map((v) => 2 * v - 1)),
    )
    .chain((first) =>
      fc.constantFrom(...pool.map(row), hot, shares).map((rest) => [fc.constant(first), rest] as const),
    )
    .chain(([first, rest]) => fc.tuple(first, rest, rest, rest));
};

/** Last layers that a loss takes. */
function lastOf(name: keyof typeof registry, units: number): Layer {
  const { predictions } = lossRows[name];
  if (predictions === "distributions") return softmaxes(units);
  if (predictions === "probabilities") return sigmoids(units);
  return dense(units, { activation: predictions === "counts" ? "softplus" : "linear" });
}

/** Losses that are below 0 where predictions are good. */
const SIGNED = ["poisson", "cosineSimilarity"];

/** Losses with as many targets as units; `forms.test.ts` has the others. */
const estimating = (Object.keys(registry) as (keyof typeof registry)[]).filter(
  (name) => !lossRows[name].form,
);

describe("the table of losses", () => {
  it.each(estimating)(
    "%s refuses hostile truths, or has a finite loss that is not negative; evaluate refuses the same",
    async (name) => {
      const least = lossRows[name].several ? 2 : 1;
      const trained = new Map<number, Sequential>();
      for (const units of [least, least + 1]) {
        const model = of(name, lastOf(name, units));
        const good = x4.map((_, i) => Array.from({ length: units }, (_, j) => Number(j === i % units)));
        await model.fit(x4, good);
        trained.set(units, model);
      }
      await fc.assert(
        fc.asyncProperty(
          fc
            .integer({ min: least, max: least + 1 })
            .chain((units) => fc.tuple(fc.constant(units), hostile(units))),
          async ([units, y]) => {
            const said = await saysOf(of(name, lastOf(name, units)), y);
            const evaluated = await refusal(() => trained.get(units)?.evaluate(x4, y)).catch(() => "");
            expect(evaluated).toBe(said);
            if (said !== "") {
              expect(said).toMatch(/^invalid_data: y must hold /);
              return;
            }
            const { loss } = trained.get(units)?.evaluate(x4, y) ?? {};
            // 1e30 squared is beyond float32
            const isLarge = y.flat().some((v) => Math.abs(v) > 1e6);
            expect(isLarge ? !Number.isNaN(loss) : Number.isFinite(loss), `${loss}`).toBe(true);
            // divergences and overlaps may round below 0
            if (!SIGNED.includes(name)) expect(loss).toBeGreaterThanOrEqual(-1e-6);
          },
        ),
        { numRuns: cases(10) },
      );
    },
  );
});

describe("the table of metrics", () => {
  const least: LossFunction = (yTrue, yPred) => mean(square(sub(yTrue, yPred)));
  it.each(Object.keys(metricRows) as (keyof typeof metricRows)[])(
    "%s refuses the same truths in fit and by itself",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }).chain((units) => hostile(units)),
          async (y) => {
            const units = y[0].length;
            // ½ of one column, which is no class id
            const predicted = y.map(() => Array.from({ length: units }, () => 1 / Math.max(2, units)));
            const own = await refusal(() => metrics[name](y, predicted)).catch(() => "");
            const model = of(least, units === 1 ? sigmoids(1) : softmaxes(units), name);
            expect((await saysOf(model, y)).replace(": y must", ": yTrue must")).toBe(own);
            if (own !== "") expect(own).toMatch(/^invalid_data: yTrue must hold /);
          },
        ),
        { numRuns: cases(8) },
      );
    },
  );

  it("a custom metric may say what it takes", async () => {
    const total: CustomMetric = {
      name: "total",
      direction: "minimize",
      truths: "counts",
      compute: (yTrue) => Array.from(yTrue).reduce((a, b) => a + b, 0),
    };
    expect(await saysOf(of("mse", dense(1), total), [1, -1, 2, 3])).toBe(
      "invalid_data: y must hold numbers of at least 0 for total; received -1 in row 1; use meanSquaredError for quantities",
    );
    const wrong = { ...total, truths: "numbers" } as never;
    expect(await saysOf(of("mse", dense(1), wrong), [1, 1, 2, 3])).toMatch(
      /^invalid_argument: truths of metric "total" must be "quantities", "counts", .*; received "numbers"$/,
    );
  });
});

describe("metrics refuse predictions that they would misread", () => {
  const be = "yPred must be probabilities, from 0 to 1, for";
  it.each<[string, () => number, string]>([
    [
      "quantities as decisions",
      () => metrics.accuracy([0, 1], [-3.5, 4]),
      `${be} accuracy; received -3.5 in row 0; take the sigmoid of logits first`,
    ],
    [
      "quantities for f1",
      () => metrics.f1([0, 1], [0.5, 4]),
      `${be} f1; received 4 in row 1; take the sigmoid of logits first`,
    ],
    [
      "logits of two classes",
      () => metrics.logLoss([0, 1], [0.5, 4]),
      `${be} logLoss; received 4 in row 1; take the sigmoid of logits first`,
    ],
    [
      "logits of several",
      () =>
        metrics.brierScore(
          [0, 1],
          [
            [1, 2],
            [0.5, 0.5],
          ],
        ),
      "yPred must be rows of probabilities that sum to 1, for brierScore; received [1,2] in row 0; take the softmax of logits first",
    ],
    [
      "rows that do not sum to 1",
      () => metrics.logLoss([0], [[0.9, 0.4]]),
      "yPred must be rows of probabilities that sum to 1, for logLoss; received [0.9,0.4] in row 0; take the softmax of logits first",
    ],
    [
      "logits of labels",
      () => metrics.f1({ multiLabel: true })([[1, 0]], [[2, -1]]),
      `${be} f1MultiLabel; received [2,-1] in row 0; take the sigmoid of logits first`,
    ],
    [
      "auc of quantities",
      () => metrics.rocAuc([1.5, 2, 7], [1, 2, 3]),
      "yTrue must hold 0 or 1, one-hot rows, or class ids for rocAuc; received 1.5 in row 0; for quantities, choose meanSquaredError or another metric of quantities",
    ],
    [
      "below -1 in a logarithmic error",
      () => metrics.meanSquaredLogError([1, -3], [1, 1]),
      "yTrue must hold numbers of at least 0 for meanSquaredLogError; received -3 in row 1; use meanSquaredError for quantities",
    ],
    [
      "0 in a gamma deviance",
      () => metrics.meanTweedieDeviance({ power: 2 })([1, 0], [1, 1]),
      "yTrue must hold numbers above 0 for meanTweedieDeviance2; received 0 in row 1; leave those rows out, or choose a power below 2",
    ],
  ])("%s", async (_, score, message) => {
    expect(await refusal(score)).toBe(`invalid_data: ${message}`);
  });

  it("but for rows of weight 0, whose truths do not count either", () => {
    expect(metrics.accuracy([0, 1, 7], [0.2, 0.9, -4], [1, 1, 0])).toBe(1);
    expect(
      metrics.logLoss(
        [0, 1, -1],
        [
          [0.5, 0.5],
          [0.5, 0.5],
          [9, 9],
        ],
        [1, 1, 0],
      ),
    ).toBeCloseTo(Math.log(2), 12);
  });

  it("takes the largest of a teacher's probabilities as the class, as Keras does", () => {
    expect(
      metrics.accuracy(
        [
          [0.2, 0.8],
          [0.6, 0.4],
        ],
        [
          [0.1, 0.9],
          [0.3, 0.7],
        ],
      ),
    ).toBe(0.5);
  });
});
