/** The checksum of records that TensorFlow writes: CRC-32C, by Castagnoli's polynomial. */
import { checksumsOf } from "../../crc32.js";

let table: Int32Array | undefined;

/**
 * An integer in [0, 2³²).
 *
 * @see RFC 3720, appendix B.4, for examples
 */
export function crc32c(bytes: Uint8Array): number {
  table ??= checksumsOf(0x82f63b78);
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
