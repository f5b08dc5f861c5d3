/**
 * A writer of protocol buffers: only the wire format. It reads nothing and checks no schema; the caller
 * provides the numbers of the fields.
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */

/**
 * The encodings of a field's value: as one integer, as eight bytes, as bytes after their length, or as
 * four bytes.
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const encoder = new TextEncoder();

/** A message. Its fields are in the order in which they are added. */
export class Message {
  /** The bytes so far, copied only once, however deeply messages are nested. */
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  /** @param value - a safe integer, as all integers here; an int64 if it is negative */
  integer(field: number, value: number): this {
    return this.append(Uint8Array.from([...tag(field, VARINT), ...varint(value)]));
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.begin(field, value.length).append(value);
  }

  message(field: number, { parts, size }: Message): this {
    this.begin(field, size);
    for (const part of parts) this.append(part);
    return this;
  }

  float(field: number, value: number): this {
    return this.append(Uint8Array.from(tag(field, FIXED32))).append(littleEndian(Float32Array.of(value)));
  }

  double(field: number, value: number): this {
    return this.append(Uint8Array.from(tag(field, FIXED64))).append(littleEndian(Float64Array.of(value)));
  }

  /** A packed repeated field. */
  integers(field: number, values: readonly number[]): this {
    return this.bytes(field, Uint8Array.from(values.flatMap(varint)));
  }

  /** A packed repeated field of `float`, or of `double` for a `Float64Array`. */
  numbers(field: number, values: Float32Array | Float64Array): this {
    return this.bytes(field, littleEndian(values));
  }

  encoded(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private begin(field: number, length: number): this {
    return this.append(Uint8Array.from([...tag(field, LENGTH_DELIMITED), ...varint(length)]));
  }

  private append(part: Uint8Array): this {
    this.parts.push(part);
    this.size += part.length;
    return this;
  }
}

const tag = (field: number, wireType: number): number[] => varint(8 * field + wireType);

/** The bytes of numbers, little-endian on every host. */
function littleEndian(values: Float32Array | Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.byteLength));
  const width = values.BYTES_PER_ELEMENT;
  const set = (width === 4 ? view.setFloat32 : view.setFloat64).bind(view);
  for (let i = 0; i < values.length; i++) set(width * i, values[i], true);
  return new Uint8Array(view.buffer);
}

/**
 * Seven bits per byte, the lowest first; all but the last byte have the eighth bit set. A negative number is
 * its two's complement of 64 bits.
 */
function varint(value: number): number[] {
  if (value < 0) {
    const bits = BigInt.asUintN(64, BigInt(value));
    return Array.from({ length: 10 }, (_, i) => Number((bits >> BigInt(7 * i)) & 127n) + (i < 9 ? 128 : 0));
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
