/** Options such as `onError`: functions that receive errors which would otherwise go unseen. */
import { must } from "./errors.js";

/** Receives an error. It never throws. */
export type Tell = (error: unknown) => void;

/** Calls the option `onError`, if there is one. What that throws or rejects with is dropped. */
export function teller(onError: ((error: unknown) => unknown) | undefined): Tell {
  return (error) => void (async () => onError?.(error))().catch(() => {});
}

/** Refuses anything but a function. */
export function mustBeListener(onError: unknown): void {
  must(onError === undefined || typeof onError === "function", "onError", "a function of an error", onError);
}
