/**
 * A picture of characters: dots of braille, of which a character has two by four, and marks over them. It
 * does not interpret them.
 */

/** The bits of a braille character, by row and column of the dot (Unicode's block "Braille Patterns"). */
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;

export const DOTS_ACROSS = 2;
export const DOTS_DOWN = 4;

export class Canvas {
  private readonly cells: Uint8Array;
  private readonly marks = new Map<number, string>();

  /** @param ascii - whether dots become `-` and `|`, for a terminal without braille */
  constructor(
    readonly columns: number,
    readonly rows: number,
    private readonly ascii: boolean,
  ) {
    this.cells = new Uint8Array(columns * rows);
  }

  /** Sets a dot, counted from the top left. */
  dot(x: number, y: number): void {
    this.cells[this.cellOf(x, y)] |= BITS[y % DOTS_DOWN][x % DOTS_ACROSS];
  }

  /** Puts a character of one column at the dot, unless a mark is there. */
  mark(x: number, y: number, character: string): void {
    const cell = this.cellOf(x, y);
    if (!this.marks.has(cell)) this.marks.set(cell, character);
  }

  /** @param marksFirst - whether marks cover dots, or dots cover marks */
  lines(marksFirst: boolean): string[] {
    const cells = Array.from(this.cells, (bits, i) => {
      const mark = this.marks.get(i);
      if (bits === 0 || (marksFirst && mark !== undefined)) return mark ?? " ";
      return this.ascii ? strokeOf(bits) : String.fromCharCode(BRAILLE + bits);
    });
    return Array.from({ length: this.rows }, (_, row) =>
      cells.slice(row * this.columns, (row + 1) * this.columns).join(""),
    );
  }

  private cellOf(x: number, y: number): number {
    return Math.floor(y / DOTS_DOWN) * this.columns + Math.floor(x / DOTS_ACROSS);
  }
}

/** A line through three or more rows of dots is vertical. */
function strokeOf(bits: number): string {
  const rows = BITS.filter(([left, right]) => (bits & (left | right)) !== 0).length;
  return rows >= 3 ? "|" : "-";
}
