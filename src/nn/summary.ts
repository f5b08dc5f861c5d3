/** A model as a table for people. */
import { ROWS, showShape } from "../graph/shape.js";
import { layerNames, networkOf } from "./architecture.js";
import type { Layer } from "./layers.js";

/** Lines: layers with their output shapes and parameters, which are unknown without `columns`. */
export function summarize(layers: readonly Layer[], columns: number | undefined): string[] {
  if (columns === undefined) {
    return align([
      ["Layer", "Output shape"],
      ...layerNames(layers).map((name) => [name, "unknown before fit"]),
    ]);
  }
  const network = networkOf(layers, columns);
  const rows = network.layers.map(({ name, units, parameters }) => ({
    name,
    shape: showShape([ROWS, units]),
    count: parameters.reduce((sum, { size }) => sum + size, 0),
  }));
  return [
    ...align([
      ["Layer", "Output shape", "Parameters"],
      ...rows.map(({ name, shape, count }) => [name, shape, String(count)]),
    ]),
    `Total parameters: ${network.size}`,
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
