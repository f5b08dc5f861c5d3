/** Changes that turn an answer: they do, within what rows have, and no smaller one does. */
import { describe, expect, it } from "vitest";
import { counterfactuals } from "../../src/explain/counterfactuals.js";
import { RandomStream } from "../../src/numerics/random.js";
import { formulaModel, numbers, rowsOf } from "./formula.js";

const hundred = rowsOf(Array.from({ length: 100 }, (_, i) => [i, (i * 37) % 100]));
const isAbove = formulaModel(numbers("x", "y"), ([x, y]) => Number(2 * x + y > 150), {
  classes: ["no", "yes"],
});

describe("counterfactuals", () => {
  it("move a column to the first value that turns the answer", async () => {
    const found = await counterfactuals(isAbove, rowsOf([[40, 30]]), hundred);
    // 2x > 120: x of 61 passes 21 rows of 100; y alone cannot: it ends at 99
    expect(found.find(({ changes }) => changes.length === 1)).toEqual({
      changes: [{ column: "x", from: 40, to: 61, passed: 0.21 }],
      prediction: [1],
      class: "yes",
      cost: 0.21,
    });
  });

  it("find no change that costs more than the least of single columns and pairs", async () => {
    const random = new RandomStream(3);
    for (let k = 0; k < 30; k++) {
      const [a, b, limit] = [random.normal(), random.normal(), 60 * random.normal()];
      const formula = (x: number, y: number): number => Number(a * x + b * y > limit);
      const model = formulaModel(numbers("x", "y"), ([x, y]) => formula(x, y), { classes: ["no", "yes"] });
      const row = [random.integer(100), random.integer(100)];
      const now = formula(row[0], row[1]);
      let [single, pair] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let x = 0; x < 100; x++)
        for (let y = 0; y < 100; y++) {
          if (formula(x, y) === now) continue;
          const cost = (Math.abs(x - row[0]) + Math.abs(y - row[1])) / 100;
          if (x === row[0] || y === row[1]) single = Math.min(single, cost);
          pair = Math.min(pair, cost);
        }
      const [best] = await counterfactuals(model, rowsOf([row]), hundred);
      if (pair === Number.POSITIVE_INFINITY) {
        expect(best).toBeUndefined();
        continue;
      }
      // pairs are tried at 8 values of each axis first, every 13th of 100 at most
      expect(best.cost).toBeLessThan(Math.min(single, pair + 0.26) + 1e-12);
      expect(best.cost).toBeGreaterThan(pair - 1e-12);
      const [x = row[0], y = row[1]] = ["x", "y"].map(
        (name) => best.changes.find(({ column }) => column === name)?.to as number | undefined,
      );
      expect(formula(x, y)).not.toBe(now);
    }
  });

  it("change two columns where one is not enough, each as little as it can", async () => {
    const both = formulaModel(numbers("x", "y"), ([x, y]) => Number(x > 50 && y > 60), {
      classes: ["no", "yes"],
    });
    const [{ changes, cost }] = await counterfactuals(both, rowsOf([[10, 20]]), hundred);
    expect(changes).toEqual([
      { column: "x", from: 10, to: 51, passed: 0.41 },
      { column: "y", from: 20, to: 61, passed: 0.41 },
    ]);
    expect(cost).toBeCloseTo(0.82, 12);
  });

  it("leave fixed columns alone", async () => {
    const found = await counterfactuals(isAbove, rowsOf([[60, 20]]), hundred, { fixed: ["x"] });
    expect(found.map(({ changes }) => changes)).toEqual([[{ column: "y", from: 20, to: 31, passed: 0.11 }]]);
    expect(await counterfactuals(isAbove, rowsOf([[60, 20]]), hundred, { fixed: ["x", "y"] })).toEqual([]);
  });

  it("find a narrow range of a column with more values than are tried at once", async () => {
    const rows = rowsOf(Array.from({ length: 1000 }, (_, i) => [i]));
    const model = formulaModel(numbers("x"), ([x]) => Number(x >= 700 && x < 740), {
      classes: ["no", "yes"],
    });
    const [{ changes }] = await counterfactuals(model, rowsOf([[0]]), rows);
    expect(changes).toEqual([{ column: "x", from: 0, to: 700, passed: 0.7 }]);
  });

  it("change a word to one that rows have, and fill a cell that was missing", async () => {
    const words = ["u", "v", "w"];
    const model = formulaModel(
      [{ name: "port", words }, { name: "x" }],
      ([code, x]) => Number(code === 1 || x > 5),
      {
        classes: ["no", "yes"],
      },
    );
    const rows = rowsOf([
      [0, 1],
      [1, 2],
      [2, 9],
    ]);
    const found = await counterfactuals(model, rowsOf([[0, Number.NaN]]), rows);
    expect(found.map(({ changes, cost }) => ({ changes, cost }))).toEqual([
      { changes: [{ column: "port", from: "u", to: "v" }], cost: 1 },
      { changes: [{ column: "x", from: null, to: 9 }], cost: 1 },
    ]);
  });

  it("turn to the class that is asked for", async () => {
    const model = formulaModel(
      numbers("x"),
      ([x]) => [Number(x < 30), Number(x >= 30 && x < 60), Number(x >= 60)],
      { outputs: 3, classes: ["low", "middle", "high"] },
    );
    const to = async (name?: string) =>
      (
        await counterfactuals(
          model,
          rowsOf([[10]]),
          rowsOf(Array.from({ length: 100 }, (_, i) => [i])),
          name === undefined ? {} : { to: name },
        )
      ).map(({ changes: [change], class: its }) => [change.to, its]);
    expect(await to()).toEqual([[30, "middle"]]);
    expect(await to("high")).toEqual([[60, "high"]]);
  });

  it("bring a quantity within limits", async () => {
    const model = formulaModel(numbers("x", "y"), ([x]) => 10 * x);
    const changed = async (options: object) =>
      (await counterfactuals(model, rowsOf([[50, 0]]), hundred, options)).map(({ changes }) => changes[0].to);
    expect(await changed({ least: 600 })).toEqual([60]);
    expect(await changed({ most: 444 })).toEqual([44]);
    expect(await changed({ least: 600, most: 605 })).toEqual([60]);
    expect(await changed({ least: 2000 })).toEqual([]);
  });

  it.each([
    [isAbove, { least: 1 }, /least must be left out for classes, one of which is the goal; received 1/],
    [isAbove, { to: "maybe" }, /unknown class "maybe"/],
    [isAbove, { to: "no" }, /to must be another class than the answer; received "no"/],
    [isAbove, { fixed: ["z"] }, /unknown input "z"/],
    [formulaModel(numbers("x", "y"), ([x]) => x), {}, /needs a goal, such as least: 2/],
    [formulaModel(numbers("x", "y"), ([x]) => x), { to: "yes" }, /to must be left out for a quantity/],
    [formulaModel(numbers("x", "y"), ([x]) => x), { least: 0 }, /must exclude the prediction; received 1/],
  ])("refuse what cannot be meant", async (model, options, message) => {
    await expect(counterfactuals(model, rowsOf([[1, 1]]), hundred, options)).rejects.toThrow(message);
  });

  it("refuse two rows", async () => {
    await expect(counterfactuals(isAbove, hundred, hundred)).rejects.toThrow(
      /row must be one row; received 100/,
    );
  });
});
