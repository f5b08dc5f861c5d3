/** Ctrl-C: once to end early with what there is, twice to end at once. */
import { EXIT } from "./exit.js";

export interface Interrupt {
  /** For `tune`: whether to stop. */
  readonly signal: { readonly aborted: boolean };
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/** Takes over Ctrl-C. `onFirst` is called at the first, `onSecond` at the second, before the process ends. */
export function takeInterrupts(onFirst: () => void, onSecond: () => void): Interrupt {
  const signal = { aborted: false };
  const listener = () => {
    if (signal.aborted) {
      onSecond();
      process.exit(EXIT.interrupted);
    }
    signal.aborted = true;
    onFirst();
  };
  process.on("SIGINT", listener);
  return { signal, release: () => process.off("SIGINT", listener) };
}
