/** Saved tuners that were changed by someone who mends the checksum. */
import fc from "fast-check";
import { crc32 } from "../../../src/crc32.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { damaged, meaningOf } from "../../damage.js";

const TUNING = { magic: "fettle/t", version: 4, what: "a saved tuning" };

/** Bytes whose length and checksum are those of their contents. */
function sealed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, crc32(bytes.subarray(20)), true);
  return bytes;
}

/** Bytes with others in places, cut off at their end, or with the end of others. */
export function damagedBytes(bytes: Uint8Array, other: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.integer({ min: 20, max: bytes.length - 1 });
  const change = fc.tuple(place, fc.integer({ min: 1, max: 255 }));
  return fc
    .oneof(
      fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
        const copy = bytes.slice();
        for (const [at, flip] of changes) copy[at] ^= flip;
        return copy;
      }),
      place.map((length) => bytes.slice(0, Math.max(24, length))),
      fc
        .tuple(place, fc.integer({ min: 20, max: other.length - 1 }))
        .map(([to, from]) => Uint8Array.from([...bytes.slice(0, Math.max(24, to)), ...other.slice(from)])),
    )
    .map(sealed);
}

/** Well-formed archives that say something else. */
export function damagedValues(bytes: Uint8Array, format = TUNING): fc.Arbitrary<Uint8Array> {
  const sections = unpackArchive(format, bytes);
  const arrays = fc.oneof(fc.float32Array({ maxLength: 4 }), fc.float64Array({ maxLength: 4 }));
  return damaged(sections, arrays).map((values) => packArchive(format, values as Record<string, unknown>));
}

/** What an archive says. */
export const valuesIn = (bytes: Uint8Array, format = TUNING) => meaningOf(unpackArchive(format, bytes));
