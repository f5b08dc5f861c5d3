/**
 * A lock, so that two processes do not write to one place at once. Each process that wants it writes a file
 * there, its *claim*, and holds the lock if it sees no other live claim. Its owner removes a claim, or the
 * next holder once the owner is known to have ended. No name is used twice, so a removal never hits a later
 * claim. Of two processes, at least the one with the later claim sees the other.
 *
 * If the system can tell (`liveness.ts`), an ended owner is detected at once. Otherwise the claim is watched:
 * a thread of its owner writes a heartbeat into it twice a second, however long computations take. Only
 * changes count and no clocks are compared, so this works across machines, after clock changes, and for a
 * claim left empty by a full disk.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { FettleError, isRecord, show } from "../errors.js";
import { Leases } from "../leases.js";
import { WriteError } from "./fileErrors.js";
import { atEnd } from "./interrupt.js";
import { fateOf, type Mark, ownMark } from "./liveness.js";
import { makeFolder, refused } from "./output.js";
import { note } from "./streams.js";

export interface Lock {
  /**
   * Must be called before each write.
   *
   * @throws WriteError if the lock was lost: this process was suspended for so long that another presumed it
   * dead
   */
  check(): void;
  /**
   * Releases the lock; a second call does nothing. The end of the process releases it too, however it ends.
   */
  release(): void;
}

/** Milliseconds between two polls of other claims, and between two heartbeats of a holder. */
const [LOOK, BEAT] = [100, 500];
/** An owner is presumed dead after this many polls without a change. */
const PATIENCE = 80;
/** Polls before giving up on others that neither hold the lock nor end. */
const MOST_LOOKS = 600;
/** Polls before a message says what the command waits for. */
const QUIET = 10;

/**
 * Locks a folder, and creates it if it does not exist.
 *
 * @throws FettleError `invalid_state` if another process holds it; `not_found` if nothing can be written
 * there
 */
export async function lockFolder(folder: string): Promise<Lock> {
  makeFolder(folder);
  return acquire(folder, join(folder, "lock"));
}

/**
 * Locks a file, which need not exist, and creates its folder if necessary.
 *
 * @throws FettleError as {@link lockFolder}
 */
export async function lockFile(path: string): Promise<Lock> {
  makeFolder(dirname(path));
  return acquire(path, `${path}.lock`);
}

async function acquire(place: string, start: string): Promise<Lock> {
  const prefix = normalize(start); // as `join` writes the paths that are found, among them that of the own claim
  let looks = 0;
  const seen = new Leases<string>(PATIENCE, () => looks);
  let own: Claim | undefined;
  try {
    for (; ; looks++) {
      if (own?.beat() === false) own = undefined;
      const others = look(prefix, seen, own);
      const open = others.filter(({ fate }) => fate !== "ended");
      const holder = open.find(({ fate, owner }) => fate === "running" && owner?.holds);
      if (holder || (open.length > 0 && looks >= MOST_LOOKS)) throw inUse(place, holder ?? open[0]);
      if (open.length === 0 && own) {
        for (const { path } of others) rmSync(path, { force: true });
        const lock = own.hold(place);
        if (lock) return lock;
        own = undefined;
      }
      if (open.length === 0) {
        own = new Claim(prefix);
        continue; // others may have arrived at the same time
      }
      // of several that arrived at the same time, one stays and the others give way
      if (own && open.some(({ path }) => path < own!.path)) {
        own.remove();
        own = undefined;
      }
      if (looks === QUIET) note(`Waiting to see whether ${nameOf(open[0])} still writes to ${show(place)}.`);
      await sleep(LOOK);
    }
  } catch (error) {
    own?.remove();
    throw error;
  }
}

/** The contents of a claim. */
interface Owner extends Mark {
  /** Whether it holds the lock, or only requests it. */
  readonly holds: boolean;
}

/** The claim of another process. */
interface Other {
  readonly path: string;
  /** Undefined if it cannot be read, for example while it is being written. */
  readonly owner: Owner | undefined;
  readonly fate: "running" | "ended" | "unknown";
}

/** The claims of others. @param seen - their texts, as signs of their owners by the number of polls */
function look(prefix: string, seen: Leases<string>, own: Claim | undefined): Other[] {
  const [folder, name] = [dirname(prefix), `${basename(prefix)}.`];
  const isClaim = (file: string): boolean =>
    file.startsWith(name) && /^[0-9a-f]{16}$/.test(file.slice(name.length));
  const texts = new Map<string, string>();
  for (const path of readdirSync(folder)
    .filter(isClaim)
    .sort()
    .map((file) => join(folder, file))) {
    const text = path === own?.path ? undefined : textOf(path);
    if (text !== undefined) texts.set(path, text);
  }
  const silent = new Set(seen.overdue(texts));
  return Array.from(texts, ([path, text]) => {
    const owner = ownerIn(text);
    const known = owner ? fateOf(owner) : "unknown";
    const hasChanged = seen.of(path)!.attempt > 1;
    const bySight = silent.has(path) ? "ended" : hasChanged ? "running" : "unknown";
    return { path, owner, fate: known === "unknown" ? bySight : known };
  });
}

/** The text of a claim; undefined if it does not exist, and empty if it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "";
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text.split("\n")[0]) as unknown;
    return isRecord(owner) && Number.isSafeInteger(owner.pid) ? (owner as unknown as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/** The claim of this process. */
class Claim {
  readonly path: string;
  private readonly mark = ownMark();
  private readonly forget: () => void;
  private beats = 0;

  constructor(prefix: string) {
    this.path = `${prefix}.${randomBytes(8).toString("hex")}`;
    this.forget = atEnd(() => this.remove());
    try {
      writeFileSync(this.path, this.text(false), { flag: "wx" });
    } catch (error) {
      this.remove(); // on a full disk it exists but is empty
      throw refused(this.path, error);
    }
  }

  /** Shows others that this process runs. @returns whether the claim is still there */
  beat(holds = false): boolean {
    try {
      writeFileSync(this.path, this.text(holds), { flag: "r+" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw refused(this.path, error);
    }
  }

  /**
   * Records that this process holds the lock, and sends heartbeats from a thread until it is released.
   *
   * @returns undefined if another process presumed this one dead
   */
  hold(place: string): Lock | undefined {
    const { path } = this;
    if (!this.beat(true)) return undefined;
    const worker = new Worker(BEATING, {
      eval: true,
      workerData: { path, every: BEAT, owner: this.owner(true), beats: this.beats },
    });
    worker.unref();
    return {
      check() {
        if (existsSync(path)) return;
        const reason =
          "another process took it over while this one was suspended, or its lock was deleted; start the command again";
        throw new WriteError(place, new Error(reason));
      },
      release: () => {
        this.remove();
        void worker.terminate();
      },
    };
  }

  remove(): void {
    this.forget();
    try {
      rmSync(this.path);
    } catch {
      // it is gone already; or, without a heartbeat, others will presume it abandoned
    }
  }

  private owner(holds: boolean): Owner {
    return { ...this.mark, holds };
  }

  /** One line; anything after it is left over from a longer one. */
  private text(holds: boolean): string {
    return `${JSON.stringify({ ...this.owner(holds), beats: this.beats++ })}\n`;
  }
}

/**
 * The program of the heartbeat thread. A failed heartbeat, as on a full disk, is retried; a removed claim is
 * not restored.
 */
const BEATING = `
const { writeFileSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
let { path, every, owner, beats } = workerData;
setInterval(() => {
  try {
    writeFileSync(path, JSON.stringify({ ...owner, beats: beats++ }) + "\\n", { flag: "r+" });
  } catch {}
}, every);`;

const nameOf = ({ owner }: Other): string =>
  owner ? `process ${owner.pid} on ${owner.host}` : "another process";

function inUse(place: string, other: Other): FettleError {
  return new FettleError(
    "invalid_state",
    `${nameOf(other)} is writing to ${show(place)}; wait for it, or choose another place`,
  );
}
