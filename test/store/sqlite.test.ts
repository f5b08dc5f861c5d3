/** What a file of SQLite keeps when processes are killed, write at once, or the file is not what it should be. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStudy, type FettleError, float, random, type StudyJson } from "fettle";
import { sqliteStorage } from "fettle/store/sqlite";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { refusal } from "../tune/support.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

describe("a file", () => {
  it("that is no database is refused, and stays as it is", async () => {
    const path = at("table.csv");
    const text = `${"a,b\n".repeat(500)}`;
    writeFileSync(path, text);
    expect(await refusal(() => sqliteStorage(path))).toContain("it is not a file of SQLite");
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
      "has schema version 7; this release reads at most 2; upgrade Fettle to open it",
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

/** A process that adds and tells trials of one study as fast as it can, and prints each result that was kept. */
function write(
  path: string,
  trials: number,
  ended: (kept: number[], taken: number) => void,
  killAfter?: number,
) {
  const child = spawn(process.execPath, [worker, path, `${trials}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (killAfter !== undefined && text.length > killAfter) child.kill("SIGKILL");
  });
  return new Promise<void>((resolve) =>
    child.on("close", () => {
      // the last line may be cut short
      const lines = text
        .slice(0, text.lastIndexOf("\n") + 1)
        .split("\n")
        .filter(Boolean);
      ended(
        lines.map((line) => Number(line.slice(1))),
        lines.filter((line) => line[0] === "+").length,
      );
      resolve();
    }),
  );
}

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

describe("processes that write one file", () => {
  it(
    "lose nothing that was kept when they are killed at any moment",
    async () => {
      const path = at("killed.db");
      const all = new Set<number>();
      let next = 7;
      for (let kill = 0; kill < cases(20); kill++) {
        next = (next * 48271) % 2147483647;
        await write(path, 100_000, (kept) => kept.forEach((number) => void all.add(number)), next % 3000);
        const storage = await sqliteStorage(path);
        const trials = (await (await storage.open("study"))?.trials()) ?? [];
        await storage.close();
        const found = new Set(
          trials.filter(({ status }) => status === "complete").map(({ number }) => number),
        );
        expect([...all].filter((number) => !found.has(number))).toEqual([]);
        expect(trials.map(({ number }) => number)).toEqual([...trials.keys()]);
      }
      expect(all.size).toBeGreaterThan(20);
    },
    cases(20) * 20_000,
  );

  it("take each result once between them", async () => {
    const path = at("two.db");
    const taken: number[] = [];
    const count = (_: number[], own: number) => void taken.push(own);
    await Promise.all([write(path, 300, count), write(path, 300, count)]);
    expect(taken).toHaveLength(2);
    expect(taken[0] + taken[1]).toBe(300);
    const storage = await sqliteStorage(path);
    expect(await storage.studies()).toEqual([{ name: "study", trials: 300, finished: 300 }]);
    await storage.close();
  });
});

function emptyStudy(): StudyJson {
  return createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON();
}
