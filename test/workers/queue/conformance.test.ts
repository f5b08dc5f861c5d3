/** The laws of queues, on each of them; and that the laws can fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { createStudy, float, random } from "fettle";
import { type JobQueue, memoryQueue, pgBossQueue } from "fettle/queue";
import { memoryStorage, type StudyStorage } from "fettle/store";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { checkQueueLaw, type QueueFactory, queueLaws } from "fettle/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderQueue } from "../../../examples/folder-queue.js";
import { cases } from "../../cases.js";
import { hasPostgres, PostgresServer } from "../../store/postgresServer.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-queue-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let opened = 0;

const LEASE = 1000;
/** A clock that is turned by hand. */
function turnedClock() {
  let now = 0;
  return {
    clock: () => now,
    async lapse() {
      now += LEASE;
    },
  };
}

const inMemory: QueueFactory = async (attempts) => {
  const { clock, lapse } = turnedClock();
  const queue = memoryQueue({ attempts, lease: LEASE, clock });
  return { runner: queue, worker: queue, lapse };
};

const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON();

/** The queue of a new study, as two processes have it that opened a storage. */
async function ofStudy(runner: StudyStorage, worker: StudyStorage, attempts: number) {
  const { clock, lapse } = turnedClock();
  const name = `study ${opened++}`;
  await runner.create(name, study);
  const queueOf = async (storage: StudyStorage): Promise<JobQueue> => {
    const queue = (await storage.open(name))?.queue?.({ attempts, lease: LEASE, clock });
    if (!queue) throw new Error("no queue");
    return queue;
  };
  return { runner: await queueOf(runner), worker: await queueOf(worker), lapse };
}

const inFile: QueueFactory = async (attempts) => {
  const path = join(folder, `${opened++}.db`);
  const storages = await Promise.all([0, 1].map(() => sqliteStorage(path)));
  const { runner, worker, lapse } = await ofStudy(storages[0], storages[1], attempts);
  const [first, second] = [runner, worker].map((queue, i) =>
    Object.assign(Object.create(queue) as JobQueue, { close: () => storages[i].close() }),
  );
  return { runner: first, worker: second, lapse };
};

/** The example of an adapter, as two processes have it. */
const inFolder: QueueFactory = async (attempts) => {
  const { clock, lapse } = turnedClock();
  const path = join(folder, `${opened++}`);
  const options = { attempts, lease: LEASE, clock };
  return { runner: await folderQueue(path, options), worker: await folderQueue(path, options), lapse };
};

/**
 * A worker of a study whose process was killed ends after the time of a lease, where nobody says that the
 * study has ended.
 */
async function tellsWorkersOfAKill(open: QueueFactory): Promise<void> {
  const { runner, worker, lapse } = await open(3);
  await runner.ended();
  expect(await worker.take(1)).toEqual([]);
  await lapse();
  await runner.ended();
  expect(await worker.take(1)).toEqual([]);
  await lapse();
  expect(await worker.take(1)).toBeUndefined();
  for (const queue of [worker, runner]) await queue.close();
}

it.each([
  ["SQLite", inFile],
  ["a folder", inFolder],
] as const)("in %s, workers end after the study's process was killed", async (_, open) => {
  await tellsWorkersOfAKill(open);
});

it("a worker knows that a runner is there which looks for results several times in a lease", async () => {
  let now = 0;
  const storage = await sqliteStorage(join(folder, `${opened++}.db`));
  const kept = await storage.create("shown", study);
  const open = () => kept.queue?.({ lease: LEASE, clock: () => now }) as JobQueue;
  const [runner, worker] = [open(), open()];
  await runner.ended();
  for (let looks = 0; looks < 6; looks++) {
    expect(await worker.take(1)).toEqual([]);
    await runner.ended();
    now += 0.4 * LEASE;
  }
  await storage.close();
});

it("queues of a study in memory share its jobs, each with its own options", async () => {
  const kept = await memoryStorage().create("shared", study);
  const queueWith = (options: object) => kept.queue?.(options) as JobQueue;
  const [runner, worker] = [queueWith({}), queueWith({ attempts: 1 })];
  await runner.put([{ name: "0/0", payload: new Uint8Array(1) }]);
  const [lease] = (await worker.take(1)) ?? [];
  await lease.fail("once");
  expect(await runner.ended()).toEqual([{ name: "0/0", error: "once" }]);
  expect(() => queueWith({ lease: 0 })).toThrow("lease must be");
});

it("the runner of a deleted study is refused, and does not wait for its jobs", async () => {
  const storage = await sqliteStorage(join(folder, `${opened++}.db`));
  const kept = await storage.create("gone", study);
  const queue = kept.queue?.() as JobQueue;
  await storage.delete("gone");
  const gone = { code: "not_found", message: 'study "gone" was deleted from its storage' };
  await expect(queue.put([{ name: "0/0", payload: new Uint8Array(1) }])).rejects.toMatchObject(gone);
  await expect(queue.ended()).rejects.toMatchObject(gone);
  await storage.close();
});

const LAPSING = Object.keys(queueLaws).filter((law) => /lease has expired|heartbeats/.test(law));

describe.each([
  ["memory", inMemory, 50],
  ["SQLite", inFile, 10],
  ["a folder", inFolder, 10],
] as const)("a queue in %s", (_, open, runs) => {
  it.each(Object.keys(queueLaws))("%s", async (law) => {
    await checkQueueLaw(open, law, { numRuns: cases(runs) });
  });
});

describe("a queue in PGlite", () => {
  let database: PGlite;
  let storage: StudyStorage;
  beforeAll(async () => {
    database = await PGlite.create();
    storage = await postgresStorage(database);
  });
  afterAll(() => database.close());

  it.each(Object.keys(queueLaws))("%s", async (law) => {
    await checkQueueLaw((attempts) => ofStudy(storage, storage, attempts), law, { numRuns: cases(2) });
  });
});

describe.skipIf(!hasPostgres)("on a server of PostgreSQL", () => {
  let server: PostgresServer;
  let storages: readonly StudyStorage[];
  beforeAll(async () => {
    server = await PostgresServer.start();
    storages = [await postgresStorage(server.url), await postgresStorage(server.url)];
  });
  afterAll(async () => {
    for (const storage of storages ?? []) await storage.close();
    await server?.remove();
  });

  it.each(Object.keys(queueLaws))("the queue of a stored study: %s", async (law) => {
    const open: QueueFactory = (attempts) => ofStudy(storages[0], storages[1], attempts);
    await checkQueueLaw(open, law, { numRuns: cases(4) });
  });

  /**
   * Its clock is that of the server, by which a busy machine takes its time: a lease that is to last is a
   * long one.
   */
  const onServer =
    (lease: number): QueueFactory =>
    async (attempts) => {
      const options = { study: `study ${opened++}`, attempts, lease, clock: endless(lease) };
      const [runner, worker] = [
        await pgBossQueue(server.url, options),
        await pgBossQueue(server.url, options),
      ];
      return { runner, worker, lapse: () => new Promise((resolve) => setTimeout(resolve, lease + 50)) };
    };

  it("a queue of pg-boss: workers end after the study's process was killed", async () => {
    await tellsWorkersOfAKill(onServer(LEASE));
  });

  it.each(Object.keys(queueLaws))("a queue of pg-boss: %s", async (law) => {
    const [lease, runs] = LAPSING.includes(law) ? [LEASE, 2] : [100 * LEASE, 4];
    await checkQueueLaw(onServer(lease), law, { numRuns: cases(runs) });
  });
});

/** A clock by which every look is late, so that each asks the server for what has expired. */
function endless(lease: number): () => number {
  let now = 0;
  return () => {
    now += lease;
    return now;
  };
}

/** A queue with something wrong, and a law that finds it. */
const BROKEN: readonly (readonly [
  what: string,
  law: string,
  change: (queue: JobQueue) => Partial<JobQueue>,
])[] = [
  [
    "hands out what has the least priority",
    "hands each job out once, the most urgent first, with its bytes",
    (queue) => ({
      put: (jobs) => queue.put(jobs.map((job) => ({ ...job, priority: -(job.priority ?? 0) }))),
    }),
  ],
  [
    "hands a job out to two",
    "hands each job out once, the most urgent first, with its bytes",
    (queue) => ({
      async take(most) {
        const leases = await queue.take(most);
        await leases?.[0]?.release();
        return leases;
      },
    }),
  ],
  [
    "tells an outcome once",
    "returns the first outcome of a job, and no other, until it is removed",
    (queue) => ({
      async ended() {
        const ended = await queue.ended();
        await queue.remove(ended.map(({ name }) => name));
        return ended;
      },
    }),
  ],
  [
    "counts no attempts",
    "hands out a failed job again, and ends it with the last reason after the last attempt",
    (queue) => ({
      async take(most) {
        const leases = await queue.take(most);
        return leases?.map((lease) => ({ ...lease, fail: () => lease.release() }));
      },
    }),
  ],
  [
    "lets no lease end",
    "hands out the job of a dead worker again once its lease has expired, and ends it after the last attempt",
    (queue) => {
      const out: { extend(): Promise<boolean> }[] = [];
      return {
        async take(most) {
          const leases = await queue.take(most);
          out.push(...(leases ?? []));
          return leases;
        },
        async ended() {
          for (const lease of out) await lease.extend();
          return queue.ended();
        },
      };
    },
  ],
  [
    "takes no sign of life",
    "leaves a job to a worker that sends heartbeats",
    (queue) => ({
      async take(most) {
        const leases = await queue.take(most);
        return leases?.map((lease) => ({ ...lease, extend: async () => true }));
      },
    }),
  ],
  ["does not end", "tells workers whether the study runs", (queue) => ({ end: () => queue.put([]) })],
  ["keeps what was removed", "keeps no job that was removed while it ran", () => ({ async remove() {} })],
  [
    "counts releases",
    "takes back a released job without counting the attempt",
    (queue) => ({
      async take(most) {
        const leases = await queue.take(most);
        return leases?.map((lease) => ({ ...lease, release: () => lease.fail("released") }));
      },
    }),
  ],
];

it.each(BROKEN)("is found out where it %s", async (_, law, change) => {
  const broken: QueueFactory = async (attempts) => {
    const { clock, lapse } = turnedClock();
    const queue = memoryQueue({ attempts, lease: LEASE, clock });
    const changed = Object.assign(Object.create(queue) as JobQueue, change(queue));
    return { runner: changed, worker: changed, lapse };
  };
  await expect(checkQueueLaw(broken, law, { seed: 1, numRuns: cases(100) })).rejects.toThrow(
    `breaks the law "${law}"`,
  );
});
