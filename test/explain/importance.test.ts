/** Importances against their expectation over all orders, and against what was planted. */
import { describe, expect, it } from "vitest";
import { type KnownRows, permutationImportance } from "../../src/explain/importance.js";
import { RandomStream } from "../../src/numerics/random.js";
import { formulaModel, numbers, rowsOf } from "./formula.js";

const normals = (rows: number, columns: number, seed: number): number[][] => {
  const random = new RandomStream(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
};

const known = (rows: readonly (readonly number[])[], y: readonly number[]): KnownRows => ({
  ...rowsOf(rows),
  y: Float64Array.from(y),
});

describe("permutation importance", () => {
  it("of a mean squared error is near its mean over all pairs of rows, as Fisher and others define it", async () => {
    const formula = ([x, y]: readonly number[]): number => x * x + x * y;
    const rows = normals(60, 2, 1);
    const noise = normals(60, 1, 2);
    const truth = rows.map((row, i) => formula(row) + noise[i][0]);
    const repeats = 2000;
    const found = await permutationImportance(formulaModel(numbers("x", "y"), formula), known(rows, truth), {
      metric: "meanSquaredError",
      repeats,
      groups: [["x", "y"]],
    });
    for (const [columns, list] of [
      [["x"], found.columns],
      [["y"], found.columns],
      [["x", "y"], found.groups],
    ] as const) {
      // a permutation gives a row any row, itself included, equally often
      let sum = 0;
      for (const [i, row] of rows.entries())
        for (const other of rows) {
          const mixed = row.map((cell, j) => (columns.includes("xy"[j] as never) ? other[j] : cell));
          sum += (truth[i] - formula(mixed)) ** 2 - (truth[i] - formula(row)) ** 2;
        }
      const expected = sum / rows.length ** 2;
      const { importance } = list.find((each) => each.columns.join() === columns.join()) ?? { importance: 0 };
      // the standard deviation of one repeat is below the expectation here
      expect(Math.abs(importance - expected)).toBeLessThan((4 * expected) / Math.sqrt(repeats));
    }
  });

  it("puts the cause first and noise at 0, on 50 tables", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const rows = normals(200, 4, seed);
      const truth = rows.map(([cause, half], i) => cause + half / 2 + 0.3 * rows[(i + 1) % 200][3]);
      const model = formulaModel(numbers("cause", "half", "noise", "other"), ([a, b]) => a + b / 2);
      const { columns } = await permutationImportance(model, known(rows, truth));
      expect(columns.slice(0, 2).map((each) => each.columns[0])).toEqual(["cause", "half"]);
      for (const { importance, interval } of columns.slice(2)) {
        expect(importance).toBe(0);
        expect(interval?.map(Math.abs)).toEqual([0, 0]);
      }
      for (const { importance, interval = [0, 0] } of columns.slice(0, 2)) {
        expect(interval[0]).toBeGreaterThan(0);
        expect(importance).toBeGreaterThan(interval[0]);
        expect(importance).toBeLessThan(interval[1]);
      }
    }
  });

  it("shuffles copies of a column together as well", async () => {
    const rows = normals(300, 3, 5).map(([x, e, z]) => [x, x + 0.1 * e, z]);
    const model = formulaModel(numbers("x", "copy", "z"), ([x, copy]) => (x + copy) / 2);
    const { columns, groups } = await permutationImportance(
      model,
      known(
        rows,
        rows.map(([x]) => x),
      ),
    );
    expect(groups.map((each) => each.columns)).toEqual([["x", "copy"]]);
    // x without its copy still tells half
    expect(groups[0].importance).toBeGreaterThan(1.5 * columns[0].importance);
  });

  it("finds columns of words and numbers that tell the same", async () => {
    const random = new RandomStream(1);
    const rows = Array.from({ length: 300 }, () => {
      const word = random.integer(3);
      return [word, (word + 1) % 3, word === 1 ? 5 : word, random.integer(3), random.normal()];
    });
    const words = ["u", "v", "w"];
    const columns = [
      { name: "word", words },
      { name: "other", words },
      { name: "number" },
      { name: "free", words },
      { name: "noise" },
    ];
    const { groups } = await permutationImportance(
      formulaModel(columns, ([word]) => word),
      known(
        rows,
        rows.map(([word]) => word),
      ),
    );
    expect(groups.map((each) => each.columns)).toEqual([["word", "other", "number"]]);
  });

  it("is in the unit of the metric, and positive where a score that is maximized falls", async () => {
    const rows = normals(100, 2, 3);
    const truth = rows.map(([x]) => Number(x > 0));
    const model = formulaModel(numbers("x", "y"), ([x]) => Number(x > 0), { classes: ["no", "yes"] });
    const found = await permutationImportance(model, known(rows, truth), {
      metric: "accuracy",
      repeats: 100,
    });
    expect(found).toMatchObject({ metric: "accuracy", direction: "maximize", score: 1, rows: 100, of: 100 });
    // two rows drawn at random have the same class with the probability p² + (1 − p)²
    const p = truth.reduce((a, b) => a + b, 0) / 100;
    expect(found.columns[0].columns).toEqual(["x"]);
    // the standard deviation of one repeat is at most 1 / (2 √99)
    expect(Math.abs(found.columns[0].importance - 2 * p * (1 - p))).toBeLessThan(4 * 0.005);
  });

  it("counts rows by their weights", async () => {
    const rows = normals(50, 1, 4);
    const model = formulaModel(numbers("x"), ([x]) => x);
    const truth = rows.map(([x], i) => (i < 25 ? x : x + 1));
    const weighted = {
      ...known(rows, truth),
      sampleWeight: Float64Array.from(rows, (_, i) => Number(i < 25)),
    };
    const { score } = await permutationImportance(model, weighted);
    expect(score).toBe(0);
    expect((await permutationImportance(model, known(rows, truth))).score).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it("takes a sample of many rows, and says so", async () => {
    const rows = normals(100, 1, 1);
    const model = formulaModel(numbers("x"), ([x]) => x);
    const data = known(
      rows,
      rows.map(([x]) => x),
    );
    expect(await permutationImportance(model, data, { rows: 40 })).toMatchObject({ rows: 40, of: 100 });
  });

  it("says why a metric has no interval", async () => {
    const rows = normals(50, 1, 1);
    const model = formulaModel(numbers("x"), ([x]) => x);
    const data = known(
      rows,
      rows.map(([x]) => x + 1),
    );
    const { columns, noInterval } = await permutationImportance(model, data, { metric: "maxError" });
    expect(columns[0].interval).toBeUndefined();
    expect(noInterval).toMatch(/./);
  });

  it.each([
    [{ groups: [["nope"]] }, /nope/],
    [{ groups: [["x", "x"]] }, /must name each column once/],
    [{ groups: "all" }, /groups/],
    [{ metric: "accuracy" }, /metric must be a metric of quantities; received "accuracy"/],
    [{ repeats: 0 }, /repeats/],
    [{ rows: 1 }, /rows/],
  ])("refuses %j", async (options, message) => {
    const rows = normals(10, 1, 1);
    const data = known(
      rows,
      rows.map(([x]) => x),
    );
    const model = formulaModel(numbers("x"), ([x]) => x);
    await expect(permutationImportance(model, data, options as never)).rejects.toThrow(message);
  });

  it("refuses rows without a target, and a target of another length", async () => {
    const model = formulaModel(numbers("x"), ([x]) => x);
    await expect(permutationImportance(model, rowsOf([[1], [2]]) as never)).rejects.toThrow(
      /rows must be what encodeRows returns for a table that has the target/,
    );
    await expect(permutationImportance(model, known([[1], [2]], [1]))).rejects.toThrow(/y must be 2 numbers/);
  });
});
