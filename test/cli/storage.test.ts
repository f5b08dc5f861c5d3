/** `fettle tune --storage` and `fettle studies`, as a user runs them. Needs `dist/`. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderStorage } from "fettle/store/folder";
import { sqliteStorage } from "fettle/store/sqlite";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { cases } from "../cases.js";
import { hasPostgres, PostgresServer } from "../store/postgresServer.js";
import { fettle, folder, listing, root, smallTable, start } from "./fettle.js";

/** Milliseconds for a test that starts a dozen commands, on a machine that does other work too. */
const MANY_COMMANDS = 240_000;

const begin = (name: string): string[] => [
  ...["tune", "data.csv", "--target", "y", "--folds", "2", "--epochs", "2", "--trials", "9", "--jobs", "2"],
  ...["--storage", "s.db", "--study", name],
];
const of = (command: string, name: string, ...more: string[]): string[] => [
  ...["studies", command, "--storage", "s.db", "--study", name, ...more],
];

/** The trials and the model that a storage has, without what clocks told. */
async function stateOf(cwd: string, name: string, path = "s.db") {
  const storage = path.endsWith("/") ? folderStorage(join(cwd, path)) : await sqliteStorage(join(cwd, path));
  const study = await storage.open(name);
  const trials = (await study?.trials())?.map((trial) => ({ ...trial, seconds: null }));
  const model = await study?.artifact("model.fettle");
  await storage.close();
  return {
    trials: JSON.stringify(trials),
    count: trials?.length,
    model: model && Buffer.from(model.bytes).toString("hex"),
  };
}

describe("fettle tune --storage", () => {
  it(
    "goes on after kills at any moment to the end of a study that never stopped",
    async () => {
      const cwd = folder({ "data.csv": smallTable() });
      expect((await fettle(begin("whole"), cwd)).stderr).not.toContain("error");
      let random = 11;
      for (let kill = 0; kill < Math.min(60, cases(10)); kill++) {
        random = (random * 48271) % 2147483647;
        const run = start(begin("killed"), cwd);
        // the introduction, or some time after it
        await run.until("9 trials").catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, random % 400));
        run.kill("SIGKILL");
        await run.ended;
      }
      const last = await fettle(begin("killed"), cwd);
      expect([last.code, last.stderr]).toEqual([0, expect.not.stringContaining("error")]);
      const [whole, killed] = [await stateOf(cwd, "whole"), await stateOf(cwd, "killed")];
      expect(killed.count).toBe(9);
      expect(killed.trials).toBe(whole.trials);
      expect(killed.model).toBe(whole.model);
      expect(whole.model?.length).toBeGreaterThan(1000);
    },
    cases(1) * MANY_COMMANDS,
  );

  it("keeps a study in a folder as in a file, also after a kill, for every command", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const inFolder = (words: string[]) => words.map((word) => (word === "s.db" ? "studies/" : word));
    await fettle(begin("whole"), cwd);
    const run = start(inFolder(begin("s")), cwd);
    await run.until("9 trials").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 150));
    run.kill("SIGKILL");
    await run.ended;
    const [last, again] = [await fettle(inFolder(begin("s")), cwd), await stateOf(cwd, "s", "studies/")];
    expect([last.code, last.stderr]).toEqual([0, expect.not.stringContaining("error")]);
    expect(again).toEqual(await stateOf(cwd, "whole"));
    const commands = [
      ["studies", "list", "--storage", "studies/"],
      inFolder(of("show", "s")),
      inFolder(of("export", "s", "--out", "x")),
      inFolder(of("copy", "s", "--to", "copy.db")),
      ["report", "--storage", "studies/", "--study", "s", "--out", "s.html"],
      ["predict", "x/model.fettle", "data.csv", "--out", "p.csv"],
    ];
    for (const words of commands) expect([words, (await fettle(words, cwd)).code]).toEqual([words, 0]);
    expect(await stateOf(cwd, "s", "copy.db")).toEqual(again);
    const queued = await fettle(inFolder([...begin("q"), "--queue", "storage"]), cwd);
    expect([queued.code, queued.stderr]).toEqual([
      2,
      expect.stringContaining("a folder has no queue for workers"),
    ]);
    expect(listing(cwd).filter((name) => name.includes("lock"))).toEqual([]);
  });

  it(
    "goes on without its flags, to more trials, and refuses others",
    async () => {
      const cwd = folder({ "data.csv": smallTable(), "other.csv": smallTable().replace("40", "41") });
      const first = await fettle([...begin("s"), "--trials", "3"], cwd);
      expect(first.stdout).toContain("npx fettle studies export --storage s.db --study s --out <folder>");
      const more = await fettle(
        ["tune", "--storage", "s.db", "--study", "s", "--trials", "5", "--json"],
        cwd,
      );
      expect((JSON.parse(more.stdout) as { trials: unknown[] }).trials).toHaveLength(5);
      const refusals: readonly (readonly [string[], string])[] = [
        [
          [...begin("s"), "--seed", "3"],
          '--seed must be 0, as study "s" began; received 3; leave it out, or choose another name',
        ],
        [
          ["tune", "other.csv", "--storage", "s.db", "--study", "s"],
          'must be the table that the study in "s.db" began with',
        ],
        [
          ["tune", "--storage", "s.db", "--study", "none"],
          'there is no study "none" in "s.db". Known: "s"; a new one needs a table, <data.csv>',
        ],
        [
          ["tune", "--storage", "gone.db", "--study", "none"],
          'no study "none" in "gone.db". Known: none; a new one needs',
        ],
        [["tune", "data.csv", "--target", "y", "--storage", "s.db"], "--storage needs --study"],
        [["tune", "data.csv", "--target", "y", "--study", "first"], "--study needs --storage"],
        [["tune", "data.csv", "--target", "y", "--storage", ".", "--study", "first"], "which is a folder"],
        [
          ["studies", "--storage", "s.db"],
          "one of the commands of fettle studies must come before --storage: list, show",
        ],
        [["studies", "show", "--storage", "s.db"], "Run fettle studies show --help for usage."],
        [[...begin("s"), "--resume", "x"], "--resume must be left out with --storage"],
        [[...begin("s"), "--overwrite"], "--overwrite needs --out"],
        [
          ["tune", "data.csv", "--target", "y", "--storage", "data.csv", "--study", "s"],
          "it is not an SQLite file",
        ],
        [[...begin("a\nb")], "the name of a study must be a text without control characters"],
        [[...begin("x".repeat(10_000))], "must have at most 500 characters; received 10000"],
      ];
      for (const [words, message] of refusals) {
        const { code, stderr } = await fettle(words, cwd);
        expect(stderr).toContain(message);
        expect(code).toBe(2);
      }
      expect((await stateOf(cwd, "s")).count).toBe(5);
    },
    MANY_COMMANDS,
  );
});

describe("fettle tune --storage --out", () => {
  it("writes the files of the study too, and replaces only those of the same study", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const both = (name: string, ...more: string[]) =>
      fettle([...begin(name), "--out", "study", ...more], cwd);
    const first = await both("s", "--trials", "2");
    expect([first.code, first.stderr]).toEqual([0, expect.not.stringContaining("error")]);
    expect(first.stdout).toContain(
      "Predict y of other rows: npx fettle predict study/model.fettle <data.csv>",
    );
    expect(first.stdout).toContain("Kept in s.db; its files: npx fettle studies export");
    expect(first.stdout).toContain("Report: study/report.html");
    // the study goes on from the storage, and the folder has all of it
    const more = await fettle([..."tune --storage s.db --study s --out study --trials 3".split(" ")], cwd);
    expect([more.code, more.stderr]).toEqual([0, expect.not.stringContaining("error")]);
    const { count, model } = await stateOf(cwd, "s");
    expect(count).toBe(3);
    expect(readFileSync(join(cwd, "study/trials.csv"), "utf8").trimEnd().split("\n")).toHaveLength(1 + 3);
    expect(readFileSync(join(cwd, "study/model.fettle")).toString("hex")).toBe(model);
    // another study has another folder, and begins nowhere where it has none
    const other = await both("other", "--seed", "1");
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('"study" has model.fettle already'),
    ]);
    expect((await stateOf(cwd, "other")).count).toBeUndefined();
    expect((await both("other", "--seed", "1", "--trials", "1", "--overwrite")).code).toBe(0);
    const back = await fettle([..."tune --storage s.db --study s --out study".split(" ")], cwd);
    expect([back.code, back.stderr]).toEqual([
      2,
      expect.stringContaining('"study" has model.fettle already'),
    ]);
  });
});

describe("a study that has ended and goes on", () => {
  it("says so in its summary, as a dashboard reads it", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const status = async (): Promise<unknown> => {
      const storage = await sqliteStorage(join(cwd, "s.db"));
      const bytes = (await (await storage.open("s"))?.artifact("summary.json"))?.bytes;
      await storage.close();
      return bytes && JSON.parse(new TextDecoder().decode(bytes)).status;
    };
    expect((await fettle([...begin("s"), "--trials", "1"], cwd)).code).toBe(0);
    expect(await status()).toBe("finished");
    const run = start("tune --storage s.db --study s --trials 5000".split(" "), cwd);
    while ((await status()) === "finished") await new Promise((resolve) => setTimeout(resolve, 50));
    run.kill("SIGKILL");
    await run.ended;
    expect(await status()).toBe("running");
  });
});

describe.runIf(hasPostgres)("a URL of PostgreSQL as --storage", () => {
  it(
    "has what a file has, and its password is never printed",
    async () => {
      const server = await PostgresServer.start();
      try {
        const cwd = folder({ "data.csv": smallTable() });
        const words = begin("s").map((word) => (word === "s.db" ? server.url : word));
        for (const [look, message] of [
          [["studies", "list"], "there are no studies in"],
          [["tune", "--study", "s"], 'there is no study "s" in'],
        ] as const) {
          const { code, stderr } = await fettle([...look, "--storage", server.url], cwd);
          expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
        }
        const client = new pg.Client({ connectionString: server.url });
        await client.connect();
        const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'fettle'");
        await client.end();
        expect(rows).toEqual([]); // looking has made nothing
        const first = await fettle([...words, "--trials", "3"], cwd);
        const open = `postgres://fettle@127.0.0.1:${server.port}/postgres`;
        expect(first.stdout).toContain(
          `npx fettle studies export --storage ${open} --study s --out <folder>`,
        );
        const more = await fettle(["tune", "--storage", server.url, "--study", "s", "--trials", "5"], cwd);
        expect([more.code, more.stderr]).toEqual([0, expect.not.stringContaining("error")]);
        const listed = await fettle(["studies", "list", "--storage", server.url, "--json"], cwd);
        expect(JSON.parse(listed.stdout)).toEqual([{ name: "s", trials: 5, finished: 5 }]);
        const copied = ["--storage", server.url, "--study", "s", "--to", "s.db", "--as", "copy"];
        expect((await fettle(["studies", "copy", ...copied], cwd)).code).toBe(0);
        await fettle([...begin("whole"), "--trials", "5"], cwd);
        const [copy, whole] = [await stateOf(cwd, "copy"), await stateOf(cwd, "whole")];
        expect([copy.trials, copy.model]).toEqual([whole.trials, whole.model]);
        const wrong = await fettle(["studies", "show", "--storage", server.url, "--study", "none"], cwd);
        expect(wrong.stderr).toContain(`there is no study "none" in "${open}". Known: "s"`);
        const printed = [first, more, wrong].map(({ stdout, stderr }) => stdout + stderr).join();
        expect(printed).not.toContain(encodeURIComponent(server.password));
      } finally {
        await server.remove();
      }
    },
    MANY_COMMANDS,
  );
});

describe("fettle studies", () => {
  it(
    "lists, shows, exports, copies and deletes studies of any name",
    async () => {
      const name = `"quoted" <script>alert('é')</script>`;
      const cwd = folder();
      const storage = await sqliteStorage(join(cwd, "s.db"));
      const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
      await study.optimize(({ x }) => x * x, { trials: 6 });
      study.ask();
      const kept = await storage.create(name, study.toJSON(), { note: 1 });
      await kept.keep("model.fettle", Uint8Array.of(1, 2, 3));
      await kept.report(6, { step: 1, value: 0.5 });
      const front = createStudy({
        space: { x: float(0, 1) },
        strategy: random(),
        direction: ["minimize", "maximize"],
      });
      await front.optimize(({ x }) => [x, x], { trials: 3 });
      const curves = { loss: [[4, 2], [3]] };
      front.add({ x: 0.5 }, { values: [2, -2], curves });
      await storage.create("front", front.toJSON());
      await storage.close();

      const { stdout } = await fettle(["studies", "list", "--storage", "s.db", "--json"], cwd);
      expect(JSON.parse(stdout)).toEqual([
        { name, trials: 7, finished: 6 },
        { name: "front", trials: 4, finished: 4 },
      ]);
      const [head, ...lines] = (await fettle(["studies", "list", "--storage", "s.db"], cwd)).stdout.split(
        "\n",
      );
      expect(head).toMatch(/^study +finished +trials$/);
      expect(lines[1]).toMatch(/^front +4 +4$/);
      // each is as good as the others: less of one objective is less of the other
      const bests = JSON.parse((await fettle(of("best", "front", "--json"), cwd)).stdout) as unknown;
      expect(bests).toEqual(JSON.parse(JSON.stringify(front.trials.slice(0, 3))));
      const shown = (await fettle(of("show", name), cwd)).stdout.replace(/ +/g, " ").split("\n");
      expect(shown).toEqual(
        expect.arrayContaining([`study ${name}`, "asked for 7 trials", "finished 6 trials: 6 complete"]),
      );
      const best = JSON.parse((await fettle(of("best", name, "--json"), cwd)).stdout) as { value: number };
      expect(best.value).toBe(study.best.value);
      const trials = JSON.parse((await fettle(of("trials", name, "--json"), cwd)).stdout) as unknown[];
      expect(trials).toEqual(JSON.parse(JSON.stringify(study.toJSON().trials)));
      await fettle(of("export", name, "--out", "files"), cwd);
      expect(listing(join(cwd, "files"))).toEqual(["model.fettle", "study.json", "trials.csv"]);
      expect(JSON.parse(readFileSync(join(cwd, "files/study.json"), "utf8"))).toEqual(
        JSON.parse(JSON.stringify(study)),
      );
      await fettle(of("copy", name, "--to", "t.db", "--as", "copy"), cwd);
      await fettle(of("copy", "front", "--to", "t.db"), cwd);
      const copy = await sqliteStorage(join(cwd, "t.db"));
      const copied = await copy.open("copy");
      expect(await copied?.trials()).toEqual(study.toJSON().trials);
      expect(await (await copy.open("front"))?.trials()).toEqual(front.toJSON().trials);
      expect(await copied?.reports(6)).toEqual([{ step: 1, value: 0.5 }]);
      expect([...((await copied?.artifact("model.fettle"))?.bytes ?? [])]).toEqual([1, 2, 3]);
      await copy.close();
      expect((await fettle(of("delete", name), cwd)).code).toBe(0);
      const gone = await fettle(of("show", name), cwd);
      expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining('Known: "front"')]);
    },
    MANY_COMMANDS,
  );

  it(
    "takes a study to a file of Optuna and back",
    async () => {
      const cwd = folder();
      const storage = await sqliteStorage(join(cwd, "s.db"));
      const study = createStudy({
        space: { x: float(-5, 5), y: float(0, 1, { when: { x: { low: 0 } } }) },
        strategy: random(),
        direction: "minimize",
      });
      await study.optimize(({ x }) => x * x, { trials: 6 });
      await storage.create("first", study.toJSON());
      await storage.close();
      const out = await fettle(of("export", "first", "--optuna", "o.db", "--as", "theirs"), cwd);
      expect([out.code, out.stdout, out.stderr]).toEqual([
        ...[0, "Written: o.db\n"],
        expect.stringContaining('note: Optuna has no conditions: "y"'),
      ]);
      const words = ["studies", "import", "--optuna", "o.db", "--study", "theirs", "--storage", "s.db"];
      const back = await fettle([...words, "--as", "back", "--seed", "3"], cwd);
      expect([back.code, back.stdout, back.stderr]).toEqual([0, "Imported: 6 trials\n", ""]);
      const best = JSON.parse((await fettle(of("best", "back", "--json"), cwd)).stdout) as unknown;
      expect(best).toEqual(JSON.parse(JSON.stringify(study.best)));
      for (const [more, message] of [
        [
          ["export", "--study", "first"],
          "export must have --out <folder>, or --optuna <file.db>, and not both",
        ],
        [["import", "--study", "theirs", "--optuna", "none.db"], 'there is no file "none.db"'],
        [
          ["import", "--study", "no", "--optuna", "o.db"],
          'there is no study "no" in "o.db". Known: "theirs"',
        ],
        [["import", "--study", "theirs", "--optuna", "s.db"], "must be a storage of Optuna"],
      ] as const) {
        const { code, stderr } = await fettle(["studies", ...more, "--storage", "s.db"], cwd);
        expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
      }
    },
    MANY_COMMANDS,
  );

  it("makes no file where there is none", async () => {
    const cwd = folder();
    const { code, stderr } = await fettle(["studies", "list", "--storage", "none.db"], cwd);
    expect([code, stderr]).toEqual([
      2,
      'error: there is no file "none.db"; start a study to create it, as with fettle tune --storage\n',
    ]);
    expect(existsSync(join(cwd, "none.db"))).toBe(false);
  });

  it.runIf(process.getuid?.() === 0 && process.platform === "linux")(
    "is refused before anything runs where it cannot be written, and read",
    async () => {
      const cwd = folder({ "data.csv": smallTable() });
      expect((await fettle([...begin("s"), "--trials", "1"], cwd)).code).toBe(0);
      chmodSync(cwd, 0o755);
      const asNobody = (words: readonly string[]) => {
        const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        const { status, stdout, stderr } = spawnSync(
          "setpriv",
          [...user, process.execPath, join(root, "bin/fettle.js"), ...words],
          { cwd, encoding: "utf8" },
        );
        return { code: status, stdout, stderr };
      };
      for (const words of [begin("new"), of("delete", "s")])
        expect(asNobody(words)).toEqual({
          code: 2,
          stdout: "",
          stderr: 'error: cannot write "s.db": permission is denied\n',
        });
      expect(asNobody(of("best", "s", "--json"))).toMatchObject({ code: 0, stderr: "" });
    },
  );

  it("writes nothing into an empty file, nor does any other command that looks", async () => {
    const cwd = folder({ "empty.db": "" });
    for (const words of [
      ["studies", "best", "--study", "s", "--storage", "empty.db"],
      ["studies", "delete", "--study", "s", "--storage", "empty.db"],
      ["report", "--storage", "empty.db", "--study", "s"],
      ["dashboard", "--storage", "empty.db"],
    ]) {
      const { code, stderr } = await fettle(words, cwd);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('error: there are no studies in "empty.db"'),
      ]);
    }
    expect(readFileSync(join(cwd, "empty.db")).length).toBe(0);
  });
});
