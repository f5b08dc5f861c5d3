/** The columns that are left out, as one sentence however many they are. */
import { NO_CELLS } from "../data/schema.js";
import { count, plain } from "./format.js";

/** Columns that are named of those left out for one reason, and reasons that are told. */
const [MOST_NAMED, MOST_REASONS] = [3, 8];

interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/**
 * @param columns - at least one
 * @example
 * ```ts
 * tellLeftOut([{ name: "id", reason: "is different in every row" }]);
 * // 'left out: "id" is different in every row (--as <column>=category uses one)'
 * ```
 */
export function tellLeftOut(columns: readonly LeftOut[]): string {
  const named = new Map<string, string[]>();
  for (const { name, reason } of columns) {
    const others = named.get(reason);
    if (others) others.push(name);
    else named.set(reason, [name]);
  }
  const groups = [...named];
  const told = groups.slice(0, MOST_REASONS).map(([reason, names]) => tellGroup(reason, names));
  const untold = groups.slice(MOST_REASONS).reduce((sum, [, names]) => sum + names.length, 0);
  const more = untold > 0 ? [`${count(untold, "other column")}, which fettle inspect --json lists`] : [];
  // a column without cells teaches nothing as a category either
  const way = columns.some(({ reason }) => reason !== NO_CELLS) ? " (--as <column>=category uses one)" : "";
  return `left out: ${[...told, ...more].join("; ")}${way}`;
}

function tellGroup(reason: string, names: readonly string[]): string {
  const quoted = names.slice(0, MOST_NAMED).map((name) => `"${plain(name)}"`);
  const others = names.length - MOST_NAMED;
  return others > 0
    ? `${names.length} columns, each of which ${plain(reason)} (${quoted.join(", ")} and ${count(others, "other")}; fettle inspect --json lists them)`
    : quoted.map((name) => `${name} ${plain(reason)}`).join("; ");
}
