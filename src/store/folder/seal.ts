/** The format of a file of the file store: a head that reveals damage, then the bytes. */
import { crc32 } from "../../crc32.js";

/** Eight ASCII characters; then the length and the checksum of the bytes, little-endian. */
const MAGIC = "fettle/f";
const HEAD = 16;

export function sealed(bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEAD + bytes.length);
  file.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(file.buffer);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, crc32(bytes), true);
  file.set(bytes, HEAD);
  return file;
}

/** The bytes, or the damage. */
export function unsealed(
  file: Uint8Array,
):
  | { readonly bytes: Uint8Array; readonly damage?: never }
  | { readonly bytes?: never; readonly damage: string } {
  if (file.length < HEAD || new TextDecoder().decode(file.subarray(0, 8)) !== MAGIC)
    return { damage: `does not begin with ${MAGIC}` };
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const bytes = file.subarray(HEAD);
  const length = view.getUint32(8, true);
  if (length !== bytes.length) return { damage: `has ${bytes.length} of ${length} bytes` };
  if (view.getUint32(12, true) !== crc32(bytes)) return { damage: "does not match its checksum" };
  return { bytes };
}
