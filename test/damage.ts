/** Values that were saved and then changed by anyone, for tests of what reads them. */
import fc from "fast-check";

type Path = readonly string[];

/**
 * A value with one place in it replaced, left out, doubled, put from elsewhere in it, given a field, or moved
 * by a little.
 *
 * @param value - JSON, and typed arrays
 * @param more - other things to put in
 */
export function damaged(
  value: unknown,
  more: fc.Arbitrary<unknown> = fc.constant(null),
): fc.Arbitrary<unknown> {
  const at = fc.constantFrom(...places(value).slice(1));
  const anything = fc.oneof(
    fc.constantFrom(null, true, "", -1, 0, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, [], {}),
    fc.jsonValue({ maxDepth: 2 }),
    more,
  );
  const elsewhere = at.map((path) => path.reduce((part, key) => (part as never)[key], value as unknown));
  const change = fc.oneof(
    anything.map((other) => () => other),
    elsewhere.map((other) => () => other),
    fc.constant(() => undefined),
    fc.constant((part: unknown) => (Array.isArray(part) ? [...part, ...part] : [part])),
    anything.map((other) => (part: unknown) => ({ ...(part as object), other })),
    fc.integer({ min: -2, max: 2 }).map((by) => (part: unknown) => Number(part) + by),
  );
  return fc.tuple(at, change).map(([path, to]) => changed(value, path, to));
}

/** Every place in a value that something else can stand in, the whole first. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => places(each, [...path, key]))];
}

/** A copy with what `change` makes of the value at a path; left out where that is undefined. */
function changed(value: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  const entries = Object.entries(value as object).flatMap(([name, each]) => {
    const now = name === key ? changed(each, rest, change) : each;
    return now === undefined ? [] : [[name, now] as const];
  });
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

/**
 * Of saved values that mean the same always the same one: a study reads null as a field that was left out, a
 * direction as a list of one, seconds in milliseconds, and an empty array as an object without fields; a plan
 * names the release of its kernels for people only.
 */
export function meaningOf(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).length > 0 ? value : {};
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(meaningOf);
  const read = (key: string, field: unknown) => {
    if (key === "direction") return [field].flat();
    if (key === "kernels") return String(field).split(" ")[1];
    return key === "seconds" ? Math.round(1000 * Number(field)) / 1000 + 0 : meaningOf(field);
  };
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, read(key, field)]));
}
