/** How many rows each class has. */
import { check, show } from "../../errors.js";

/** How many rows each class has, classes ascending. */
export function countClasses(labels: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    check(
      Number.isInteger(label),
      () => `classes must be integers; received ${show(label)} in row ${row}`,
      "invalid_data",
    );
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

/** The classes with fewer than `least` rows, for messages: `class "b" with 1, class "c" with 3`. */
export function smallClasses(
  counts: ReadonlyMap<number, number>,
  least: number,
  classes: readonly string[] | undefined,
): string {
  return [...counts]
    .filter(([, count]) => count < least)
    .map(([label, count]) => `class ${show(classes?.[label] ?? label)} with ${count}`)
    .join(", ");
}
