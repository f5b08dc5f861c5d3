/** Divides a table into a training and a test part, as text, so that every contestant reads the same rows. */
import { parseCsv } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import type { BenchTable } from "./tables.js";

/** Of all rows. */
const TEST_SHARE = 0.25;

/** The cells of a column. */
export function cellsOf(text: string, column: string): string[] {
  const { columns, rows } = parseCsv(text);
  const place = columns.indexOf(column);
  return rows.map((row) => row[place]);
}

/**
 * A quarter of the rows, drawn by the seed, is for the test; of classes, a quarter of each, rounded.
 *
 * @param text - a table of which each row is one line
 */
export function divide(
  text: string,
  { target, task }: Pick<BenchTable, "target" | "task">,
  seed: number,
): { readonly train: string; readonly test: string } {
  const [head, ...lines] = text.trimEnd().split(/\r?\n/);
  const cells = cellsOf(text, target);
  const groups = new Map<string, number[]>();
  cells.forEach((cell, row) => {
    const key = task === "classification" ? cell : "";
    groups.set(key, [...(groups.get(key) ?? []), row]);
  });
  const random = new RandomStream(seed);
  const isTest = new Set<number>();
  for (const rows of groups.values()) {
    for (let i = rows.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [rows[i], rows[j]] = [rows[j], rows[i]];
    }
    for (const row of rows.slice(0, Math.round(TEST_SHARE * rows.length))) isTest.add(row);
  }
  const part = (test: boolean): string =>
    `${[head, ...lines.filter((_, row) => isTest.has(row) === test)].join("\n")}\n`;
  return { train: part(false), test: part(true) };
}
