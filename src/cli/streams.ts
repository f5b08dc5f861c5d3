/** Standard output and error: their width and colours, and what happens when they can no longer be written. */
import { writeSync } from "node:fs";
import pc from "picocolors";
import type { Paint } from "../report/study.js";
import { EXIT } from "./exit.js";
import { bareReasonOf } from "./fileErrors.js";
import { pause } from "./files.js";

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;
const NARROWEST = 20;
const DEFAULT_WIDTH = 80;

type Stream = NodeJS.WriteStream;

/** The width of a line of output in characters: of the terminal, or without one the variable COLUMNS. */
export function widthOf(stream: Stream): number {
  const width = stream.isTTY ? stream.columns : Number(process.env.COLUMNS);
  return Math.min(WIDEST, width > 0 ? Math.max(NARROWEST, Math.floor(width)) : DEFAULT_WIDTH);
}

/** Colours, on a terminal that supports them (see no-color.org). */
export function coloursFor(stream: Stream): ReturnType<typeof pc.createColors> {
  return pc.createColors(stream.isTTY === true && pc.isColorSupported);
}

export function paintFor(stream: Stream): Paint {
  const { bold, dim } = coloursFor(stream);
  return { heading: bold, faint: dim };
}

/** Whether the command goes on without anyone who reads its output. */
let outlasts = false;

/** From now on, output that cannot be written is dropped: the terminal has closed, and results are still to be kept. */
export function outlastReaders(): void {
  outlasts = true;
}

/**
 * Ends the process once its output cannot be written: silently if its reader has closed, as in
 * `fettle tune ... | head`, with a message otherwise, as on a full disk. A standard error that fails is ignored: nobody could be told.
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
 * Writes to standard output at once, for a command that computes without a pause: what `process.stdout` tells comes too late for it.
 * If it cannot be written, the process ends as in {@link endWithReaders}.
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

/** A remark, which is not part of the results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
