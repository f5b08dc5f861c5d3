/** Ctrl-C: once to end early with the results so far, twice to end at once. */
import { EXIT } from "./exit.js";
import type { Bar } from "./progress.js";
import { note } from "./streams.js";

export interface Interrupt {
  /** Whether to stop. */
  readonly signal: { readonly aborted: boolean };
  /** Restores the usual meaning of Ctrl-C. */
  release(): void;
}

/**
 * Takes over Ctrl-C. The first sets the signal and removes the bar.
 *
 * @param running - what is waited for, as in `the running trials`
 */
export function takeInterrupts(running: string, bar: Pick<Bar, "stop">): Interrupt {
  const signal = { aborted: false };
  const listener = () => {
    bar.stop();
    if (signal.aborted) process.exit(EXIT.interrupted);
    signal.aborted = true;
    note(`Stopping after ${running}; press Ctrl-C again to stop at once.`);
  };
  process.on("SIGINT", listener);
  return { signal, release: () => process.off("SIGINT", listener) };
}
