/** A storage that is opened to read only: it shows what is there, of any release, and changes nothing. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createStudy, type FettleError, float, random } from "fettle";
import type { StudyStorage } from "fettle/store";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import Database from "libsql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../src/store/sql/schema.js";
import { hasPostgres, PostgresServer } from "./postgresServer.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Who may write anywhere, unless for a while another user. */
const isRoot = process.getuid?.() === 0;
let files = 0;
const newPath = (): string => join(folder, `${files++} %#?.db`);

const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
await study.optimize(({ x }) => x, { trials: 3 });
study.ask();

async function fill(storage: StudyStorage): Promise<void> {
  const kept = await storage.create("first", study.toJSON(), { mine: 1 });
  await kept.report(3, { step: 1, value: 0.5 });
  await kept.keep("model", Uint8Array.of(1, 2, 3));
  await kept.note({ number: 1, text: "odd", tags: [] });
  await storage.close();
}

/** Everything that can be read. */
async function everythingIn(storage: StudyStorage) {
  const kept = (await storage.open("first"))!;
  return [
    ...[await storage.studies(), await kept.trials(), await kept.curves(0), await kept.reports(3)],
    ...[await kept.artifacts(), await kept.artifact("model"), await kept.notes(), kept.settings],
  ];
}
const everything = [
  ...[[{ name: "first", trials: 4, finished: 3 }], study.toJSON().trials, undefined],
  ...[
    [{ step: 1, value: 0.5 }],
    [{ name: "model", size: 3 }],
    { bytes: Uint8Array.of(1, 2, 3), version: expect.any(String) },
  ],
  ...[[{ number: 1, text: "odd", tags: [] }], { mine: 1 }],
];

/** Every call that writes is refused, and says why. */
async function expectUnwritable(storage: StudyStorage): Promise<void> {
  const kept = (await storage.open("first"))!;
  const record = { number: 3, params: { x: 0.5 }, value: 1, std: null, seconds: null, status: "complete" };
  const writes: readonly (() => Promise<unknown>)[] = [
    () => storage.create("second", study.toJSON()),
    () => kept.add({ number: 4, params: { x: 0.5 } }),
    () => kept.tell(record as never),
    () => kept.report(3, { step: 2, value: 1 }),
    () => kept.note({ number: 0, text: "a", tags: [] }),
    () => kept.keep("other", Uint8Array.of(1)),
    () => storage.delete("first"),
    () => kept.append([{ number: 4, params: { x: 0.5 }, status: "running" }]),
    async () => kept.queue?.().put([{ name: "0/0", payload: Uint8Array.of(1) }]),
  ];
  for (const write of writes) {
    const { code, message } = await failure(write);
    expect([code, message]).toEqual([
      "invalid_state",
      expect.stringContaining("was opened with readOnly, so it cannot be written"),
    ]);
  }
}

describe("a file", () => {
  const read = (path: string) => sqliteStorage(path, { readOnly: true });

  it("shows all, and stays as it is to the byte", async () => {
    const path = newPath();
    await fill(await sqliteStorage(path));
    const before = readFileSync(path);
    const storage = await read(path);
    expect(await everythingIn(storage)).toEqual(everything);
    await expectUnwritable(storage);
    await storage.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("shows what another process writes meanwhile", async () => {
    const path = newPath();
    const writer = await sqliteStorage(path);
    const kept = await writer.create("first", study.toJSON());
    const storage = await read(path);
    const seen = await storage.open("first");
    await kept.add({ number: 4, params: { x: 0.5 } });
    expect((await seen?.trials())?.length).toBe(5);
    await storage.close();
    await kept.add({ number: 5, params: { x: 0.5 } });
    expect((await kept.trials()).length).toBe(6);
    await writer.close();
  });

  it("shows the last writes of a process that was killed, which are in the file beside it", async () => {
    const [path, copy] = [newPath(), newPath()];
    const writer = await sqliteStorage(path);
    await writer.create("first", study.toJSON());
    for (const end of ["", "-wal"]) writeFileSync(copy + end, readFileSync(path + end));
    await writer.close();
    const before = readFileSync(copy);
    expect(before.length).toBeLessThan(readFileSync(path).length);
    const storage = await read(copy);
    expect(await storage.studies()).toEqual(everything[0]);
    await storage.close();
    expect(readFileSync(copy).equals(before)).toBe(true);
  });

  it("is read where no file can be made beside it, as on a read-only disk", async () => {
    const path = newPath();
    await fill(await sqliteStorage(path));
    for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
    mkdirSync(`${path}-shm`);
    const storage = await read(path);
    expect(await everythingIn(storage)).toEqual(everything);
    await storage.close();
    expect(readdirSync(`${path}-shm`)).toEqual([]);
  });

  it.runIf(isRoot)("is read by a user who may write neither it nor beside it", async () => {
    const path = newPath();
    await fill(await sqliteStorage(path));
    chmodSync(dirname(path), 0o755);
    process.seteuid?.(65534);
    try {
      const storage = await read(path);
      expect(await everythingIn(storage)).toEqual(everything);
      await storage.close();
    } finally {
      process.seteuid?.(0);
    }
  });

  it("that is missing, empty or of another program is refused, and stays as it is", async () => {
    const [missing, empty, other] = [newPath(), newPath(), newPath()];
    writeFileSync(empty, "");
    const database = new Database(other);
    database.exec("CREATE TABLE songs (title TEXT)");
    database.close();
    const before = readFileSync(other);
    expect(await failure(() => read(missing))).toMatchObject({
      code: "not_found",
      message: expect.stringMatching(/^there is no file /),
    });
    expect(await failure(() => read(empty))).toMatchObject({
      code: "not_found",
      message: expect.stringMatching(/^there are no studies in .*; create one/),
    });
    const foreign =
      'must be a storage of Fettle or empty; it has the tables of another program, such as "songs"';
    for (const open of [read, sqliteStorage])
      expect((await failure(() => open(other))).message).toContain(foreign);
    expect(readFileSync(other).equals(before)).toBe(true);
    expect(readFileSync(empty).length).toBe(0);
    expect(() => readFileSync(missing)).toThrow("ENOENT");
  });

  it.each([1, 2, 3])("of the schema %i is read, and stays of it until it is written to", async (version) => {
    const path = newPath();
    await fill(await sqliteStorage(path));
    const database = new Database(path);
    for (const sql of earlier(version)) database.exec(sql);
    database.close();
    const storage = await read(path);
    const notes = version === 1 ? [] : everything[6];
    expect(await everythingIn(storage)).toEqual(everything.with(6, notes));
    await storage.close();
    expect(versionIn(path)).toBe(version);
    await (await sqliteStorage(path)).close();
    expect(versionIn(path)).toBe(SCHEMA_VERSION);
  });

  it("must be one", async () => {
    expect((await failure(() => read(":memory:"))).message).toContain(
      "path must be that of a file with readOnly",
    );
    const wrong = { readOnly: 1 as never };
    expect((await failure(() => sqliteStorage(newPath(), wrong))).message).toContain(
      "readOnly must be true or false; received 1",
    );
  });
});

/** The database of an earlier release. */
function earlier(version: number): readonly string[] {
  /** By the version that has added them. */
  const tables = { 2: ["fettle_notes"], 3: ["fettle_jobs", "fettle_queues"], 4: ["fettle_versions"] };
  const later = Object.entries(tables).filter(([since]) => Number(since) > version);
  return [
    ...later.flatMap(([, names]) => names.map((table) => `DROP TABLE ${table}`)),
    `DELETE FROM fettle_migrations WHERE version > ${version}`,
  ];
}

function versionIn(path: string): number {
  const database = new Database(path);
  const [row] = database.prepare("SELECT MAX(version) AS version FROM fettle_migrations").all();
  database.close();
  return (row as { version: number }).version;
}

describe.runIf(hasPostgres)("a server of PostgreSQL", () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let guest: string;
  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = new pg.Pool({ connectionString: server.url });
    admin.on("error", () => {});
    await admin.query("CREATE ROLE reader LOGIN PASSWORD 'reader'");
    guest = `${Object.assign(new URL(server.url), { username: "reader", password: "reader" })}`;
  });
  afterAll(async () => {
    await admin.end();
    await server.remove();
  });

  it("shows all to a user who may only select, of this release and of an earlier one", async () => {
    const read = () => postgresStorage(guest, { readOnly: true });
    for (const url of [guest, server.url])
      expect(await failure(() => postgresStorage(url, { readOnly: true }))).toMatchObject({
        code: "not_found",
        message: `there are no studies in "127.0.0.1:${server.port}/postgres"; create one, as with fettle tune --storage`,
      });
    const { rows } = await admin.query("SELECT 1 FROM pg_namespace WHERE nspname = 'fettle'");
    expect(rows).toEqual([]);
    await fill(await postgresStorage(server.url));
    const refused = await failure(read);
    expect([refused.code, refused.message]).toEqual([
      "store_failed",
      expect.stringContaining("USAGE on the schema and rights on its tables: SELECT to read, all to write"),
    ]);
    await admin.query("GRANT USAGE ON SCHEMA fettle TO reader");
    await admin.query("GRANT SELECT ON ALL TABLES IN SCHEMA fettle TO reader");
    const storage = await read();
    expect(await everythingIn(storage)).toEqual(everything);
    await expectUnwritable(storage);
    await storage.close();
    for (const sql of earlier(1)) await admin.query(sql.replaceAll("fettle_", "fettle.fettle_"));
    const older = await read();
    expect(await everythingIn(older)).toEqual(everything.with(6, []));
    await older.close();
  });
});

async function failure(work: () => Promise<unknown>): Promise<FettleError> {
  try {
    await work();
  } catch (error) {
    return error as FettleError;
  }
  throw new Error("nothing was refused");
}
