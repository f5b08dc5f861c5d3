/**
 * The threshold of the least cost: the best of all on out-of-fold predictions, kept in the model. Needs
 * `dist/`.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/predict/predictor.js";
import { compareBaselines } from "../../src/tune/baselines/compare.js";
import { cheapestThreshold } from "../../src/tune/trial/cost.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { rareSearch, refusal } from "./support.js";

interface Row {
  readonly truth: number;
  readonly level: number;
  readonly weight: number;
}

function costOf(
  rows: readonly Row[],
  { missed, false: alarm }: { missed: number; false: number },
  threshold: number,
) {
  return rows.reduce((sum, { truth, level, weight }) => {
    const isPositive = level > threshold;
    return sum + weight * (truth === 1 ? (isPositive ? 0 : missed) : isPositive ? alarm : 0);
  }, 0);
}

const partOf = (rows: readonly Row[]) => ({
  yTrue: Float64Array.from(rows, ({ truth }) => truth),
  yPred: Float32Array.from(rows, ({ level }) => level),
  weights: Float64Array.from(rows, ({ weight }) => weight),
});

describe("cheapestThreshold", () => {
  it("costs no more than any other, by trying each", () => {
    const row = fc.record({
      truth: fc.constantFrom(0, 1),
      level: fc.integer({ min: 0, max: 16 }).map((k) => k / 16), // exact in float32
      weight: fc.integer({ min: 0, max: 3 }),
    });
    const cost = fc.record({
      missed: fc.integer({ min: 1, max: 100 }),
      false: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat(29), cost, (rows, cut, own) => {
        const parts = [rows.slice(0, cut), rows.slice(cut)].filter(({ length }) => length > 0).map(partOf);
        const threshold = cheapestThreshold(own, parts);
        const tried = Array.from({ length: 33 }, (_, k) => costOf(rows, own, k / 32));
        expect(costOf(rows, own, threshold)).toBe(Math.min(...tried));
        expect([threshold >= 0, threshold <= 1]).toEqual([true, true]);
      }),
      { numRuns: cases(200) },
    );
  });

  it("is that of perfect probabilities where others cost as much", () => {
    const rows = [
      { truth: 0, level: 0.01, weight: 1 },
      { truth: 1, level: 0.9, weight: 1 },
    ];
    expect(cheapestThreshold({ missed: 100, false: 5 }, [partOf(rows)])).toBe(5 / 105);
    // a missed row below, and a false alarm at the bottom, which come first
    const tied = [
      { truth: 1, level: 0.125, weight: 1 },
      { truth: 0, level: 0.25, weight: 1 },
      { truth: 1, level: 0.75, weight: 1 },
    ];
    expect(cheapestThreshold({ missed: 5, false: 5 }, [partOf(tied)])).toBe(0.5);
    // the nearest that divides the rows
    expect(cheapestThreshold({ missed: 5, false: 1e6 }, [partOf(rows)])).toBeCloseTo(0.455, 6);
  });

  it("predicts all rows as positive, or none, where that costs the least", () => {
    const mixed = [0.25, 0.5, 0.75].flatMap((level) => [0, 1].map((truth) => ({ truth, level, weight: 1 })));
    expect(cheapestThreshold({ missed: 100, false: 1 }, [partOf(mixed)])).toBeLessThan(0.25);
    expect(cheapestThreshold({ missed: 1, false: 100 }, [partOf(mixed)])).toBeGreaterThanOrEqual(0.75);
    const sure = [{ truth: 0, level: 1, weight: 1 }];
    expect(cheapestThreshold({ missed: 1, false: 1 }, [partOf(sure)])).toBe(1);
  });
});

const common = rareSearch("bad", "good");
const { x, y } = common;

describe("tune", () => {
  it("finds more of the rare class the more a missed row costs, and keeps the threshold in the file", async () => {
    const of = async (missed: number) => (await tune({ ...common, cost: { missed, false: 5 } })).final;
    const [cheap, dear] = [await of(5), await of(100)];
    expect([cheap.positive, dear.positive]).toEqual(["bad", "bad"]);
    expect(dear.threshold).toBeLessThan(cheap.threshold);
    const found = (model: typeof dear) =>
      model.classify(x).filter((name, i) => name === "bad" && y[i] === "bad");
    expect(found(dear).length).toBeGreaterThan(found(cheap).length);
    expect(dear.notes.thresholdBy).toBe("cost missed=100,false=5");
    const predictor = await loadPredictor(dear.bytes());
    expect([predictor.positive, predictor.threshold]).toEqual(["bad", dear.threshold]);
    expect(predictor.classify(x)).toEqual(dear.classify(x));
  });

  it("scores the test rows by what their errors cost, beside a linear model that decides as perfect probabilities would", async () => {
    const cost = { missed: 100, false: 5 };
    const result = await tune({ ...common, cost });
    const { final, testRows } = result;
    const rows = [...testRows];
    const costs = final.classify(rows.map((row) => x[row])).map((name, i) => {
      const truth = y[rows[i]];
      return name === truth ? 0 : truth === "bad" ? cost.missed : cost.false;
    });
    expect(final.test.expectedCost).toBeCloseTo(costs.reduce<number>((a, b) => a + b, 0) / rows.length, 12);
    const { scores } = await compareBaselines(result, { ...common, cost });
    expect(scores.expectedCost.final).toBe(final.test.expectedCost);
    expect(scores.expectedCost.noInterval).toBe("a few errors make up most of it");
    // an eighth of the rows are bad: above 0.048, so that the constant calls all of them bad
    const good = rows.filter((row) => y[row] === "good").length;
    expect(scores.expectedCost.constant).toBeCloseTo((cost.false * good) / rows.length, 12);
    expect(scores.expectedCost.linear).toBeLessThan(scores.expectedCost.constant);
  });

  it.each<[string, object, string]>([
    [
      "a cost of 0",
      { cost: { missed: 0, false: 5 } },
      "missed of cost must be a finite number above 0; received 0",
    ],
    [
      "a negative cost",
      { cost: { missed: 1, false: -5 } },
      "false of cost must be a finite number above 0; received -5",
    ],
    [
      "no number",
      { cost: { missed: "x", false: 5 } },
      'missed of cost must be a finite number above 0; received "x"',
    ],
    [
      "an infinite cost",
      { cost: { missed: 1 / 0, false: 5 } },
      "missed of cost must be a finite number above 0",
    ],
    [
      "one cost alone",
      { cost: { missed: 1 } },
      "false of cost must be a finite number above 0; received undefined",
    ],
    ["another name", { cost: { missed: 1, falze: 5 } }, 'unknown option of cost "falze"'],
    ["costs that are a number", { cost: 5 }, "the options of cost must be an object; received 5"],
    [
      "a threshold beside",
      { cost: { missed: 1, false: 5 }, threshold: "f1" },
      "threshold must be left out with cost",
    ],
    [
      "quantities",
      { cost: { missed: 1, false: 5 }, y: x.map(([a]) => a) },
      "cost needs a target of two classes",
    ],
    [
      "an unknown positive class",
      { positive: "worse" },
      'positive must be one of "bad", "good"; received "worse"',
    ],
  ])("refuses %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...common, ...options } as never))).toContain(message);
  });
});
