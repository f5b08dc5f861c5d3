/** The growing list of words of a program, and which of them follow the rows of the batch. */
import { type Extent, ROWS, resolve } from "../graph/shape.js";
import type { Plan } from "./plan.js";
import type { View } from "./view.js";

export class Words {
  readonly list: number[] = [];
  readonly patches: { word: number; base: number; scale: number; power: number; float: boolean }[] = [];

  constructor(readonly rows: number) {}

  push(...words: number[]): void {
    this.list.push(...words);
  }

  /** A word of `base + scale × rows^power`. */
  size({ scale, power, base = 0 }: Extent & { base?: number }, float = false): void {
    const dynamic = power > 0 && scale !== 0;
    if (dynamic) this.patches.push({ word: this.list.length, base, scale, power, float });
    const value = base + (dynamic ? resolve({ scale, power }, this.rows) : scale * (power > 0 ? 0 : 1));
    this.list.push(float ? bitsOf(value) : value);
  }

  /** Byte offset of an element of a view. */
  address(plan: Plan, view: View): void {
    const { base, scale, power } = view.offset;
    const start = plan.offsets.get(view.root) as number;
    this.size({ base: start + base * 4, scale: power > 0 ? scale * 4 : 0, power });
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

export function dimension(dim: number): Extent {
  return dim === ROWS ? { scale: 1, power: 1 } : { scale: dim, power: 0 };
}
