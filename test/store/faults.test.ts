/**
 * What a database keeps when those who write are killed at any moment, when several write at once, and when
 * its server is killed. Needs `dist/`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoredTrial, StudyStorage } from "fettle/store";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { hasPostgres, PostgresServer } from "./postgresServer.js";

/** Milliseconds for a test that starts a dozen processes, on a machine that does other work too. */
const MANY_PROCESSES = 240_000;
const KILLS = Math.min(200, cases(25));
const TRIALS = 40;

const folder = mkdtempSync(join(tmpdir(), "fettle-faults-"));
let server: PostgresServer | undefined;
beforeAll(async () => {
  if (hasPostgres) server = await PostgresServer.start();
});
afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs a program of this folder; `each` hears how much it has printed. */
function run(
  program: "writer.mjs" | "study.mjs",
  where: string,
  trials: number,
  each: (printed: number, kill: () => void) => void = () => {},
): Promise<Ended> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [path, where, `${trials}`], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      output[name] += chunk;
      if (name === "stdout") each(output.stdout.length, () => child.kill("SIGKILL"));
    });
  return new Promise((resolve) =>
    child.on("close", (code) => {
      // the last line of a process that was killed may be cut short
      const lines = output.stdout.slice(0, output.stdout.lastIndexOf("\n") + 1).split("\n");
      resolve({ code, lines: lines.filter(Boolean), errors: output.stderr });
    }),
  );
}

/** The trials of the study, and then without it. */
async function takenFrom(open: () => Promise<StudyStorage>): Promise<readonly StoredTrial[]> {
  const storage = await open();
  const study = await storage.open("study");
  const trials = await study?.trials();
  if (study) await storage.delete("study");
  await storage.close();
  return trials ?? [];
}

let files = 0;
/**
 * What `study.mjs` keeps where nothing disturbs it, in a file of SQLite; it runs when the first test asks.
 */
let undisturbed: Promise<readonly StoredTrial[]> | undefined;
function whole(): Promise<readonly StoredTrial[]> {
  undisturbed ??= (async () => {
    const [alone, open] = BACKENDS[0][2]();
    const { code, errors } = await run("study.mjs", alone, TRIALS);
    expect([code, errors]).toEqual([0, ""]);
    const trials = timeless(await takenFrom(open));
    expect(trials).toHaveLength(TRIALS);
    return trials;
  })();
  return undisturbed;
}

const BACKENDS = [
  [
    "a file of SQLite",
    true,
    () => {
      const path = join(folder, `${files++}.db`);
      return [path, () => sqliteStorage(path)] as const;
    },
  ],
  ["PostgreSQL", hasPostgres, () => [server!.url, () => postgresStorage(server!.url)] as const],
] as const;

for (const [name, isThere, place] of BACKENDS)
  describe.runIf(isThere)(`processes that write one study in ${name}`, () => {
    it(
      "lose nothing that was kept when they are killed at any moment",
      async () => {
        const [where, open] = place();
        const all = new Set<number>();
        let next = 7;
        for (let kill = 0; kill < KILLS; kill++) {
          next = (next * 48271) % 2147483647;
          const killAfter = next % 1000;
          const { lines } = await run("writer.mjs", where, 100_000, (printed, kill) => {
            if (printed > killAfter) kill();
          });
          for (const line of lines) all.add(Number(line.slice(1)));
          const storage = await open();
          const trials = (await (await storage.open("study"))?.trials()) ?? [];
          await storage.close();
          const complete = trials.filter(({ status }) => status === "complete");
          const found = new Set(complete.map(({ number }) => number));
          expect([...all].filter((number) => !found.has(number))).toEqual([]);
          expect(trials.map(({ number }) => number)).toEqual([...trials.keys()]);
        }
        expect(all.size).toBeGreaterThan(10);
        await takenFrom(open);
      },
      cases(1) * MANY_PROCESSES,
    );

    it(
      "take each result once between them",
      async () => {
        const [where, open] = place();
        const ended = await Promise.all([run("writer.mjs", where, 300), run("writer.mjs", where, 300)]);
        expect(ended.map(({ code, errors }) => [code, errors])).toEqual([
          [0, ""],
          [0, ""],
        ]);
        const taken = ended.flatMap(({ lines }) => lines.filter((line) => line[0] === "+"));
        expect(new Set(taken).size).toBe(300);
        expect(taken).toHaveLength(300);
        expect((await takenFrom(open)).map(({ status }) => status)).toEqual(Array(300).fill("complete"));
      },
      MANY_PROCESSES,
    );

    it(
      "end as one process alone, to the bit",
      async () => {
        const [where, open] = place();
        const ended = await Promise.all([run("study.mjs", where, TRIALS), run("study.mjs", where, TRIALS)]);
        expect(ended.map(({ code, errors }) => [code, errors])).toEqual(Array(2).fill([0, ""]));
        expect(timeless(await takenFrom(open))).toEqual(await whole());
      },
      MANY_PROCESSES,
    );
  });

describe.runIf(hasPostgres)("a server of PostgreSQL that is killed in the middle of a study", () => {
  it(
    "loses nothing and has nothing twice once it runs again, and the study ends as undisturbed",
    async () => {
      const { url } = server!;
      let restart = Promise.resolve();
      const kills = [20, 50].flatMap((at) => [{ at, signal: at === 20 ? "SIGKILL" : "SIGQUIT" } as const]);
      const { code, lines, errors } = await run("study.mjs", url, TRIALS, (printed) => {
        if (kills.length === 0 || printed < kills[0].at) return;
        const [{ signal }] = kills.splice(0, 1);
        restart = restart.then(async () => {
          await server!.end(signal);
          await server!.begin();
        });
      });
      await restart;
      expect([code, errors, kills.length]).toEqual([0, "", 0]);
      expect(lines.map(Number).sort((a, b) => a - b)).toEqual([...Array(TRIALS).keys()]);
      expect(timeless(await takenFrom(() => postgresStorage(url)))).toEqual(await whole());
    },
    MANY_PROCESSES,
  );
});

const timeless = (trials: readonly StoredTrial[]) => trials.map((trial) => ({ ...trial, seconds: null }));
