/**
 * What people are told of a PostgreSQL that cannot be used, what survives a lost connection, and who may
 * write at once.
 */
import { inspect } from "node:util";
import { createStudy, type FettleError, float, random, type StudyJson, type TrialRecord } from "fettle";
import { postgresStorage } from "fettle/store/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Curves } from "../../src/search/trial/curves.js";
import { SCHEMA_VERSION } from "../../src/store/sql/schema.js";
import { cases } from "../cases.js";
import { hasPostgres, PostgresServer } from "./postgresServer.js";

describe("the URL of a PostgreSQL", () => {
  it.each(["postgres://user:p@ss word@host name/x", "mysql://user:secret@host/x", "secret"])(
    "is refused without showing it where it is none",
    async (url) => {
      const error = await failure(() => postgresStorage(url));
      expect(error.code).toBe("invalid_argument");
      expect(error.message).toContain("must be as postgres://user:password@host:5432/name");
      expect(inspect(error)).not.toMatch(/secret|p@ss/);
    },
  );

  it("names the host where no server answers, at once", async () => {
    const error = await failure(() => postgresStorage("postgres://user:secret@127.0.0.1:1/x"));
    expect([error.code, error.message]).toEqual([
      "store_failed",
      expect.stringContaining(
        'cannot use "127.0.0.1:1/x": no server answers there; check the host and the port',
      ),
    ]);
    expect(inspect(error)).not.toContain("secret");
  });

  it("is not the only thing that a storage may be given, and nothing else is", async () => {
    const error = await failure(() => postgresStorage({} as pg.Pool));
    expect(error.message).toContain("database must be a URL, a Pool of the package pg, or a PGlite");
    const options = { schema: "a; DROP" };
    expect((await failure(() => postgresStorage("postgres://host/x", options))).message).toContain(
      "schema must be at most 63 lower-case letters",
    );
  });
});

describe.runIf(hasPostgres)("a server of PostgreSQL", () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = new pg.Pool({ connectionString: server.url });
    admin.on("error", () => {});
  });
  afterAll(async () => {
    await admin.end();
    await server.remove();
  });
  const storageIn = (schema: string, timeout?: number) =>
    postgresStorage(server.url, { schema, ...(timeout !== undefined && { timeout }) });

  it.each([
    [
      "another password",
      (url: URL) => Object.assign(url, { password: "wrong-secret" }),
      "refuses the user or the password",
    ],
    [
      "another database",
      (url: URL) => Object.assign(url, { pathname: "/none" }),
      "has no database with that name",
    ],
    [
      "no password",
      (url: URL) => Object.assign(url, { password: "" }),
      "asks for a password, and the URL has none",
    ],
  ] as const)("is told in words with %s, and never with the password", async (_, change, reason) => {
    const url = new URL(server.url);
    change(url);
    const error = await failure(() => postgresStorage(`${url}`));
    expect([error.code, error.message]).toEqual(["store_failed", expect.stringContaining(reason)]);
    expect(error.message).toContain(`127.0.0.1:${server.port}/`);
    for (const secret of [server.password, encodeURIComponent(server.password), "wrong-secret"])
      expect(inspect(error)).not.toContain(secret);
  });

  it("lets a user without rights on it know, and one with rights on the schema alone use it", async () => {
    await admin.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    const url = new URL(server.url);
    [url.username, url.password] = ["guest", "guest"];
    const open = () => postgresStorage(`${url}`, { schema: "guests" });
    expect((await failure(open)).message).toContain(
      "the user lacks a right; grant it CREATE on the database",
    );
    await admin.query("CREATE SCHEMA guests AUTHORIZATION guest");
    const storage = await open();
    await storage.create("study", emptyStudy());
    expect(await storage.studies()).toEqual([{ name: "study", trials: 0, finished: 0 }]);
    await storage.close();
  });

  it("gets its tables once where many processes open it first at the same time", async () => {
    const storages = await Promise.all(Array.from({ length: 8 }, () => storageIn("at_once")));
    const { rows } = await admin.query("SELECT version FROM at_once.fettle_migrations");
    expect(rows).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, i) => ({ version: i + 1 })));
    await Promise.all(storages.map((storage) => storage.close()));
  });

  it("of a later schema is refused with both versions", async () => {
    await (await storageIn("later")).close();
    await admin.query("INSERT INTO later.fettle_migrations (version) VALUES (7)");
    const error = await failure(() => storageIn("later"));
    expect([error.code, error.message]).toEqual([
      "invalid_checkpoint",
      expect.stringContaining(
        `has schema version 7; this release reads at most ${SCHEMA_VERSION}; upgrade Fettle to open it`,
      ),
    ]);
  });

  it("keeps the curves of the result that it took, of two that are told at once", async () => {
    const [one, two] = [await storageIn("curves"), await storageIn("curves")];
    const created = await one.create("study", emptyStudy());
    const other = (await two.open("study"))!;
    for (let number = 0; number < cases(20); number++) {
      await created.add({ number, params: { x: 0.5 } });
      const record: TrialRecord = {
        number,
        params: { x: 0.5 },
        value: 1,
        std: null,
        status: "complete",
        seconds: null,
      };
      const curves = new Curves({ loss: [[number, number / 2]] });
      const taken = await Promise.all(
        number % 2 === 0
          ? [created.tell({ ...record, curves }), other.tell(record)]
          : [other.tell(record), created.tell({ ...record, curves })],
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      const [withCurves] = number % 2 === 0 ? taken : [...taken].reverse();
      const trial = (await created.trials())[number];
      expect("curves" in trial).toBe(withCurves);
    }
    await one.close();
    await two.close();
  });

  it("keeps one whole artifact of several that are kept at once", async () => {
    const storages = await Promise.all(Array.from({ length: 4 }, () => storageIn("artifacts")));
    await storages[0].create("study", emptyStudy());
    const studies = await Promise.all(storages.map(async (storage) => (await storage.open("study"))!));
    const size = 2 ** 20 + 10;
    await Promise.all(studies.map((study, i) => study.keep("model", new Uint8Array(size + i).fill(i + 1))));
    const kept = (await studies[0].artifact("model"))?.bytes;
    expect(kept).toHaveLength(size + kept![0] - 1);
    expect(new Set(kept).size).toBe(1);
    await Promise.all(storages.map((storage) => storage.close()));
  });

  it("may cut every connection: what was asked of it is done all the same", async () => {
    const storage = await storageIn("cut");
    const study = await storage.create("study", emptyStudy());
    const cut = () =>
      admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fettle'");
    for (let number = 0; number < cases(30); number++) {
      const [, added] = await Promise.all([cut(), study.add({ number, params: { x: 0.5 } })]);
      expect(typeof added).toBe("boolean");
    }
    expect((await study.trials()).map(({ number }) => number)).toEqual([...Array(cases(30)).keys()]);
    await storage.close();
  });

  it("that does not come back within the time-out is told, and what was written is there when it does", async () => {
    const storage = await storageIn("gone", 100);
    const study = await storage.create("study", emptyStudy());
    await study.add({ number: 0, params: { x: 0.5 } });
    await server.end("SIGKILL");
    // connections outlive their server by a moment
    const error = await failure(async () => {
      for (;;) await study.trials();
    });
    expect(error.message).toContain("no server answers there");
    await server.begin();
    expect(await study.trials()).toEqual([{ number: 0, params: { x: 0.5 }, status: "running" }]);
    await storage.close();
  });

  it("is reached through the pool of a program, which stays open", async () => {
    const storage = await postgresStorage(admin, { schema: "pool" });
    await storage.create("study", emptyStudy());
    await storage.close();
    expect((await admin.query("SELECT name FROM pool.fettle_studies")).rows).toEqual([{ name: "study" }]);
  });
});

function emptyStudy(): StudyJson {
  return createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" }).toJSON();
}

async function failure(work: () => Promise<unknown>): Promise<FettleError> {
  try {
    await work();
  } catch (error) {
    return error as FettleError;
  }
  throw new Error("nothing was refused");
}
