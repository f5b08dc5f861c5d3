/**
 * Explains why the system refused to read or write a file, and what to do. Only this file knows the system's
 * error codes.
 */
import { FettleError, show } from "../errors.js";

/** A reason, a separate one for writing if that differs, and the remedy if it is not obvious. */
interface Reason {
  readonly is: string;
  readonly written?: string;
  readonly remedy?: string;
}

const SPACE = "free some space, or choose another place";
const IN_USE: Reason = { is: "another program uses it", remedy: "close that, or choose another place" };
const DENIED: Reason = { is: "permission is denied" };
const NO_DEVICE: Reason = { is: "the device does not exist" };

const REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: { is: "there is no such file", written: "nothing can be created there" },
  ENOTDIR: { is: "part of its path is a file, not a folder", written: "a file is in the way" },
  EEXIST: { is: "a file is in the way" },
  EISDIR: { is: "it is a directory" },
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: { is: "the file system is read-only", remedy: "choose another place" },
  ENOSPC: { is: "the disk is full", remedy: SPACE },
  EDQUOT: { is: "the disk quota is used up", remedy: SPACE },
  EFBIG: {
    is: "the file is larger than allowed",
    remedy: "raise the limit with ulimit -f, or choose another place",
  },
  EMFILE: { is: "this process has too many open files", remedy: "raise the limit with ulimit -n" },
  ENFILE: { is: "this machine has too many open files", remedy: "close some programs" },
  ENAMETOOLONG: { is: "the name is too long", remedy: "choose a shorter one" },
  EILSEQ: { is: "the file system does not allow such a name", remedy: "choose another one" },
  ELOOP: { is: "its symbolic links form a cycle" },
  EBUSY: IN_USE,
  ETXTBSY: IN_USE,
  EIO: { is: "the device failed", remedy: "check the disk or the connection" },
  ENXIO: NO_DEVICE,
  ENODEV: NO_DEVICE,
  ESTALE: { is: "the network folder was lost", remedy: "mount it again" },
  ETIMEDOUT: { is: "the network folder does not answer", remedy: "check the connection" },
  ENOMEM: { is: "the system has run out of memory", remedy: "close some programs" },
  EPIPE: { is: "its reader has closed it" },
};

/** A file could not be written while the command ran. */
export class WriteError extends FettleError {
  constructor(path: string, cause: unknown) {
    super("not_found", `cannot write ${show(path)}: ${reasonOf(cause, "write")}`, { cause });
  }
}

/** Why a file could not be read or written, and what to do. */
export function reasonOf(error: unknown, use: "read" | "write" = "read"): string {
  const remedy = reasonIn(error)?.remedy;
  return remedy === undefined ? bareReasonOf(error, use) : `${bareReasonOf(error, use)}; ${remedy}`;
}

/** Why it could not be. */
export function bareReasonOf(error: unknown, use: "read" | "write"): string {
  const reason = reasonIn(error);
  if (!reason) return (error as Error).message;
  return use === "write" ? (reason.written ?? reason.is) : reason.is;
}

function reasonIn(error: unknown): Reason | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}
