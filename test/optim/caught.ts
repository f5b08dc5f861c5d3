/** Not a test itself. */
import type { FettleError } from "../../src/errors.js";

/** The error of something that is refused. */
export function caught(run: () => unknown): FettleError {
  try {
    run();
  } catch (error) {
    return error as FettleError;
  }
  throw new Error("nothing was thrown");
}
