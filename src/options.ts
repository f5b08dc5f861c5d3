/**
 * Copies of options, as plain data: made before work begins, so that later changes to the user's object change no result, and so that
 * a thread is sent what a proxy shows. Which values are right is not decided here.
 */
import { checkOptions, isPlainObject, mustBeRecord } from "./errors.js";

/**
 * Checks the names of options, and copies their values. Each is read once.
 *
 * @param known - an `OptionNames<…>` of their interface; undefined if someone else checks the names
 * @param kept - the options that are handed on as they are: instances, such as a strategy, and arrays that are read at once
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

/** Objects in objects that are copied; no option is deeper, and no array has so many axes. What is deeper stays, and is refused where it is read. */
const MOST = 20;

/**
 * A copy of lists and plain objects, as deep as they are. Anything else is the value itself: numbers and words, functions, instances of
 * classes, and typed arrays unless `arrays` is true, which copies them and ndarrays too.
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
  // what holds itself is refused, not copied for ever
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
