/** What losses and metrics take as truths, and from which last layers: refusals by their text, what passes, and the law of the tables. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mean, softmax, square, sub } from "../../src/graph/functions.js";
import type { CustomMetric } from "../../src/metrics/metric.js";
import type { MetricLike } from "../../src/metrics/names.js";
import { metrics } from "../../src/metrics/registry.js";
import { metricRows } from "../../src/metrics/truths.js";
import { functional, input } from "../../src/nn/functional.js";
import { activation, dense, gru, type Layer, masking } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import * as losses from "../../src/nn/losses/index.js";
import type { LossFunction } from "../../src/nn/losses/loss.js";
import { losses as registry } from "../../src/nn/losses/registry.js";
import { lossRows } from "../../src/nn/losses/truths.js";
import type { Sequential } from "../../src/nn/sequential.js";
import { cases } from "../cases.js";
import { compiled, randomRows, refusal } from "./support.js";

type Rows = readonly number[] | readonly (readonly number[])[];

const sigmoids = (units: number): Layer => dense(units, { activation: "sigmoid" });
const softmaxes = (units: number): Layer => dense(units, { activation: "softmax" });
const x4 = randomRows(4, 2, 1);
const of = (loss: Loss, last: Layer, ...scored: MetricLike[]): Sequential =>
  compiled([last], { optimizer: "sgd", loss, metrics: scored });
/** What `fit` says; "" if it trains. */
async function saysOf(model: Sequential, y: Rows, x: readonly (readonly number[])[] = x4): Promise<string> {
  try {
    await model.fit(x, y as never);
    return "";
  } catch (error) {
    return refusal(() => {
      throw error;
    });
  }
}

describe("fit refuses truths that a loss does not take", () => {
  const bce = "y must hold numbers from 0 to 1 for binaryCrossentropy; received";
  const cce = "y must hold rows of probabilities that sum to 1 for categoricalCrossentropy; received";
  const several = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  it.each<[string, Loss, Layer, Rows, string]>([
    [
      "0 and 255",
      "binaryCrossentropy",
      sigmoids(1),
      [0, 255, 0, 255],
      `${bce} 255 in row 1; labels 0 and 255: divide by 255, or give 0 and 1`,
    ],
    [
      "-1 and 1",
      "bce",
      sigmoids(1),
      [1, -1, 1, 1],
      `${bce} -1 in row 1; labels -1 and 1: give 0 and 1, that is (y + 1) / 2, or use hinge`,
    ],
    ["1 and 2", "bce", sigmoids(1), [1, 2, 1, 2], `${bce} 2 in row 1; labels 1 and 2: give 0 and 1`],
    [
      "0, 1 and 2",
      "bce",
      sigmoids(1),
      [0, 1, 2, 2],
      `${bce} 2 in row 2; integers of classes: use sparseCategoricalCrossentropy and softmax of 3 units`,
    ],
    [
      "prices",
      "bce",
      sigmoids(1),
      [0.5, 3.5, 2, 1],
      `${bce} 3.5 in row 1; divide by the largest, 3.5, or use meanSquaredError for quantities`,
    ],
    [
      "temperatures",
      "bce",
      sigmoids(1),
      [-0.5, 3.5, 2, 1],
      `${bce} -0.5 in row 0; use meanSquaredError for quantities`,
    ],
    [
      "pixels",
      "bce",
      sigmoids(2),
      [
        [0, 128],
        [1, 3],
        [255, 2],
        [0, 0],
      ],
      `${bce} [0,128] in row 0; divide by the largest, 255, or use meanSquaredError for quantities`,
    ],
    [
      "counts",
      "categoricalCrossentropy",
      softmaxes(3),
      [[5, 2, 9], ...several],
      `${cce} [5,2,9] in row 0; divide each row by its sum, or use meanSquaredError for quantities`,
    ],
    [
      "two labels",
      "categoricalCrossentropy",
      softmaxes(3),
      [...several, [1, 1, 0]],
      `${cce} [1,1,0] in row 3; for rows of several labels, use binaryCrossentropy and sigmoid`,
    ],
    [
      "no label",
      "categoricalCrossentropy",
      softmaxes(3),
      [...several, [0, 0, 0]],
      `${cce} [0,0,0] in row 3; give rows without a class a sampleWeight of 0`,
    ],
    [
      "a negative probability",
      "cce",
      softmaxes(3),
      [[1.5, -0.5, 0], ...several],
      `${cce} [1.5,-0.5,0] in row 0; use meanSquaredError for quantities`,
    ],
    [
      "quantities",
      "klDivergence",
      softmaxes(3),
      [[3, 4, 5], ...several],
      "y must hold rows of probabilities that sum to 1 for klDivergence; received [3,4,5] in row 0; divide each row by its sum, or use meanSquaredError for quantities",
    ],
    [
      "below 0",
      "msle",
      dense(1),
      [1, -3, 2, 0],
      "y must hold numbers of at least 0 for meanSquaredLogarithmicError; received -3 in row 1; use meanSquaredError for quantities",
    ],
    [
      "counts below 0",
      "poisson",
      dense(1, { activation: "softplus" }),
      [1, 2, 3, -1],
      "y must hold numbers of at least 0 for poisson; received -1 in row 3; use meanSquaredError for quantities",
    ],
    [
      "three signs",
      "hinge",
      dense(1),
      [-1, 0, 1, 1],
      "y must hold -1 and 1, or 0 and 1 for hinge; received 0 in row 1; give rows without a class a sampleWeight of 0",
    ],
    [
      "other signs",
      "squaredHinge",
      dense(1),
      [1, 2, 1, 2],
      "y must hold -1 and 1, or 0 and 1 for squaredHinge; received 2 in row 1; labels 1 and 2: give -1 and 1",
    ],
    [
      "soft rows",
      "categoricalHinge",
      dense(3),
      [[0.5, 0.5, 0], ...several],
      "y must hold rows of one 1, and else 0 or else -1 for categoricalHinge; received [0.5,0.5,0] in row 0; use oneHot for class ids, or categoricalCrossentropy for probabilities",
    ],
    [
      "labels of 2",
      "dice",
      sigmoids(1),
      [0, 2, 0, 2],
      "y must hold numbers from 0 to 1 for dice; received 2 in row 1; labels 0 and 2: divide by 2, or give 0 and 1",
    ],
    [
      "an id beyond the units",
      "sparseCategoricalCrossentropy",
      softmaxes(3),
      [1, 2, 3, 1],
      "y must be integers from 0 to 2; received 3 at index 2; ids begin at 0, and the last layer has a unit for each class",
    ],
  ])("%s for %s", async (_, loss, last, y, message) => {
    expect(await saysOf(of(loss, last), y)).toBe(`invalid_data: ${message}`);
    // evaluate, and validation data, of a model that was trained on others
    const model = of(loss, last);
    const [units] = last.outputShape([2]);
    const good =
      units === 1
        ? [0, 1, 1, 0]
        : [0, 1, 1, 0].map((k) => [0, 1, 2].slice(0, units).map((j) => Number(j === k)));
    await model.fit(x4, good as never);
    expect(await refusal(() => model.evaluate(x4, y as never))).toBe(`invalid_data: ${message}`);
    const given = () => model.fit(x4, good as never, { validationData: [x4, y as never] });
    expect(await refusal(given)).toBe(`invalid_data: validation ${message}`);
    // what rows of weight 0 hold does not matter
    const fits = await refusal(() => model.evaluate(x4, y as never, [0, 0, 0, 1])).catch(() => "");
    const own = await refusal(() => model.evaluate(x4.slice(3), y.slice(3) as never)).catch(() => "");
    expect(fits.slice(0, 60)).toBe(own.slice(0, 60));
  });

  it("integers for a loss of one-hot rows, with the loss that takes them", async () => {
    const ids = [0, 1, 2, 1];
    expect(await saysOf(of("categoricalCrossentropy", softmaxes(3)), ids)).toBe(
      "invalid_shape: y must hold one-hot rows for categoricalCrossentropy; received shape [4]; " +
        "for class ids, use sparseCategoricalCrossentropy, or oneHot",
    );
    expect(await saysOf(of("kld", softmaxes(3)), ids)).toBe(
      "invalid_shape: y must hold one-hot rows for klDivergence; received shape [4]; for class ids, use oneHot",
    );
  });

  it("of one of several outputs, by its name", async () => {
    const start = input(2);
    const outputs = { good: sigmoids(1).apply(start), price: dense(1).apply(start) };
    const model = functional({ inputs: start, outputs });
    model.compile({ optimizer: "sgd", loss: { good: "bce", price: "mse" } });
    const message =
      "invalid_data: y.good must hold numbers from 0 to 1 for binaryCrossentropy; received 2 in row 1";
    expect(await refusal(() => model.fit(x4, { good: [0, 2, 0, 2], price: [5, 7, 9, 1] }))).toContain(
      message,
    );
    const beside = [
      [0, 5],
      [2, 7],
      [0, 9],
      [2, 1],
    ];
    expect(await refusal(() => model.fit(x4, beside))).toContain(message);
    await model.fit(x4, { good: [0, 1, 0, 1], price: [5, 7, 9, 1] });
  });
});

describe("fit refuses a last layer that cannot give what a loss reads", () => {
  const tanhs = (units: number): Layer => dense(units, { activation: "tanh" });
  const ones = [0, 1, 0, 1];
  const hot = [
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ];
  const be = "invalid_argument: the activation of the last layer must be";
  const logits = losses.binaryCrossentropy({ fromLogits: true });
  it.each<[string, Loss, Layer, Rows, string]>([
    [
      "softmax of one unit",
      "bce",
      softmaxes(1),
      ones,
      `${be} "sigmoid" for one unit; received "softmax", which is constant there`,
    ],
    [
      "softmax of one unit, whatever the loss",
      "mse",
      softmaxes(1),
      ones,
      `${be} "sigmoid" for one unit; received "softmax", which is constant there`,
    ],
    [
      "logits without fromLogits",
      "bce",
      dense(1),
      ones,
      `${be} "sigmoid" for binaryCrossentropy; received "linear"; or give the loss fromLogits: true`,
    ],
    [
      "relu",
      "bce",
      dense(1, { activation: "relu" }),
      ones,
      `${be} "sigmoid" for binaryCrossentropy; received "relu"; or give the loss fromLogits: true`,
    ],
    ["tanh", "dice", tanhs(1), ones, `${be} "sigmoid" for dice; received "tanh"`],
    [
      "logits of classes",
      "cce",
      dense(2),
      hot,
      `${be} "softmax" for categoricalCrossentropy; received "linear"; or give the loss fromLogits: true`,
    ],
    [
      "sigmoids of one class",
      "cce",
      sigmoids(2),
      hot,
      `${be} "softmax" for categoricalCrossentropy; received "sigmoid"; or give the loss fromLogits: true; or for several labels a row, use binaryCrossentropy`,
    ],
    [
      "sigmoids for a divergence",
      "kld",
      sigmoids(2),
      hot,
      `${be} "softmax" for klDivergence; received "sigmoid"; or for several labels a row, use binaryCrossentropy`,
    ],
    [
      "signed counts",
      "poisson",
      dense(1),
      ones,
      `${be} "softplus", "exponential" or "relu" for poisson; received "linear"`,
    ],
    [
      "a sigmoid before fromLogits",
      logits,
      sigmoids(1),
      ones,
      'invalid_argument: fromLogits of binaryCrossentropy after "sigmoid" must be false; received true',
    ],
    [
      "one unit of several classes",
      "cce",
      sigmoids(1),
      ones,
      'invalid_shape: units of the last layer must be at least 2 for categoricalCrossentropy; received 1; use binaryCrossentropy and "sigmoid"',
    ],
    [
      "a direction of one unit",
      "cosineSimilarity",
      dense(1),
      ones,
      "invalid_shape: units of the last layer must be at least 2 for cosineSimilarity; received 1; use meanSquaredError",
    ],
  ])("%s", async (_, loss, last, y, message) => {
    expect(await saysOf(of(loss, last), y)).toBe(message);
  });

  it("and metrics that would read logits or scores as probabilities", async () => {
    const y = [0, 1, 0, 1];
    for (const metric of ["accuracy", "logLoss"] as const)
      expect(await saysOf(of(logits, dense(1), metric), y)).toBe(
        `invalid_argument: ${metric} must be given probabilities; received the logits of binaryCrossentropy with fromLogits; ` +
          'end the model with "sigmoid" and leave fromLogits out, which computes the same loss',
      );
    expect(await saysOf(of("hinge", dense(1), "f1"), y)).toBe(
      "invalid_argument: f1 must be given probabilities; received the scores of hinge; use a cross-entropy",
    );
    expect(await saysOf(of("hinge", dense(1), "auc"), y)).toBe("");
    // the largest of several logits is that of the largest probability
    expect(
      await saysOf(of(losses.categoricalCrossentropy({ fromLogits: true }), dense(2), "accuracy"), hot),
    ).toBe("");
  });
});

describe("what users of Keras do passes", () => {
  const soft = [0.1, 0.9, 0.05, 1];
  const teacher = [
    [0.33, 0.33, 0.33],
    [0.2, 0.3, 0.5],
    [1, 0, 0],
    [0, 0.004, 0.996],
  ];
  const hot2 = [
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ];
  const nonNegative = dense(1, { kernelConstraint: "nonNeg", useBias: false });
  const half: LossFunction = (yTrue, yPred) => mean(square(sub(yTrue, yPred)));
  it.each<[string, Loss, Layer, Rows]>([
    ["soft labels", "bce", sigmoids(1), soft],
    ["soft labels and smoothing", losses.binaryCrossentropy({ labelSmoothing: 0.1 }), sigmoids(1), soft],
    [
      "several labels a row",
      "bce",
      sigmoids(2),
      [
        [1, 1],
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ],
    ["two columns of a softmax", "bce", softmaxes(2), hot2],
    ["probabilities of a teacher, rounded", "cce", softmaxes(3), teacher],
    ["the same for a divergence", "kld", softmaxes(3), teacher],
    ["one-hot rows for ids", "scce", softmaxes(2), hot2],
    ["logits", losses.sparseCategoricalCrossentropy({ fromLogits: true }), dense(2), [0, 1, 1, 0]],
    [
      "logarithms as logits",
      losses.categoricalCrossentropy({ fromLogits: true }),
      dense(2, { activation: "logSoftmax" }),
      hot2,
    ],
    ["a function as activation", "cce", dense(2, { activation: softmax }), hot2],
    ["a custom activation", "bce", dense(1, { activation: (v) => square(v) }), soft],
    ["counts of a constrained layer", "poisson", nonNegative, [0, 2, 1, 7]],
    [
      "one-hot rows of -1 and 1",
      "categoricalHinge",
      dense(2),
      [
        [1, -1],
        [-1, 1],
        [1, -1],
        [1, -1],
      ],
    ],
    ["scores between -1 and 1", "hinge", dense(1, { activation: "tanh" }), [-1, 1, 1, -1]],
    ["one sign", "hinge", dense(1), [1, 1, 1, 1]],
    ["anything for a custom loss", half, dense(1), [255, -3, 0.5, 7]],
  ])("%s", async (_, loss, last, y) => {
    const given: readonly (readonly number[])[] = x4.map((row) => row.map(Math.abs));
    expect(await saysOf(of(loss, last), y, given)).toBe("");
  });

  it("steps that do not count may have rows of zeros, where a layer masks", async () => {
    const steps = [
      [[1], [2], [0]],
      [[3], [0], [0]],
    ];
    const y = [
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      [
        [0, 1],
        [0, 0],
        [0, 0],
      ],
    ];
    const layers = [gru(3, { returnSequences: true }), softmaxes(2)];
    const trained = (stack: readonly Layer[]) =>
      compiled(stack, { optimizer: "sgd", loss: "cce", metrics: ["accuracy"] }).fit(steps, y);
    const { history } = await trained([masking(), ...layers]);
    expect([history.loss, history.accuracy].flat().every(Number.isFinite)).toBe(true);
    // a row of the whole sequence counts
    const whole = compiled([masking(), gru(3), softmaxes(2)], { optimizer: "sgd", loss: "cce" });
    expect(
      await refusal(() =>
        whole.fit(steps, [
          [1, 0],
          [0, 0],
        ]),
      ),
    ).toContain("received [0,0] in row 1");
    expect(await refusal(() => trained(layers))).toContain(
      "received [0,0] in row 0; give rows without a class",
    );
  });
});

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

describe("the table of losses", () => {
  it.each(Object.keys(registry) as (keyof typeof registry)[])(
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
      ...{ name: "total", direction: "minimize", truths: "counts" },
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

it("the activation is found behind its own layer", async () => {
  const model = compiled([dense(2), activation("sigmoid")], { optimizer: "sgd", loss: "cce" });
  expect(
    await saysOf(model, [
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]),
  ).toContain('received "sigmoid"');
});
