import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { fromMatrix, type MatrixLike, takeRows, toMatrix, toMatrix64 } from "../../src/data/matrix.js";
import { refusal } from "./refusal.js";

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const nested = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(float, { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

describe("toMatrix", () => {
  it("reads every layout of the same matrix alike", () => {
    fc.assert(
      fc.property(nested, (rows) => {
        const [height, width] = [rows.length, rows[0].length];
        const expected = { data: Float32Array.from(rows.flat()), rows: height, columns: width };
        const columnMajor = Float32Array.from(
          { length: height * width },
          (_, k) => rows[k % height][Math.floor(k / height)],
        );
        const padded = new Float64Array(3 + 2 * height * width).fill(NaN);
        rows.flat().forEach((value, k) => {
          padded[3 + 2 * k] = value;
        });
        const reversed = Float32Array.from([...rows].reverse().flat());
        const layouts: MatrixLike[] = [
          rows,
          rows.map((row) => Float64Array.from(row)),
          { data: rows.flat(), shape: [height, width] },
          ndarray(Float32Array.from(rows.flat()), [height, width]),
          ndarray(columnMajor, [width, height]).transpose(1, 0),
          ndarray(padded, [height, width], [2 * width, 2], 3),
          ndarray(reversed, [height, width]).step(-1, 1),
        ];
        for (const layout of layouts) expect(toMatrix(layout)).toEqual(expected);
      }),
    );
  });

  it("reads a vector as one column", () => {
    const expected = { data: Float32Array.of(1, 2, 3), rows: 3, columns: 1 };
    for (const vector of [
      [1, 2, 3],
      Int8Array.of(1, 2, 3),
      ndarray([1, 2, 3]),
      { data: [1, 2, 3], shape: [3] },
    ]) {
      expect(toMatrix(vector)).toEqual(expected);
    }
  });

  it("copies", () => {
    const data = Float32Array.of(1, 2);
    const matrix = toMatrix({ data, shape: [1, 2] });
    data[0] = 9;
    expect(matrix.data[0]).toBe(1);
  });

  it("keeps double precision and non-finite numbers on request", () => {
    expect(toMatrix64([1e9 + 1]).data[0]).toBe(1e9 + 1);
    expect(toMatrix([NaN, Infinity], { allowNonFinite: true }).data).toEqual(Float32Array.of(NaN, Infinity));
  });

  it.each<[string, unknown, RegExp]>([
    [
      "NaN",
      [
        [1, 2],
        [3, NaN],
      ],
      /^invalid_data: y must hold finite numbers; received NaN at y\[1\]\[1\]/,
    ],
    ["infinity in a vector", [1, -Infinity], /^invalid_data: .*received -Infinity at y\[1\]/],
    ["a number that float32 cannot hold", [1e39], /^invalid_data: .*received 1e\+39 at y\[0\]/],
    ["a word", [["1"]], /^invalid_data: .*received "1" at y\[0\]\[0\]/],
    ["a hole", [[1], [undefined]], /^invalid_data: .*received undefined at y\[1\]\[0\]/],
    ["big integers", BigInt64Array.of(1n), /^invalid_data: .*received 1n at y\[0\]/],
    ["ragged rows", [[1, 2], [3]], /^invalid_data: every row of y must have 2 numbers.*received 1 in y\[1\]/],
    ["a number among rows", [[1], 2], /^invalid_data: every row of y/],
    ["nothing at all", [], /^invalid_shape: y must not be empty/],
    ["empty rows", [[], []], /^invalid_shape: y must not be empty/],
    [
      "three dimensions",
      ndarray(new Float32Array(8), [2, 2, 2]),
      /^invalid_shape: y must have 1 or 2 dimensions/,
    ],
    [
      "a shape that does not fit",
      { data: [1, 2, 3], shape: [2, 2] },
      /^invalid_shape: .*must hold 4 numbers; received 3/,
    ],
    [
      "a shape without data",
      { shape: [2, 2] },
      /^invalid_argument: the data of y must be an array of numbers; received undefined/,
    ],
    [
      "a shape that is a number",
      { data: [1], shape: 1 },
      /^invalid_argument: the shape of y must be an array of lengths, rows first; received 1/,
    ],
    ["a string", "1,2", /^invalid_data: y must be an array/],
    ["null", null, /^invalid_data: y must be an array/],
  ])("refuses %s", (_, x, message) => {
    expect(refusal(() => toMatrix(x as MatrixLike, { what: "y" }))).toMatch(message);
  });

  it("refuses the wrong number of columns", () => {
    expect(refusal(() => toMatrix([1, 2], { columns: 2 }))).toBe(
      "invalid_shape: x must have 2 columns; received shape [2,1]",
    );
  });
});

describe("fromMatrix", () => {
  it("is undone by toMatrix, and shares its memory", () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const array = fromMatrix(data, 2, 3);
    expect([array.shape, array.get(1, 0), array.data === data]).toEqual([[2, 3], 4, true]);
    expect(toMatrix(array)).toEqual({ data, rows: 2, columns: 3 });
    expect(refusal(() => fromMatrix([1] as never, 1, 1.5))).toBe(
      "invalid_argument: columns must be an integer of at least 0; received 1.5",
    );
    expect(refusal(() => fromMatrix(undefined as never, 1, 1))).toBe(
      "invalid_argument: data must be an array of numbers; received undefined",
    );
    expect(refusal(() => fromMatrix(data, 2, 2))).toMatch(/^invalid_shape: .*hold 4 numbers; received 6/);
  });
});

describe("takeRows", () => {
  it("copies the given rows, in their order", () => {
    expect(takeRows(Float32Array.of(1, 2, 3, 4, 5, 6), 2, [2, 0, 2])).toEqual(
      Float64Array.of(5, 6, 1, 2, 5, 6),
    );
  });
});
