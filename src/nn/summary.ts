/** A model as a table for people. */
import { ROWS, showShape } from "../graph/shape.js";
import { layerNames, parameterCount, parameterPlaces, unitsOf } from "./architecture.js";
import type { Layer } from "./layers.js";

/** Lines: layers with their output shapes and parameters, as far as the columns of the input are known. */
export function summarize(layers: readonly Layer[], columns: number | undefined): string[] {
  const names = layerNames(layers);
  if (columns === undefined) {
    return align([["Layer", "Output shape"], ...names.map((name) => [name, "unknown before fit"])]);
  }
  const model = { layers, columns };
  const units = unitsOf(model);
  const places = parameterPlaces(model);
  const parametersOf = (index: number): number =>
    places.filter(({ layer }) => layer === index).reduce((sum, { size }) => sum + size, 0);
  return [
    ...align([
      ["Layer", "Output shape", "Parameters"],
      ...names.map((name, i) => [name, showShape([ROWS, units[i]]), String(parametersOf(i))]),
    ]),
    `Total parameters: ${parameterCount(model)}`,
  ];
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd(),
  );
}
