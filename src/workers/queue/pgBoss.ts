/**
 * A queue on PostgreSQL by pg-boss, with its jobs, attempts and expiry. It imports pg-boss only if it is
 * given an address.
 *
 * Statements on its table of jobs add what pg-boss 10, the release for Node 20, lacks: a heartbeat moves the
 * start of a job, a returned job has not started, ended jobs are listed, and the process that runs the study
 * marks its queue. pg-boss 12 needs Node 22.12.
 */
import { platform } from "#platform";
import { clockOf, FettleError, messageOf, must } from "../../errors.js";
import { type OptionRules, type ReadOptions, readOptions, rule } from "../../rules.js";
import { fromBase64, toBase64 } from "./base64.js";
import {
  type EndedJob,
  type JobQueue,
  type Lease,
  MOST_ENDED,
  QUEUE_RULES,
  type QueuedJob,
  type QueueOptions,
  workersLost,
} from "./queue.js";

/** The used part of a started `PgBoss`. */
export interface PgBossLike {
  /** Creates a queue if it does not exist. */
  createQueue(
    name: string,
    options?: { readonly name: string; readonly policy: "standard" },
  ): Promise<unknown>;
  /** Deletes a queue without jobs. */
  deleteQueue(name: string): Promise<unknown>;
  /** Adds jobs; existing ids stay. */
  insert(jobs: PgBossJob[]): Promise<unknown>;
  /** Takes jobs. */
  fetch(name: string, options: PgBossFetch): Promise<readonly PgBossFetched[]>;
  /** Ends a job with its output. */
  complete(name: string, id: string, data: object): Promise<unknown>;
  /** Ends an attempt of a job. */
  fail(name: string, id: string, data: object): Promise<unknown>;
  /** Deletes jobs. */
  deleteJob(name: string, ids: string[]): Promise<unknown>;
  /** Expires the attempts that took too long. */
  expire(): Promise<unknown>;
  /** Its database. */
  getDb(): PgBossDatabase;
  /** Ends its connections. */
  stop(options?: { readonly graceful?: boolean; readonly wait?: boolean }): Promise<unknown>;
}

/** A job as it is inserted. */
export interface PgBossJob {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly priority: number;
  readonly retryLimit: number;
  readonly retryDelay: number;
  readonly expireInSeconds: number;
}

/** How jobs are fetched. */
export interface PgBossFetch {
  readonly batchSize: number;
  readonly includeMetadata: true;
}

/** A job as it is fetched. */
export interface PgBossFetched {
  readonly id: string;
  readonly data: object;
  readonly retryCount: number;
}

/** Runs SQL. */
export interface PgBossDatabase {
  /** Runs a statement. */
  executeSql(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Options of a queue of pg-boss. */
export interface PgBossQueueOptions extends QueueOptions {
  /**
   * The name of the study: letters, digits, `_`, `-` and others; studies with other names do not share jobs.
   */
  readonly study: string;
  /** The schema of pg-boss. Default `"pgboss"`. */
  readonly schema?: string;
}

const isWord = (schema: unknown): boolean => typeof schema === "string" && /^[a-z_][a-z0-9_]*$/i.test(schema);
const RULES = {
  ...QUEUE_RULES,
  study: [rule<string>("the name of a study", (study) => typeof study === "string" && study !== "")],
  schema: [rule<string>("a name of letters, digits and _", isWord), "pgboss"],
} satisfies OptionRules<PgBossQueueOptions>;

/**
 * A queue of pg-boss, a peer to install: `npm install pg-boss@10` on Node 20.
 *
 * @param boss - the address of a database, such as `postgres://localhost/jobs`, or a started `PgBoss`, which
 * the caller stops
 * @throws FettleError `unsupported` if pg-boss is not installed; `store_failed` if the database cannot be
 * reached; `invalid_argument`,
 * `unknown_name` for invalid options
 * @example
 * ```ts
 * const open = (address: string) => pgBossQueue(address, { study: "first", attempts: 5 });
 * typeof open; // "function"
 * ```
 */
export async function pgBossQueue(boss: string | PgBossLike, options: PgBossQueueOptions): Promise<JobQueue> {
  const read = readOptions(options, "pgBossQueue", RULES);
  const { schema, lease } = read;
  must(lease >= 1000, "lease", "at least 1,000 milliseconds with pg-boss, which counts seconds", lease);
  const own = typeof boss === "string";
  const started = own ? await startedBoss(boss, schema) : boss;
  return new PgBossQueue(started, own, read);
}

/**
 * Has one connection, since a server allows about 100, and no schedules and maintenance, which a queue does
 * not need.
 */
async function startedBoss(connectionString: string, schema: string): Promise<PgBossLike> {
  let Boss: new (
    options: object,
  ) => PgBossLike & {
    start(): Promise<unknown>;
    on(event: "error", listener: (error: Error) => void): unknown;
  };
  try {
    Boss = (await import("pg-boss")).default as unknown as typeof Boss;
  } catch (error) {
    const install = "npm install pg-boss@10 on Node 20, or pg-boss on Node 22.12 and later";
    throw new FettleError(
      "unsupported",
      `a queue on PostgreSQL needs pg-boss; run ${install}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const boss = new Boss({
    connectionString,
    schema,
    max: 1,
    schedule: false,
    supervise: false,
  });
  boss.on("error", () => {}); // errors of an idle connection; calls throw their own
  try {
    await boss.start();
  } catch (error) {
    const way = "check its address, and that the server runs";
    throw new FettleError(
      "store_failed",
      `cannot use the database of the queue: ${messageOf(error)}; ${way}`,
      {
        cause: error,
      },
    );
  }
  return boss;
}

/** The data of a job of pg-boss. */
interface Data {
  readonly name: string;
  readonly payload: string;
}

class PgBossQueue implements JobQueue {
  private readonly queue: string;
  private readonly table: string;
  /** The table of queues; `updated_on` is the heartbeat of the process that runs the study. */
  private readonly queues: string;
  private readonly lease: number;
  private readonly attempts: number;
  private readonly clock: () => number;
  private isCreated = false;
  /** The time of this process's last heartbeat as the runner. */
  private shown = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly boss: PgBossLike,
    private readonly own: boolean,
    { study, schema, lease, attempts, clock }: ReadOptions<PgBossQueueOptions, typeof RULES>,
  ) {
    this.queue = `fettle/${study}`;
    this.table = `${schema}.job`;
    this.queues = `${schema}.queue`;
    this.lease = lease;
    this.attempts = attempts;
    this.clock = clockOf(clock, () => platform.now());
  }

  async put(jobs: readonly QueuedJob[]) {
    if (jobs.length === 0) return;
    await this.create();
    const { queue: name, attempts } = this;
    const whole = jobs.map(async (job) => ({
      id: await idOf(job.name),
      name,
      priority: job.priority ?? 0,
      data: { name: job.name, payload: toBase64(job.payload) } satisfies Data,
      retryLimit: attempts - 1,
      retryDelay: 0,
      expireInSeconds: Math.ceil(this.lease / 1000),
    }));
    await this.boss.insert(await Promise.all(whole));
  }

  async take(most: number) {
    const { boss, queue } = this;
    const jobs = await boss.fetch(queue, { batchSize: most, includeMetadata: true });
    // `fetch` also returns nothing if it failed
    if (jobs.length === 0) return (await this.isRun()) ? [] : undefined;
    return jobs.map((job) => this.leaseOf(job));
  }

  async ended() {
    await this.create();
    const { boss, queue, table, attempts, lease } = this;
    const now = this.clock();
    if (now - this.shown >= lease / 4) {
      await boss.getDb().executeSql(`UPDATE ${this.queues} SET updated_on = now() WHERE name = $1`, [queue]);
      await boss.expire();
      this.shown = now;
    }
    const sql = `SELECT data->>'name' AS name, state::text, output FROM ${table}
      WHERE name = $1 AND state IN ('completed', 'failed') LIMIT ${MOST_ENDED}`;
    const { rows } = await boss.getDb().executeSql(sql, [queue]);
    return (rows as readonly EndedRow[]).map(({ name, output }): EndedJob => {
      const { outcome, reason } = output ?? {};
      if (typeof outcome === "string") return { name, outcome: fromBase64(outcome) };
      return { name, error: reason ?? workersLost(attempts) };
    });
  }

  async remove(names: readonly string[]) {
    if (names.length > 0) await this.boss.deleteJob(this.queue, await Promise.all(names.map(idOf)));
  }

  async end() {
    const { boss, queue, table } = this;
    this.isCreated = false;
    // pg-boss does not delete a queue with jobs
    await boss.getDb().executeSql(`DELETE FROM ${table} WHERE name = $1`, [queue]);
    await boss.deleteQueue(queue);
  }

  async close() {
    if (this.own) await this.boss.stop({ graceful: false, wait: true });
  }

  private async create(): Promise<void> {
    if (!this.isCreated) await this.boss.createQueue(this.queue, { name: this.queue, policy: "standard" });
    this.isCreated = true;
  }

  /** Whether a process runs the study, by the clock of the server only. */
  private async isRun(): Promise<boolean> {
    const sql = `SELECT 1 FROM ${this.queues} WHERE name = $1 AND updated_on > now() - $2 * interval '1 millisecond'`;
    return (await this.boss.getDb().executeSql(sql, [this.queue, this.lease])).rows.length > 0;
  }

  private leaseOf({ id, data, retryCount }: PgBossFetched): Lease {
    const { boss, queue, table } = this;
    const { name, payload } = data as Data;
    // if the job was handed out again, another attempt is running
    const change = async (what: string): Promise<boolean> => {
      const sql = `UPDATE ${table} SET ${what} WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3 RETURNING id`;
      return (await boss.getDb().executeSql(sql, [queue, id, retryCount])).rows.length > 0;
    };
    return {
      name,
      payload: fromBase64(payload),
      attempt: retryCount + 1,
      extend: () => change("started_on = now()"),
      async complete(outcome) {
        await boss.complete(queue, id, { outcome: toBase64(outcome) });
      },
      async fail(reason) {
        if (await change("started_on = started_on")) await boss.fail(queue, id, { reason });
      },
      async release() {
        await change("state = 'retry', started_on = NULL");
      },
    };
  }
}

interface EndedRow {
  readonly name: string;
  readonly output: { readonly outcome?: string; readonly reason?: string } | null;
}

/** The id of a job, from its name, so that names are unique. */
async function idOf(name: string): Promise<string> {
  const bytes = new TextEncoder().encode(name);
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
