/** Values of JSON that come from outside, before anything walks through them. */

/** Levels of a value at most, so that whatever walks through it has stack enough. */
export const DEEPEST = 100;

/** Whether a value of JSON has at most so many levels of arrays and objects. */
export function isShallow(value: unknown, levels = DEEPEST): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}
