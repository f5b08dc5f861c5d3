/**
 * A result that is accumulated, item by item, over a list that grows from ask to ask. It is remembered, so that only new
 * items cost anything; for a list that does not continue the last one, it is computed again. Forgetting it changes nothing.
 */

/** How many items two lists have in common from their start. */
export function commonLength(a: readonly unknown[], b: readonly unknown[]): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same++;
  return same;
}

/**
 * A function of a subject and a list, such as a space and its points.
 *
 * @param begin - the result before the first item
 * @param add - adds an item to a result, in place
 * @returns a function that returns the result after all items of a list; valid until it is called with another list of
 * the same subject
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
