/** Standard output and error: who reads them, how wide they are, and what happens when a reader leaves. */
import pc from "picocolors";
import type { Paint } from "../report/study.js";
import { EXIT } from "./exit.js";

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;
const DEFAULT_WIDTH = 80;

type Stream = NodeJS.WriteStream;

/** Characters that a line of output may have. */
export function widthOf(stream: Stream): number {
  return Math.min(WIDEST, (stream.isTTY && stream.columns) || DEFAULT_WIDTH);
}

/** Colours on a terminal that wants them (see no-color.org), none elsewhere. */
export function coloursFor(stream: Stream): ReturnType<typeof pc.createColors> {
  return pc.createColors(stream.isTTY === true && pc.isColorSupported);
}

export function paintFor(stream: Stream): Paint {
  const { bold, dim } = coloursFor(stream);
  return { heading: bold, faint: dim };
}

/**
 * Ends the process once its output cannot be written: quietly if nobody reads it any more, as in
 * `fettle tune ... | head`, with a message otherwise, as on a full disk. A closed standard error is ignored.
 */
export function endWithReaders(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    note(`error: cannot write the results: ${error.message}`);
    process.exit(EXIT.failure);
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** A remark that is no result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
