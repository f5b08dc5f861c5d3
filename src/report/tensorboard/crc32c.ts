/** The checksum of records that TensorFlow writes: CRC-32C, by Castagnoli's polynomial. */

let table: Int32Array | undefined;

/**
 * An integer in [0, 2³²).
 *
 * @see RFC 3720, appendix B.4, for examples
 */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f63b78 : 0);
    return rest;
  });
}
