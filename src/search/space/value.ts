/**
 * The values of parameters and records: JSON, compared by content.
 */

import { isPlainObject, isRecord } from "../../errors.js";
import { isShallow } from "../../json.js";
import { memoized } from "../../memo.js";

/** A JSON value: allowed in choices and records. */
export type ParamValue =
  | string
  | number
  | boolean
  | null
  | readonly ParamValue[]
  | { readonly [key: string]: ParamValue };

/**
 * A frozen deep copy of `value`, or undefined if it is not JSON: a function, a
 * non-finite number, `undefined`, a class instance or a cycle anywhere in it.
 */
export function copyJson(value: unknown, depth = 0): ParamValue | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : undefined; // -0 becomes 0, as in JSON
  if (typeof value !== "object" || depth > 64) return undefined;
  if (Array.isArray(value)) {
    const items = Array.from(value, (item) => copyJson(item, depth + 1));
    return items.every((item) => item !== undefined) ? Object.freeze(items) : undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, copyJson(item, depth + 1)] as const);
  if (entries.some(([, item]) => item === undefined)) return undefined;
  return Object.freeze(Object.fromEntries(entries)) as ParamValue;
}

/** A copy of a JSON value, so that its getters are read once; anything else unchanged, to be refused. */
export function readOnce(value: unknown): unknown {
  return copyJson(value) ?? value;
}

/**
 * A string that two values share exactly when they are equal; the order of an object's keys does not count.
 */
export function valueKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueKey).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${valueKey(value[key])}`).join(",")}}`;
}

/** Whether two JSON values are equal by content. It descends no deeper than the shallower of them. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a === b) return true;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key as never], b[key as never]))
  );
}

/** The index of each value of a list, looked up by content. */
const placesIn = /* @__PURE__ */ memoized((values: readonly ParamValue[]) => {
  const [plain, nested] = [new Map<unknown, number>(), new Map<string, number>()];
  for (const [i, each] of values.entries()) {
    if (typeof each === "object" && each !== null) nested.set(valueKey(each), i);
    else plain.set(each, i);
  }
  return { plain, nested };
});

/** The index of a value in a list of distinct values, by content; -1 if it is not there. */
export function placeOf(values: readonly ParamValue[], value: unknown): number {
  const places = placesIn(values);
  const isNested = typeof value === "object" && value !== null;
  if (!isNested) return places.plain.get(value) ?? -1;
  return (isShallow(value) ? places.nested.get(valueKey(value)) : undefined) ?? -1;
}
