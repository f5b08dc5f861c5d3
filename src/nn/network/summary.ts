/** A model as a table for people. */
import { mustBeList } from "../../errors.js";
import { ROWS, type Shape, showShape } from "../../graph/shape.js";
import { networkOf, type Wiring } from "./network.js";

/**
 * Lines: layers with their output shapes and parameters, which are unknown without columns or the shape of a
 * row.
 */
export function summarize(wiring: Wiring, given: number | Shape | undefined): string[] {
  if (given === undefined) {
    return align([
      ["Layer", "Output shape"],
      ...wiring.calls.map(({ name }) => [name, "unknown before fit"]),
    ]);
  }
  if (typeof given !== "number") mustBeList("row", given, "a number of columns, or the shape of a row");
  const network = networkOf(wiring, given);
  const { inputs, layers, size, trainableSize } = network;
  const names = [...inputs, ...layers].map(({ name }) => name);
  // a stack needs no list of inputs
  const wires = layers.some((place, i) => String(place.inputs) !== String([i]));
  const counted = new Set<string>();
  const rows = layers.map(({ name, shape, parameters, inputs: taken }) => {
    const count = counted.has(name) ? 0 : parameters.reduce((sum, place) => sum + place.size, 0);
    counted.add(name);
    const row = [name, showShape([ROWS, ...shape]), String(count)];
    return wires ? [...row, taken.map((value) => names[value]).join(", ")] : row;
  });
  const head = ["Layer", "Output shape", "Parameters", ...(wires ? ["Takes"] : [])];
  const untrained = size > trainableSize ? `, ${size - trainableSize} of them not trained` : "";
  return [...align([head, ...rows]), `Total parameters: ${size}${untrained}`];
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
