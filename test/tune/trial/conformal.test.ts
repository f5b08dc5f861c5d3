/**
 * Intervals and sets hold the truth as often as they promise. If each of n + 1 exchangeable rows is left out
 * in turn, the share of those that the others cover is the probability itself: it is counted, not estimated.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import { readTable } from "../../../src/data/table.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { intervalsOf, setsOf } from "../../../src/predict/conformal.js";
import type { Conformal, TableDescription } from "../../../src/predict/description.js";
import { loadPredictor } from "../../../src/predict/predictor.js";
import { choice } from "../../../src/search/space/builders.js";
import { denseModel } from "../../../src/tune/dense.js";
import type { Fold } from "../../../src/tune/jobs/score.js";
import { conformalOf } from "../../../src/tune/trial/conformal.js";
import { tune } from "../../../src/tune/tune.js";
import { prop } from "../../prop.js";

/** Rows of a fold: their predictions, their truths, and their weights. */
interface Rows {
  readonly predictions: readonly number[];
  readonly truths: readonly number[];
  readonly weights?: readonly number[];
}

const foldOf = (truths: readonly number[], outputs: number, weights?: readonly number[]): Fold => ({
  outputs,
  yTrue: Float64Array.from(truths),
  target: { outputs: Array.from({ length: outputs }, () => ({ center: 0, scale: 1 })) },
  ...(weights && { weights: Float64Array.from(weights) }),
});

const quantities = ({ predictions, truths, weights }: Rows): Conformal =>
  conformalOf([[Float64Array.from(predictions)]], [foldOf(truths, 1, weights)], "regression", 1) as Conformal;

const tableOf = (conformal: Conformal, classes: readonly string[] = [], outputs = 1): TableDescription =>
  ({ conformal, classes, outputs, threshold: 0.5 }) as unknown as TableDescription;

/** How many rows the others cover. */
function coveredQuantities({ predictions, truths }: Rows, coverage: number): number {
  const all = truths.map((truth, left) => {
    const others = (values: readonly number[]): number[] => values.filter((_, i) => i !== left);
    const conformal = quantities({ predictions: others(predictions), truths: others(truths) });
    const { low, high } = intervalsOf(Float64Array.of(predictions[left]), 1, tableOf(conformal), coverage);
    return low.get(0, 0) <= truth && truth <= high.get(0, 0);
  });
  return all.filter((isCovered) => isCovered).length;
}

const CLASSES = ["a", "b", "c"];

/** Predicted probabilities of three classes, and the true ones. */
function probabilities(
  rows: number,
  seed: number,
): { readonly shares: number[][]; readonly truths: number[] } {
  const random = new RandomStream(seed);
  const shares = Array.from({ length: rows }, () => {
    const own = CLASSES.map(() => random.uniform() ** 3);
    const sum = own.reduce((a, b) => a + b, 0);
    return own.map((each) => Math.fround(each / sum));
  });
  const truths = shares.map((own) => {
    const at = random.uniform();
    return at < own[0] ? 0 : at < own[0] + own[1] ? 1 : 2;
  });
  return { shares, truths };
}

const classesConformal = (shares: readonly number[][], truths: readonly number[]): Conformal =>
  conformalOf(
    [[Float64Array.from(shares.flat())]],
    [
      foldOf(
        truths.flatMap((truth) => CLASSES.map((_, k) => Number(k === truth))),
        3,
      ),
    ],
    "classification",
    1,
  ) as Conformal;

const COVERAGES = fc.constantFrom(0.5, 0.7, 0.8, 0.9, 0.95);

describe("rows of the same kind", () => {
  prop([fc.integer({ min: 20, max: 70 }), fc.nat(), COVERAGES, fc.boolean()])(
    "have quantities within intervals as often as promised",
    (rows, seed, coverage, hasTies) => {
      const random = new RandomStream(seed);
      const predictions = Array.from({ length: rows }, () => Math.round(8 * random.normal()) / 4);
      const truths = predictions.map((each) => {
        const noise = random.normal() * (1 + each * each);
        return each + (hasTies ? Math.round(noise) : noise);
      });
      const covered = coveredQuantities({ predictions, truths }, coverage);
      expect(covered).toBeGreaterThanOrEqual(coverage * rows - 1e-9);
      // and no more often than one row more, where no two are equal
      if (!hasTies) expect(covered).toBeLessThan(coverage * rows + 1 + 1e-9);
    },
  );

  prop([fc.integer({ min: 20, max: 60 }), fc.nat(), COVERAGES])(
    "have classes within sets as often as promised",
    (rows, seed, coverage) => {
      const { shares, truths } = probabilities(rows, seed);
      const covered = truths.filter((truth, left) => {
        const others = <T>(values: readonly T[]): T[] => values.filter((_, i) => i !== left);
        const conformal = classesConformal(others(shares), others(truths));
        const [set] = setsOf(Float64Array.from(shares[left]), 1, tableOf(conformal, CLASSES, 3), coverage);
        return set.includes(CLASSES[truth]);
      });
      expect(covered.length).toBeGreaterThanOrEqual(coverage * rows - 1e-9);
    },
  );

  it("are covered as promised where distances are rounded, because there are many", () => {
    const { shares, truths } = probabilities(1500, 1);
    const [{ distances }] = classesConformal(shares, truths).misses;
    for (const [k, distance] of distances[0].entries()) {
      const within = truths.filter((truth, i) => 1 - shares[i][truth] <= distance).length;
      expect(within).toBeGreaterThanOrEqual(((k + 1) * 1501) / 501);
    }
    for (const coverage of [0.5, 0.8, 0.9, 0.95, 0.99]) {
      // whatever row is left out, the distances are those of all but one of the others' ranks
      const conformal = classesConformal(shares, truths);
      const table = tableOf(conformal, CLASSES, 3);
      const sets = setsOf(Float64Array.from(shares.flat()), 1500, table, coverage);
      const most = conformal.misses[0].distances[0][Math.ceil(coverage * 501 - 1e-9) - 1];
      const within = truths.filter((truth, i) => 1 - shares[i][truth] <= most).length;
      expect(conformal.misses[0].distances[0]).toHaveLength(500);
      expect(within).toBeGreaterThanOrEqual(Math.ceil(coverage * 1501));
      expect(within).toBeLessThan(coverage * 1501 + 1501 / 501 + 2);
      expect(sets.filter((set, i) => set.includes(CLASSES[truths[i]])).length).toBeGreaterThanOrEqual(within);
    }
  });
});

describe("intervals", () => {
  it("are as wide as the errors of predictions of that size", () => {
    const random = new RandomStream(5);
    const predictions = Array.from({ length: 1600 }, () => 10 * random.uniform());
    const truths = predictions.map((each) => each * (1 + 0.1 * random.normal()));
    const conformal = quantities({ predictions, truths });
    expect(conformal.rows).toBe(1600);
    expect(conformal.misses[0].edges).toHaveLength(7);
    for (const own of conformal.misses[0].distances) expect(own).toHaveLength(200);
    const width = (at: number): number => {
      const { low, high } = intervalsOf(Float64Array.of(at), 1, tableOf(conformal), 0.9);
      expect((low.get(0, 0) + high.get(0, 0)) / 2).toBeCloseTo(at, 12);
      return high.get(0, 0) - low.get(0, 0);
    };
    // at 0.6 and 9.4, the middles of the outer parts, the noise has a deviation of a tenth
    for (const at of [0.6, 9.4]) expect(width(at) / (2 * 1.645 * 0.1 * at)).toBeCloseTo(1, 0);
    expect(width(1000)).toBeCloseTo(width(9.4), 9);
  });

  it("are in the units of the target, for each of several", () => {
    const target = {
      outputs: [
        { center: 100, scale: 10 },
        { center: 0, scale: 2 },
      ],
    };
    const z = Float64Array.from(Array.from({ length: 40 }, (_, i) => i / 20));
    const yTrue = z.map((each, i) => (i % 2 === 0 ? 100 + 10 * each + 3 : 2 * each - 5));
    const conformal = conformalOf([[z]], [{ outputs: 2, yTrue, target }], "regression", 1) as Conformal;
    const { low, high } = intervalsOf(Float64Array.of(50, 7), 1, tableOf(conformal, [], 2), 0.9);
    for (const [j, [from, to]] of [
      [47, 53],
      [2, 12],
    ].entries()) {
      // predictions are in float32
      expect(low.get(0, j)).toBeCloseTo(from, 4);
      expect(high.get(0, j)).toBeCloseTo(to, 4);
    }
  });

  it("leave rows of weight 0 out, and count a row of weight 2 twice as much", () => {
    const predictions = Array.from({ length: 30 }, () => 0);
    const truths = predictions.map((_, i) => i);
    const even = predictions.map((_, i) => (i % 2 === 0 ? 1 : 0));
    const kept = quantities({ predictions, truths, weights: even });
    expect(kept).toEqual(
      quantities({ predictions: predictions.slice(15), truths: truths.filter((_, i) => i % 2 === 0) }),
    );
    // four fifths of the weight is in the first ten rows
    const heavy = quantities({ predictions, truths, weights: predictions.map((_, i) => (i < 10 ? 8 : 1)) });
    const { high } = intervalsOf(Float64Array.of(0), 1, tableOf(heavy), 0.75);
    expect(high.get(0, 0)).toBe(9);
  });

  it("of predictions that are all equal have one part", () => {
    const predictions = Array.from({ length: 1000 }, () => 3);
    const { misses } = quantities({ predictions, truths: predictions.map((_, i) => i) });
    expect(misses[0].edges).toEqual([]);
    const two = quantities({
      predictions: predictions.map((_, i) => (i < 600 ? 3 : 4)),
      truths: predictions,
    });
    expect(two.misses[0].edges).toEqual([3]);
    expect(two.misses[0].distances[0]).toEqual(Array.from({ length: 500 }, () => 0));
  });

  it("are none where a prediction is no number", () => {
    expect(
      conformalOf([[Float64Array.of(1, Number.NaN)]], [foldOf([1, 2], 1)], "regression", 1),
    ).toBeUndefined();
  });

  it.each([0, 1, -1, Number.NaN, "0.9"])("refuse a coverage of %s", (coverage) => {
    const table = tableOf(quantities({ predictions: [0, 0], truths: [1, 2] }));
    expect(() => intervalsOf(Float64Array.of(0), 1, table, coverage as number)).toThrow(
      /coverage must be a probability between 0 and 1/,
    );
  });

  it("refuse a coverage for which there were too few rows", () => {
    const nine = tableOf(quantities({ predictions: Array(9).fill(0), truths: Array(9).fill(1) }));
    expect(intervalsOf(Float64Array.of(0), 1, nine, 0.9).high.get(0, 0)).toBe(1);
    expect(() => intervalsOf(Float64Array.of(0), 1, nine, 0.91)).toThrow(
      "coverage must be at most 0.9, for which there were enough rows; received 0.91",
    );
  });
});

describe("a model that was tuned with an ensemble", () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => `${i % 10},${(i * 7) % 13},${i % 10 < 5 ? "no" : "yes"},${i % 10}.5`,
  );
  const table = readTable(["a,b,sold,price", ...lines].join("\n"));
  const options = { trials: 1, jobs: 1, ensemble: 2, space: { units: choice([4]) }, fit: { epochs: 3 } };
  const tuned = async (target: string, drop: string) => {
    const data = encodeTable(table, { target, drop: [drop] });
    const { final } = await tune({ ...options, data, model: (params) => denseModel(data, params) });
    return final;
  };
  const rows = [
    { a: 3, b: 2 },
    { a: 9, b: 1 },
  ];

  it("has intervals with the same bits from its file", async () => {
    const final = await tuned("price", "sold");
    const predictor = await loadPredictor(saveModel(final));
    const own = final.predictIntervals(rows, 0.8);
    for (const other of [predictor, await loadModel(saveModel(final))]) {
      const { low, high } = other.predictIntervals(rows, 0.8);
      expect([[...low.data], [...high.data]]).toEqual([[...own.low.data], [...own.high.data]]);
    }
    expect([...own.low.data].map((low, i) => (low + own.high.data[i]) / 2)).toEqual([
      expect.closeTo(final.predict(rows).get(0, 0), 9),
      expect.closeTo(final.predict(rows).get(1, 0), 9),
    ]);
    // the default is 0.9
    expect([...final.predictIntervals(rows).low.data]).toEqual([
      ...final.predictIntervals(rows, 0.9).low.data,
    ]);
    expect(() => final.predictSets(rows)).toThrow(
      "sets need a model of classes; intervals are for quantities",
    );
    expect(() => predictor.predictSets(rows)).toThrow("sets need a model of classes");
  });

  it("has sets, in which the predicted class always is", async () => {
    const final = await tuned("sold", "price");
    const predictor = await loadPredictor(saveModel(final));
    expect(predictor.predictSets(rows, 0.9)).toEqual(final.predictSets(rows, 0.9));
    for (const [i, [only]] of final.predictSets(rows, 0.02).entries())
      expect(only).toBe(final.classify(rows)[i]);
    expect(() => final.predictIntervals(rows)).toThrow(
      "intervals need a model of quantities; sets are for classes",
    );
  });

  it("has none without out-of-fold predictions", async () => {
    const data = encodeTable(table, { target: "price", drop: ["sold"] });
    const { ensemble: _, ...single } = options;
    const { final } = await tune({ ...single, data, model: (params) => denseModel(data, params) });
    expect(() => final.predictIntervals(rows)).toThrow(
      /^intervals need a model that was tuned with an ensemble or calibrated, whose errors on validation rows are in its file$/,
    );
  });
});
