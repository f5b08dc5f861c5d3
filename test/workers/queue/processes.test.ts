/**
 * Real workers in processes of their own, of which some are killed: the study is that of one process, to the
 * bit. Needs `dist/`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStudy, float, restoreStudy, type StudyEvent, tpe } from "fettle";
import { type JobQueue, pgBossQueue } from "fettle/queue";
import { recordStudy, type StudyStorage } from "fettle/store";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QueuedObjective } from "../../../src/tune/resume/queued.js";
import { cases } from "../../cases.js";
import { hasPostgres, PostgresServer } from "../../store/postgresServer.js";
import { unreliable } from "./faults.mjs";
import { objective } from "./objective.mjs";

const folder = mkdtempSync(join(tmpdir(), "fettle-workers-"));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const script = fileURLToPath(new URL("worker.mjs", import.meta.url));
const space = { x: float(-5, 5), y: float(-5, 5) };
const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const isLong = cases(1) > 1;

interface Case {
  readonly workers: number;
  readonly trials: number;
  /** Milliseconds. */
  readonly lease: number;
  /** Milliseconds that a trial takes at most. */
  readonly time: number;
  readonly isUnreliable: boolean;
  /** Workers that are killed. */
  readonly killed: number;
}

/** Where a study and its queue are. */
interface Place {
  /**
   * As `worker.mjs` is told of the queue: a file, the URL of a server for pg-boss, or `storage` before that
   * of a storage.
   */
  readonly word: string;
  /** Of the study. */
  readonly storage: StudyStorage;
  open(): Promise<JobQueue>;
  /**
   * Called once, when ten trials have ended and all workers have connected: one that begins meanwhile is
   * right to refuse.
   */
  disturb?(): Promise<void>;
}

/**
 * Starts a worker. `ended` resolves to how many jobs it did, undefined if it was killed; `ready` once it has
 * connected, or ended.
 */
function startWorker(words: readonly string[]) {
  const child = spawn(process.execPath, [script, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let [output, errors] = ["", ""];
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("ready")) resolve();
    });
    child.on("close", () => resolve());
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.on("close", (code, signal) => {
      children.delete(child);
      if (signal === "SIGKILL") return resolve(undefined);
      const done = /done (\d+)/.exec(output);
      if (code === 0 && done) resolve(Number(done[1]));
      else reject(new Error(`a worker ended with ${code}: ${errors}`));
    });
  });
  return { kill: () => child.kill("SIGKILL"), ready, ended };
}

/** Runs a study over a queue, kills some workers, and compares it with that of one process. */
async function holds(
  { workers, trials, lease, time, isUnreliable, killed }: Case,
  { word, storage, open, disturb }: Place,
): Promise<void> {
  const begin = () =>
    createStudy({
      space,
      direction: "minimize",
      seed: 3,
      lag: workers - 1,
      strategy: tpe({ startupTrials: 10 }),
      clock: () => 0,
    });
  const alone = begin();
  await alone.optimize(objective, { trials });
  await storage.create("study", begin().toJSON());
  const recorder = await recordStudy(storage, "study");
  const study = restoreStudy<typeof space>(recorder.study, {
    strategy: tpe({ startupTrials: 10 }),
    clock: () => 0,
  });
  const queue = await open();
  const sent = isUnreliable ? unreliable(queue, Math.random, sleep, lease) : queue;
  const queued = new QueuedObjective<typeof space>({ objective, queue: sent, jobs: 0 }, { again: 2 * lease });
  const words = [word, "study", String(lease), String(isUnreliable), String(time)];
  await queue.ended(); // workers that come before the study would end
  const started = Array.from({ length: workers }, () => startWorker(words));
  const doomed = started.slice(0, killed);
  const killing = doomed.map(async ({ kill }) => {
    await sleep(1000 + Math.random() * 3000);
    kill();
  });
  let [ended, disturbing] = [0, Promise.resolve()];
  const onEvent = (event: StudyEvent): void => {
    recorder.onEvent(event);
    if (event.type === "trialEnded" && ++ended === 10 && disturb)
      disturbing = Promise.all(started.map(({ ready }) => ready)).then(disturb);
  };
  await study.optimize(queued.objective, { trials, concurrency: queued.concurrency, onEvent });
  await Promise.all([disturbing, ...killing]);
  await queued.close();
  const done = (await Promise.all(started.map(({ ended }) => ended))).flatMap((count) => count ?? []);
  const kept = await recorder.saved();
  expect(study.toJSON()).toEqual(alone.toJSON());
  expect(await kept?.trials()).toEqual(JSON.parse(JSON.stringify(alone.toJSON().trials)));
  // those that were not killed have done the rest
  expect(done.length).toBeGreaterThanOrEqual(workers - doomed.length);
  expect(done.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  await queue.close();
  await storage.close();
}

const few: Case = { workers: 8, trials: 60, lease: 1000, time: 300, isUnreliable: false, killed: 3 };

async function queueOf(storage: StudyStorage, lease: number): Promise<JobQueue> {
  const queue = (await storage.open("study"))?.queue?.({ lease, attempts: 50 });
  if (!queue) throw new Error("no queue");
  return queue;
}

it("8 workers on a file of SQLite, of which 3 are killed, give the study of one process", async () => {
  const word = join(folder, "file.db");
  const storage = await sqliteStorage(word);
  await holds(few, { word, storage, open: () => queueOf(storage, few.lease) });
});

describe.skipIf(!hasPostgres)("workers on a server of PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server?.remove());
  const byPgBoss = async (file: string, lease: number): Promise<Place> => ({
    word: server.url,
    storage: await sqliteStorage(join(folder, file)),
    open: () => pgBossQueue(server.url, { study: "study", lease, attempts: 50 }),
  });

  it("of which 3 of 10 are killed, and whose messages are lost, doubled and late, give the study of one process", async () => {
    const many = { ...few, workers: 64, trials: 300, lease: 10_000, time: 2000, killed: 20 };
    const own = { ...(isLong ? many : { ...few, trials: 30, time: 150 }), isUnreliable: true };
    await holds(own, await byPgBoss("messages.db", own.lease));
  });

  describe("that ends without saving and starts again", () => {
    const own = { ...few, workers: 3, trials: 24, lease: 10_000, time: 200, killed: 0 };
    const disturb = async (): Promise<void> => {
      await server.end("SIGQUIT");
      await server.begin();
    };

    it("give the study of one process by pg-boss", async () => {
      await holds(own, { ...(await byPgBoss("restart.db", own.lease)), disturb });
    });

    it("give the study of one process by the queue of the storage", async () => {
      const storage = await postgresStorage(server.url);
      const open = () => queueOf(storage, own.lease);
      await holds(own, { word: `storage ${server.url}`, storage, open, disturb });
    });
  });
});
