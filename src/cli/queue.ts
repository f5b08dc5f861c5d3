/** The queue that `--queue` names, for the command that runs a study and for its workers. */
import { FettleError, show } from "../errors.js";
import type { StoredStudy } from "../store/storage.js";
import type { JobQueue } from "../workers/queue/queue.js";
import { text } from "./flags.js";

export const IN_STORAGE = "storage";

export const NO_QUEUE =
  "a folder has no queue for workers; keep the study in a file or in PostgreSQL, or use --queue postgres://host/jobs";

/** The flag of both commands. */
export const QUEUE = text(
  "<where>",
  `where fettle worker takes trainings from: ${IN_STORAGE}, the database of --storage, or the address of a PostgreSQL server, as in ` +
    "postgres://host/jobs, which needs pg-boss",
);

/**
 * @param name - of the study
 * @param study - the study, once it is in the storage
 * @throws FettleError as `pgBossQueue`; `invalid_argument` for anything else
 */
export async function openQueue(
  where: string,
  name: string,
  study: () => Promise<StoredStudy>,
): Promise<JobQueue> {
  if (where === IN_STORAGE) return new LaterQueue(async () => queueOf(await study()));
  if (!/^postgres(ql)?:\/\//.test(where)) {
    const rule = `--queue must be ${IN_STORAGE} or the address of a server, as in postgres://host/jobs`;
    throw new FettleError("invalid_argument", `${rule}; received ${show(where)}`);
  }
  const { pgBossQueue } = await import("../workers/queue/pgBoss.js");
  return pgBossQueue(where, { study: name });
}

/** @throws FettleError `unsupported` if the storage has no queues */
function queueOf(study: StoredStudy): JobQueue {
  const queue = study.queue?.();
  if (queue) return queue;
  throw new FettleError("unsupported", NO_QUEUE);
}

/**
 * A queue that is opened at its first use, since the queue of a new study exists only once the study does.
 */
class LaterQueue implements JobQueue {
  private opened: Promise<JobQueue> | undefined;

  constructor(private readonly open: () => Promise<JobQueue>) {}

  put: JobQueue["put"] = async (jobs) => (await this.queue()).put(jobs);
  take: JobQueue["take"] = async (most) => (await this.queue()).take(most);
  ended: JobQueue["ended"] = async () => (await this.queue()).ended();
  remove: JobQueue["remove"] = async (names) => (await this.queue()).remove(names);
  end: JobQueue["end"] = async () => (await this.queue()).end();
  async close() {
    await (await this.opened)?.close();
  }

  private queue(): Promise<JobQueue> {
    this.opened ??= this.open();
    return this.opened;
  }
}
