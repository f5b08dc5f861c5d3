/** Whether the process that wrote a mark into a file still runs, if the operating system can tell at once. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Identifies a process, so that a later process with the same number is not mistaken for it. */
export interface Mark {
  readonly pid: number;
  readonly host: string;
  /** The scope of its number: a boot of a machine and a container; undefined if unknown. */
  readonly space: string | undefined;
  /** When it started, in ticks since that boot; undefined if unknown. */
  readonly start: string | undefined;
}

/** The mark of this process. */
export function ownMark(): Mark {
  return markOf(process.pid);
}

/** The mark of a process that runs. */
export function markOf(pid: number): Mark {
  return { pid, host: hostname(), space: spaceOfPids(), start: lifeOf(pid)?.start };
}

/**
 * Whether the process of a mark still runs; `unknown` if it ran elsewhere (another machine, another
 * container, before the last boot) or if the system cannot tell, as outside Linux.
 */
export function fateOf({ pid, space, start }: Mark): "running" | "ended" | "unknown" {
  if (space === undefined || start === undefined || space !== spaceOfPids()) return "unknown";
  const life = lifeOf(pid);
  if (life) return life.start === start && !life.ended ? "running" : "ended";
  // processes of other users may be hidden from /proc
  return exists(pid) ? "unknown" : "ended";
}

/** A number identifies a process only within a boot and a PID namespace. */
function spaceOfPids(): string | undefined {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

interface Life {
  readonly start: string;
  /** It ended, and its parent has not asked for its exit code yet. */
  readonly ended: boolean;
}

function lifeOf(pid: number): Life | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // the second field is the name in parentheses, which may hold both spaces and parentheses
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    return { start: fields[19], ended: state === "Z" || state === "X" };
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
