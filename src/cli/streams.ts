/** Standard output and error: width, colours, and what happens when they can no longer be written. */
import { writeSync } from "node:fs";
import pc from "picocolors";
import type { Paint } from "../report/study.js";
import type { TerminalOptions } from "../report/terminal/chart.js";
import { EXIT } from "./exit.js";
import { bareReasonOf } from "./fileErrors.js";
import { pause } from "./files.js";

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;
const NARROWEST = 20;
const DEFAULT_WIDTH = 80;

type Stream = NodeJS.WriteStream;

/** The width of an output line in characters: of the terminal, or from the variable COLUMNS without one. */
export function widthOf(stream: Stream): number {
  const width = stream.isTTY ? stream.columns : Number(process.env.COLUMNS);
  return Math.min(WIDEST, width > 0 ? Math.max(NARROWEST, Math.floor(width)) : DEFAULT_WIDTH);
}

/**
 * Whether a terminal supports only ASCII, according to its variables: the Linux console, a dumb terminal, and
 * locales in another encoding. Without these variables, Unicode is assumed, except in an old terminal of
 * Windows.
 */
export function isAscii(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (env.TERM === "linux" || env.TERM === "dumb") return true;
  const language = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (language) return !/utf-?8/i.test(language);
  return platform === "win32" && !env.WT_SESSION && !env.TERM_PROGRAM;
}

/** How pictures are drawn on a stream. */
export const drawingFor = (stream: Stream): TerminalOptions => ({
  width: widthOf(stream),
  ascii: isAscii(process.env, process.platform),
});

/** Colours, on a terminal that supports them (see no-color.org). */
export function coloursFor(stream: Stream): ReturnType<typeof pc.createColors> {
  return pc.createColors(stream.isTTY === true && pc.isColorSupported);
}

export function paintFor(stream: Stream): Paint {
  const { bold, dim } = coloursFor(stream);
  return { heading: bold, faint: dim };
}

/** Whether the command continues although nothing reads its output. */
let outlasts = false;

/**
 * From now on, output that cannot be written is dropped: the terminal has closed, but results must still be
 * saved.
 */
export function outlastReaders(): void {
  outlasts = true;
}

/**
 * Ends the process once its output cannot be written: silently if its reader has closed, as in
 * `fettle tune ... | head`, with a message otherwise, as on a full disk. A failure of standard error is
 * ignored, since there is nowhere to report it.
 */
export function endWithReaders(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (outlasts) return;
    end(error);
  });
  process.stderr.on("error", () => {});
}

/** Ends the process, since its output cannot be written. */
function end(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE" || error.code === "EOF") process.exit(); // the latter on Windows
  note(`error: cannot write the results: ${bareReasonOf(error, "write")}`);
  process.exit(EXIT.failure);
}

/**
 * Writes to standard output at once, for a command that computes without a pause, which `process.stdout`
 * would notify too late. If it cannot be written, the process ends as in {@link endWithReaders}.
 */
export function writeOut(text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(process.stdout.fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") end(error as NodeJS.ErrnoException);
      pause();
    }
  }
}

export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** A note that is not part of the results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
