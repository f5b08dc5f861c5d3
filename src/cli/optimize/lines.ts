/** The lines of a stream, and the end of one, in bounded memory, however much a program writes. */
import { StringDecoder } from "node:string_decoder";

/** Characters of a line that may say something of a trial; longer ones are taken for data of the program's own. */
const LONGEST_LINE = 2 ** 16;
const [NEWLINE, RETURN] = [10, 13];
/** Characters of the end that is kept. */
const TAIL = 4096;

/** Cuts what is written into lines. Those that are too long are left out. */
export class Lines {
  private readonly decoder = new StringDecoder("utf8");
  private rest = "";
  /** Whether the line that has begun is too long already. */
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

  /** The last line, where nothing ends it. */
  end(): string {
    return this.isLong ? "" : this.rest + this.decoder.end();
  }
}

/** The end of what is written. */
export class Tail {
  private bytes = Buffer.alloc(0);

  add(piece: Uint8Array): void {
    const end = piece.subarray(Math.max(0, piece.length - TAIL));
    this.bytes = Buffer.concat([
      this.bytes.subarray(Math.max(0, this.bytes.length + end.length - TAIL)),
      end,
    ]);
  }

  /** Its last lines, without blanks around them. */
  lines(count: number): string {
    // the first character may be cut
    const text = this.bytes.toString("utf8").replace(/^\uFFFD+/, "");
    return text.trimEnd().split("\n").slice(-count).join("\n").trim();
  }
}
