/** Lists of what is there. */

/** Parts of a list, which may be missing, and lists of them. */
export type Parts<T> = readonly (T | readonly T[] | false | undefined)[];

/** The parts that are neither false nor undefined, so that `condition && part` may stand among them. */
export function compact<T>(...parts: Parts<T>): T[] {
  return parts.flat().filter((part) => part !== false && part !== undefined) as T[];
}
