/** Options such as `onError`: functions that receive errors which would otherwise go unseen. */
import { func, type Rule } from "./rules.js";

/** Receives an error. It never throws. */
export type Tell = (error: unknown) => void;

/** Calls the option `onError`, if there is one. What that throws or rejects with is dropped. */
export function teller(onError: ((error: unknown) => unknown) | undefined): Tell {
  return (error) => void (async () => onError?.(error))().catch(() => {});
}

/** A row of a table of options. */
export const listener: Rule<(error: unknown) => void> = /* @__PURE__ */ func("a function of an error");
