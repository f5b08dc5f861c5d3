/**
 * Metrics of steps: those that a mask leaves out are no lines, however wide a line is, and a row's weight is
 * that of its steps.
 */
import { expect, it } from "vitest";
import { countedLines } from "../../src/metrics/lines.js";

it("keeps the lines that count, whole, each with the weight of its row", () => {
  // two rows of two steps of three classes
  const yTrue = Float64Array.from({ length: 12 }, (_, i) => i);
  const yPred = yTrue.map((value) => -value);
  const { width, ...kept } = countedLines(
    [yTrue, yPred],
    3,
    Float64Array.of(1, 0, 1, 1),
    Float64Array.of(5, 7),
  );
  expect(width).toBe(3);
  expect(kept).toEqual({
    yTrue: Float64Array.of(0, 1, 2, 6, 7, 8, 9, 10, 11),
    yPred: Float64Array.of(-0, -1, -2, -6, -7, -8, -9, -10, -11),
    weights: Float64Array.of(5, 7, 7),
  });
  // a mask of rows is one of all their lines
  expect(countedLines([yTrue, yPred], 3, Float64Array.of(0, 1)).yTrue).toEqual(yTrue.slice(6));
});
