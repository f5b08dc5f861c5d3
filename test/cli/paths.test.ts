/**
 * Paths as people write them: with a slash at the end, with two slashes, with `.`, and with a `-` at the
 * start. Needs `dist/`.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lockFile, lockFolder } from "../../src/cli/lock.js";
import { quotedPath } from "../../src/cli/messages.js";
import { sourceOf } from "../../src/cli/optimize/setup.js";
import { checkFile, namesFolder } from "../../src/cli/output.js";
import { fettle, folder, listing, smallTable } from "./fettle.js";

it.each([
  ["out/", true],
  ["", true],
  [".", true],
  ["out/..", true],
  ["./out//.", true],
  ["out", false],
  ["out/.hidden", false],
  ["a.", false],
  ["...", false],
])("%j names a folder: %j", (path, expected) => {
  expect(namesFolder(path)).toBe(expected);
});

it("a file is not written where a folder is named, and no folder is made for it", () => {
  const path = folder();
  expect(() => checkFile(`${path}/new/`)).toThrow(
    `cannot write ${JSON.stringify(`${path}/new/`)}: it names a folder; add the name of a file`,
  );
  expect(listing(path)).toEqual([]);
  checkFile(`${path}//new/./a.csv`);
  expect(listing(path)).toEqual(["new"]);
});

it("a path that begins with - is no flag once it is typed again", () => {
  const typed = ["-o/model.fettle", "a b", "-", "o/m"].map(quotedPath);
  expect(typed).toEqual(["./-o/model.fettle", "'a b'", "-", "o/m"]);
});

it.each(["file:a/", "file:.", "file:", "file:../a", "file:/a"])(
  "the value of a trial is not in %s",
  (value) => {
    expect(() => sourceOf(value, ["value"])).toThrow(
      "the file of --value must be below the folder of a trial",
    );
  },
);

describe("a command", () => {
  const cwd = folder({ "data.csv": smallTable(), "space.json": '{"x":{"type":"float","low":0,"high":1}}' });
  const run = async (line: string) => {
    const { code, stdout, stderr } = await fettle(line.split(" "), cwd);
    return [code, stdout, stderr] as const;
  };
  beforeAll(async () => {
    const [fitted] = await run("fit data.csv --target y --epochs 1 --out .//./m.fettle");
    const [optimized] = await run(
      "optimize --space space.json --trials 1 --storage ./s.db --study s --out ./o/ -- echo {x}",
    );
    expect([fitted, optimized]).toEqual([0, 0]);
  }, 60_000);

  it("writes a file at a path that is not in its shortest form", async () => {
    expect(existsSync(join(cwd, "m.fettle"))).toBe(true);
    const [code, stdout] = await run("export m.fettle --to onnx --out e.onnx/");
    expect([code, stdout]).toEqual([0, "Written: e.onnx/model.onnx\n"]);
  });

  it.each([
    ["predict m.fettle data.csv --out new/", 'cannot write "new/": it names a folder'],
    ["inspect data.csv --fix new/", 'cannot write "new/": it names a folder'],
    ["report o/ --out new/", 'cannot write "new/": it names a folder'],
    ["lr-find data.csv --target y --out new.json/", "--out must end with .svg or .json"],
    ["studies export --storage s.db --study s --optuna new.db/", 'cannot write "new.db/": it names a folder'],
    ["studies list --storage s.db/", 'must be a folder for studies; received "s.db/", which is a file'],
    ["studies list --storage new/", 'there is no folder "new/"; start a study to create it'],
    ["studies copy --storage s.db --study s --to o", "or a folder whose path ends with /"],
  ])("%s is refused, and makes nothing", async (line, message) => {
    // SQLite keeps two more files while a database is read
    const files = () => listing(cwd).filter((name) => !/-(shm|wal)$/.test(name));
    const before = files();
    const [code, , stderr] = await run(line);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(files()).toEqual(before);
  });

  it("titles the report of a folder by its name", async () => {
    expect((await run("report ./o//."))[0]).toBe(0);
    expect(readFileSync(join(cwd, "o/report.html"), "utf8")).toContain("<title>o</title>");
  });

  it("exports a study only where it holds the lock and every file can be written", async () => {
    const command = "studies export --storage s.db --study s --out x/ --tensorboard";
    mkdirSync(join(cwd, "x/tensorboard/trial-0/events.out.tfevents.0.fettle"), { recursive: true });
    const inTheWay = await run(command);
    expect(inTheWay).toEqual([2, "", expect.stringContaining("it is not a regular file")]);
    expect(listing(join(cwd, "x")).filter((name) => !name.startsWith("tensorboard"))).toEqual([]);
    const lock = await lockFolder(join(cwd, "y"));
    const locked = await run(command.replace("x/", "y/"));
    expect(locked).toEqual([2, "", expect.stringContaining('is writing to "y/"')]);
    expect(listing(join(cwd, "y"))).toHaveLength(1); // the lock
    lock.release();
    expect((await run(command.replace("x/", "y/")))[0]).toBe(0);
    expect(listing(join(cwd, "y"))).toContain("tensorboard/trial-0/events.out.tfevents.0.fettle");
    expect(listing(join(cwd, "y")).filter((name) => name.startsWith("lock"))).toEqual([]);
  });
});

it("a file is locked by any form of its path", async () => {
  const path = folder();
  const lock = await lockFile(`${path}//./a.csv`);
  await expect(lockFile(`${path}/a.csv`)).rejects.toMatchObject({ code: "invalid_state" });
  lock.release();
  (await lockFile(`${path}/./a.csv`)).release();
});
