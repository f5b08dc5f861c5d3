import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeSeriesSplit } from "../../src/data/split/time.js";
import { type WindowsOptions, windows } from "../../src/data/windows.js";
import { cases } from "../cases.js";
import { refusal } from "./refusal.js";

const series = (steps: number, features: number): number[][] =>
  Array.from({ length: steps }, (_, t) => Array.from({ length: features }, (_, j) => 100 * t + j));

describe("windows", () => {
  it("are the slices of the series, and what comes a horizon after each", () => {
    const anyCut = fc
      .record({
        features: fc.integer({ min: 1, max: 3 }),
        length: fc.integer({ min: 1, max: 5 }),
        horizon: fc.integer({ min: 1, max: 4 }),
        stride: fc.integer({ min: 1, max: 4 }),
        more: fc.integer({ min: 0, max: 12 }),
      })
      .chain((cut) =>
        fc.tuple(
          fc.constant(cut),
          fc.array(fc.integer({ min: 0, max: cut.features - 1 }), { minLength: 1, maxLength: 3 }),
        ),
      );
    fc.assert(
      fc.property(anyCut, ([{ features, length, horizon, stride, more }, target]) => {
        const all = series(length + horizon + more, features);
        const x: number[][][] = [];
        const y: number[][] = [];
        for (let start = 0; start + length + horizon <= all.length; start += stride) {
          x.push(all.slice(start, start + length));
          y.push(target.map((j) => all[start + length + horizon - 1][j]));
        }
        expect(windows(all, { length, horizon, stride, target })).toEqual({
          x: { data: Float32Array.from(x.flat(2)), shape: [x.length, length, features] },
          y: { data: Float32Array.from(y.flat()), shape: [x.length, target.length] },
        });
      }),
      { numRuns: cases(100) },
    );
  });

  it("are those of the example of Keras", () => {
    // timeseries_dataset_from_array(range(100), None, sequence_length=10, sequence_stride=3)
    const { x, y } = windows(
      Float32Array.from({ length: 100 }, (_, t) => t),
      { length: 10, stride: 3 },
    );
    expect([...x.data.subarray(10, 20)]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(y.data[1]).toBe(13);
    expect(x.shape).toEqual([30, 10, 1]);
  });

  it("leave the folds of a time series nothing of the future to train on", () => {
    const { x, y } = windows(series(60, 2), { length: 6, horizon: 2, target: 0 });
    for (const { train, validation } of timeSeriesSplit(x.shape[0], { folds: 4 })) {
      const latest = Math.max(...Array.from(train, (row) => y.data[row]));
      expect(Math.min(...Array.from(validation, (row) => y.data[row]))).toBeGreaterThan(latest);
    }
  });

  it.each<[string, unknown, Partial<WindowsOptions>, string]>([
    ["no length", [1, 2], {}, "invalid_argument: length must be a positive integer; received undefined"],
    [
      "half a step",
      [1, 2],
      { length: 1, stride: 0.5 },
      "invalid_argument: stride must be a positive integer; received 0.5",
    ],
    [
      "no horizon",
      [1, 2],
      { length: 1, horizon: 0 },
      "invalid_argument: horizon must be a positive integer; received 0",
    ],
    [
      "a series too short",
      [1, 2, 3],
      { length: 2, horizon: 2 },
      "invalid_argument: length and horizon must leave a window in the series; received 2 and 2 for 3 steps",
    ],
    [
      "a feature that does not exist",
      [
        [1, 2],
        [3, 4],
      ],
      { length: 1, target: 2 },
      "invalid_argument: target must be a feature from 0 to 1, or several; received 2",
    ],
    [
      "a feature below the first",
      [1, 2],
      { length: 1, target: -1 },
      "invalid_argument: target must be a feature from 0 to 0, or several; received -1",
    ],
    [
      "features of which one does not exist",
      [
        [1, 2],
        [3, 4],
      ],
      { length: 1, target: [1, 2] },
      "invalid_argument: target must be a feature from 0 to 1, or several; received [1,2]",
    ],
    [
      "no target",
      [1, 2],
      { length: 1, target: [] },
      "invalid_argument: target must be a feature from 0 to 0, or several; received []",
    ],
    [
      "images",
      [[[1]], [[2]]],
      { length: 1 },
      "invalid_shape: series must have 1 or 2 dimensions; received shape [2,1,1]",
    ],
    [
      "a gap",
      [1, Number.NaN],
      { length: 1 },
      "invalid_data: series must hold finite numbers; received NaN at series[1]",
    ],
    [
      "a gap in a typed array",
      Float32Array.of(1, 2, Number.POSITIVE_INFINITY),
      { length: 1 },
      "invalid_data: series must hold finite numbers; received Infinity at series[2]",
    ],
    [
      "an option of another name",
      [1, 2],
      { length: 1, strides: 2 } as never,
      'unknown_name: unknown option of windows "strides". Did you mean "stride"? Known: length, horizon, stride, target.',
    ],
    [
      "more than fits",
      new Float32Array(1e5),
      { length: 5e4 },
      "memory_limit: all windows must have at most 1073741824 numbers; received 2500000000; choose a larger stride, or a shorter length",
    ],
    [
      "more than fits with all features",
      { data: new Float32Array(4 * 33_000), shape: [33_000, 4] },
      { length: 16_500 },
      "memory_limit: all windows must have at most 1073741824 numbers; received 1089000000; choose a larger stride, or a shorter length",
    ],
  ])("refuse %s", (_, data, options, message) => {
    expect(refusal(() => windows(data as never, options as WindowsOptions))).toBe(message);
  });
});
