/**
 * A list that all asks of a study share: it only grows at its end, and its items never change. So an ask
 * copies nothing, and two states of one list need no comparison: the longer continues the shorter.
 */

import { FettleError } from "../../errors.js";

const known = new WeakSet<readonly unknown[]>();

/** The methods that change a list. */
const MUTATORS = [
  "copyWithin",
  "fill",
  "pop",
  "push",
  "reverse",
  "shift",
  "sort",
  "splice",
  "unshift",
] as const satisfies readonly (keyof unknown[])[];

function refuse(): never {
  throw new FettleError(
    "invalid_state",
    "the history of a study and its earlier points must not be changed; received a call that changes them. Change a copy, such as [...history]",
  );
}

const guard = Object.fromEntries(MUTATORS.map((name) => [name, { value: refuse }]));

/** See the header of this file. */
export class SharedList<T> {
  readonly items: readonly T[] = Object.defineProperties<T[]>([], guard);

  constructor() {
    known.add(this.items);
  }

  add(item: T): void {
    (this.items as T[])[this.items.length] = item;
  }
}

/** Whether a list is the `items` of a `SharedList`. */
export function isShared(list: readonly unknown[]): boolean {
  return known.has(list);
}
