/**
 * Files of records as TensorFlow writes them: each record has its length, a checksum of that, its bytes, and
 * a checksum of those.
 */
import { crc32c } from "./crc32c.js";

/** The bytes around a record: eight for its length, and four for each checksum. */
const FRAME = 16;

/**
 * The bytes of a file.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function recordFile(records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(records.reduce((sum, { length }) => sum + FRAME + length, 0));
  const view = new DataView(file.buffer);
  let at = 0;
  for (const record of records) {
    view.setBigUint64(at, BigInt(record.length), true);
    view.setUint32(at + 8, masked(crc32c(file.subarray(at, at + 8))), true);
    file.set(record, at + 12);
    view.setUint32(at + 12 + record.length, masked(crc32c(record)), true);
    at += FRAME + record.length;
  }
  return file;
}

/** A masked checksum, so that the checksum of bytes that contain checksums still finds errors. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
