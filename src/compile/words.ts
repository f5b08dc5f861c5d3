/** The growing list of words of a program, and which of them depend on the rows of the batch. */
import { check } from "../errors.js";
import { type Extent, resolve } from "../graph/shape.js";
import { locate, type Places } from "./places.js";
import type { View } from "./view.js";

/** `base + scale × rows^power`, as an integer or as a float32. */
export interface Size extends Extent {
  readonly base?: number;
  readonly float?: boolean;
}

export class Words {
  readonly list: number[] = [];
  readonly patches: { word: number; base: number; scale: number; power: number; float: boolean }[] = [];

  constructor(readonly rows: number) {}

  push(...words: number[]): void {
    this.list.push(...words);
  }

  /** A word of `base + scale × rows^power`. */
  size({ scale, power, base = 0, float = false }: Size): void {
    const dynamic = power > 0 && scale !== 0;
    if (dynamic) this.patches.push({ word: this.list.length, base, scale, power, float });
    const value = base + (dynamic ? resolve({ scale, power }, this.rows) : scale * (power > 0 ? 0 : 1));
    this.list.push(float ? bitsOf(value) : value);
  }

  /** Byte offset of an element of a view. */
  address(places: Places, view: View): void {
    const { address, moves } = locate(places, view);
    for (const loop of moves)
      if (loop.stride) loop.moves.push({ word: this.list.length, stride: loop.stride });
    this.size(address);
  }

  /**
   * The operands of an instruction by position, from 0 and without gaps: views as addresses, the rest as
   * sizes.
   */
  operands(places: Places, operands: Readonly<Record<number, View | Size>>): void {
    // keys that are integers are listed in ascending order
    Object.entries(operands).forEach(([position, operand], i) => {
      check(Number(position) === i, () => `an instruction lacks operand ${i}`, "internal");
      if ("root" in operand) this.address(places, operand);
      else this.size(operand);
    });
  }

  /** One instruction: its opcode, its length, and what `write` appends. */
  instruction(opcode: number, write: () => void): void {
    const start = this.list.length;
    this.list.push(opcode, 0);
    write();
    this.list[start + 1] = this.list.length - start;
  }
}

const buffer = new DataView(new ArrayBuffer(4));

/** The bits of a number as float32. */
export function bitsOf(value: number): number {
  buffer.setFloat32(0, value);
  return buffer.getInt32(0);
}
