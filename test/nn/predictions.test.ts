/**
 * The ways of arrays into models: in every layout, lent or copied, and of more rows than go to the engine at
 * once, here 256 rows of 1,024.
 */
import ndarray from "ndarray";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { defaultEngine } from "../../src/engine/wasmEngine.js";
import { add, randomUniform } from "../../src/graph/functions.js";
import {
  defineLayer,
  dense,
  FettleError,
  type ModelData,
  type Sequential,
  sequential,
} from "../../src/index.js";
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

  it("and fewer are refused where none is finite", async () => {
    const data = new Float32Array(COLUMNS).fill(Number.NaN);
    expect(await refusal(() => model.predict({ data, shape: [1, COLUMNS] }))).toBe(
      "invalid_data: x must hold finite numbers; received NaN at x[0][0]",
    );
  });

  it("take as many numbers of x as stay in a cache, in whole batches of 256 rows, or what there are", () => {
    const matrices = vi.spyOn(defaultEngine(), "matrix");
    const held = (rows: number): number[][] => {
      matrices.mockClear();
      model.predict(some(0, rows));
      return matrices.mock.calls.map(([count, columns]) => [count, columns]);
    };
    expect(held(ROWS)).toEqual([
      [256, COLUMNS],
      [256, 2],
    ]);
    expect(held(7)).toEqual([
      [7, COLUMNS],
      [7, 2],
    ]);
    matrices.mockRestore();
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

describe("arrays in every layout", () => {
  // a whole number of batches, and a last one that is not full
  it.each([512, 513])("are predicted, evaluated and fitted to the same bits, %i rows", async (rows) => {
    const values = Float32Array.from(numbers.subarray(0, rows * COLUMNS), (value) => Math.round(value * 64));
    const targets = Float32Array.from({ length: 2 * rows }, (_, i) => i % 5);
    const shape = [rows, COLUMNS];
    const inLayouts = (data: Float32Array, columns: number): ModelData[] => {
      const own = [rows, columns];
      const turned = new Float64Array(data.length);
      data.forEach((value, i) => {
        turned[(i % columns) * rows + Math.floor(i / columns)] = value;
      });
      return [
        { data, shape: own },
        { data: Float64Array.from(data), shape: own },
        { data: Int8Array.from(data), shape: own },
        { data: Array.from(data), shape: own },
        Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * columns, (i + 1) * columns))),
        ndarray(Float64Array.from([7, 7, 7, ...data, 7]), own, [columns, 1], 3),
        ndarray(turned, own, [1, rows]),
        { data: Float32Array.from([7, ...data]).subarray(1), shape: own },
      ];
    };
    const ys = inLayouts(targets, 2);
    const results = await Promise.all(
      inLayouts(values, COLUMNS).map(async (x, i) => {
        const own = sequential([dense(2)]);
        own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
        await own.fit(x, ys[i], { batchSize: 256, validationData: [x, ys[i]] });
        return [own.getWeights()["dense_1.kernel"].data, model.predict(x).data, model.evaluate(x, ys[i])];
      }),
    );
    expect(results).toEqual(results.map(() => results[0]));
    const alone = model.predict({ data: values.slice(-COLUMNS), shape: [1, COLUMNS] });
    const all = model.predict({ data: values, shape });
    expect([0, 1].map((j) => all.get(rows - 1, j))).toEqual([0, 1].map((j) => alone.get(0, j)));
  });
});

it("fits what arrays hold when it is called", async () => {
  const fitted = async (changed: boolean) => {
    const own = sequential([dense(1)]);
    own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [x, y, validX, validY] = [4, 2, 4, 2].map((length) =>
      Float32Array.from({ length }, (_, i) => i + 1),
    );
    const shape = [2, 2];
    const valid = [{ data: validX, shape }, validY] as const;
    const history = own.fit({ data: x, shape }, y, { epochs: 3, validationData: [...valid] });
    if (changed) for (const array of [x, y, validX, validY]) array.fill(Number.NaN);
    return [(await history).history, own.getWeights()["dense_1.kernel"].data];
  };
  expect(await fitted(true)).toEqual(await fitted(false));
});

it("refuses what fit is lent, and frees what it took", async () => {
  const before = defaultEngine().bytesInUse;
  const good = { data: new Float64Array(4), shape: [2, 2] };
  const bad = (value: number) => ({ data: Float64Array.of(0, 0, value, 0), shape: [2, 2] });
  const refused = async (x: ModelData, y: ModelData, options = {}) => {
    const own = sequential([dense(2)]);
    own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const error = await own.fit(x, y, options).catch((thrown: FettleError) => thrown);
    return error instanceof FettleError ? `${error.code}: ${error.message}` : undefined;
  };
  const message = (name: string, value: string) =>
    `invalid_data: ${name} must hold finite numbers; received ${value} at ${name}[1][0]`;
  expect(await refused(bad(1e39), good)).toBe(message("x", "1e+39"));
  expect(await refused(good, bad(Number.NaN))).toBe(message("y", "NaN"));
  expect(await refused(good, bad(Number.NaN), { classWeight: "balanced" })).toBe(message("y", "NaN"));
  expect(await refused(good, good, { validationData: [bad(-Infinity), good] })).toBe(
    message("validation x", "-Infinity"),
  );
  expect(await refused(good, good, { validationData: [good, bad(Infinity)] })).toBe(
    message("validation y", "Infinity"),
  );
  expect(defaultEngine().bytesInUse).toBe(before);
});

it("predicts what evaluate sees, by layers that are random even then", async () => {
  const noisy = defineLayer({
    type: "noisy",
    hyperparameters: {},
    outputShape: (shape) => shape,
    parameters: () => [],
    call: ({ x }) => add(x, randomUniform(x.graph, x.shape, 7)),
  });
  const own = sequential([noisy, dense(1)]);
  own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await own.fit(some(0, 4), [0, 1, 0, 1]);
  const x = some(0, ROWS);
  const y = own.predict(x);
  expect(own.evaluate(x, y).loss).toBe(0);
  expect(y.get(0, 0)).not.toBe(own.predict(some(255, 256)).get(0, 0));
});

it("frees what it takes, where rows are refused too", async () => {
  const before = defaultEngine().bytesInUse;
  const data = numbers.slice();
  data[300 * COLUMNS] = Number.NaN;
  await refusal(() => model.predict({ data, shape: [ROWS, COLUMNS] }));
  model.predict(some(0, ROWS));
  expect(defaultEngine().bytesInUse).toBe(before);
});
