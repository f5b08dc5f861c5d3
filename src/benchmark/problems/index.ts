/** The standard problems: those of all published results, unless stated otherwise. */
import type { Problem } from "../problem.js";
import { analyticProblems } from "./analytic.js";
import { learningProblems, type Tables } from "./learning.js";

/**
 * The standard problems, 11 with a formula and 12 of learning.
 *
 * @param tables - the texts of the five tables, by the names in `tables`; the package has them as
 * `fettle/data/<name>.csv`
 * @throws FettleError `invalid_argument`, `invalid_data`, `unknown_name` for texts of other tables
 * @example
 * ```ts
 * const { readFile } = await import("node:fs/promises");
 * const texts: Record<string, string> = {};
 * for (const { name } of tables) {
 *   texts[name] = await readFile(new URL(import.meta.resolve(`fettle/data/${name}.csv`)), "utf8");
 * }
 * standardProblems(texts).length; // 23
 * ```
 */
export function standardProblems(tables: Tables): Problem[] {
  return [...analyticProblems(), ...learningProblems(tables)];
}
