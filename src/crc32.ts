/** The checksum that finds bytes which are cut or damaged. It does not defend against an attacker. */
let table: Uint32Array | undefined;

/** The checksum of ISO 3309 and PNG, an integer in [0, 2³²). */
export function crc32(bytes: Uint8Array, previous = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
    return rest;
  });
  let crc = ~previous;
  // not by an iterator, which costs much before the loop is compiled
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
