/**
 * What a job costs on its way through a queue: put, taken, told, fetched and removed, one after another, on
 * SQLite and on PostgreSQL by pg-boss.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStudy, float, random } from "../../src/index.js";
import { sqliteStorage } from "../../src/store/sqlite/index.js";
import { type JobQueue, pgBossQueue } from "../../src/workers/queue/index.js";
import { hasPostgres, PostgresServer } from "../../test/store/postgresServer.js";
import { eachOnce } from "../measure.js";
import { type Row, speedRow } from "../row.js";

const JOBS = 200;
const payload = new Uint8Array(1000);

export async function* queue(): AsyncIterable<Row> {
  const folder = mkdtempSync(join(tmpdir(), "fettle-bench-queue-"));
  const server = hasPostgres ? await PostgresServer.start("fsync=on") : undefined;
  try {
    const storage = await sqliteStorage(join(folder, "studies.db"));
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    const stored = await storage.create("study", study.toJSON());
    const own = stored.queue?.();
    if (own) yield await passed("a job through a storage", "SQLite", own);
    await storage.close();
    if (server)
      yield await passed(
        "a job through pg-boss",
        "PostgreSQL",
        await pgBossQueue(server.url, { study: "bench" }),
      );
  } finally {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function passed(name: string, size: string, own: JobQueue): Promise<Row> {
  await own.ended(); // somebody runs the study
  const seconds = await eachOnce(JOBS, async (i) => {
    await own.put([{ name: `${i}/0`, payload }]);
    for (const lease of (await own.take(1)) ?? []) await lease.complete(payload);
    await own.remove((await own.ended()).map(({ name }) => name));
  });
  await own.end();
  await own.close();
  return speedRow({ suite: "queue", name, size }, "ms", { seconds, amount: 1 });
}
