/**
 * Safetensors, the format of arrays that Hugging Face's libraries read: a length, a JSON header, and the
 * numbers end to end. Fettle's files have a checksum in the header. It does not interpret the arrays.
 *
 * @see https://github.com/huggingface/safetensors
 */

import { crc32 } from "../crc32.js";
import { check, isRecord } from "../errors.js";

/** Arrays by name; all float32, like all numbers of a network. */
export type Tensors = Readonly<Record<string, Tensor>>;

export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * The start of the metadata, followed by eight hexadecimal digits: the CRC-32 of the file with zeros in their
 * place.
 */
const MARK = '{"__metadata__":{"crc32":"';
const ZEROS = "00000000";
/** The longest header; its only numbers are those of a pipeline. */
const LONGEST_HEADER = 2 ** 26;

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
const hexadecimal = (crc: number): string => crc.toString(16).padStart(ZEROS.length, "0");

/**
 * @param metadata - text by name
 * @throws FettleError `limit_exceeded` for a header that {@link readSafetensors} would refuse
 */
export function writeSafetensors(
  tensors: Tensors,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors);
  let at = 0;
  const index = names.map((name) => {
    const { shape, data } = tensors[name];
    const data_offsets = [at, at + data.byteLength];
    at += data.byteLength;
    return [name, { dtype: "F32", shape, data_offsets }] as const;
  });
  const fields = [JSON.stringify(metadata), JSON.stringify(Object.fromEntries(index))].map((text) =>
    text.slice(1, -1),
  );
  const [others, places] = fields.map((text) => (text === "" ? "" : `,${text}`));
  const header = encoded(`${MARK}${ZEROS}"${others}}${places}}`);
  const start = 8 + 8 * Math.ceil(header.length / 8);
  check(
    start - 8 <= LONGEST_HEADER,
    () =>
      `a model file must describe its table and network in at most ${LONGEST_HEADER} bytes; received ${start - 8}; ` +
      "leave out columns of many words",
    "limit_exceeded",
  );
  const bytes = new Uint8Array(start + at).fill(0x20, 0, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  for (const [name, { data_offsets }] of index) {
    const { data } = tensors[name];
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + data_offsets[0]);
  }
  bytes.set(encoded(hexadecimal(crc32(bytes))), 8 + MARK.length);
  return bytes;
}

/**
 * The arrays and the metadata of a file. Arrays are copies, so that the bytes need not be kept.
 *
 * @throws FettleError `invalid_checkpoint` for bytes that are truncated, damaged, or not written by {@link
 * writeSafetensors}
 */
export function readSafetensors(bytes: Uint8Array): {
  tensors: Tensors;
  metadata: Readonly<Record<string, unknown>>;
} {
  refuseUnless(
    Object.prototype.toString.call(bytes) === "[object Uint8Array]",
    "it must be a Uint8Array; pass the bytes of the file",
  );
  const place = 8 + MARK.length;
  const beginning = String.fromCharCode(...bytes.subarray(8, place + ZEROS.length));
  refuseUnless(beginning.startsWith(MARK), `its ${bytes.length} bytes do not begin like one`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Number(view.getBigUint64(0, true));
  refuseUnless(
    length <= Math.min(LONGEST_HEADER, bytes.length - 8),
    "it is truncated, or its header is too long",
  );

  let crc = crc32(bytes.subarray(0, place));
  crc = crc32(encoded(ZEROS), crc);
  crc = crc32(bytes.subarray(place + ZEROS.length), crc);
  refuseUnless(
    beginning.endsWith(hexadecimal(crc)),
    "its checksum does not match its contents; it is truncated or damaged",
  );

  const start = 8 + length;
  const text = new TextDecoder().decode(bytes.subarray(8, start));
  const header = parsed(text);
  refuseUnless(isRecord(header) && isRecord(header.__metadata__), "its header is not JSON");
  const { __metadata__: metadata, ...index } = header as Record<string, unknown>;
  let at = 0;
  const tensors = Object.entries(index).map(([name, entry]) => {
    const { dtype, shape, data_offsets } = isRecord(entry) ? entry : {};
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    const size = isShape ? (shape as number[]).reduce((product, length) => product * length, 4) : -1;
    const [from, end] = Array.isArray(data_offsets) ? data_offsets : [];
    refuseUnless(
      dtype === "F32" && from === at && end === at + size && size <= bytes.length - start - at,
      `array "${name}" must be float32, and follow the previous array directly`,
    );
    at = end;
    const data = new Float32Array(new Uint8Array(bytes.subarray(start + from, start + end)).buffer);
    return [name, { shape: shape as number[], data }] as const;
  });
  refuseUnless(start + at === bytes.length, "some of its bytes belong to no array");
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, unknown> };
}

export function refuseUnless(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not a model file of Fettle: ${reason}`, "invalid_checkpoint");
}

/** The value of JSON; undefined for other text. */
export function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
