/** Standard output and error: their width and colours, and what happens when they can no longer be written. */
import pc from "picocolors";
import type { Paint } from "../report/study.js";
import { EXIT } from "./exit.js";
import { reasonOf } from "./files.js";

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

/**
 * Ends the process once its output cannot be written: silently if its reader has closed, as in
 * `fettle tune ... | head`, with a message otherwise, as on a full disk. A closed standard error is ignored.
 */
export function endWithReaders(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    note(`error: cannot write the results: ${reasonOf(error)}`);
    process.exit(EXIT.failure);
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** A remark, which is not part of the results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
