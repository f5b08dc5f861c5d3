/**
 * A reader of protocol buffers: only the wire format, of bytes that are not trusted. It reads fields one at a
 * time, descends into no message by itself, and copies no bytes; the caller knows the numbers of the fields.
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */
import { FettleError } from "../../errors.js";

/** A field of a message: its number, and an integer or the bytes of any other value. */
export type Field = readonly [number: number, value: number | Uint8Array];

/** @throws FettleError `invalid_checkpoint` for bytes that are not a message */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (number < 1) throw damaged();
    if (type === 0) yield [number, reader.varint()];
    else if (type === 1) yield [number, reader.take(8)];
    else if (type === 2) yield [number, reader.take(reader.varint())];
    else if (type === 5) yield [number, reader.take(4)];
    else throw damaged();
  }
}

/** The integers of a packed field. */
export function integersOf(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes);
  const values: number[] = [];
  while (!reader.isAtEnd) values.push(reader.varint());
  return values;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (length < 0 || end > this.bytes.length) throw damaged();
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** An int64, rounded where it is no safe integer. */
  varint(): number {
    let bits = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte] = this.take(1);
      bits |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, bits));
    }
    throw damaged();
  }
}

const damaged = (): FettleError =>
  new FettleError("invalid_checkpoint", "this is not a protocol buffer: it is truncated or damaged");
