/**
 * The commands that repeat a study, in the terminal and in a report: they give its bits, or nothing claims
 * that they do.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine, repeated, repeatOf } from "../../src/cli/repeat.js";
import type { Params, Space } from "../../src/search/space/space.js";
import type { TuneResult } from "../../src/tune/tuner/options.js";
import { fettle, folder, ownProcess, smallTable } from "./fettle.js";

const TUNE = "tune data.csv --target y --epochs 2 --folds 3".split(" ");

describe.concurrent("a report", () => {
  it("has a command that gives the bits of a search that its time ended", async () => {
    const cwd = folder({ "data.csv": smallTable() });
    // where other work leaves too little time, a training is cut, and nothing is claimed
    const claims = async (seconds: number): Promise<string> => {
      const flags = ["--seconds", `${seconds}`, "--drop", "b", "--out", "timed", "--overwrite"];
      const { code, stdout } = await ownProcess([...TUNE, ...flags], cwd);
      expect(code).toBe(0);
      const page = readFileSync(join(cwd, "timed/report.html"), "utf8");
      const isClaimed = page.includes("gives the same bits");
      expect(stdout.includes("Reproduces exactly (bit for bit): ")).toBe(isClaimed);
      if (!isClaimed) return claims(4 * seconds);
      const [, inTerminal] = stdout.match(/Reproduces exactly \(bit for bit\): npx fettle (.*)/)!;
      const [, inReport] = page.match(/<code>npx fettle (tune [^<]*)/)!;
      const more = (line: string) => /--trials .*/.exec(line)?.[0].split(" ");
      expect(more(inReport)).toEqual(expect.arrayContaining(more(inTerminal)!.slice(0, 2)));
      return inReport;
    };
    const line = await claims(2);
    expect((await fettle([...line.split(" "), "--out", "again"], cwd)).code).toBe(0);
    expect(studyIn(cwd, "again")).toEqual(studyIn(cwd, "timed"));
    expect(weightsIn(cwd, "again")).toEqual(weightsIn(cwd, "timed"));
  });

  it("claims no such command where the space was in a file, or a person ended the study", async () => {
    const space = { units: { type: "int", low: 4, high: 8 } };
    const cwd = folder({ "data.csv": smallTable(), "space.json": JSON.stringify(space) });
    const page = async (...flags: readonly string[]) => {
      expect((await fettle([...TUNE, "--trials", "2", "--out", "study", ...flags], cwd)).code).toBe(0);
      return readFileSync(join(cwd, "study/report.html"), "utf8");
    };
    expect(await page()).toContain("gives the same bits");
    const held = await page("--space", "space.json", "--overwrite");
    expect(held).not.toContain("gives the same bits");
    expect(held).toContain("--space &lt;file&gt;");
    const path = join(cwd, "study/summary.json");
    const { repeat, ...interrupted } = JSON.parse(readFileSync(path, "utf8"));
    expect(repeat).toEqual({ trials: 2 });
    writeFileSync(path, JSON.stringify(interrupted));
    expect((await fettle(["report", "study"], cwd)).code).toBe(0);
    expect(readFileSync(join(cwd, "study/report.html"), "utf8")).not.toContain("gives the same bits");
  });
});

/** A study without its times, and without the trial that was running when the time was over. */
function studyIn(cwd: string, out: string) {
  const untimed = (name: string, value: unknown) => (name === "seconds" ? undefined : value);
  const study = JSON.parse(readFileSync(join(cwd, out, "study.json"), "utf8"), untimed);
  return { ...study, trials: study.trials.filter(({ status }: { status: string }) => status !== "running") };
}

/** The arrays of a model file, which follow its header. */
function weightsIn(cwd: string, out: string): Buffer {
  const bytes = readFileSync(join(cwd, out, "model.fettle"));
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
}

describe("the command that repeats another", () => {
  const ended = (given: Params[], more: object = {}) =>
    ({
      trials: [{}, {}],
      study: { toJSON: () => ({ trials: given.map((params) => ({ given: true, params })) }) },
      ...more,
    }) as unknown as TuneResult<Space>;

  it("is none where a clock cut a training, or a person chose a point", () => {
    expect(repeatOf(ended([]), undefined)).toEqual({ trials: 2 });
    expect(repeatOf(ended([], { networks: 3 }), 90)).toEqual({ trials: 2, ensemble: 3, searchRows: 90 });
    expect(repeatOf(ended([{ units: 5 }]), undefined)).toBeUndefined();
    expect(repeatOf(ended([], { trials: [{}, { attributes: { cut: true } }] }), undefined)).toBeUndefined();
    expect(repeatOf(ended([], { shortened: { epochs: 1, of: 2 } }), undefined)).toBeUndefined();
  });

  it("has neither the time nor the files", () => {
    const words = [
      ...["tune", "a b.csv", "--seconds=60", "--trials", "9", "--out", "x", "--overwrite"],
      ...["--storage", "s.db", "--study=first", "--queue", "storage", "--watch", "--seed", "1"],
    ];
    expect(repeated(words, { trials: 57 })).toBe("npx fettle tune 'a b.csv' --seed 1 --trials 57");
  });

  it("has the networks and the rows that there was time for", () => {
    const words = ["tune", "a.csv", "--ensemble", "8"];
    expect(repeated(words, { trials: 3 })).toBe("npx fettle tune a.csv --ensemble 8 --trials 3");
    expect(repeated(words, { trials: 3, ensemble: 2, searchRows: 90 })).toBe(
      "npx fettle tune a.csv --trials 3 --ensemble 2 --search-rows 90",
    );
  });

  it("has the flags that a study keeps, as they are typed", () => {
    const flags = {
      target: "y z",
      header: true,
      defaultNa: true,
      calibrate: false,
      metric: ["f1", "accuracy"],
      drop: ["a", "b,c", "d"],
      na: ["-9"],
      decimal: { price: "," },
      as: { zip: "category" },
      classWeight: { x: 2, "y=z": 3 },
      space: { units: 1 },
      indicator: true,
      shuffle: undefined,
    };
    expect(commandLine("tune", ["data.csv"], flags)).toBe(
      "npx fettle tune data.csv --target 'y z' --header --no-calibrate --metric f1,accuracy --drop a,d --drop b,c --na=-9 " +
        "--decimal price=, --as zip=category --class-weight x=2 --class-weight y=z=3 --space <file>",
    );
  });
});
