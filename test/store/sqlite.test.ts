/** What a file of SQLite keeps when its disk is full, or the file is not what it should be. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Curves, createStudy, type FettleError, float, random, type StudyJson } from "fettle";
import { sqliteStorage } from "fettle/store/sqlite";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { refusal } from "../tune/support.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

describe("a file", () => {
  it("that is no database is refused, and stays as it is", async () => {
    const path = at("table.csv");
    const text = `${"a,b\n".repeat(500)}`;
    writeFileSync(path, text);
    expect(await refusal(() => sqliteStorage(path))).toContain("it is not an SQLite file");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("of another program is refused, and stays as it is", async () => {
    const path = at("other.db");
    const database = new Database(path);
    database.exec("CREATE TABLE songs (title TEXT)");
    database.close();
    expect(await refusal(() => sqliteStorage(path))).toContain('tables of another program, such as "songs"');
    const again = new Database(path);
    expect(again.prepare("SELECT name FROM sqlite_master").all()).toMatchObject([{ name: "songs" }]);
    again.close();
  });

  it("of a later schema is refused with both versions", async () => {
    const path = at("later.db");
    await (await sqliteStorage(path)).close();
    const database = new Database(path);
    database.exec("INSERT INTO fettle_migrations (version) VALUES (7)");
    database.close();
    expect(await refusal(() => sqliteStorage(path))).toContain(
      "has schema version 7; this release reads at most 4; upgrade Fettle to open it",
    );
  });

  it("that was cut short is refused, unless all that is read of it is whole", async () => {
    const path = at("cut.db");
    const storage = await sqliteStorage(path);
    const study = await storage.create("study", emptyStudy());
    for (let number = 0; number < 200; number++) await study.add({ number, params: { x: number / 200 } });
    await storage.close();
    const bytes = readFileSync(path);
    const outcomes: string[] = [];
    for (const size of [bytes.length - 5000, bytes.length >> 1, 5000, 100]) {
      const shorter = at(`cut-${size}.db`);
      writeFileSync(shorter, bytes.subarray(0, size));
      const read = async (): Promise<string> => {
        const cut = await sqliteStorage(shorter);
        try {
          const trials = await (await cut.open("study"))?.trials();
          return `${trials?.length} trials`;
        } finally {
          await cut.close();
        }
      };
      outcomes.push(await read().catch((error: FettleError) => `${error.code}: ${error.message}`));
    }
    // what was cut off may be of another table
    for (const outcome of outcomes)
      expect(outcome).toMatch(/^200 trials$|damaged_record: .*(is damaged|is not a file of SQLite)/);
    expect(outcomes.slice(1).every((outcome) => outcome.startsWith("damaged_record"))).toBe(true);
  });

  it("in a folder that does not exist cannot be opened", async () => {
    expect(await refusal(() => sqliteStorage(at("none/study.db")))).toContain("the file cannot be opened");
  });

  it("that another process writes to for longer than the time-out is said to be in use", async () => {
    const path = at("locked.db");
    const storage = await sqliteStorage(path, { timeout: 50 });
    const study = await storage.create("study", emptyStudy());
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    expect(await refusal(() => study.add({ number: 0, params: { x: 0.5 } }))).toContain(
      "another process has been writing to it for too long",
    );
    other.exec("ROLLBACK");
    other.close();
    expect(await study.add({ number: 0, params: { x: 0.5 } })).toBe(true);
    await storage.close();
  });
});

const worker = fileURLToPath(new URL("writer.mjs", import.meta.url));

it("a disk that is full ends the writer with the reason, and loses nothing that was kept", async () => {
  const path = at("full.db");
  // blocks of 1 KiB that a file may have: the limit of a file stands for that of a disk
  const limited = ["-c", 'ulimit -f 256; exec "$0" "$@"', process.execPath, worker, path, "100000"];
  const child = spawn("bash", limited, { stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      output[name] += chunk;
    });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(1);
  expect(output.stderr).toContain("the disk is full");
  const kept = output.stdout.match(/\+/g)?.length ?? 0;
  expect(kept).toBeGreaterThan(10);
  const storage = await sqliteStorage(path);
  const [study] = await storage.studies();
  expect(study.finished).toBe(kept);
  await (await storage.open("study"))?.add({ number: study.trials, params: { x: 0.5 } });
  await storage.close();
});

describe("bytes that are not UTF-8", () => {
  const path = at("texts.db");
  /** All that a storage reads, of which each text column has something. */
  const read = async (file: string): Promise<string> => {
    const storage = await sqliteStorage(file);
    try {
      const seen: unknown[] = [await storage.studies()];
      const study = await storage.open("study");
      seen.push(study?.definition, study?.settings);
      for (const each of [
        () => study?.trials(),
        () => study?.reports(0),
        () => study?.notes(),
        () => study?.artifacts(),
        () => study?.artifact("model"),
        () => study?.add({ number: 0, params: { x: 0.5 } }),
        () => study?.queue?.().take(1),
        () => study?.queue?.().ended(),
      ])
        seen.push(
          await Promise.resolve(each()).catch((error: FettleError) => `${error.code}: ${error.message}`),
        );
      return JSON.stringify(seen);
    } catch (error) {
      return `${(error as FettleError).code}: ${(error as FettleError).message}`;
    } finally {
      await storage.close();
    }
  };
  const changed = (file: string, sql: string): void => {
    copyFileSync(path, file);
    const database = new Database(file);
    database.exec(sql);
    database.close();
  };

  it("in any column are read as U+FFFD or refused, and end no process", async () => {
    const storage = await sqliteStorage(path);
    const study = await storage.create("study", emptyStudy());
    await study.add({ number: 0, params: { x: 0.5 } });
    await study.report(0, { step: 1, value: 0.25 });
    const curves = new Curves({ loss: [[1, 2]] });
    const record = { number: 0, params: { x: 0.5 }, value: 1, std: null, seconds: 1, curves };
    await study.tell({ ...record, status: "complete" });
    await study.note({ number: 0, text: "é, 雪", tags: ["😀"] });
    await study.keep("model", Uint8Array.of(0xff, 0xfe));
    const queue = study.queue?.();
    await queue?.put([{ name: "a", payload: Uint8Array.of(1) }]);
    await (await queue?.take(1))?.[0].fail("lost");
    await queue?.put([{ name: "b", payload: Uint8Array.of(2) }]);
    await storage.close();
    const sound = await read(path);
    expect(sound).toContain("é, 雪");
    const database = new Database(path);
    const columns = database
      .prepare(
        `SELECT t.name AS "table", c.name AS name, c.type AS type FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name LIKE 'fettle%'`,
      )
      .all() as { readonly table: string; readonly name: string; readonly type: string }[];
    database.close();
    expect(columns.length).toBeGreaterThan(40);
    const unseen: string[] = [];
    for (const { table, name, type } of columns) {
      const file = at(`damaged-${table}-${name}.db`);
      try {
        // one after a NUL, where functions of texts stop
        changed(
          file,
          `PRAGMA foreign_keys = OFF; UPDATE OR IGNORE ${table} SET ${name} = CAST(x'2200ff22' AS TEXT)`,
        );
      } catch (error) {
        expect(`${error}`).toMatch(/datatype mismatch/); // a row's own number
        continue;
      }
      const outcome = await read(file);
      if (outcome === sound) unseen.push(name);
      if (type === "TEXT" && outcome !== sound)
        expect(outcome).toMatch(/\ufffd|damaged_record|"artifacts?"|null/);
      rmSync(file);
    }
    // these are compared, and never read
    expect(unseen).toEqual([]);
  });

  it("in the names of tables and columns are refused", async () => {
    const bytes = readFileSync(path);
    const file = at("names.db");
    const outcomes: string[] = [];
    for (const word of ["outcome TEXT", "TEXT NOT NULL,\n      tags", "fettle_jobs ("]) {
      const damaged = Buffer.from(bytes);
      const start = damaged.indexOf(word);
      expect(start).toBeGreaterThan(0);
      damaged[start + 1] = 0xff;
      writeFileSync(file, damaged);
      outcomes.push(await refusal(() => sqliteStorage(file)));
    }
    for (const outcome of outcomes) expect(outcome).toMatch(/must be UTF-8|is damaged/);
  });
});

function emptyStudy(): StudyJson {
  return createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON();
}
