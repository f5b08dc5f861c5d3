/** Binary search. */

/**
 * The first of the integers from 0 below `count` for which a condition holds, if it then holds for all after
 * it; `count` if there is none.
 */
export function firstWhere(count: number, holds: (index: number) => boolean): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
