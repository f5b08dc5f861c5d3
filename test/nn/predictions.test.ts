/** `predict` and `evaluate` of more rows than go to the engine at once: 2¹⁸ numbers, here 256 rows of 1,024. */
import { beforeAll, describe, expect, it } from "vitest";
import { defaultEngine } from "../../src/engine/wasmEngine.js";
import { dense, type Sequential, sequential } from "../../src/index.js";
import { refusal } from "../data/refusal.js";

const COLUMNS = 1024;
const ROWS = 600;
const numbers = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
const some = (first: number, end: number) => ({
  data: numbers.slice(first * COLUMNS, end * COLUMNS),
  shape: [end - first, COLUMNS],
});
let model: Sequential;

beforeAll(async () => {
  model = sequential([dense(3, { activation: "tanh" }), dense(2)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["meanAbsoluteError"] });
  await model.fit(some(0, 4), Array(4).fill([0, 1]), { epochs: 1 });
});

describe("more rows than go to the engine at once", () => {
  it("are predicted to the bits of each row alone, in their order", () => {
    const all = model.predict(some(0, ROWS));
    expect(all.shape).toEqual([ROWS, 2]);
    for (const row of [0, 1, 255, 256, 257, 511, 512, 599]) {
      const alone = model.predict(some(row, row + 1));
      expect([row, all.get(row, 0), all.get(row, 1)]).toEqual([row, alone.get(0, 0), alone.get(0, 1)]);
    }
    expect(new Set(all.data as Float32Array).size).toBeGreaterThan(100);
  });

  it.each([
    ["float32", (data: Float32Array) => ({ data, shape: [ROWS, COLUMNS] })],
    ["float64", (data: Float32Array) => ({ data: Float64Array.from(data), shape: [ROWS, COLUMNS] })],
    ["by name", (data: Float32Array) => ({ input: { data, shape: [ROWS, COLUMNS] } })],
  ])(
    "are refused by predict and evaluate with the place of the first that is not finite, %s",
    async (_, given) => {
      const y = { data: new Float32Array(2 * ROWS), shape: [ROWS, 2] };
      for (const [row, column, wrong] of [
        [0, 0, Number.NaN],
        [255, 1023, Infinity],
        [256, 0, -Infinity],
        [599, 1023, Number.NaN],
      ]) {
        const data = numbers.slice();
        data[row * COLUMNS + column] = wrong;
        if (row < 599) data[599 * COLUMNS] = Infinity;
        const x = given(data);
        const name = "input" in x ? "x.input" : "x";
        const message = `invalid_data: ${name} must hold finite numbers; received ${wrong} at ${name}[${row}][${column}]`;
        expect(await refusal(() => model.predict(x))).toBe(message);
        expect(await refusal(() => model.evaluate(x, y))).toBe(message);
      }
    },
  );
});

it("frees what it takes, where rows are refused too", async () => {
  const before = defaultEngine().bytesInUse;
  const data = numbers.slice();
  data[300 * COLUMNS] = Number.NaN;
  await refusal(() => model.predict({ data, shape: [ROWS, COLUMNS] }));
  model.predict(some(0, ROWS));
  expect(defaultEngine().bytesInUse).toBe(before);
});
