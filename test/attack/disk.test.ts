/**
 * Full, read-only and impossible places, as real processes on real file systems; where mounting is refused,
 * by limits of the process.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { sqliteStorage } from "../../src/store/sqlite/sqlite.js";
import { cases } from "../cases.js";
import { type Ended, fettle, folder, listing, root, smallTable } from "../cli/fettle.js";
import { canMount, readOnlyDisk, smallDisk } from "./support/mounts.js";

const cwd = folder({ "data.csv": smallTable(), "rows.csv": `a,b\n${"1,2\n".repeat(9000)}` });
const fit = "fit data.csv --target y --epochs 1 --test-size 0";
const model = fettle([...fit.split(" "), "--out", "m.fettle"], cwd);

/** Every command that writes files; the last word is the place. */
const WRITERS = [
  "tune data.csv --target y --trials 2 --epochs 1 --folds 2 --jobs 1 --out",
  `${fit} --out`,
  "predict m.fettle data.csv --out",
  "export m.fettle --to onnx --out",
  "benchmark --problems beale --optimizers sgd --seeds 1 --trials 1 --no-pictures --jobs 1 --out",
];
const run = async (words: string, place: string): Promise<Ended> => {
  await model;
  return fettle([...words.split(" "), place], cwd);
};

/** Runs a command whose files may have so many bytes, so that a write beyond them fails halfway. */
async function runLimited(words: readonly string[], bytes: number): Promise<Ended> {
  await model;
  const limited = ["-c", `ulimit -f ${Math.ceil(bytes / 1024)}; exec "$0" "$@"`, process.execPath];
  const child = spawn("bash", [...limited, join(root, "bin/fettle.js"), ...words], { cwd });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** Fills a disk until so many bytes are free. @returns the file that fills it */
function fill(disk: string, free: number): string {
  const path = join(disk, "filler");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(path, new Uint8Array(Math.max(0, bavail * bsize - free)));
  return path;
}

describe.concurrent("every command that writes files", () => {
  it.each(WRITERS)("refuses a place that is impossible, before anything runs: fettle %s", async (words) => {
    const place = folder({ file: "", taken: "" });
    symlinkSync("loop", join(place, "loop"));
    execFileSync("mkfifo", [join(place, "pipe")]);
    const long = "x".repeat(300);
    const isFile = /^(fit|predict)/.test(words);
    const refusals = [
      [join(place, "file", "below"), /: a file is in the way$/],
      [join(place, "loop", "below"), /: its symbolic links form a cycle$/],
      [join(place, long), /: the name is too long; choose a shorter one$/],
      [join(place, "pipe"), /: (a file is in the way|it is not a regular file)$/],
      [isFile ? place : join(place, "taken"), /: (a file is in the way|it is not a regular file)$/],
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...refusals), async ([path, reason]) => {
        const { code, stdout, stderr } = await run(words, path);
        expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
        expect(stderr.trimEnd()).toMatch(/^error: cannot write "/);
        expect(stderr.trimEnd()).toMatch(reason);
      }),
      { numRuns: cases(1), endOnFailure: true },
    );
    expect(listing(place)).toEqual(["file", "loop", "pipe", "taken"]);
  });
});

it.runIf(canMount)(
  "every command that writes files refuses a read-only disk, before anything runs",
  async () => {
    const disk = readOnlyDisk();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...WRITERS),
        fc.constantFrom("out", "new/out"),
        async (words, place) => {
          const { code, stdout, stderr } = await run(words, join(disk, place));
          expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
          expect(stderr).toMatch(
            /^error: cannot write ".*": (the file system is read-only; choose another place|it is not a regular file)\n$/,
          );
          expect(listing(disk)).toEqual(["out"]);
        },
      ),
      { numRuns: cases(3), endOnFailure: true },
    );
  },
);

describe.runIf(canMount)("a full disk", () => {
  it("ends a study with code 1 and its reason, and keeps what it was written; with space it goes on", async () => {
    const words = `${WRITERS[0].replace("--trials 2", "--trials 5")}`;
    const whole = folder();
    expect((await run(words, join(whole, "out"))).code).toBe(0);
    const valuesIn = (path: string) =>
      (
        JSON.parse(readFileSync(join(path, "study.json"), "utf8")) as { trials: { value: number }[] }
      ).trials.map(({ value }) => value);
    const disk = smallDisk(2 ** 20); // the report is the largest
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), async (pages) => {
        const out = join(disk, "out");
        rmSync(out, { recursive: true, force: true });
        mkdirSync(out);
        const filler = fill(disk, pages * 4096);
        const full = await run(words, out);
        const hasBegun = existsSync(join(out, "summary.json"));
        if (full.code !== 0) {
          expect(full.code, full.stderr).toBe(hasBegun || /\.(json|csv|fettle)"/.test(full.stderr) ? 1 : 2);
          expect(full.stderr).toMatch(
            /^error: cannot write ".*": the disk is full; free some space, or choose another place\n$/,
          );
          expect(listing(out).filter((name) => /\.part$|^lock/.test(name))).toEqual([]);
        }
        truncateSync(filler);
        const again = hasBegun
          ? await fettle(["tune", "--resume", out, "--trials", "5"], cwd)
          : await run(words, out);
        expect(again, again.stderr).toMatchObject({ code: 0 });
        expect(valuesIn(out)).toEqual(valuesIn(join(whole, "out")));
      }),
      { numRuns: cases(2), endOnFailure: true },
    );
  });

  it("leaves no part of a study that does not fit as a whole", async () => {
    const [from, to] = [join(folder(), "s.db"), join(smallDisk(2 ** 18), "copy.db")];
    const storage = await sqliteStorage(from);
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    await study.optimize(({ x }) => x, { trials: 2 });
    await (await storage.create("first", study.toJSON(), {})).keep("large", new Uint8Array(2 ** 19));
    await storage.close();
    const words = ["studies", "copy", "--storage", from, "--study", "first", "--to"];
    const full = await fettle([...words, to], cwd);
    expect([full.code, full.stderr]).toEqual([1, expect.stringMatching(/^error: .*the disk is full.*\n$/)]);
    const { stdout } = await fettle(["studies", "list", "--storage", to, "--json"], cwd);
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it("leaves predictions whole or absent, wherever it fills", async () => {
    const disk = smallDisk(2 ** 18);
    const path = join(disk, "predictions.csv");
    const words = "predict m.fettle rows.csv --out";
    expect((await run(words, join(cwd, "all.csv"))).code).toBe(0);
    const all = readFileSync(join(cwd, "all.csv"), "utf8");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 14 }), async (pages) => {
        rmSync(path, { force: true });
        const filler = fill(disk, pages * 4096);
        const { code, stderr } = await run(words, path);
        // the first page is the claim's
        expect(code, stderr).toBe(pages === 0 ? 2 : Math.ceil(all.length / 4096) < pages ? 0 : 1);
        if (code === 0) expect(readFileSync(path, "utf8")).toBe(all);
        else expect(stderr).toMatch(/: the disk is full; free some space, or choose another place\n$/);
        expect(listing(disk)).toEqual(code === 0 ? ["filler", "predictions.csv"] : ["filler"]);
        rmSync(filler);
      }),
      { numRuns: cases(2), endOnFailure: true },
    );
  });
});

it("a file that may not grow is whole or absent, wherever the limit is", async () => {
  const [place, words] = [folder(), "predict m.fettle rows.csv --out".split(" ")];
  const path = join(place, "predictions.csv");
  await run("predict m.fettle rows.csv --out", join(place, "all.csv"));
  const all = readFileSync(join(place, "all.csv"), "utf8");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (kilobytes) => {
      rmSync(path, { force: true });
      const { code, stderr } = await runLimited([...words, path], kilobytes * 1024);
      expect(code, stderr).toBe(all.length <= kilobytes * 1024 ? 0 : 1);
      if (code === 0) expect(readFileSync(path, "utf8")).toBe(all);
      else expect(stderr).toMatch(/: the file is larger than allowed; raise the limit with ulimit -f/);
      expect(listing(place)).toEqual(code === 0 ? ["all.csv", "predictions.csv"] : ["all.csv"]);
    }),
    { numRuns: cases(2), endOnFailure: true },
  );
});

it.runIf(existsSync("/dev/full"))("predictions that cannot be printed are told, with code 1", async () => {
  await model;
  const script = 'exec "$0" "$@" > /dev/full';
  const words = [join(root, "bin/fettle.js"), "predict", "m.fettle", "data.csv"];
  const child = spawn("bash", ["-c", script, process.execPath, ...words], { cwd });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "error: cannot write the results: the disk is full\n",
  });
});

it("a link stays, and what it leads to is replaced whole", async () => {
  const place = folder({ target: "old" });
  symlinkSync("target", join(place, "link"));
  expect((await run("predict m.fettle data.csv --out", join(place, "link"))).code).toBe(0);
  expect(readFileSync(join(place, "target"), "utf8").split("\n")).toHaveLength(42);
  expect(listing(place)).toEqual(["link", "target"]);
});
