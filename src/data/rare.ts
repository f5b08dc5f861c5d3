/** Classes with too few rows: they are left out, or read as one class. */
import { check, isPlainObject, must, show } from "../errors.js";
import { valuesAt } from "./columns.js";
import type { Schema } from "./schema.js";
import type { Column } from "./table.js";

/** How classes with few rows are treated. */
export interface RareClasses {
  /** Classes of fewer rows than this are rare, an integer of at least 1. */
  readonly fewerThan: number;
  /** `drop` leaves out their rows; `merge` makes them one class, `other` (only for string classes). */
  readonly rule: "drop" | "merge";
}

/** @throws FettleError `invalid_argument` */
export function checkRareClasses(rare: unknown): asserts rare is RareClasses | undefined {
  const { fewerThan, rule, ...others } = isPlainObject(rare) ? rare : { fewerThan: 1, rule: rare ?? "drop" };
  must(
    Number.isSafeInteger(fewerThan) &&
      (fewerThan as number) >= 1 &&
      (rule === "drop" || rule === "merge") &&
      Object.keys(others).length === 0 &&
      (rare === undefined || isPlainObject(rare)),
    "rareClasses",
    '{ fewerThan, rule }, such as { fewerThan: 5, rule: "drop" }',
    rare,
  );
}

/** A target of classes, the rows to use and the schema, once rare classes are left out or merged. */
interface Classes {
  readonly target: Column;
  readonly rows: Int32Array;
  readonly schema: Schema;
  /** The changes, for people. */
  readonly notes: readonly string[];
}

/**
 * @param rows - the rows in use, all with a target
 * @throws FettleError `invalid_argument` for classes other than strings, which cannot be merged
 */
export function withoutRare({ target, rows, schema }: Omit<Classes, "notes">, rare: RareClasses): Classes {
  const { fewerThan, rule } = rare;
  const values = valuesAt(target, rows);
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const few = [...counts].filter(([, count]) => count < fewerThan).sort(([a], [b]) => a - b);
  const isRare = new Set(few.map(([value]) => value));
  if (few.length === 0) return { target, rows, schema, notes: [] };
  const count = few.reduce((sum, [, each]) => sum + each, 0);
  const word = (value: number): string =>
    target.kind === "number" ? String(value) : target.categories[value];
  const which = few.slice(0, 3).map(([value, each]) => `${show(word(value))} (${each})`);
  const more = few.length > 3 ? ` and ${few.length - 3} more` : "";
  const said = `${count} of ${rows.length} rows of classes with fewer than ${fewerThan} rows of ${show(target.name)} are`;
  if (rule === "drop") {
    const kept = rows.filter((_, i) => !isRare.has(values[i]));
    return { target, rows: kept, schema, notes: [`${said} left out: ${which.join(", ")}${more}`] };
  }
  check(
    target.kind === "category",
    () =>
      `rareClasses must have the rule "drop" for a target of ${target.kind}s, which has no word for other classes; ` +
      `received "merge"; or choose as: ${JSON.stringify({ [target.name]: "category" })}`,
  );
  const merged = merge(target, isRare);
  const columns = schema.columns.map((column) =>
    column.name === target.name
      ? { ...column, categories: merged.target.categories, rest: merged.rest }
      : column,
  );
  const notes = [`${said} read as ${show(merged.rest)}: ${which.join(", ")}${more}`];
  return { target: merged.target, rows, schema: { ...schema, columns }, notes };
}

function merge(target: Column, isRare: ReadonlySet<number>): { target: Column; rest: string } {
  const kept = target.categories.filter((_, code) => !isRare.has(code));
  let rest = "other";
  for (let n = 2; kept.includes(rest); n++) rest = `other (${n})`;
  const categories = [...kept, rest].sort();
  const codes = target.categories.map((word, code) => categories.indexOf(isRare.has(code) ? rest : word));
  const values = target.values.map((value) => (Number.isNaN(value) ? value : codes[value]));
  return { target: { ...target, categories, values }, rest };
}
