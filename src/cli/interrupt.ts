/**
 * Ctrl-C, SIGTERM and SIGHUP: once to end early with the results so far, twice to end at once. A command that keeps no results is ended by the
 * system; while it has something to clear, it is ended here.
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

/** What is cleared at the end of the process: half-written files, claims, programs. */
const clears = new Set<() => void>();
let isWatched = false;
/** Whether a command has taken over the signals. */
let isTaken = false;

const clearAll = (): void => {
  for (const clear of clears) clear();
};

const endNow = (name: NodeJS.Signals): void => {
  if (!isTaken) process.exit(CODES[name as keyof typeof CODES]);
};

/**
 * Clears what a command has made once the process ends, also where a signal ends it. While there is something to clear, signals are heard when
 * the command pauses: it must not wait for input without a pause, nor compute for long.
 *
 * @param clear - must throw nothing
 * @returns what forgets it
 */
export function atEnd(clear: () => void): () => void {
  if (!isWatched) {
    isWatched = true;
    process.on("exit", clearAll);
    for (const name of NAMES) process.on(name, endNow);
  }
  clears.add(clear);
  return () => {
    // after a pause, so that a signal that has come by now still ends the process
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
 * Serves until a signal comes, the only way in which a server ends, and closes; a second signal ends the process at once.
 *
 * @param begin - says that the server is there; a signal from then on closes it
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
