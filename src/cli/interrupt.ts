/**
 * Ctrl-C, SIGTERM and SIGHUP: once to end early with the results so far, twice to end at once. Commands that have nothing to keep do
 * without, and are ended by the system.
 */
import { EXIT } from "./exit.js";
import type { Bar } from "./progress.js";
import { note, outlastReaders } from "./streams.js";

export interface Interrupt {
  /** Whether to stop. */
  readonly signal: { readonly aborted: boolean };
  /** The exit code of the signal that came first; undefined if none did. */
  readonly exitCode: number | undefined;
  /** Restores the usual meaning of the signals. */
  release(): void;
}

/** The exit code of each signal that is taken over. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;
const NAMES = Object.keys(CODES) as (keyof typeof CODES)[];

/**
 * Ends the process at the first signal, so that what is cleared at its end is cleared: for a command that keeps nothing of half its work, and
 * pauses often enough to be told.
 *
 * @returns what restores the usual meaning of the signals
 */
export function endAtInterrupts(): () => void {
  const listener = (name: NodeJS.Signals): void => process.exit(CODES[name as keyof typeof CODES]);
  for (const name of NAMES) process.on(name, listener);
  return () => {
    for (const name of NAMES) process.off(name, listener);
  };
}

/**
 * Takes over the signals that ask a process to end. The first sets the signal and removes the bar.
 *
 * @param running - what is waited for, as in `the running trials`
 * @param keep - stops the work, and keeps the results so far in case that a second signal or a kill comes; called at the first
 */
export function takeInterrupts(
  running: string,
  bar: Pick<Bar, "stop">,
  keep: () => void = () => {},
): Interrupt {
  const signal = { aborted: false };
  let exitCode: number | undefined;
  const listener = (name: NodeJS.Signals): void => {
    const code = CODES[name as keyof typeof CODES];
    // the terminal is gone: writing to it fails, and must not end what is being kept
    if (name === "SIGHUP") outlastReaders();
    bar.stop();
    if (signal.aborted) process.exit(code);
    signal.aborted = true;
    exitCode = code;
    const again = name === "SIGINT" ? "press Ctrl-C again" : "send a signal again";
    note(`Stopping after ${running}; ${again} to stop at once.`);
    try {
      keep();
    } catch {
      // what failed is tried again at the end, and told there
    }
  };
  for (const name of NAMES) process.on(name, listener);
  return {
    signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      for (const name of NAMES) process.off(name, listener);
    },
  };
}
