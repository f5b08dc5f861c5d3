/** What the tests of pipelines share: data of numbers and of words. */
import type { Input } from "../../../src/data/dataset.js";
import type { PipelineOptions } from "../../../src/data/pipeline/options.js";
import type { PipelineData } from "../../../src/data/pipeline/pipeline.js";
import { columnsFrom } from "../rows.js";

export const number = (name: string): Input => ({ name, kind: "number", categories: [], gaps: true });
/** Inputs that are all numbers, [rows, width]. */
export function numbers(x: Float64Array, width = 1, y = new Float64Array(x.length / width)): PipelineData {
  const inputs = Array.from({ length: width }, (_, j) => number(`c${j}`));
  return { inputs, columns: columnsFrom(x, width), task: "classification", outputs: 1, y };
}
/** A column of words, and a target of so many outputs. */
export function words(
  cells: readonly string[],
  y: ArrayLike<number>,
  outputs = 1,
  regression = true,
): PipelineData {
  const categories = [...new Set(cells)].sort();
  return {
    inputs: [{ name: "w", kind: "category", categories, gaps: false }],
    columns: [Float64Array.from(cells, (word) => categories.indexOf(word))],
    task: regression ? "regression" : "classification",
    outputs,
    y: Float64Array.from(y),
  };
}
export const RAW: PipelineOptions = { scale: "none", target: "none" };
