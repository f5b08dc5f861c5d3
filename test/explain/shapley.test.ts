/** Shapley values are held to the axioms that define them, and to all orders of the columns. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ShapleyOptions, type ShapleyValues, shapleyValues } from "../../src/explain/shapley.js";
import { RandomStream } from "../../src/numerics/random.js";
import { prop } from "../prop.js";
import { formulaModel, numbers, rowsOf } from "./formula.js";

const NAMES = "abcdefghijklmnop".split("");

/** A formula with effects of single columns, pairs and threes. */
function formulaOf(columns: number, seed: number): (cells: readonly number[]) => number {
  const random = new RandomStream(seed);
  const terms = Array.from({ length: 3 * columns }, () => ({
    of: Array.from({ length: 1 + random.integer(3) }, () => random.integer(columns)),
    weight: random.normal(),
  }));
  return (cells) =>
    terms.reduce((sum, { of, weight }) => sum + weight * of.reduce((product, j) => product * cells[j], 1), 0);
}

const matrix = (rows: number, columns: number, seed: number): number[][] => {
  const random = new RandomStream(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
};

/** [columns] of the first row and output */
const firstOf = ({ values, columns }: ShapleyValues): number[] => columns.map((_, j) => values.get(0, j, 0));

/** By definition: the mean over all orders of what a column changes when it follows those before it. */
function byAllCoalitions(
  formula: (cells: readonly number[]) => number,
  row: readonly number[],
  background: readonly (readonly number[])[],
): number[] {
  const n = row.length;
  const worth = Float64Array.from({ length: 2 ** n }, (_, coalition) => {
    const worths = background.map((other) =>
      formula(row.map((own, j) => ((coalition >> j) & 1 ? own : other[j]))),
    );
    return worths.reduce((sum, each) => sum + each, 0) / background.length;
  });
  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
  return row.map((_, j) => {
    let sum = 0;
    for (let coalition = 0; coalition < 2 ** n; coalition++) {
      if ((coalition >> j) & 1) continue;
      const size = coalition.toString(2).replaceAll("0", "").length;
      const share = (factorial(size) * factorial(n - size - 1)) / factorial(n);
      sum += share * (worth[coalition | (1 << j)] - worth[coalition]);
    }
    return sum;
  });
}

const SAMPLED: ShapleyOptions = { exact: 0 };

describe("Shapley values of up to 12 columns", () => {
  it("are those of all coalitions of 10 columns", async () => {
    const formula = formulaOf(10, 1);
    const model = formulaModel(numbers(...NAMES.slice(0, 10)), formula);
    const background = matrix(5, 10, 2);
    const [row] = matrix(1, 10, 3);
    const values = await shapleyValues(model, rowsOf([row]), rowsOf(background));
    const expected = byAllCoalitions(formula, row, background);
    for (const [j, value] of firstOf(values).entries()) expect(value).toBeCloseTo(expected[j], 9);
    expect(Math.max(...values.standardErrors.data)).toBe(0);
  });

  it("of x·y + z compared with 0 share the product equally", async () => {
    const model = formulaModel(numbers("x", "y", "z"), ([x, y, z]) => x * y + z);
    const found = await shapleyValues(model, rowsOf([[2, 3, 5]]), rowsOf([[0, 0, 0]]));
    expect(firstOf(found)).toEqual([3, 3, 5]);
    expect(found.base).toEqual([0]);
  });

  it("of several outputs are those of each", async () => {
    const model = formulaModel(numbers("x", "y"), ([x, y]) => [x * y, x - y], { outputs: 2 });
    const { values } = await shapleyValues(model, rowsOf([[2, 4]]), rowsOf([[0, 0]]));
    expect([...values.data]).toEqual([4, 2, 4, -4]);
  });

  it("take the steps of a padded sequence as one column", async () => {
    const padding = [{ first: 1, steps: 2, features: 1 }];
    const model = formulaModel(numbers("x", "s0", "s1", "z"), ([x, s, t, z]) => x + s * t + z, { padding });
    const { values, columns } = await shapleyValues(model, rowsOf([[1, 2, 3, 4]]), rowsOf([[0, 0, 0, 0]]));
    expect(columns).toEqual([["x"], ["s0", "s1"], ["z"]]);
    expect([...values.data]).toEqual([1, 6, 4]);
  });

  it("treat a missing cell as a value", async () => {
    const model = formulaModel(numbers("x", "y"), ([x, y]) => (Number.isNaN(x) ? 10 : x) + y);
    const { values } = await shapleyValues(model, rowsOf([[Number.NaN, 1]]), rowsOf([[4, 1]]));
    expect([...values.data]).toEqual([6, 0]);
  });
});

describe("Shapley values", () => {
  const cases = [
    fc.integer({ min: 2, max: 7 }),
    fc.integer({ min: 0, max: 1e6 }),
    fc.constantFrom<ShapleyOptions>({}, SAMPLED, { exact: 0, orders: 5, seed: 3 }),
  ] as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<ShapleyOptions>];

  prop(cases)("add up to the prediction less the base (efficiency)", async (n, seed, options) => {
    const formula = formulaOf(n, seed);
    const model = formulaModel(numbers(...NAMES.slice(0, n)), formula);
    const [row] = matrix(1, n, seed + 1);
    const found = await shapleyValues(model, rowsOf([row]), rowsOf(matrix(4, n, seed + 2)), options);
    const sum = firstOf(found).reduce((a, b) => a + b, found.base[0]);
    expect(Math.abs(sum - formula(row))).toBeLessThan(1e-10 * (1 + Math.abs(formula(row)) + sizeOf(found)));
  });

  prop(cases)("are 0 for a column that the model does not read (dummy)", async (n, seed, options) => {
    const formula = formulaOf(n, seed);
    const model = formulaModel(numbers(...NAMES.slice(0, n + 1)), (cells) => formula(cells.slice(0, n)));
    const found = await shapleyValues(
      model,
      rowsOf(matrix(1, n + 1, seed + 1)),
      rowsOf(matrix(4, n + 1, seed + 2)),
      options,
    );
    expect(firstOf(found)[n]).toBe(0);
  });

  prop(cases)("of the sum of two models are the sums of theirs (linearity)", async (n, seed, options) => {
    const [one, other] = [formulaOf(n, seed), formulaOf(n, seed + 7)];
    const of = async (formula: (cells: readonly number[]) => number): Promise<ShapleyValues> =>
      shapleyValues(
        formulaModel(numbers(...NAMES.slice(0, n)), formula),
        rowsOf(matrix(1, n, seed + 1)),
        rowsOf(matrix(4, n, seed + 2)),
        options,
      );
    const [a, b, both] = [await of(one), await of(other), await of((cells) => one(cells) + other(cells))];
    for (let j = 0; j < n; j++)
      expect(Math.abs(firstOf(both)[j] - firstOf(a)[j] - firstOf(b)[j])).toBeLessThan(
        1e-10 * (1 + sizeOf(a) + sizeOf(b)),
      );
  });

  prop([fc.integer({ min: 2, max: 7 }), fc.integer({ min: 0, max: 1e6 })])(
    "are equal for columns that play the same part (symmetry)",
    async (n, seed) => {
      const formula = formulaOf(n, seed);
      // the last two columns count by their sum and product alone, and have the same cells
      const symmetric = (cells: readonly number[]): number =>
        formula([...cells.slice(0, n - 2), cells[n - 2] + cells[n - 1], cells[n - 2] * cells[n - 1]]);
      const twins = (rows: number[][]): number[][] => rows.map((row) => [...row.slice(0, n - 1), row[n - 2]]);
      const found = await shapleyValues(
        formulaModel(numbers(...NAMES.slice(0, n)), symmetric),
        rowsOf(twins(matrix(1, n, seed + 1))),
        rowsOf(twins(matrix(4, n, seed + 2))),
      );
      const [one, other] = firstOf(found).slice(n - 2);
      expect(Math.abs(one - other)).toBeLessThan(1e-10 * (1 + sizeOf(found)));
    },
  );

  it("from random orders differ from the exact ones as their standard errors say", async () => {
    const n = 9;
    const row = rowsOf(matrix(1, n, 1));
    const background = rowsOf(matrix(8, n, 2));
    const model = formulaModel(numbers(...NAMES.slice(0, n)), formulaOf(n, 3));
    const exact = await shapleyValues(model, row, background);
    const differences: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const some = await shapleyValues(model, row, background, { exact: 0, seed });
      let [squares, expected] = [0, 0];
      for (const [k, value] of some.values.data.entries()) {
        squares += (value - exact.values.data[k]) ** 2;
        expected += some.standardErrors.data[k] ** 2;
      }
      differences.push(squares - expected);
    }
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
    const squares = differences.reduce((a, b) => a + (b - mean) ** 2, 0);
    // squared errors are their squared standard errors in expectation
    expect(mean).not.toBe(0);
    expect(Math.abs(mean)).toBeLessThan((4 * Math.sqrt(squares)) / differences.length);
  });

  it("of an additive model are exact from any order", async () => {
    const model = formulaModel(numbers(...NAMES), (cells) =>
      cells.reduce((sum, each, j) => sum + j * each, 0),
    );
    const row = Array.from({ length: 16 }, (_, j) => j + 1);
    const found = await shapleyValues(model, rowsOf([row]), rowsOf([row.map(() => 0)]));
    expect(firstOf(found)).toEqual(row.map((each, j) => j * each));
  });

  it("have the same bits for the same seed, whatever rows are beside, and others for another", async () => {
    const model = formulaModel(numbers(...NAMES), formulaOf(16, 4));
    const rows = matrix(3, 16, 5);
    const background = rowsOf(matrix(20, 16, 6));
    const all = await shapleyValues(model, rowsOf(rows), background);
    const last = await shapleyValues(model, rowsOf([rows[2]]), background);
    expect([...last.values.data]).toEqual([...all.values.data.subarray(32)]);
    const other = await shapleyValues(model, rowsOf([rows[2]]), background, { seed: 1 });
    expect([...other.values.data]).not.toEqual([...last.values.data]);
  });

  it("say how many background rows were used, and of how many", async () => {
    const model = formulaModel(numbers("x"), ([x]) => x);
    const found = await shapleyValues(model, rowsOf([[1]]), rowsOf(matrix(100, 1, 1)));
    expect(found).toMatchObject({ background: 32, of: 100 });
    const all = await shapleyValues(model, rowsOf([[1]]), rowsOf(matrix(100, 1, 1)), { background: 200 });
    expect(all).toMatchObject({ background: 100, of: 100 });
  });

  it("of a row that is its background are 0", async () => {
    const model = formulaModel(numbers(...NAMES), formulaOf(16, 1));
    const rows = rowsOf(matrix(1, 16, 2));
    expect(Math.max(...(await shapleyValues(model, rows, rows)).values.data.map(Math.abs))).toBe(0);
  });

  it("of a game of 40 columns ask as many rows as its orders", async () => {
    const names = Array.from({ length: 40 }, (_, j) => `x${j}`);
    const model = formulaModel(numbers(...names), (cells) => cells[0] * cells[39]);
    const rows = (seed: number) => rowsOf(matrix(1, 40, seed));
    await shapleyValues(model, rows(1), rows(2));
    // two orders and their reverses with 39 rows in between, both ends, and the base
    expect(model.asked).toBe(4 * 39 + 2 + 1);
  });
});

const sizeOf = ({ values }: ShapleyValues): number =>
  Array.from(values.data).reduce((sum, each) => sum + Math.abs(each), 0);
