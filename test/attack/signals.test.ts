/** Commands that are told to end, killed at any moment, or left by their readers, as real processes. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createStudy, float, random } from "fettle";
import { sqliteStorage } from "fettle/store/sqlite";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { fettle, folder, listing, type Running, root, smallTable, start } from "../cli/fettle.js";

const wine = join(root, "examples/data/wine.csv");
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

const SIGNALS = [
  ["SIGTERM", 143, "send a signal again"],
  ["SIGHUP", 129, "send a signal again"],
  ["SIGINT", 130, "press Ctrl-C again"],
] as const;

/** Waits for a study that has trials in its folder. */
async function untilSaved(out: string, trials = 1): Promise<void> {
  while (!existsSync(join(out, "study.json")) || json(out, "study.json").trials.length < trials)
    await pause(20);
}

describe.concurrent.each(SIGNALS)("%s", (signal, exitCode, again) => {
  it("saves the study, says how to resume, and gives the exit code that shells give", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words = "tune data.csv --target y --trials 100000 --epochs 2 --jobs 1 --out study".split(" ");
    const run = start(words, cwd);
    await untilSaved(join(cwd, "study"));
    run.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(exitCode);
    expect(stderr).toContain(`Stopping after the running trials; ${again} to stop at once.`);
    const { trials } = json(cwd, "study", "study.json");
    expect(stderr).toContain(
      `${trials.length} trials of the study are in study; to resume: npx fettle tune --resume study`,
    );
    expect(stdout).toContain("Written: study/model.fettle");
    expect(json(cwd, "study", "summary.json")).toMatchObject({
      status: "interrupted",
      trials: trials.length,
    });
    expect(listing(join(cwd, "study"))).toEqual([
      "curves.csv",
      "model.fettle",
      "report.html",
      "study.json",
      "summary.json",
      "trials.csv",
    ]);
  });
});

describe.concurrent("the end of a command", () => {
  it("is at once at the second signal, with the trials so far", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SIGNALS),
        fc.constantFrom(...SIGNALS),
        async ([first], [second, exitCode]) => {
          const cwd = folder();
          const words = [
            "tune",
            wine,
            "--target",
            "cultivar",
            ..."--epochs 1000000 --jobs 1 --out study".split(" "),
          ];
          const run = start(words, cwd);
          await run.until("gp search");
          run.kill(first);
          await run.until("Stopping");
          run.kill(second);
          expect((await run.ended).code).toBe(exitCode);
          expect(listing(join(cwd, "study"))).toEqual(["study.json", "summary.json"]);
        },
      ),
      { numRuns: cases(1), endOnFailure: true },
    );
  });

  it("without --out says that nothing was saved", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const run = start("tune data.csv --target y --trials 100000 --epochs 2 --jobs 1".split(" "), cwd);
    await run.until("gp search");
    run.kill("SIGTERM");
    expect((await run.ended).stderr).toContain("Nothing was saved; with --out, a study can be resumed.\n");
  });

  it("by a terminal that closes keeps the study", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const words = "tune data.csv --target y --trials 100000 --epochs 2 --jobs 1 --out study".split(" ");
    const run = start(words, cwd);
    await untilSaved(join(cwd, "study"));
    run.hangUp();
    run.kill("SIGHUP");
    expect((await run.ended).code).toBe(129);
    expect(json(cwd, "study", "summary.json").status).toBe("interrupted");
  });

  it("leaves nothing of a model that was not fitted", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    const run = start("fit data.csv --target y --epochs 1000000 --out m.fettle".split(" "), cwd);
    while (!existsSync(join(cwd, "m.fettle.part"))) await pause(20);
    await pause(300);
    run.kill("SIGTERM");
    expect((await run.ended).code).toBe(143);
    expect(listing(cwd)).toEqual(["data.csv"]);
  });

  it("leaves nothing of predictions that were not written, while rows are predicted or waited for", async () => {
    const rows = smallTable();
    const many = `${rows}${rows.slice(rows.indexOf("\n") + 1).repeat(10_000)}`;
    const cwd = folder({ "data.csv": rows, "many.csv": many });
    const fitted = await fettle("fit data.csv --target y --epochs 1 --out m.fettle".split(" "), cwd);
    expect(fitted.code).toBe(0);
    const ended = await Promise.all(
      (["many.csv", "-"] as const).map(async (table) => {
        const out = table === "-" ? "waiting.csv" : "predicting.csv";
        const words = ["predict", "m.fettle", table, "--out", out];
        const run = start(words, cwd, table === "-" ? { stdin: rows, keepsOpen: true } : {});
        while (!existsSync(join(cwd, `${out}.part`))) await pause(20);
        run.kill("SIGTERM");
        return run.ended;
      }),
    );
    expect(ended).toEqual(Array(2).fill({ code: 143, stdout: "", stderr: "" }));
    expect(listing(cwd)).toEqual(["data.csv", "m.fettle", "many.csv"]);
  });

  it("leaves nothing of a copy of a study that was not whole", { timeout: 240_000 }, async () => {
    const cwd = folder();
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    await study.optimize(({ x }) => x, { trials: 4000 });
    const storage = await sqliteStorage(join(cwd, "s.db"));
    const kept = await storage.create("many", study.toJSON());
    for (let i = 0; i < 500; i++) await kept.keep(`file ${i}`, new Uint8Array(10_000));
    await storage.close();
    const run = start("studies copy --storage s.db --study many --to t.db".split(" "), cwd);
    const studies = async () => {
      if (!existsSync(join(cwd, "t.db"))) return 0;
      // a writer would lock the file against the copy that creates its tables
      const copies = await sqliteStorage(join(cwd, "t.db"), { readOnly: true });
      try {
        return (await copies.studies()).length;
      } finally {
        await copies.close();
      }
    };
    let over = false;
    const ended = run.ended.finally(() => {
      over = true;
    });
    // a copy that fails says why
    while (!over && (await studies().catch(() => 0)) === 0) await pause(20);
    run.kill("SIGTERM");
    const { code, stderr } = await ended;
    const words = "Stopping after deleting the unfinished copy; send a signal again to stop at once.\n";
    expect([code, stderr]).toEqual([143, words]);
    expect(await studies()).toBe(0);
  });

  it("of a server is in good order, and a success", async () => {
    const cwd = folder({ "space.json": '{ "x": { "type": "float", "low": 0, "high": 1 } }' });
    const env = { FETTLE_TOKEN: "a".repeat(32) };
    const serve = "serve --space space.json --storage s.db --study first --port 0".split(" ");
    for (const [words, begun] of [
      [serve, "Serving study"],
      [["dashboard", "--storage", "s.db", "--port", "0"], "Ctrl-C to close it"],
    ] as const) {
      for (const [signal, , again] of SIGNALS) {
        const run = start(words, cwd, { env });
        const url = /http:\S+/.exec(await run.until(begun))?.[0] as string;
        run.kill(signal);
        const { code, stderr } = await run.ended;
        expect([words[0], signal, code]).toEqual([words[0], signal, 0]);
        expect(stderr).toContain(`Stopping after the running requests; ${again} to stop at once.`);
        await expect(fetch(url)).rejects.toThrow();
      }
    }
    expect(listing(cwd).filter((name) => name.includes("lock"))).toEqual([]);
  });

  it("of a benchmark and of laws has the code of the signal", async () => {
    const cwd = folder();
    const commands: readonly (readonly [words: string, begun: string])[] = [
      ["benchmark --problems linear-iris --optimizers sgd --seeds 500 --out out --jobs 1", "1 optimizer"],
      ["verify --only gradients --cases 60", "cases of each law"],
    ];
    const ended = await Promise.all(
      commands.map(async ([words, begun]) => {
        const run = start(words.split(" "), cwd);
        await run.until(begun);
        run.kill("SIGTERM");
        return run.ended;
      }),
    );
    expect(ended.map(({ code }) => code)).toEqual([143, 143]);
    expect(ended[0].stderr).toMatch(/ runs are in out; the same command resumes from there\.\n$/);
    expect(listing(join(cwd, "out"))).toEqual(["runs.jsonl"]);
  });
});

it("a study that is killed at any moments, and resumed each time, ends as one that ran through", async () => {
  const cwd = folder({ "data.csv": smallTable() });
  const words = "tune data.csv --target y --trials 12 --epochs 20 --jobs 1 --json".split(" ");
  const whole = await fettle([...words, "--out", "whole"], cwd);
  const valuesOf = (out: string) =>
    json(cwd, out, "study.json").trials.map(({ params, value }: Record<string, unknown>) => [params, value]);
  expect(whole.code).toBe(0);
  let studies = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          signal: fc.constantFrom("SIGKILL", "SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"),
          after: fc.integer({ min: 150, max: 800 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      async (kills) => {
        const out = `study${studies++}`;
        let run: Running | undefined;
        for (const { signal, after } of kills) {
          const begun = existsSync(join(cwd, out, "summary.json"));
          run = start(begun ? ["tune", "--resume", out, "--json"] : [...words, "--out", out], cwd);
          await pause(after);
          run.kill(signal as NodeJS.Signals);
          const { code, stderr } = await run.ended;
          expect([0, null, 129, 130, 143], stderr).toContain(code);
        }
        const begun = existsSync(join(cwd, out, "summary.json"));
        const last = await fettle(
          begun ? ["tune", "--resume", out, "--trials", "12"] : [...words, "--out", out],
          cwd,
        );
        expect(last, last.stderr).toMatchObject({ code: 0 });
        expect(valuesOf(out)).toEqual(valuesOf("whole"));
        expect(listing(join(cwd, out))).toEqual(listing(join(cwd, "whole")));
      },
    ),
    { numRuns: cases(1), endOnFailure: true },
  );
});

describe("predictions", () => {
  const rows = 60_000;
  const table = `a,b\n${"1,2\n".repeat(rows)}`;
  const cwd = folder({ "data.csv": smallTable(), "rows.csv": table });
  const model = fettle("fit data.csv --target y --epochs 1 --out m.fettle".split(" "), cwd);

  it("are there whole or not at all wherever the command is killed, and leave nothing for long", async () => {
    expect((await model).code).toBe(0);
    const words = "predict m.fettle rows.csv --out predictions.csv".split(" ");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 700 }), async (after) => {
        const run = start(words, cwd);
        await pause(after);
        run.kill("SIGKILL");
        await run.ended;
        const path = join(cwd, "predictions.csv");
        if (existsSync(path)) expect(readFileSync(path, "utf8").split("\n")).toHaveLength(rows + 2);
      }),
      { numRuns: cases(2), endOnFailure: true },
    );
    expect((await fettle(words, cwd)).code).toBe(0);
    expect(readFileSync(join(cwd, "predictions.csv"), "utf8").split("\n")).toHaveLength(rows + 2);
    expect(listing(cwd)).toEqual(["data.csv", "m.fettle", "predictions.csv", "rows.csv"]);
  });

  it("end quietly when their reader has enough, though rows come without end", async () => {
    expect((await model).code).toBe(0);
    const child = spawn(process.execPath, [join(root, "bin/fettle.js"), "predict", "m.fettle", "-"], { cwd });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.on("error", () => {}); // it has ended
    const more = (): void => {
      while (child.stdin.write(table));
    };
    child.stdin.on("drain", more);
    more();
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});
