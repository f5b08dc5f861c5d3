/** The suite, by name. */
import { byName } from "../../src/errors.js";
import { classical } from "./classical.js";
import { digits } from "./digits.js";
import type { TestFunction } from "./problem.js";
import { structured } from "./structured.js";

export const functions: readonly TestFunction[] = [...classical, ...structured, digits];

/** The functions named, in the order of the suite's own; all by default. */
export function selectFunctions(names?: readonly string[]): readonly TestFunction[] {
  if (names === undefined) return functions;
  const known = Object.fromEntries(functions.map((one) => [one.name, one]));
  return names.map((name) => byName("function", known, name));
}
