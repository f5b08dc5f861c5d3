/**
 * Which public name a built-in function has, such as `losses.meanSquaredError`, so that a refusal can say where a value
 * came from. Two namespaces have functions of the same name, and neither imports the other.
 */

const names = new WeakMap<object, string>();

/** Records that `value` is exported as `name`; returns `value`. */
export function exportedAs<T extends object>(name: string, value: T): T {
  names.set(value, name);
  return value;
}

/** The public name of a built-in function; undefined for anything else. */
export function publicName(value: unknown): string | undefined {
  return typeof value === "function" ? names.get(value) : undefined;
}
