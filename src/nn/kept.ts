/**
 * Copies of what a first `fit` is given, which may change while it waits for what trains. Which arrays are right is decided there: what
 * is none here is left as it is.
 */

/** Objects in objects that are copied; no array has so many axes. */
const MOST = 20;

/** A copy of typed arrays, ndarrays, and of arrays and records that hold them. */
export function kept<T>(given: T, depth = MOST, seen: Map<unknown, unknown> = new Map()): T {
  if (typeof given !== "object" || given === null || depth === 0) return given;
  if (ArrayBuffer.isView(given))
    return "slice" in given ? (given as unknown as { slice(): T }).slice() : given;
  // what holds itself is refused, not copied for ever
  if (seen.has(given)) return seen.get(given) as T;
  if (Array.isArray(given)) {
    const copy: unknown[] = new Array(given.length);
    seen.set(given, copy);
    for (let i = 0; i < given.length; i++) copy[i] = kept(given[i], depth - 1, seen);
    return copy as T;
  }
  const kind = Object.getPrototypeOf(given);
  const isNdArray = ["data", "shape", "stride", "offset"].every((name) => Object.hasOwn(given, name));
  if (kind !== Object.prototype && kind !== null && !isNdArray) return given;
  const copy = Object.create(kind);
  seen.set(given, copy);
  for (const [name, value] of Object.entries(given)) copy[name] = kept(value, depth - 1, seen);
  return copy;
}
