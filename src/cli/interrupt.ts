/**
 * Ctrl-C, SIGTERM and SIGHUP: the first ends a command early with the results so far, the second at once. The
 * system ends a command that keeps no results; if it has something to clean up, this file does.
 */
import { EXIT } from "./exit.js";
import type { Bar } from "./progress.js";
import { note, outlastReaders } from "./streams.js";

export interface Interrupt {
  /** Whether to stop. */
  readonly signal: { readonly aborted: boolean };
  /** The exit code of the first signal; undefined without a signal. */
  readonly exitCode: number | undefined;
  /** Restores the default handling of the signals. */
  release(): void;
}

/** The exit code of each handled signal. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;
const NAMES = Object.keys(CODES) as (keyof typeof CODES)[];

/** What to clean up when the process ends: half-written files, claims, programs. */
const clears = new Set<() => void>();
let isWatched = false;
/** Whether a command handles the signals itself. */
let isTaken = false;

const clearAll = (): void => {
  for (const clear of clears) clear();
};

const endNow = (name: NodeJS.Signals): void => {
  if (!isTaken) process.exit(CODES[name as keyof typeof CODES]);
};

/**
 * Cleans up when the process ends, also by a signal. Meanwhile signals are handled only when the command
 * pauses, so it must neither block on input nor compute for long.
 *
 * @param clear - must not throw
 * @returns a function that cancels it
 */
export function atEnd(clear: () => void): () => void {
  if (!isWatched) {
    isWatched = true;
    process.on("exit", clearAll);
    for (const name of NAMES) process.on(name, endNow);
  }
  clears.add(clear);
  return () => {
    // after a pause, so that a signal that has already arrived still ends the process
    if (clears.delete(clear)) setImmediate(unwatch);
  };
}

function unwatch(): void {
  if (clears.size > 0) return;
  isWatched = false;
  process.off("exit", clearAll);
  for (const name of NAMES) process.off(name, endNow);
}

/**
 * Serves until a signal arrives, which closes the server; a second signal ends the process at once.
 *
 * @param begin - announces the server; from then on a signal closes it
 */
export async function untilStopped(begin: () => void, close: () => Promise<void>): Promise<void> {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const interrupt = takeInterrupts("the running requests", { stop() {} }, () => stop());
  try {
    begin();
    await stopped;
    await close();
  } finally {
    interrupt.release();
  }
}

/**
 * Handles the signals that ask a process to end. The first sets the signal and removes the bar.
 *
 * @param running - what the command waits for, as in `the running trials`
 * @param keep - stops the work and saves the results so far, in case the process is killed; called at the
 * first signal
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
    // the terminal is gone: writing to it fails, which must not stop the results from being saved
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
      // a failure is retried at the end, and reported there
    }
  };
  isTaken = true;
  for (const name of NAMES) process.on(name, listener);
  return {
    signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      isTaken = false;
      for (const name of NAMES) process.off(name, listener);
    },
  };
}
