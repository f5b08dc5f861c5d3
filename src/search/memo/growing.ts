/**
 * What follows, item by item, from a list that grows from ask to ask. It is remembered, so that only new items cost
 * anything; a list that does not go on from the one before is gone through again. Forgetting it changes no result.
 */

/** How many items two lists begin with in common. */
export function commonLength(a: readonly unknown[], b: readonly unknown[]): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same++;
  return same;
}

/**
 * A function of a subject and a list, such as a space and its points.
 *
 * @param begin - what there is before the first item
 * @param add - takes an item into it, in place
 * @returns what there is after all items of a list, until it is asked about another list of the same subject
 */
export function createGrowing<S extends object, T, R>(
  begin: (subject: S) => R,
  add: (result: R, item: T, subject: S) => void,
): (subject: S, items: readonly T[]) => R {
  const memory = new WeakMap<S, { readonly items: T[]; readonly result: R }>();
  return (subject, items) => {
    let known = memory.get(subject);
    if (known === undefined || commonLength(known.items, items) < known.items.length) {
      known = { items: [], result: begin(subject) };
      memory.set(subject, known);
    }
    for (let i = known.items.length; i < items.length; i++) {
      known.items.push(items[i]);
      add(known.result, items[i], subject);
    }
    return known.result;
  };
}
