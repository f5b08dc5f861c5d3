/** Options such as `onError`: functions that are told of errors that nobody else sees. */
import { must } from "./errors.js";

/** Is told of an error. It never throws. */
export type Tell = (error: unknown) => void;

/** Tells an option `onError`, if there is one. Nobody is left to tell of what that throws or rejects with. */
export function teller(onError: ((error: unknown) => unknown) | undefined): Tell {
  return (error) => void (async () => onError?.(error))().catch(() => {});
}

/** Refuses what cannot be told of errors. */
export function mustBeListener(onError: unknown): void {
  must(onError === undefined || typeof onError === "function", "onError", "a function of an error", onError);
}
