/**
 * A queue in a folder that machines share, such as the home folder of a cluster where nobody may run a server. It is an example of a
 * custom `JobQueue`: `checkQueue` of `fettle/testing` checks that it obeys the laws of queues.
 *
 * A job is one file. Its name encodes the state of the job, and a change is a renaming, which a file system does for one process only:
 *
 *   w.rank.attempt.key          it waits; files sorted by name are sorted by priority
 *   t.rank.attempt.key.holder   a worker has taken it, and updates the time of the file at each heartbeat
 *   e.key                       it has ended, with an outcome or an error
 *
 * The file `run` exists while a process runs the study.
 */
import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EndedJob, JobQueue, Lease, QueuedJob, QueueOptions } from "fettle/queue";

const RUN = "run";
/** Larger than any priority. */
const TOP = 2 ** 50;

/** @param folder - of one study; it is created if missing */
export async function folderQueue(folder: string, options: QueueOptions = {}): Promise<JobQueue> {
  await mkdir(folder, { recursive: true });
  return new FolderQueue(folder, options);
}

class FolderQueue implements JobQueue {
  private readonly lease: number;
  private readonly attempts: number;
  private readonly clock: () => number;
  /** The last heartbeats by file name, and since when they have not changed by the clock of this process. */
  private seen = new Map<string, { readonly sign: number; readonly since: number }>();
  private beats = 0;

  constructor(
    private readonly folder: string,
    { lease = 30_000, attempts = 3, clock = () => performance.now() }: QueueOptions,
  ) {
    this.lease = lease;
    this.attempts = attempts;
    this.clock = clock;
  }

  async put(jobs: readonly QueuedJob[]) {
    await this.show();
    const there = new Set((await this.files()).map(keyOf));
    for (const { name, payload, priority = 0 } of jobs) {
      if (there.has(hashOf(name))) continue;
      const rank = String(TOP - priority).padStart(16, "0");
      await this.write(`w.${rank}.0.${hashOf(name)}`, { name, bytes: payload });
    }
  }

  async take(most: number) {
    const files = await this.files();
    if (!files.includes(RUN) || (await this.overdue([RUN])).length > 0) return undefined;
    const leases: Lease[] = [];
    for (const file of files.filter((each) => each.startsWith("w.")).sort()) {
      if (leases.length === most) break;
      const [, rank, attempt, key] = file.split(".");
      const own = `t.${rank}.${Number(attempt) + 1}.${key}.${randomUUID()}`;
      // another worker may be first
      if (await found(rename(this.path(file), this.path(own)))) leases.push(await this.leaseOf(own));
    }
    return leases;
  }

  async ended() {
    await this.show();
    const taken = (await this.files()).filter((each) => each.startsWith("t."));
    for (const file of await this.overdue(taken)) {
      const error = `the job was handed out ${this.attempts} times, and each time its worker showed no sign of life`;
      await this.giveBack(file, error);
    }
    const files = (await this.files()).filter((each) => each.startsWith("e."));
    return Promise.all(
      files.slice(0, 100).map(async (file): Promise<EndedJob> => {
        const { name, bytes, error } = await this.read(file);
        return error === undefined ? { name, outcome: bytes } : { name, error };
      }),
    );
  }

  async remove(names: readonly string[]) {
    const keys = new Set(names.map(hashOf));
    await this.delete((await this.files()).filter((file) => keys.has(keyOf(file))));
  }

  async end() {
    await this.delete(await this.files());
  }

  async close() {}

  private async leaseOf(file: string): Promise<Lease> {
    const { name, bytes } = await this.read(file);
    const [, rank, attempt, key] = file.split(".");
    let beats = 0;
    return {
      name,
      payload: bytes,
      attempt: Number(attempt),
      extend: () => found(utimes(this.path(file), ++beats, beats)),
      complete: async (outcome) => {
        if ((await this.files()).some((each) => keyOf(each) === key))
          await this.finish(key, { name, bytes: outcome });
      },
      fail: (reason) => this.giveBack(file, reason),
      release: async () => {
        await found(rename(this.path(file), this.path(`w.${rank}.${Number(attempt) - 1}.${key}`)));
      },
    };
  }

  /** Lets a job wait again, or end after its last attempt; does nothing if its file has gone. */
  private async giveBack(file: string, error: string): Promise<void> {
    const [, rank, attempt, key] = file.split(".");
    if (Number(attempt) < this.attempts)
      await found(rename(this.path(file), this.path(`w.${rank}.${attempt}.${key}`)));
    else if ((await this.files()).includes(file))
      await this.finish(key, { name: (await this.read(file)).name, bytes: new Uint8Array(), error });
  }

  /** Only the first outcome of a job counts. */
  private async finish(key: string, content: Content): Promise<void> {
    await this.write(`e.${key}`, content);
    await this.delete((await this.files()).filter((file) => keyOf(file) === key && !file.startsWith("e.")));
  }

  /** Shows that a process runs the study. */
  private async show(): Promise<void> {
    if (!(await found(utimes(this.path(RUN), ++this.beats, this.beats)))) await writeFile(this.path(RUN), "");
  }

  /** The files whose times have not changed for the duration of a lease. Times are counts, so clocks of machines are never compared. */
  private async overdue(files: readonly string[]): Promise<string[]> {
    const now = this.clock();
    const before = this.seen;
    this.seen = new Map();
    for (const file of files) {
      const sign = await stat(this.path(file)).then(
        ({ mtimeMs }) => mtimeMs,
        () => Number.NaN,
      );
      const last = before.get(file);
      this.seen.set(file, { sign, since: last?.sign === sign ? last.since : now });
    }
    return files.filter((file) => now - (this.seen.get(file)?.since ?? now) >= this.lease);
  }

  private async files(): Promise<string[]> {
    return (await readdir(this.folder)).filter((file) => !file.startsWith(".")).sort();
  }

  private path(file: string): string {
    return join(this.folder, file);
  }

  private async read(file: string): Promise<Content> {
    const { name, bytes, error } = JSON.parse(await readFile(this.path(file), "utf8"));
    return { name, bytes: Uint8Array.from(Buffer.from(bytes, "base64")), error };
  }

  /** Creates a file atomically, with all of its content, unless it exists. */
  private async write(file: string, { name, bytes, error }: Content): Promise<void> {
    const draft = this.path(`.${randomUUID()}`);
    await writeFile(draft, JSON.stringify({ name, bytes: Buffer.from(bytes).toString("base64"), error }));
    await link(draft, this.path(file)).catch((reason: NodeJS.ErrnoException) => {
      if (reason.code !== "EEXIST") throw reason;
    });
    await rm(draft);
  }

  private async delete(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => rm(this.path(file), { force: true })));
  }
}

interface Content {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly error?: string;
}

/** Job names may contain any character, file names may not. */
const hashOf = (name: string): string => createHash("sha256").update(name).digest("hex");

/** The key of the job of a file. */
const keyOf = (file: string): string => file.split(".")[file.startsWith("e.") ? 1 : 3];

/** Whether the file to change existed. */
async function found(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
