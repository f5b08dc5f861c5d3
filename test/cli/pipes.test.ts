/**
 * Tables and models that come through pipes, which give their bytes once, and devices, which have no end.
 * Needs `dist/`.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Ended, fettle, folder, listing, root, smallTable } from "./fettle.js";

const cwd = folder({ "data.csv": smallTable() });

/** Runs a command with words that bash makes pipes of. */
const piped = (words: string): Promise<Ended> =>
  new Promise((resolve) => {
    const line = ["-c", `"$0" "$1" ${words}`, process.execPath, join(root, "bin/fettle.js")];
    const child = execFile("bash", line, { cwd }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

it("a table and a model are read whole through pipes", { timeout: 180_000 }, async () => {
  const fit = "fit data.csv --target y --epochs 2 --out m.fettle".split(" ");
  expect((await fettle(fit, cwd)).code).toBe(0);
  for (const words of [
    "inspect data.csv --json",
    "evaluate m.fettle data.csv --json",
    "predict m.fettle data.csv",
  ]) {
    const expected = await fettle(words.split(" "), cwd);
    expect(expected.code).toBe(0);
    expect(await piped(words.replace(/\S+\.(csv|fettle)/g, "<(cat $&)"))).toEqual(expected);
  }
  const expected = (await fettle(["predict", "m.fettle", "data.csv"], cwd)).stdout;
  const written = await piped("predict <(cat m.fettle) <(cat data.csv) --out p.csv");
  expect(written).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(join(cwd, "p.csv"), "utf8")).toBe(expected);
  const found = listing(cwd);
  const long =
    'error: "/dev/zero": line 1: a row must have at most 67108864 characters; is a quote never closed?\n';
  for (const words of ["inspect /dev/zero", "predict m.fettle /dev/zero --out q.csv"])
    expect(await fettle(words.split(" "), cwd)).toEqual({ code: 2, stdout: "", stderr: long });
  const none = await fettle(["predict", "/dev/zero", "data.csv"], cwd);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^error: "\/dev\/zero": this is not a model file of Fettle: .*\n$/),
  ]);
  expect(listing(cwd)).toEqual(found);
});
