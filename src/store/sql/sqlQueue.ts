/**
 * The queue of a study in its own database, so that workers need nothing else. A lease is a row with a
 * holder; each heartbeat increments its `beat`, which the runner of the study watches.
 */
import { platform } from "#platform";
import { clockOf } from "../../errors.js";
import { Leases } from "../../leases.js";
import { readOptions } from "../../rules.js";
import {
  type EndedJob,
  type JobQueue,
  type Lease,
  MOST_ENDED,
  QUEUE_RULES,
  type QueuedJob,
  type QueueOptions,
  type QueueSettings,
  workersLost,
} from "../../workers/queue/queue.js";
import { studyIsGone } from "../storage.js";
import type { Row, SqlDatabase, Statement } from "./database.js";

const BEGIN = `INSERT INTO fettle_queues (study, beat) SELECT id, 0 FROM fettle_studies WHERE id = ?
  ON CONFLICT (study) DO UPDATE SET beat = fettle_queues.beat + 1`;
const PUT = `INSERT INTO fettle_jobs (study, name, priority, payload, attempt, beat) SELECT id, ?, ?, ?, 0, 0
  FROM fettle_studies WHERE id = ? ON CONFLICT DO NOTHING`;
const OPEN = "outcome IS NULL AND error IS NULL";
const WAITING = `FROM fettle_jobs WHERE study = ? AND holder IS NULL AND ${OPEN} ORDER BY priority DESC, name LIMIT ?`;
// if several processes select the same rows, one changes them; so the condition appears twice
const TAKE = `UPDATE fettle_jobs SET holder = ?, attempt = attempt + 1
  WHERE study = ? AND holder IS NULL AND ${OPEN} AND name IN (SELECT name ${WAITING})`;
const HELD = `SELECT name, attempt, beat FROM fettle_jobs WHERE study = ? AND holder IS NOT NULL AND ${OPEN}`;
const ENDED = `SELECT name, outcome, error FROM fettle_jobs WHERE study = ? AND NOT (${OPEN}) ORDER BY name LIMIT ${MOST_ENDED}`;
const ONE = `WHERE study = ? AND name = ? AND ${OPEN}`;
const EXTEND = `UPDATE fettle_jobs SET beat = beat + 1 ${ONE} AND holder = ?`;
const COMPLETE = `UPDATE fettle_jobs SET outcome = ? ${ONE}`;
const RELEASE = `UPDATE fettle_jobs SET holder = NULL, attempt = attempt - 1, beat = beat + 1 ${ONE} AND holder = ?`;
const GIVE_BACK = `UPDATE fettle_jobs SET holder = NULL, error = CASE WHEN attempt >= ? THEN ? ELSE error END ${ONE}`;

/** @param name - of the study, for messages */
export function sqlQueue(
  database: SqlDatabase,
  study: number,
  name: string,
  options: QueueOptions,
): JobQueue {
  return new SqlQueue(database, study, name, readOptions(options, "a queue", QUEUE_RULES));
}

class SqlQueue implements JobQueue {
  private readonly attempts: number;
  private readonly lease: number;
  private readonly clock: () => number;
  /** Heartbeats of jobs, for the runner of the study. */
  private readonly jobs: Leases<string>;
  /** Heartbeats of the runner, for workers. */
  private readonly runner: Leases<string>;
  /** The time of this process's last heartbeat as the runner. */
  private shown = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly database: SqlDatabase,
    private readonly study: number,
    private readonly name: string,
    { lease, attempts, clock }: QueueSettings,
  ) {
    this.attempts = attempts;
    this.lease = lease;
    this.clock = clockOf(clock, () => platform.now());
    this.jobs = new Leases(lease, this.clock);
    this.runner = new Leases(lease, this.clock);
  }

  async put(jobs: readonly QueuedJob[]) {
    if (jobs.length === 0) return;
    await this.show();
    const { study } = this;
    await this.database.run(
      jobs.map(({ name, priority = 0, payload }) => [PUT, name, priority, payload, study]),
    );
  }

  async take(most: number) {
    const { database, study } = this;
    // reading first: a write waits for others, and most polls find nothing
    const [waiting] = await database.all([`SELECT name ${WAITING}`, study, 1]);
    const holder = globalThis.crypto.randomUUID();
    const taken = waiting && (await database.run([[TAKE, holder, study, study, most]]))[0] > 0;
    if (!taken) return (await this.isRun()) ? [] : undefined;
    const rows = await database.all([
      "SELECT name, payload, attempt FROM fettle_jobs WHERE study = ? AND holder = ? ORDER BY priority DESC, name",
      study,
      holder,
    ]);
    return rows.map((row) => this.leaseOf(row, holder));
  }

  async ended() {
    await this.show();
    const { database, study } = this;
    const held = new Map((await database.all([HELD, study])).map((row) => [row.name as string, row]));
    const signs = new Map(Array.from(held, ([name, { attempt, beat }]) => [name, `${attempt}/${beat}`]));
    const over = this.jobs.overdue(signs);
    if (over.length > 0) await database.run(over.map((name) => this.overdue(held.get(name) as Row)));
    const rows = await database.all([ENDED, study]);
    return rows.map(({ name, outcome, error }) => ({
      name: name as string,
      ...(error === null ? { outcome: outcome as Uint8Array } : { error: error as string }),
    })) as EndedJob[];
  }

  async remove(names: readonly string[]) {
    if (names.length === 0) return;
    const sql = "DELETE FROM fettle_jobs WHERE study = ? AND name = ?";
    await this.database.run(names.map((name) => [sql, this.study, name]));
  }

  async end() {
    const { study } = this;
    await this.database.run([
      ["DELETE FROM fettle_jobs WHERE study = ?", study],
      ["DELETE FROM fettle_queues WHERE study = ?", study],
    ]);
    this.shown = Number.NEGATIVE_INFINITY;
  }

  async close() {}

  /** Whether a process runs the study, as far as a worker can see. */
  private async isRun(): Promise<boolean> {
    const [row] = await this.database.all(["SELECT beat FROM fettle_queues WHERE study = ?", this.study]);
    return row !== undefined && this.runner.overdue(new Map([["", String(row.beat)]])).length === 0;
  }

  /**
   * Sends a heartbeat of the runner: several times per lease, but not at each call, since it is a write.
   *
   * @throws FettleError `not_found` once the study was deleted: no job of it would ever end
   */
  private async show(): Promise<void> {
    const now = this.clock();
    if (now - this.shown < this.lease / 4) return;
    const [begun] = await this.database.run([[BEGIN, this.study]]);
    if (begun === 0) throw studyIsGone(this.name);
    this.shown = now;
  }

  private overdue({ name, attempt, beat }: Row): Statement {
    const { attempts, study } = this;
    const sql = `${GIVE_BACK} AND attempt = ? AND beat = ?`;
    return [sql, attempts, workersLost(attempts), study, name, attempt, beat];
  }

  private leaseOf({ name, payload, attempt }: Row, holder: string): Lease {
    const { database, study, attempts } = this;
    const run = async (...statement: Statement): Promise<boolean> => (await database.run([statement]))[0] > 0;
    return {
      name: name as string,
      payload: payload as Uint8Array,
      attempt: attempt as number,
      extend: () => run(EXTEND, study, name, holder),
      async complete(outcome) {
        await run(COMPLETE, outcome, study, name);
      },
      async fail(reason) {
        await run(`${GIVE_BACK} AND holder = ?`, attempts, reason, study, name, holder);
      },
      async release() {
        await run(RELEASE, study, name, holder);
      },
    };
  }
}
