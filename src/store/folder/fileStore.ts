/**
 * A store in a folder, for Node, Deno and Bun. Each key has a folder, and each write is a file in it, named
 * by its number; the file with the highest number is the current entry. A file gets its name once it is
 * complete and on the disk, by a hard link, which fails if the name exists: so if two processes write the
 * same number, one is refused, and no lock can be left behind. The write before the last is kept, in case a
 * file is damaged from outside.
 */
import { FettleError, must, show } from "../../errors.js";
import { flag, type OptionRules, readOptions } from "../../rules.js";
import { artifactDiffers, type VersionedBytes } from "../storage.js";
import {
  addFile,
  type FileError,
  isMissing,
  makeFolder,
  namesIn,
  readWhole,
  removeFile,
  removeFolder,
  syncFolder,
} from "./files.js";
import { sealed, unsealed } from "./seal.js";

/** Options of a storage in a folder. */
export interface FolderStorageOptions {
  /**
   * Whether a write waits until file and folder are on the disk, so that it survives a power loss. Otherwise
   * it survives only a kill of the process. Default true.
   */
  readonly sync?: boolean;
}

const RULES = { sync: [flag, true] } satisfies OptionRules<FolderStorageOptions>;

/** A store in a folder, with versions. */
export interface FileStore {
  /** The newest intact write. @throws FettleError `damaged_record` if none is intact, `store_failed` */
  get(key: string): Promise<VersionedBytes | undefined>;
  /**
   * Replaces a version, and returns the new one.
   *
   * @throws FettleError `conflict` if the key has another, `store_failed`
   */
  put(key: string, bytes: Uint8Array, version?: string): Promise<string>;
  /** Removes a key with all its files. @throws FettleError `store_failed` */
  delete(key: string): Promise<void>;
  /** The keys in the folder. @throws FettleError `store_failed` */
  keys(): Promise<string[]>;
}

/** The retries of a read if the file that it found was replaced. */
const ATTEMPTS = 100;
/** The name of a written file: its number with leading zeros, so that names sort like numbers. */
const DIGITS = 16;
const NUMBERED = /^\d{16}$/;
/**
 * The first number is random and below this: a key that was deleted and put again does not get its old
 * numbers.
 */
const FIRST = 2 ** 40;
/** The file with the first number, until the second write after it. */
const FIRST_NUMBER = "first";

/** @throws FettleError `invalid_argument`, `unknown_name` */
export function fileStore(folder: string, options: FolderStorageOptions = {}): FileStore {
  must(typeof folder === "string" && folder !== "", "folder", "the path of a folder", folder);
  const { sync } = readOptions(options, "folderStorage", RULES);
  const folderOf = (key: string): string => `${folder}/${nameOf(key)}`;
  const failed = (verb: string, key: string, cause: unknown): FettleError =>
    cause instanceof FettleError
      ? cause
      : new FettleError(
          "store_failed",
          // a study's keys begin with its name and a dot
          `the storage cannot ${verb} ${show(key.split(".", 1)[0])}: ${withoutPath(cause as Error)}. ${adviceFor(cause as FileError)}`,
          { cause },
        );

  return {
    async get(key) {
      const place = folderOf(key);
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          const numbers = numbersIn(await namesIn(place));
          if (numbers.length === 0) return undefined;
          const entry = await newestIn(place, numbers);
          if (entry) return entry;
        }
        throw new FettleError(
          "store_failed",
          `the storage cannot read ${show(key)}: it is replaced all the time`,
        );
      } catch (cause) {
        throw failed("read", key, cause);
      }
    },

    async put(key, bytes, version) {
      const place = folderOf(key);
      try {
        if (version === undefined) await makeFolder(place, sync);
        const names = await namesIn(place);
        const before = numbersIn(names);
        // a damaged file is not the entry of its key, but its number is used
        const head = version === undefined ? before.at(-1) : (await newestIn(place, before))?.version;
        if (head !== version) throw artifactDiffers(key);
        const next = version === undefined ? await firstIn(place, sync) : numberAfter(before.at(-1));
        if (!next || !(await addFile(place, next, sealed(bytes), sync))) throw artifactDiffers(key);
        const after = numbersIn(await namesIn(place));
        // another process continued from the same version, or deleted it, between our two reads
        const isNext =
          version === undefined
            ? (await firstOf(place)) === next
            : after.at(-1) === next && after.includes(version);
        if (!isNext) {
          await removeFile(place, next);
          throw artifactDiffers(key);
        }
        if (sync) await syncFolder(place);
        // the first number is removed after the file that names it; see `firstIn`
        const old = version === undefined || before.length < 2 ? names.filter(isTemporary) : names;
        for (const name of [...old].sort().reverse())
          if (name !== version) await removeFile(place, name).catch(() => {});
        return next;
      } catch (cause) {
        if (version === undefined) await removeFolder(place).catch(() => {}); // if it is empty
        throw isMissing(cause) ? artifactDiffers(key) : failed("write", key, cause);
      }
    },

    async delete(key) {
      const place = folderOf(key);
      try {
        // the newest last, so that a kill meanwhile leaves it; repeated for files written meanwhile
        for (let names = await namesIn(place); names.length > 0; names = await namesIn(place))
          for (const name of [...names].sort()) await removeFile(place, name);
        await removeFolder(place);
        if (sync) await syncFolder(folder).catch(() => {});
      } catch (cause) {
        if (!isMissing(cause)) throw failed("delete", key, cause);
      }
    },

    async keys() {
      try {
        const found = (await namesIn(folder)).map(async (name) => {
          const key = keyOf(name);
          // one whose first write was interrupted has no number
          return key !== undefined && numbersIn(await namesIn(`${folder}/${name}`)).length > 0 ? [key] : [];
        });
        return (await Promise.all(found)).flat();
      } catch (cause) {
        throw failed("list", folder, cause);
      }
    },
  };
}

const numbersIn = (names: readonly string[]): string[] => names.filter((name) => NUMBERED.test(name)).sort();

const isTemporary = (name: string): boolean => name.endsWith(".tmp");

const written = (number: number): string => String(number).padStart(DIGITS, "0");
const numberAfter = (number: string | undefined): string => written(Number(number) + 1);

/**
 * The first number of a key, the same for all processes that write it first: a file has it, and the process
 * that creates the numbered file is first. The numbered file is removed after the file with the number, so a
 * late process finds that it is not first.
 *
 * @returns undefined if another process is deleting the key
 */
async function firstIn(place: string, sync: boolean): Promise<string | undefined> {
  const random = (crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * FIRST;
  await addFile(place, FIRST_NUMBER, new TextEncoder().encode(written(1 + Math.floor(random))), sync);
  return firstOf(place);
}

async function firstOf(place: string): Promise<string | undefined> {
  const bytes = await readWhole(`${place}/${FIRST_NUMBER}`);
  const number = bytes && new TextDecoder().decode(bytes);
  return number !== undefined && NUMBERED.test(number) ? number : undefined;
}

/**
 * The newest intact file; undefined if the newest was replaced meanwhile.
 *
 * @throws FettleError `damaged_record` if none is intact
 */
async function newestIn(place: string, numbers: readonly string[]): Promise<VersionedBytes | undefined> {
  const damages: string[] = [];
  for (const number of [...numbers].reverse()) {
    const file = await readWhole(`${place}/${number}`);
    if (file === undefined) return undefined;
    const { bytes, damage } = unsealed(file);
    if (bytes) return { bytes, version: number };
    damages.push(`${place}/${number} ${damage}`);
  }
  if (damages.length === 0) return undefined;
  throw new FettleError("damaged_record", `its files are damaged: ${damages.join("; ")}`);
}

/**
 * The system's message, as in "ENOSPC: no space left on device, write '/srv/studies'", without the path:
 * clients see it.
 */
const withoutPath = ({ message }: Error): string => message.split(", ")[0];

function adviceFor({ code }: FileError): string {
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return "Free some space; nothing was lost";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return "Let this process write to the folder, on a file system with hard links";
  if (code === "ENOTDIR" || code === "EEXIST") return "The path must lead to a folder";
  return "Nothing was written";
}

/**
 * The characters allowed in file names on every system; others are written as ~ and the hexadecimal digits of
 * their bytes.
 */
const PLAIN = /^[a-z0-9_-]$/;
/** A prefix of each name, since some systems reserve names such as CON. */
const PREFIX = "study-";
/** File systems allow 255. */
const LONGEST = 240;

/**
 * The name of a key's folder: different for different keys, even if a file system ignores case.
 */
function nameOf(key: string): string {
  const hex = (byte: number): string => `~${byte.toString(16).padStart(2, "0")}`;
  const text = [...key].map((character) =>
    PLAIN.test(character) ? character : [...new TextEncoder().encode(character)].map(hex).join(""),
  );
  const name = PREFIX + text.join("");
  must(key !== "" && name.length <= LONGEST, "key", "a shorter text", key);
  return name;
}

/** The key of a folder's name; undefined for other folders. */
function keyOf(name: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const bytes = name
    .slice(PREFIX.length)
    .match(/~[0-9a-f]{2}|[a-z0-9_-]/g)
    ?.map((part) => (part.length === 1 ? part.charCodeAt(0) : Number.parseInt(part.slice(1), 16)));
  const key = bytes && new TextDecoder().decode(Uint8Array.from(bytes));
  return key && nameOf(key) === name ? key : undefined;
}
