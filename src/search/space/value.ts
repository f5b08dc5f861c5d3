/**
 * The values of parameters and of what studies keep: JSON, compared by content.
 */

import { isRecord } from "../../errors.js";

/** A value of JSON: what a choice may offer and a record may carry. */
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
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, copyJson(item, depth + 1)] as const);
  if (entries.some(([, item]) => item === undefined)) return undefined;
  return Object.freeze(Object.fromEntries(entries)) as ParamValue;
}

/** A string that two values share exactly when they are equal; the order of an object's keys does not count. */
export function valueKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueKey).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${valueKey(value[key])}`).join(",")}}`;
}

/** Whether two values of JSON are equal by content. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  return a === b || valueKey(a) === valueKey(b);
}
