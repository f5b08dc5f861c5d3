/** The checksum that detects truncated or damaged bytes. It does not defend against an attacker. */

/** For each byte, its checksum when followed by 0, 1, 2 or 3 zeros (Kounavis and Berry, "slicing by 4"). */
let tables: Int32Array | undefined;

/** The checksum of ISO 3309 and PNG, an integer in [0, 2³²). */
export function crc32(bytes: Uint8Array, previous = 0): number {
  tables ??= makeTables();
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let crc = ~previous;
  let at = 0;
  // no iterator: it is slow before the loop is compiled
  for (; at + 4 <= length; at += 4) {
    crc ^= view.getInt32(at, true);
    crc =
      tables[768 + (crc & 255)] ^
      tables[512 + ((crc >>> 8) & 255)] ^
      tables[256 + ((crc >>> 16) & 255)] ^
      tables[crc >>> 24];
  }
  for (; at < length; at++) crc = tables[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** For each byte, its checksum by a polynomial, the highest power in the lowest bit. */
export function checksumsOf(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? polynomial : 0);
    return rest;
  });
}

function makeTables(): Int32Array {
  const tables = new Int32Array(1024);
  tables.set(checksumsOf(0xedb88320));
  for (let i = 256; i < 1024; i++) tables[i] = tables[tables[i - 256] & 255] ^ (tables[i - 256] >>> 8);
  return tables;
}

/** The checksum of arrays, one after the other. */
export function checksumOf(arrays: readonly ArrayBufferView[]): number {
  return arrays.reduce(
    (crc, { buffer, byteOffset, byteLength }) => crc32(new Uint8Array(buffer, byteOffset, byteLength), crc),
    0,
  );
}
