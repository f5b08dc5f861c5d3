/**
 * `fettle serve` with the client in Python of examples/, as people run both. Needs `dist/`, and
 * /usr/bin/python3.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, PostgresServer } from "../store/postgresServer.js";
import { fettle, folder, type Running, root, start } from "./fettle.js";

const TOKEN = "a secret of 16 characters or more";
const SPACE = JSON.stringify({
  x: { type: "float", low: -5, high: 5 },
  width: { type: "int", low: 1, high: 64, log: true },
});
const NEW = [
  "serve",
  "--space",
  "space.json",
  "--storage",
  "s.db",
  "--port",
  "0",
  "--trials",
  "16",
  "--lag",
  "3",
];

const processes = new Set<ChildProcess>();
afterAll(() => {
  for (const each of processes) each.kill("SIGKILL");
});

/** The server, once it listens, and the address of its study. */
async function serve(words: readonly string[], cwd: string): Promise<[Running, string]> {
  const server = start(words, cwd, { env: { FETTLE_TOKEN: TOKEN } });
  return [server, /http:\S+/.exec(await server.until("/studies/"))?.[0] as string];
}

interface Client {
  readonly process: ChildProcess;
  /** The numbers of the trials whose results it told. */
  readonly ended: Promise<number[]>;
}

function client(url: string, pause = "0.02"): Client {
  const words = [join(root, "examples/python/client.py"), url, pause];
  const env = { ...process.env, FETTLE_TOKEN: TOKEN };
  const child = spawn("/usr/bin/python3", words, { env, stdio: ["ignore", "pipe", "inherit"] });
  processes.add(child);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<number[]>((resolve) =>
    child.on("close", () => {
      processes.delete(child);
      const taken = text.split("\n").filter((line) => line.includes("'taken': True"));
      resolve(taken.map((line) => Number.parseInt(line, 10)));
    }),
  );
  return { process: child, ended };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function trialsOf(
  cwd: string,
  name: string,
  storage = "s.db",
): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await fettle(
    ["studies", "trials", "--storage", storage, "--study", name, "--json"],
    cwd,
  );
  const trials = JSON.parse(stdout) as Record<string, unknown>[];
  return trials.map((trial) => ({ ...trial, seconds: null }));
}

describe("fettle serve", () => {
  const cwd = folder({ "space.json": SPACE });
  const scheduled = ["--scheduler", "asha", "--steps", "5", "--strategy", "tpe"];
  /** The trials of one client. */
  let expected: readonly Record<string, unknown>[];
  beforeAll(async () => {
    const [alone, one] = await serve([...NEW, "--study", "alone", ...scheduled], cwd);
    expect((await client(one).ended).length).toBe(16);
    alone.kill("SIGTERM");
    const { code, stdout } = await alone.ended;
    expect([code, stdout.split("\n").at(-2)]).toEqual([0, "Stopped: 16 trials of study alone in s.db"]);
    expected = await trialsOf(cwd, "alone");
    expect(expected.some(({ status }) => status === "pruned")).toBe(true);
  }, 180_000);

  it("gives four clients, of which one is killed, and a server that is killed too, the trials of one", {
    timeout: 180_000,
  }, async () => {
    const [first, url] = await serve([...NEW, "--study", "many", ...scheduled, "--lease", "1"], cwd);
    const clients = [client(url), client(url), client(url), client(url)];
    await pause(1_000);
    clients[1].process.kill("SIGKILL");
    await pause(500);
    first.kill("SIGKILL"); // the clients ask until it is there again
    await first.ended;
    const again = ["serve", "--storage", "s.db", "--study", "many", "--trials", "16", "--lease", "1"];
    const [second] = await serve([...again, "--port", new URL(url).port], cwd);
    const told = (await Promise.all(clients.map(({ ended }) => ended))).flat();
    second.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    expect(await trialsOf(cwd, "many")).toEqual(expected);
    // no client was told twice that its result was taken; an answer may have been lost with a process
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThanOrEqual(14);
  });

  it.runIf(hasPostgres)(
    "gives them from a PostgreSQL that is killed and begins again, and claims its study again",
    {
      timeout: 180_000,
    },
    async () => {
      const database = await PostgresServer.start();
      const admin = new pg.Pool({ connectionString: database.url });
      admin.on("error", () => {});
      const isClaimed = async () => {
        const name = "hashtextextended('fettle tune many', 0)";
        const sql = `SELECT pg_try_advisory_lock(${name}) AS own, pg_advisory_unlock(${name})`;
        return !((await admin.query(sql)).rows[0] as { own: boolean }).own;
      };
      try {
        const words = [...NEW, "--study", "many", ...scheduled].map((word) =>
          word === "s.db" ? database.url : word,
        );
        const [server, url] = await serve(words, cwd);
        expect(await isClaimed()).toBe(true);
        const clients = [client(url, "0.1"), client(url, "0.1"), client(url, "0.1")];
        await pause(1_000);
        await database.end("SIGKILL");
        await pause(500);
        await database.begin();
        await expect.poll(isClaimed, { timeout: 10_000 }).toBe(true);
        const second = await fettle(words, cwd, { FETTLE_TOKEN: TOKEN });
        expect([second.code, second.stderr]).toEqual([
          2,
          'error: another process runs study "many": send requests to it, or wait for it to end\n',
        ]);
        const told = (await Promise.all(clients.map(({ ended }) => ended))).flat();
        expect(new Set(told).size).toBe(told.length);
        server.kill("SIGTERM");
        expect((await server.ended).code).toBe(0);
        expect(await isClaimed()).toBe(false);
        expect(await trialsOf(cwd, "many", database.url)).toEqual(expected);
      } finally {
        await admin.end();
        await database.remove();
      }
    },
  );

  it("refuses what it cannot serve", { timeout: 60_000 }, async () => {
    const refusals: readonly (readonly [readonly string[], string, string?])[] = [
      [[...NEW, "--study", "s"], "FETTLE_TOKEN must be set", ""],
      [[...NEW, "--study", "s"], "FETTLE_TOKEN must be a secret of at least 16 characters", "short"],
      [["serve", "--storage", "none.db", "--study", "s"], 'there is no file "none.db"'],
      [[...NEW, "--study", "a/b"], "study must be a name of 1 to 64 letters"],
      [[...NEW, "--study", "s", "--scheduler", "hyperband", "--steps", "9"], "do not wait for each other"],
      [["serve", "--storage", "s.db", "--study", "none"], "a new one needs --space"],
    ];
    for (const [words, message, token = TOKEN] of refusals) {
      const { code, stderr } = await fettle(words, cwd, { FETTLE_TOKEN: token });
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
