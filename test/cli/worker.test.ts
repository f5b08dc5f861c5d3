/** `fettle tune --queue` and `fettle worker`, as a user runs them. Needs `dist/`. */
import { join } from "node:path";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, PostgresServer } from "../store/postgresServer.js";
import { fettle, folder, listing, ownProcess, smallTable, start } from "./fettle.js";

/** Milliseconds for a test that starts several commands, on a machine that does other work too. */
const MANY_COMMANDS = 240_000;

const begin = (name: string, ...more: string[]): string[] => [
  ...["tune", "data.csv", "--target", "y", "--folds", "2", "--epochs", "2", "--trials", "9"],
  ...["--storage", "s.db", "--study", name, ...more],
];
const worker = (name: string, ...more: string[]): string[] => [
  ...["worker", "--storage", "s.db", "--study", name, "--jobs", "1", ...more],
];

/** The trials and the model that a storage has, without what clocks told. */
async function stateOf(cwd: string, name: string, url?: string) {
  const storage = url === undefined ? await sqliteStorage(join(cwd, "s.db")) : await postgresStorage(url);
  const study = await storage.open(name);
  const trials = (await study?.trials())?.map((trial) => ({ ...trial, seconds: null }));
  const model = await study?.artifact("model.fettle");
  await storage.close();
  return { trials: JSON.stringify(trials), model: model && Buffer.from(model.bytes).toString("hex") };
}

describe("fettle worker", () => {
  it(
    "does the trainings of a study, to the same end, also where another is killed",
    async () => {
      const cwd = folder({ "data.csv": smallTable() });
      expect((await fettle(begin("alone", "--jobs", "1"), cwd)).code).toBe(0);
      const study = start(begin("shared", "--queue", "storage", "--jobs", "0"), cwd);
      await study.until("9 trials");
      // not sooner than a process comes: the introduction is printed before the study is there
      const second = await ownProcess(
        ["tune", "--storage", "s.db", "--study", "shared", "--queue", "storage"],
        cwd,
      );
      expect([second.code, second.stderr]).toEqual([
        2,
        expect.stringContaining(
          'another process runs study "shared": wait for it to end, or help it: npx fettle worker --storage s.db --study shared',
        ),
      ]);
      const doomed = start(worker("shared", "--wait"), cwd);
      await doomed.until("Working for study");
      doomed.kill("SIGKILL");
      const helper = start(worker("shared", "--wait"), cwd);
      const ended = await study.ended;
      expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringContaining("error")]);
      helper.interrupt();
      const { code, stdout, stderr } = await helper.ended;
      expect(code).toBe(0);
      expect(stderr).toContain("Stopping after the running trainings; press Ctrl-C again to stop at once.");
      expect(Number(/(\d+) trainings done\./.exec(stdout)?.[1])).toBeGreaterThan(9);
      const [alone, shared] = [await stateOf(cwd, "alone"), await stateOf(cwd, "shared")];
      expect(shared.trials).toBe(alone.trials);
      expect(shared.model).toBe(alone.model);
      // nobody runs the study any more
      expect(listing(cwd).filter((file) => file.includes("lock"))).toEqual([]);
      const late = await fettle(worker("shared"), cwd);
      expect([late.code, late.stdout]).toEqual([0, "0 trainings done.\n"]);
    },
    MANY_COMMANDS,
  );

  it(
    "gives up trainings that take too long in their threads, and loses none of the others",
    async () => {
      /** Trials of one width each, of which the last takes minutes. */
      const space = (last: number) =>
        JSON.stringify({ units: { type: "choice", values: [2, 3, 4, 5, 6, last] } });
      const cwd = folder({ "data.csv": smallTable(), "narrow.json": space(7), "wide.json": space(65_536) });
      const words = (name: string, ...more: string[]) => [
        ...["tune", "data.csv", "--target", "y", "--epochs", "3000", "--trials", "6"],
        ...["--validation", "shuffleSplit", "--folds", "1", "--validation-size", "0.5"],
        ...["--strategy", "random", "--storage", "s.db", "--study", name, "--space", `${name}.json`, ...more],
      ];
      expect((await fettle(words("narrow", "--jobs", "1"), cwd)).code).toBe(0);
      const study = start(words("wide", "--queue", "storage", "--jobs", "0"), cwd);
      await study.until("6 trials");
      const helper = start(
        ["worker", "--storage", "s.db", "--study", "wide", "--jobs", "2", "--job-timeout", "4", "--wait"],
        cwd,
      );
      expect((await study.ended).code).toBe(0);
      helper.interrupt();
      const { code, stdout } = await helper.ended;
      expect(code).toBe(0); // it is the process that began; one that waits ends in no other way
      const [, done, failed] = /(\d+) trainings done; (\d+) failed/.exec(stdout)?.map(Number) ?? [];
      expect(done).toBeGreaterThanOrEqual(5);
      // its three attempts: none of another trial failed with it
      expect(failed).toBe(3);
      const [narrow, wide] = [await stateOf(cwd, "narrow"), await stateOf(cwd, "wide")].map(
        ({ trials }) => JSON.parse(trials as string) as { params: { units: number }; error?: string }[],
      );
      const isLast = ({ params }: { params: { units: number } }) => params.units > 6;
      expect(wide.filter((trial) => !isLast(trial))).toEqual(narrow.filter((trial) => !isLast(trial)));
      expect(wide.filter(isLast)).toMatchObject([
        { status: "failed", error: expect.stringContaining("took longer than 4 s, which is its limit") },
      ]);
    },
    MANY_COMMANDS,
  );

  it(
    "says what is wrong with a table, a study or a queue",
    async () => {
      const cwd = folder({
        "data.csv": smallTable(),
        "other.csv": smallTable().replace("40", "41"),
      });
      expect((await fettle(begin("s", "--trials", "1", "--jobs", "1"), cwd)).code).toBe(0);
      const refusals: readonly (readonly [string[], string])[] = [
        [
          worker("s", "other.csv"),
          '"other.csv" must be the table that study "s" began with; its cells differ',
        ],
        [worker("s", "none.csv"), 'the table of study "s", "none.csv", does not exist here; say where it is'],
        [worker("t"), 'there is no study "t" in "s.db". Known: "s"'],
        [worker("s", "--queue", "redis://host"), "--queue must be storage or the address of a server"],
        [["worker"], "--storage is missing"],
        [["worker", "--storage", "none.db"], 'there is no file "none.db"'],
        [begin("u", "--jobs", "0"), "--jobs must be at least 1 without --queue"],
        [["tune", "data.csv", "--target", "y", "--queue", "storage"], "--queue needs --storage and --study"],
      ];
      for (const [words, message] of refusals) {
        const { code, stderr } = await fettle(words, cwd);
        expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
      }
    },
    MANY_COMMANDS,
  );
});

describe.runIf(hasPostgres)("fettle worker with a server of PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server?.remove());

  it(
    "does the trainings of a study there, by the storage's queue and by pg-boss, to the same end",
    async () => {
      const cwd = folder({ "data.csv": smallTable() });
      expect((await fettle(begin("alone", "--jobs", "1"), cwd)).code).toBe(0);
      const alone = await stateOf(cwd, "alone");
      const there = (words: string[]) => words.map((word) => (word === "s.db" ? server.url : word));
      for (const queue of ["storage", server.url]) {
        const name = `by ${queue === "storage" ? queue : "pg-boss"}`;
        const study = start(there(begin(name, "--queue", queue, "--jobs", "0")), cwd);
        await study.until("9 trials");
        const second = await ownProcess(
          there(["tune", "--storage", "s.db", "--study", name, "--queue", queue]),
          cwd,
        );
        expect([second.code, second.stderr]).toEqual([
          2,
          expect.stringContaining(`another process runs study "${name}"`),
        ]);
        const helper = start(there(worker(name, "--queue", queue, "--wait")), cwd);
        const ended = await study.ended;
        expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringContaining("error")]);
        helper.interrupt();
        const { stdout } = await helper.ended;
        expect(Number(/(\d+) trainings done\./.exec(stdout)?.[1])).toBeGreaterThan(17);
        expect(await stateOf(cwd, name, server.url)).toEqual(alone);
      }
    },
    MANY_COMMANDS,
  );
});
