/**
 * Weights of rows and classes: a row of weight 2 counts as two rows, in every metric, every loss and in
 * training.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { checkClassWeight, lossWeights } from "../../src/data/weights.js";
import { createEngine } from "../../src/engine/engine.js";
import { add, log, mean, mul, reshape, softmax, square, sub } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { namesWith } from "../../src/metrics/define.js";
import * as namespace from "../../src/metrics/index.js";
import { metricNamed, metrics } from "../../src/metrics/registry.js";
import { dense } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import { losses } from "../../src/nn/losses/registry.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";

const row = fc.record({
  label: fc.integer({ min: 0, max: 2 }),
  scores: fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  ),
  weight: fc.integer({ min: 0, max: 3 }),
});
type Row = { label: number; scores: [number, number, number]; weight: number };
const tables = fc
  .array(row, { minLength: 2, maxLength: 20 })
  .filter((rows) => rows.some(({ weight }) => weight > 0));
/** Each row as often as it weighs. */
const repeated = (rows: readonly Row[]): Row[] =>
  rows.flatMap((each) => new Array<Row>(each.weight).fill(each));
const oneHot = (label: number): number[] => [0, 1, 2].map((each) => Number(each === label));
const share = ([a, b, c]: readonly number[]): number[] => [a, b, c].map((each) => each / (a + b + c));

describe("every metric", () => {
  const forms: Readonly<Record<string, { truth(row: Row): number[]; prediction(row: Row): number[] }>> = {
    "two classes": {
      truth: ({ label }) => [Number(label > 0)],
      prediction: ({ scores }) => [scores[0] / 10],
    },
    "three classes": { truth: ({ label }) => oneHot(label), prediction: ({ scores }) => share(scores) },
    labels: {
      truth: ({ label, scores }) => [Number(label > 0), Number(label < 2), scores[2] % 2],
      prediction: ({ scores }) => scores.map((score) => score / 10),
    },
    quantities: {
      truth: ({ label, scores }) => [label + 1, scores[2]],
      prediction: ({ scores }) => [scores[0], scores[1]],
    },
  };
  const formsOf = (name: string, { tasks }: { readonly tasks: readonly string[] }): string[] => {
    if (tasks.includes("regression")) return ["quantities"];
    if (name.endsWith("MultiLabel") || name.endsWith("Samples")) return ["labels"];
    return name.includes("Ovo") || name.startsWith("topK")
      ? ["three classes"]
      : ["two classes", "three classes"];
  };
  // with each of their options, and with numbers that one or another of them takes
  const names = Object.values(metrics).flatMap((metric) => [
    ...new Set(["", "2", "0.3"].flatMap((number) => namesWith(metric, number))),
  ]);
  const known = names.flatMap((name) => {
    try {
      return [[name, metricNamed(name as "r2")] as const];
    } catch {
      return []; // options that exclude each other
    }
  });
  const all = known.flatMap(([name, metric]) => formsOf(name, metric).map((form) => [name, form] as const));

  it("is under the law with its options too", () => {
    for (const name of [
      "f1Samples",
      "rocAucOvoWeighted",
      "meanPinballLoss0.3",
      "fBeta2Macro",
      "jaccardMultiLabel",
    ])
      expect(names).toContain(name);
    expect(known.length).toBeGreaterThan(60);
  });

  it.each(all)("%s of %s is that of the repeated rows", (name, form) => {
    const { truth, prediction } = forms[form];
    const outputs = form === "quantities" ? 2 : form === "two classes" ? 1 : 3;
    const metric = metricNamed(name as "r2");
    const score = (rows: readonly Row[], weights?: readonly number[]): number =>
      metric.compute(
        Float64Array.from(rows.flatMap(truth)),
        Float64Array.from(rows.flatMap(prediction)),
        outputs,
        weights && Float64Array.from(weights),
      );
    fc.assert(
      fc.property(tables, (rows) => {
        const weighted = score(
          rows,
          rows.map(({ weight }) => weight),
        );
        const expected = score(repeated(rows));
        if (Number.isNaN(expected)) expect(weighted).toBeNaN();
        // sums of at most 60 numbers below 100, in another order
        else
          expect(Math.abs(weighted - expected)).toBeLessThanOrEqual(
            60 * 100 * Number.EPSILON * Math.max(1, Math.abs(expected)),
          );
        expect(
          score(
            rows,
            rows.map(() => 1),
          ),
        ).toBe(score(rows));
      }),
      { numRuns: cases(50) },
    );
  });

  /** What metrics give as data: all numbers of it. */
  const data: Readonly<Record<string, (rows: readonly Row[], weights?: readonly number[]) => number[]>> = {
    confusionMatrix: (rows, weights) =>
      namespace.confusionMatrix(rows.map(threeTruths), rows.map(threeGuesses), weights).flat(),
    precisionRecallFScore: (rows, sampleWeight) =>
      Object.values(
        namespace.precisionRecallFScore(rows.map(threeTruths), rows.map(threeGuesses), {
          ...(sampleWeight && { sampleWeight }),
        }),
      ).flatMap((values: Float64Array) => [...values]),
    rocCurve: (rows, weights) => numbersOf(namespace.rocCurve(rows.map(isOne), rows.map(chance), weights)),
    precisionRecallCurve: (rows, weights) =>
      numbersOf(namespace.precisionRecallCurve(rows.map(isOne), rows.map(chance), weights)),
  };
  const threeTruths = ({ label }: Row): number[] => oneHot(label);
  const threeGuesses = ({ scores }: Row): number[] => share(scores);
  const isOne = ({ label }: Row): number => Number(label > 0);
  const chance = ({ scores }: Row): number => scores[0] / 10;
  const numbersOf = (curve: object): number[] =>
    Object.values(curve).flatMap((values: Float64Array) => [...values]);

  it.each(Object.keys(data))("%s is that of the repeated rows", (name) => {
    fc.assert(
      fc.property(tables, (rows) => {
        const received = data[name](
          rows,
          rows.map(({ weight }) => weight),
        );
        const expected = data[name](repeated(rows));
        // sums of whole numbers, divided once; NaN and infinity where there is nothing to divide by
        const rounded = (value: number): number => Number(value.toFixed(12));
        expect(received.map(rounded)).toEqual(expected.map(rounded));
      }),
      { numRuns: cases(50) },
    );
  });

  it("takes weights as its third argument, of any scale", () => {
    expect(metrics.accuracy([0, 1, 1], [0.2, 0.9, 0.4], [1, 1, 2])).toBe(0.5);
    expect(metrics.meanAbsoluteError([0, 0], [1, 3], [30, 10])).toBe(1.5);
    expect(() => metrics.f1([0, 1], [0, 1], [1])).toThrow(
      "sampleWeight must have one weight for each of the 2 rows; received 1",
    );
    expect(() => metrics.f1([0, 1], [0, 1], [1, -1])).toThrow(
      "sampleWeight must hold finite numbers of at least 0; received -1 at index 1",
    );
    expect(() => metrics.r2([0, 1], [0, 1], [0, 0])).toThrow(
      "sampleWeight must hold a number above 0; received only 0",
    );
  });
});

describe("every loss", () => {
  const engine = createEngine({ executor: "reference" });
  const truths = {
    binary: ({ label }: Row) => [Number(label > 0)],
    classes: ({ label }: Row) => oneHot(label),
    ids: ({ label }: Row) => [label],
    quantities: ({ label, scores }: Row) => [label, scores[2]],
    moments: ({ label }: Row) => [label],
    levels: ({ label }: Row) => [Number(label > 0), Number(label > 1)],
    times: ({ label, scores }: Row) => [label > 0 ? scores[2] : -scores[2]],
    labels: ({ label }: Row) => [label],
  };
  const forms: Record<keyof typeof losses, keyof typeof truths> = {
    meanSquaredError: "quantities",
    meanAbsoluteError: "quantities",
    meanAbsolutePercentageError: "quantities",
    meanSquaredLogarithmicError: "quantities",
    huber: "quantities",
    logCosh: "quantities",
    quantile: "quantities",
    poisson: "quantities",
    gaussianNll: "moments",
    gaussianCrps: "moments",
    coxPartialLikelihood: "times",
    cosineSimilarity: "quantities",
    binaryCrossentropy: "binary",
    categoricalCrossentropy: "classes",
    sparseCategoricalCrossentropy: "ids",
    categoricalGeneralizedCrossEntropy: "ids",
    binaryFocalCrossentropy: "binary",
    categoricalFocalCrossentropy: "classes",
    ordinalCrossentropy: "levels",
    klDivergence: "classes",
    hinge: "binary",
    squaredHinge: "binary",
    categoricalHinge: "classes",
    softF1: "classes",
    dice: "binary",
    tversky: "classes",
    ctc: "labels",
  };
  /** Sums over all rows, to which a fixed 1e-7 is added: the repeated rows have larger ones. */
  const counting = ["softF1", "dice", "tversky"];

  it.each(Object.keys(forms) as (keyof typeof forms)[])("%s is that of the repeated rows", (name) => {
    const truth = truths[forms[name]];
    const units = {
      binary: 1,
      classes: 3,
      ids: 3,
      quantities: 2,
      moments: 2,
      levels: 2,
      times: 1,
      labels: 3,
    }[forms[name]];
    const columns = ["ids", "moments", "labels"].includes(forms[name]) ? 1 : units;
    const prediction = ({ scores }: Row): number[] =>
      units === 3 ? [...scores] : scores.slice(0, units).map((score) => score / 10);
    const activated = (value: Value): Value => {
      // sequences of one step
      if (forms[name] === "labels") return reshape(value, [value.shape[0], 1, units]);
      return units === 3 ? softmax(value) : value;
    };
    fc.assert(
      fc.property(tables, (rows) => {
        const total = rows.reduce((sum, { weight }) => sum + weight, 0);
        const weights = rows.map(({ weight }) => [(weight * rows.length) / total]);
        const n = rows.length;
        const weighted = compile(
          (t: Value, p: Value, w: Value) => losses[name](t, activated(p), w),
          ...([
            [n, columns],
            [n, units],
            [n, 1],
          ] as const),
        );
        const again = repeated(rows);
        const plain = compile(
          (t: Value, p: Value) => losses[name](t, activated(p)),
          [total, columns],
          [total, units],
        );
        const scalar = (result: unknown): number => (result as { data: ArrayLike<number> }).data[0];
        const received = scalar(engine.load(weighted)(rows.map(truth), rows.map(prediction), weights));
        const counted = scalar(engine.load(plain)(again.map(truth), again.map(prediction)));
        // hazards are added up, so that a mean weight of 1 divides them all
        const hasEvents = again.some(({ label }) => label > 0);
        const expected = counted - (forms[name] === "times" && hasEvents ? Math.log(total / n) : 0);
        // in float64: sums of at most 60 losses below 100, in another order
        expect(Math.abs(received - expected)).toBeLessThanOrEqual(
          60 * 100 * Number.EPSILON * Math.max(1, expected) + (counting.includes(name) ? 1e-6 : 0),
        );
      }),
      { numRuns: cases(30) },
    );
  });
});

describe("training", () => {
  const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const y = x.map(([a, b]) => Number(a + b > 0.2));
  const weight = x.map((_, i) => i % 3);
  const trained = async (x: number[][], y: number[], options: object) => {
    const model = sequential([dense(4, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
    model.compile({
      optimizer: sgd({ learningRate: 0.5 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    const { history } = await model.fit(x, y, {
      epochs: 40,
      batchSize: x.length,
      shuffle: false,
      seed: 3,
      ...options,
    });
    return {
      loss: history.loss,
      accuracy: history.accuracy,
      prediction: [...model.predict(x.slice(0, 12)).data],
      model,
    };
  };

  it("on weighted rows is that on the repeated rows, in one batch", async () => {
    const again = x.flatMap((row, i) => new Array<number[]>(weight[i]).fill(row));
    const labels = y.flatMap((label, i) => new Array<number>(weight[i]).fill(label));
    const weighted = await trained(x, y, { sampleWeight: weight });
    const expected = await trained(again, labels, {});
    const close = (a: readonly number[], b: readonly number[]) =>
      a.forEach((value, i) => void expect(Math.abs(value - b[i])).toBeLessThan(2e-5)); // float32 over 40 steps
    close(weighted.loss, expected.loss);
    close(weighted.accuracy, expected.accuracy);
    close([...weighted.model.predict(again).data], [...expected.model.predict(again).data]);
    const evaluated = weighted.model.evaluate(x, y, weight);
    close([evaluated.loss, evaluated.accuracy], Object.values(expected.model.evaluate(again, labels)));
  });

  it("with class weights is that with the weights of their rows, to the bit", async () => {
    const byClass = await trained(x, y, { classWeight: { 1: 3 } });
    const byRow = await trained(x, y, { sampleWeight: y.map((label) => 1 + 2 * label) });
    expect([byClass.loss, byClass.prediction]).toEqual([byRow.loss, byRow.prediction]);
    const ones = y.filter((label) => label === 1).length;
    const balanced = await trained(x, y, { classWeight: "balanced" });
    const counted = await trained(x, y, {
      sampleWeight: y.map((label) => 12 / (2 * (label ? ones : 12 - ones))),
    });
    expect([balanced.loss, balanced.prediction]).toEqual([counted.loss, counted.prediction]);
    expect(balanced.prediction).not.toEqual((await trained(x, y, {})).prediction);
  });

  it.each(["balanced", { 1: 3 }] as const)(
    "with class weights %j leaves out a row of weight 0, whatever its class",
    async (classWeight) => {
      const counted = await trained(x, y, { classWeight });
      const sampleWeight = [...y.map(() => 1), 0];
      const batchSize = sampleWeight.length;
      const more = await trained([...x, [1, 1]], [...y, 7], { classWeight, sampleWeight, batchSize });
      more.prediction.forEach((value, i) => {
        expect(Math.abs(value - counted.prediction[i])).toBeLessThan(2e-5); // float32 over 40 steps
      });
    },
  );

  // NaN for truths below −1, also times 0
  const ofLogs: Loss = (yTrue, yPred, weights) =>
    mean(mul(square(sub(yPred, log(add(yTrue, 1)))), weights ?? 1));
  it.each<[string, Loss, number]>([
    ["a built-in loss", "binaryFocalCrossentropy", 3e38],
    ["a custom loss", ofLogs, -7],
  ])("by %s leaves out a row of weight 0, whatever its target", async (_, loss, target) => {
    const fitted = async (own: number) => {
      const model = sequential([dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: sgd({ learningRate: 0.5 }), loss });
      const sampleWeight = [...y.map(() => 1), 0];
      const { history } = await model.fit([...x, [1, 1]], [...y, own], { epochs: 3, sampleWeight });
      return [history.loss, [...model.predict(x).data]];
    };
    expect(await fitted(target)).toEqual(await fitted(1));
  });

  it("with weights that are all the same is that without, up to the rounding of a product by 1", async () => {
    const same = await trained(x, y, { sampleWeight: y.map(() => 7) });
    expect(same.prediction).toEqual((await trained(x, y, {})).prediction);
  });

  it("measures validation rows by their own weights, and not by class weights", async () => {
    const sampleWeight = weight.map((each) => each + 1);
    const options = { validationSplit: 0.5, batchSize: 6, sampleWeight, classWeight: { 1: 5 } };
    const { model, ...rest } = await trained(x, y, options);
    const { history } = await (async () => {
      const again = sequential([dense(4, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
      again.compile({
        optimizer: sgd({ learningRate: 0.5 }),
        loss: "binaryCrossentropy",
        metrics: ["accuracy"],
      });
      return again.fit(x.slice(0, 6), y.slice(0, 6), {
        epochs: 40,
        batchSize: 6,
        shuffle: false,
        seed: 3,
        classWeight: { 1: 5 },
        sampleWeight: sampleWeight.slice(0, 6),
        validationData: [x.slice(6), y.slice(6), sampleWeight.slice(6)],
      });
    })();
    expect(history.loss).toEqual(rest.loss);
    expect(model.evaluate(x.slice(6), y.slice(6), sampleWeight.slice(6)).loss).toBe(history.valLoss.at(-1));
  });
});

describe("balanced weights", () => {
  it("are scikit-learn's among the training rows, and have a mean of 1", () => {
    // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2]) of scikit-learn 1.4.2: 2/3,
    // 2, 1
    const labels = [0, 0, 0, 1, 2, 2, 1, 1];
    const data = { y: Float64Array.from(labels.flatMap(oneHot)), outputs: 3 };
    const train = Int32Array.of(0, 1, 2, 3, 4, 5);
    const weights = lossWeights({ classWeight: "balanced" }, data, train, train);
    expect(weights).toEqual(Float32Array.of(2 / 3, 2 / 3, 2 / 3, 2, 1, 1));
  });

  it("by class are by name, and refused for others", () => {
    expect(checkClassWeight({ yes: 10 }, ["no", "yes"])).toEqual([1, 10]);
    expect(() => checkClassWeight({ yes: 10, maybe: 1 }, ["no", "yes"])).toThrow('unknown class "maybe"');
    expect(() => checkClassWeight({ yes: -1 }, ["no", "yes"])).toThrow(
      'classWeight of class "yes" must be a finite number of at least 0; received -1',
    );
    expect(() => checkClassWeight("balance", ["no", "yes"])).toThrow(
      'classWeight must be "balanced", or numbers by class, such as { yes: 10 }; received "balance"',
    );
    expect(() => checkClassWeight("balanced", [])).toThrow(
      "classWeight needs a classification target; received a regression target",
    );
  });
});
