import { FettleError } from "../../src/errors.js";

/** What `run` is refused with, as `code: message`; fails if it is not refused with a FettleError. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FettleError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("expected a FettleError, but nothing was thrown");
}
