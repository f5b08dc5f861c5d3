/** Checks JSON from outside before anything walks through it. */

/** The most levels of a value, so that walking through it does not overflow the stack. */
export const DEEPEST = 100;

/** Whether a JSON value has at most so many levels of arrays and objects. */
export function isShallow(value: unknown, levels = DEEPEST): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}
