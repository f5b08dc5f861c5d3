/**
 * A result that is accumulated, item by item, over a list that grows from ask to ask. It is remembered, so
 * that only new items cost time; for a list that does not continue the last one, it is recomputed. Forgetting
 * it changes nothing.
 */

import { isShared } from "./shared.js";

/** A list as far as it was read. */
export class Read<T> {
  private items: readonly T[] = [];
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** How many items a list has in common with this one, from their start. */
  common(items: readonly T[]): number {
    const most = Math.min(this.count, items.length);
    if (items === this.items) return most;
    let same = 0;
    while (same < most && this.items[same] === items[same]) same++;
    return same;
  }

  /** The first `count` items of a list have been read. */
  keep(items: readonly T[], count: number): void {
    // a list that its owner may change is copied, and never counts as the same
    this.items = isShared(items) ? items : items.slice(0, count);
    this.count = count;
  }
}

/**
 * A function of a subject and a list, such as a space and its points.
 *
 * @param begin - the result before the first item
 * @param add - adds an item to a result, in place
 * @returns a function that returns the result after all items of a list; valid until it is called with
 * another list of the same subject
 */
export function createGrowing<S extends object, T, R>(
  begin: (subject: S) => R,
  add: (result: R, item: T, subject: S) => void,
): (subject: S, items: readonly T[]) => R {
  const memory = new WeakMap<S, { readonly read: Read<T>; readonly result: R }>();
  return (subject, items) => {
    let known = memory.get(subject);
    if (known === undefined || known.read.common(items) < known.read.length) {
      known = { read: new Read(), result: begin(subject) };
      memory.set(subject, known);
    }
    const { read, result } = known;
    if (read.length === items.length) return result;
    for (let i = read.length; i < items.length; i++) add(result, items[i], subject);
    read.keep(items, items.length);
    return result;
  };
}
