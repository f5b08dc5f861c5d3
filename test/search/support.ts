/** What the tests of this folder share: catching errors. */

/** The error that `run` throws. */
export function caught(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
