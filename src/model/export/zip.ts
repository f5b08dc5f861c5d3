/**
 * The files of a ZIP archive whose files are stored as they are, as Keras writes it. The archive is not
 * trusted.
 *
 * Source: APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3.7 (local headers), 4.3.12 (central directory) and 4.3.16
 * (its end).
 */
import { crc32 } from "../../crc32.js";
import { check, show } from "../../errors.js";

const [END, ENTRY, LOCAL] = [0x06054b50, 0x02014b50, 0x04034b50];
const [END_SIZE, ENTRY_SIZE, LOCAL_SIZE] = [22, 46, 30];
/** The longest comment, behind which the end of the directory may be. */
const COMMENT = 0xffff;

/**
 * @returns the bytes of files by their names; they are views
 * @throws FettleError `invalid_checkpoint` for anything but an intact archive; `unsupported` if a file is
 * compressed
 */
export function filesIn(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isAt = (at: number, signature: number, size: number): boolean =>
    at >= 0 && at + size <= bytes.length && view.getUint32(at, true) === signature;
  let end = bytes.length - END_SIZE;
  const first = Math.max(0, end - COMMENT);
  while (end >= first && !isAt(end, END, END_SIZE)) end--;
  mustBeArchive(end >= first, "it has no directory");
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  let room = bytes.length;
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    mustBeArchive(isAt(at, ENTRY, ENTRY_SIZE), `its directory is damaged at ${at}`);
    const [method, checksum, packed, size] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 16, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 24, true),
    ];
    const [nameSize, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + nameSize));
    check(
      method === 0 && packed === size,
      () => `file ${show(name)} of the archive must be stored without compression, as model.save writes it`,
      "unsupported",
    );
    const local = view.getUint32(at + 42, true);
    mustBeArchive(isAt(local, LOCAL, LOCAL_SIZE), `file ${show(name)} has no header`);
    const from = local + LOCAL_SIZE + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const file = bytes.subarray(from, from + size);
    room -= size;
    // files that overlap could take any time to check
    mustBeArchive(room >= 0, "its files are longer than it is");
    mustBeArchive(file.length === size && crc32(file) === checksum, `file ${show(name)} is damaged`);
    mustBeArchive(!files.has(name), `it has two files ${show(name)}`);
    files.set(name, file);
    at += ENTRY_SIZE + nameSize + extra + comment;
  }
  return files;
}

function mustBeArchive(condition: unknown, reason: string): asserts condition {
  check(condition, () => `this is not a .keras file: ${reason}`, "invalid_checkpoint");
}
