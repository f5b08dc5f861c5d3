import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import {
  applyPreprocessor,
  fitPreprocessor,
  fitTargetScaler,
  restoreTarget,
} from "../../src/data/preprocess.js";
import { readTable } from "../../src/data/table.js";
import { refusal } from "./refusal.js";

const numbers = (width: number) =>
  Array.from({ length: width }, (_, j) => ({ column: `c${j}`, kind: "number" as const }));
const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

/** Expects equality up to the rounding of the result to float32 and a few operations in float64. */
function expectClose(received: ArrayLike<number>, expected: readonly number[]): void {
  expect(received.length).toBe(expected.length);
  expected.forEach((value, k) => {
    expect(Math.abs(received[k] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -24 + 1e-9);
  });
}

describe("fitPreprocessor and applyPreprocessor", () => {
  it("fill and standardise as scikit-learn 1.4.2 does", () => {
    // make_pipeline(SimpleImputer(), StandardScaler()).fit(x[:4]).transform(x)
    const x = Float64Array.of(
      1,
      NaN,
      1000001.5,
      2,
      10,
      1000002.5,
      NaN,
      30,
      1000001.5,
      4,
      20,
      1000004,
      5,
      NaN,
      1000001.5,
    );
    const preprocessor = fitPreprocessor(x, numbers(3), ids(4));
    expectClose(preprocessor.fill, [2.3333333333333335, 20, 1000002.375]);
    expectClose(preprocessor.scale, [1.0801234497346432, 7.0710678118654755, 1.0231690964840563]);
    expectClose(applyPreprocessor(x, ids(5), preprocessor), [
      -1.2344267996967355,
      0,
      -0.8551861104941365,
      -0.308606699924184,
      -Math.SQRT2,
      0.12216944435630522,
      0,
      Math.SQRT2,
      -0.8551861104941365,
      1.5430334996209192,
      0,
      1.5882027766319677,
      2.4688535993934706,
      0,
      -0.8551861104941365,
    ]);
  });

  it("fill categories and booleans with the mode of the rows fitted, then standardise them too", () => {
    const table = readTable(
      "color,fresh,y\ngreen,yes,1\nblue,,2\nblue,no,3\nred,no,4.5\n,no,5\nred,yes,6\nred,yes,7\n",
    );
    const { x, features } = encodeTable(table, { target: "y", missing: "impute" });
    const preprocessor = fitPreprocessor(x, features, ids(5));
    expect(preprocessor.fill).toEqual(Float64Array.of(1, 0, 0, 0)); // blue, not fresh
    // StandardScaler().fit_transform of the one-hot rows green, blue, blue, red, blue
    const z = applyPreprocessor(x, ids(5), preprocessor);
    expectClose(
      z.filter((_, k) => k % 4 < 3),
      [
        -1.224744871391589, 2, -0.5, 0.816496580927726, -0.5, -0.5, 0.816496580927726, -0.5, -0.5,
        -1.224744871391589, -0.5, 2, 0.816496580927726, -0.5, -0.5,
      ],
    );
    // On a tie the first value and 0 win; over all rows red and blue are equally frequent without the gap.
    expect(fitPreprocessor(x, features, [2, 3, 4, 5, 1]).fill).toEqual(Float64Array.of(1, 0, 0, 0));
    expect(fitPreprocessor(x, features, ids(7)).fill).toEqual(Float64Array.of(0, 0, 1, 0));
  });

  it("give zeros for a constant feature, exactly, and finite numbers for one without cells", () => {
    const x = Float64Array.from({ length: 30 }, (_, k) => [0.1, NaN, 1e20][k % 3]);
    const preprocessor = fitPreprocessor(x, numbers(3), ids(10));
    expect(preprocessor.scale).toEqual(Float64Array.of(1, 1, 1));
    expect(applyPreprocessor(x, ids(10), preprocessor)).toEqual(new Float32Array(30));
  });

  it("treat differences that are only rounding as constant, as scikit-learn does", () => {
    const x = Float64Array.of(1e8, 1e8 * (1 + Number.EPSILON), 1e8, 1e8);
    expect(fitPreprocessor(x, numbers(1), ids(4)).scale).toEqual(Float64Array.of(1));
  });

  it("standardise the rows fitted to mean 0 and deviation 1", () => {
    const cell = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 40 }), (cells) => {
        const distinct = new Set(cells.filter((value) => !Number.isNaN(value)));
        fc.pre(distinct.size > 1);
        const x = Float64Array.from(cells);
        const z = applyPreprocessor(x, ids(cells.length), fitPreprocessor(x, numbers(1), ids(cells.length)));
        const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
        const variance = z.reduce((sum, value) => sum + value * value, 0) / z.length;
        // |z| ≤ √40 < 7, each rounded to float32: an error of at most 7 · 2⁻²⁴ < 5e-7 a value.
        expect(Math.abs(mean)).toBeLessThan(5e-7);
        expect(Math.abs(variance - 1)).toBeLessThan(7e-6);
      }),
    );
  });

  it("read only the rows fitted", () => {
    const cell = fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(NaN));
    const rows = fc.array(fc.record({ pair: fc.tuple(cell, cell), fitted: fc.boolean() }), {
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(rows, fc.array(cell, { minLength: 40, maxLength: 40 }), (cells, others) => {
        const train = ids(cells.length).filter((i) => cells[i].fitted);
        fc.pre(train.length > 0);
        const x = Float64Array.from(cells.flatMap(({ pair }) => pair));
        const changed = x.map((value, k) => (cells[Math.floor(k / 2)].fitted ? value : others[k]));
        expect(fitPreprocessor(changed, numbers(2), train)).toEqual(fitPreprocessor(x, numbers(2), train));
      }),
    );
  });

  it("refuse no rows, and a value that float32 cannot hold", () => {
    const x = Float64Array.of(1e-30, 2e-30, 1e30);
    expect(refusal(() => fitPreprocessor(x, numbers(1), []))).toMatch(
      /^invalid_argument: .*at least one row/,
    );
    const preprocessor = fitPreprocessor(x, numbers(1), [0, 1]);
    expect(preprocessor.scale[0]).toBeCloseTo(5e-31, 40);
    expect(refusal(() => applyPreprocessor(x, [2], preprocessor))).toMatch(
      /^invalid_data: column "c0", row 2: .*; received 1e\+30$/,
    );
  });
});

describe("arguments of another kind", () => {
  const x = Float64Array.of(1, 2, 3, 4);
  const preprocessor = fitPreprocessor(x, numbers(2), [0, 1]);
  it.each<[string, () => unknown, string]>([
    [
      "no features",
      () => fitPreprocessor(x, undefined as never, [0]),
      "invalid_argument: features must be an array of features, as encodeTable returns them; received undefined",
    ],
    [
      "names for features",
      () => fitPreprocessor(x, ["a", "b"] as never, [0]),
      'invalid_argument: features must be an array of features, as encodeTable returns them; received ["a","b"]',
    ],
    [
      "no numbers",
      () => fitPreprocessor({} as never, numbers(2), [0]),
      "invalid_argument: x must be an array of numbers, row by row; received {}",
    ],
    [
      "rows that are not whole",
      () => fitPreprocessor(x.subarray(1), numbers(2), [0]),
      "invalid_shape: x must hold rows of 2 numbers; received 3 numbers",
    ],
    [
      "a row that does not exist",
      () => applyPreprocessor(x, [0, 2], preprocessor),
      "invalid_argument: rows must hold integers from 0 to 1; received 2 at index 1",
    ],
    [
      "a number of rows",
      () => fitPreprocessor(x, numbers(2), 2 as never),
      "invalid_argument: rows must be an array of row ids; received 2",
    ],
    [
      "no preprocessor",
      () => applyPreprocessor(x, [0], {} as never),
      "invalid_argument: preprocessor must be what fitPreprocessor or fitTargetScaler returns; received {}",
    ],
    [
      "no number of outputs",
      () => fitTargetScaler(x, undefined as never, [0]),
      "invalid_argument: outputs must be a positive integer; received undefined",
    ],
    [
      "no scaler",
      () => restoreTarget(x, undefined as never),
      "invalid_argument: scaler must be what fitPreprocessor or fitTargetScaler returns; received undefined",
    ],
    [
      "a number for predictions",
      () => restoreTarget(5 as never, preprocessor),
      "invalid_argument: z must be an array of predictions; received 5",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });
});

describe("fitTargetScaler and restoreTarget", () => {
  it("undo each other", () => {
    const y = Float64Array.of(10, -1, 20, 0, 60, 4);
    const scaler = fitTargetScaler(y, 2, [0, 1, 2]);
    const z = applyPreprocessor(y, [0, 1, 2], scaler);
    expectClose(
      z.filter((_, k) => k % 2 === 0),
      [-0.9258200997725514, -0.4629100498862757, 1.3887301496588271],
    );
    restoreTarget(z, scaler).forEach((value, k) => {
      expect(Math.abs(value - y[k])).toBeLessThan(60 * 2 ** -23);
    });
    expect(restoreTarget(Float32Array.of(NaN, Infinity), scaler)).toEqual(Float64Array.of(NaN, Infinity));
  });
});
