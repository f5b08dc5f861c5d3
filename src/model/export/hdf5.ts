/**
 * Arrays of an HDF5 file by their paths, as h5py writes them by default: old groups, and arrays in one piece.
 * It reads neither attributes nor compressed arrays. The file is not trusted: every place is within it, and
 * no group is read twice.
 *
 * Source: HDF5 File Format Specification 3.0, sections II.A (superblock 0), III.A (B-trees), III.B and III.D
 * (groups and heaps), IV.A.1.a and IV.A.2 (headers of objects and their messages).
 */
import { check, show } from "../../errors.js";
import type { Tensor } from "../../predict/safetensors.js";

/** An array that is not read yet. */
export interface StoredArray {
  readonly shape: readonly number[];
  /** @throws FettleError `unsupported` for other numbers than float32, and arrays in several pieces */
  read(): Tensor;
}

const SIGNATURE = "\x89HDF\r\n\x1a\n";
/** The most places that are read, levels of groups and nodes, and bytes of a name. */
const [MOST, DEEPEST, LONGEST] = [1_000_000, 100, 1000];
/** Kinds of messages. */
const [SPACE, TYPE, LAYOUT, CONTINUED, GROUP] = [0x01, 0x03, 0x08, 0x10, 0x11];
const [FLOAT, CONTIGUOUS] = [1, 1];
const UNDEFINED = 2n ** 64n - 1n;

/**
 * @returns arrays by paths such as `layers/dense/vars/0`
 * @throws FettleError `invalid_checkpoint` for anything but an intact file; `unsupported` for newer forms
 */
export function arraysIn(bytes: Uint8Array): Map<string, StoredArray> {
  return new Reader(bytes).arrays();
}

interface Message {
  readonly type: number;
  readonly at: number;
}

class Reader {
  private readonly view: DataView;
  /** Places of objects and nodes that were read. */
  private readonly seen = new Set<number>();
  /** How many objects, nodes and messages were read. */
  private read = 0;
  private readonly found = new Map<string, StoredArray>();

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  arrays(): Map<string, StoredArray> {
    mustBeIntact(this.text(0, SIGNATURE.length) === SIGNATURE, "it has no signature of HDF5");
    const versions = [8, 13, 14].map((at) => this.byte(at));
    check(
      String(versions) === "0,8,8",
      () =>
        `the weights must be HDF5 as h5py writes it by default, with superblock 0 and sizes of 8; received ${show(versions)}`,
      "unsupported",
    );
    this.object("", this.place(64));
    return this.found;
  }

  /** A group with all that is in it, or an array. */
  private object(path: string, at: number, depth = 0): void {
    const messages = this.messages(at);
    const group = messages.find(({ type }) => type === GROUP);
    if (group) {
      const [tree, heap] = [this.place(group.at), this.place(group.at + 8)];
      this.mustBe("HEAP", heap);
      this.tree(path, tree, this.place(heap + 24), depth + 1);
      return;
    }
    const [space, type, layout] = [SPACE, TYPE, LAYOUT].map((kind) =>
      messages.find((message) => message.type === kind),
    );
    if (space && type && layout) this.found.set(path, this.array(path, space.at, type.at, layout.at));
  }

  /** The messages of the header of an object. */
  private messages(at: number): Message[] {
    this.mustBeNew(at);
    mustBeIntact(this.byte(at) === 1, `its header at ${at} must have version 1`);
    const messages: Message[] = [];
    const blocks = [{ from: at + 16, to: at + 16 + this.uint32(at + 8) }];
    for (const { from, to } of blocks)
      for (let next = from; next + 8 <= to; next += 8 + this.uint16(next + 2)) {
        const message = { type: this.uint16(next), at: next + 8 };
        mustBeIntact(++this.read < MOST, "it has too many parts");
        messages.push(message);
        if (message.type !== CONTINUED) continue;
        const more = this.place(message.at);
        this.mustBeNew(more);
        blocks.push({ from: more, to: more + this.place(message.at + 8) });
      }
    return messages;
  }

  /** The entries of a group. @param names - the place of its names */
  private tree(path: string, at: number, names: number, depth: number): void {
    this.mustBeNew(at);
    mustBeIntact(depth < DEEPEST, `its groups are nested more than ${DEEPEST} deep`);
    if (this.text(at, 4) === "SNOD") {
      for (let i = 0; i < this.uint16(at + 6); i++) {
        const entry = at + 8 + 40 * i;
        const name = this.textTo0(names + this.place(entry));
        this.object(path === "" ? name : `${path}/${name}`, this.place(entry + 8), depth);
      }
      return;
    }
    this.mustBe("TREE", at);
    for (let i = 0; i < this.uint16(at + 6); i++)
      this.tree(path, this.place(at + 32 + 16 * i), names, depth + 1);
  }

  private array(path: string, space: number, type: number, layout: number): StoredArray {
    const [version, rank] = [this.byte(space), this.byte(space + 1)];
    const shape = Array.from({ length: rank }, (_, i) => this.place(space + (version === 1 ? 8 : 4) + 8 * i));
    return {
      shape,
      read: () => {
        const kind = [this.byte(type) & 15, this.byte(type + 1) & 1, this.uint32(type + 4)];
        check(
          String(kind) === `${FLOAT},0,4`,
          () => `array ${show(path)} of the weights must be of float32; save the model with that dtype`,
          "unsupported",
        );
        check(
          this.byte(layout) === 3 && this.byte(layout + 1) === CONTIGUOUS,
          () => `array ${show(path)} of the weights must be in one piece, as Keras writes it`,
          "unsupported",
        );
        const size = shape.reduce((product, length) => product * length, 4);
        const isEmpty = size === 0 || this.view.getBigUint64(layout + 2, true) === UNDEFINED;
        const from = isEmpty ? 0 : this.place(layout + 2);
        mustBeIntact(
          isEmpty ? size === 0 : from + size <= this.bytes.length,
          `array ${show(path)} ends after its weights`,
        );
        return {
          shape,
          data: new Float32Array(new Uint8Array(this.bytes.subarray(from, from + size)).buffer),
        };
      },
    };
  }

  private byte(at: number): number {
    this.mustHave(at, 1);
    return this.bytes[at];
  }

  private uint16(at: number): number {
    this.mustHave(at, 2);
    return this.view.getUint16(at, true);
  }

  private uint32(at: number): number {
    this.mustHave(at, 4);
    return this.view.getUint32(at, true);
  }

  /** A place or a length, which must be within the file. */
  private place(at: number): number {
    this.mustHave(at, 8);
    const value = this.view.getBigUint64(at, true);
    mustBeIntact(value <= this.bytes.length, `its place ${value} is after its end, ${this.bytes.length}`);
    return Number(value);
  }

  private text(at: number, length: number): string {
    this.mustHave(at, length);
    return String.fromCharCode(...this.bytes.subarray(at, at + length));
  }

  private textTo0(at: number): string {
    this.mustHave(at, 1);
    const text = this.bytes.subarray(at, at + LONGEST);
    const end = text.indexOf(0);
    mustBeIntact(end >= 0, `its name at ${at} has no end within ${LONGEST} bytes`);
    return new TextDecoder().decode(text.subarray(0, end));
  }

  private mustBe(signature: string, at: number): void {
    mustBeIntact(this.text(at, signature.length) === signature, `there must be a ${signature} at ${at}`);
  }

  private mustBeNew(at: number): void {
    mustBeIntact(++this.read < MOST, "it has too many parts");
    mustBeIntact(!this.seen.has(at), `its object at ${at} is in it twice`);
    this.seen.add(at);
  }

  private mustHave(at: number, length: number): void {
    mustBeIntact(at + length <= this.bytes.length, `it is truncated at ${this.bytes.length} bytes`);
  }
}

function mustBeIntact(condition: unknown, reason: string): asserts condition {
  check(condition, () => `the weights of the model are damaged: ${reason}`, "invalid_checkpoint");
}
