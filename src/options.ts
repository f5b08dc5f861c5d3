/**
 * Copies of options, as plain data: made before work starts, so that later changes to the user's object do
 * not change the result, and so that threads receive plain values even from a proxy. This file does not
 * decide which values are valid.
 */
import { checkOptions, isPlainObject, mustBeRecord } from "./errors.js";

/**
 * Checks the names of options, and copies their values. Each is read once.
 *
 * @param known - an `OptionNames<…>` of their interface; undefined if the caller checks the names
 * @param kept - the options that are passed through unchanged: instances, such as a strategy, and arrays that
 * are read at once
 * @throws FettleError as `checkOptions`
 */
export function copyOptions<O extends object>(
  options: O,
  kind: string,
  known: Readonly<Record<string, true>> | undefined,
  kept: readonly string[] = [],
): O {
  if (known) checkOptions(options, kind, known);
  else mustBeRecord(`the options of ${kind}`, options);
  const own = Object.entries(options).map(([name, value]) => [
    name,
    kept.includes(name) ? value : copyPlain(value),
  ]);
  return Object.fromEntries(own) as O;
}

/**
 * The most levels that are copied; no option and no array is deeper. Deeper values are passed through, and
 * refused where they are read.
 */
const MOST = 20;

/**
 * A deep copy of lists and plain objects. Anything else is returned itself: numbers, strings, functions,
 * instances of classes, and typed arrays. With `arrays`, typed arrays and ndarrays are copied too.
 */
export function copyPlain<T>(
  given: T,
  arrays = false,
  depth = MOST,
  seen: Map<unknown, unknown> = new Map(),
): T {
  if (typeof given !== "object" || given === null || depth === 0) return given;
  if (ArrayBuffer.isView(given))
    return arrays && "slice" in given ? (given as unknown as { slice(): T }).slice() : given;
  // a value that contains itself is refused, not copied forever
  if (seen.has(given)) return seen.get(given) as T;
  if (Array.isArray(given)) {
    const copy: unknown[] = new Array(given.length);
    seen.set(given, copy);
    for (let i = 0; i < given.length; i++) copy[i] = copyPlain(given[i], arrays, depth - 1, seen);
    return copy as T;
  }
  const isNdArray = () => ["data", "shape", "stride", "offset"].every((name) => Object.hasOwn(given, name));
  if (!isPlainObject(given) && !(arrays && isNdArray())) return given;
  const copy = Object.create(Object.getPrototypeOf(given));
  seen.set(given, copy);
  for (const [name, value] of Object.entries(given)) copy[name] = copyPlain(value, arrays, depth - 1, seen);
  return copy;
}

/** Options of which those that may be undefined may be missing instead. */
type Defined<O> = { readonly [Name in keyof O as undefined extends O[Name] ? never : Name]: O[Name] } & {
  readonly [Name in keyof O as undefined extends O[Name] ? Name : never]?: Exclude<O[Name], undefined>;
};

/** The options that are defined: the types tell a missing option from one that is undefined. */
export function defined<O extends object>(options: O): Defined<O> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<O>;
}
