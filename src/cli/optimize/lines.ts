/** The lines of a stream, and its last characters, in bounded memory however much a program writes. */
import { StringDecoder } from "node:string_decoder";

/** The most characters of a line that is read as a result; longer lines are ignored. */
const LONGEST_LINE = 2 ** 16;
const [NEWLINE, RETURN] = [10, 13];
/** Characters kept from the end. */
const TAIL = 4096;

/** Splits output into lines, and skips those that are too long. */
export class Lines {
  private readonly decoder = new StringDecoder("utf8");
  private rest = "";
  /** Whether the current line is already too long. */
  private isLong = false;

  /** The lines that end in a piece. */
  *add(piece: Uint8Array): Iterable<string> {
    if (this.isLong && !piece.includes(NEWLINE) && !piece.includes(RETURN)) return;
    const lines = this.decoder
      .write(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
      .split(/\r?\n|\r/);
    for (const [i, part] of lines.entries()) {
      if (!this.isLong) this.rest += part;
      this.isLong ||= this.rest.length > LONGEST_LINE;
      if (this.isLong) this.rest = "";
      if (i === lines.length - 1) return;
      if (!this.isLong) yield this.rest;
      this.rest = "";
      this.isLong = false;
    }
  }

  /** The last line, if no line break ends it. */
  end(): string {
    return this.isLong ? "" : this.rest + this.decoder.end();
  }
}

/** The end of the output. */
export class Tail {
  private bytes = Buffer.alloc(0);

  add(piece: Uint8Array): void {
    const end = piece.subarray(Math.max(0, piece.length - TAIL));
    this.bytes = Buffer.concat([
      this.bytes.subarray(Math.max(0, this.bytes.length + end.length - TAIL)),
      end,
    ]);
  }

  /** Its last lines, trimmed. */
  lines(count: number): string {
    // the first character may be incomplete
    const text = this.bytes.toString("utf8").replace(/^\uFFFD+/, "");
    return text.trimEnd().split("\n").slice(-count).join("\n").trim();
  }
}
