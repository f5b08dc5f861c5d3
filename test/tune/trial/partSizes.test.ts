import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import type { Dataset } from "../../../src/data/dataset.js";
import { divideRows, partSizes } from "../../../src/tune/trial/folds.js";

function dataset(rows: number, classes: number): Dataset {
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const column = Float64Array.from(labels);
  return {
    ...{
      task: classes > 1 ? "classification" : "regression",
      target: "y",
      rows,
      outputs: 1,
      y: column,
      columns: [column],
    },
    ...{ inputs: [{ name: "x", kind: "number", categories: [], gaps: false }], labels, classes: [] },
  };
}

test.prop([
  fc.integer({ min: 40, max: 120 }),
  fc.constantFrom(1, 2),
  fc.oneof(
    fc.record({ folds: fc.integer({ min: 2, max: 8 }) }),
    fc.record({ split: fc.constantFrom(0.1, 0.25, 0.5) }),
  ),
  fc.constantFrom(0, 0.1, 0.2, 0.33),
])("the sizes foretold are those that come", (rows, classes, validation, testSize) => {
  const plan = { validation, testSize, seed: 1 };
  const { folds } = divideRows(dataset(rows, classes), plan);
  const [finalFold, ...others] = folds.toReversed();
  expect(partSizes(rows, plan)).toEqual({
    test: finalFold.validation.length,
    development: finalFold.train.length,
    training: Math.min(...others.map(({ train }) => train.length)),
  });
});
