/** Work on a database that is retried after temporary failures. */

/** Milliseconds before a retry, at first and at most. */
const PAUSES = [10, 1000] as const;

/**
 * The result of `work`, which is retried while `isCurable` accepts its error, after pauses that double.
 *
 * @param timeout - milliseconds of all pauses together
 * @throws the error of the last attempt
 */
export async function repeated<T>(
  work: () => Promise<T>,
  isCurable: (error: unknown) => boolean,
  timeout: number,
): Promise<T> {
  const [first, longest] = PAUSES;
  let pause: number = first;
  for (let waited = 0; ; waited += pause, pause = Math.min(2 * pause, longest)) {
    try {
      return await work();
    } catch (error) {
      if (waited + pause > timeout || !isCurable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
