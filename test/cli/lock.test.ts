/** The lock on a folder, within one process; two commands and one folder are in the tests of the benchmark. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lockFolder } from "../../src/cli/lock.js";
import { folder, listing } from "./fettle.js";

/** A process that has ended; its number is not given again soon. */
const ended = (): number => spawnSync(process.execPath, ["--version"]).pid;
const lockOf = (pid: number, host = hostname()): string => JSON.stringify({ pid, host });

describe("a lock on a folder", () => {
  it("names its holder, keeps others out, and is gone once it is released", () => {
    const path = join(folder(), "new", "out");
    const lock = lockFolder(path);
    expect(readFileSync(join(path, "lock"), "utf8")).toBe(lockOf(process.pid));
    expect(() => lockFolder(path)).toThrow(
      expect.objectContaining({
        code: "invalid_state",
        message:
          `process ${process.pid} on ${hostname()} is writing into ${JSON.stringify(path)}; wait for it, or choose another ` +
          `folder. If it has ended, delete ${JSON.stringify(join(path, "lock"))}`,
      }),
    );
    lock.release();
    expect(listing(path)).toEqual([]);
    lock.release();
    lockFolder(path).release();
  });

  it("is taken over from a process that has ended", () => {
    const path = folder({ lock: lockOf(ended()) });
    const lock = lockFolder(path);
    expect(readFileSync(join(path, "lock"), "utf8")).toBe(lockOf(process.pid));
    expect(listing(path)).toEqual(["lock"]);
    lock.release();
  });

  it.each([
    ["of another machine", lockOf(ended(), "elsewhere"), /on elsewhere is writing/],
    ["that is being written", "", /another process is writing/],
  ])("%s stays", (_, text, message) => {
    const path = folder({ lock: text });
    expect(() => lockFolder(path)).toThrow(message);
    expect(readFileSync(join(path, "lock"), "utf8")).toBe(text);
  });

  it("stays while another process takes it over", () => {
    const path = folder({ lock: lockOf(ended()) });
    writeFileSync(join(path, "lock.taking"), lockOf(process.pid));
    expect(() => lockFolder(path)).toThrow(/delete ".*lock\.taking"/);
    expect(existsSync(join(path, "lock.taking"))).toBe(true);
  });
});
