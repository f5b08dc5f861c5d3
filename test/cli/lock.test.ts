/**
 * The lock on a folder, within one process; many processes and their ends are in test/attack/locks.test.ts.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fateOf, ownMark } from "../../src/cli/liveness.js";
import { lockFile, lockFolder } from "../../src/cli/lock.js";
import { folder, listing } from "./fettle.js";

/** What happens between two looks, and while this process makes its claim. */
const others = vi.hoisted(() => ({ sleep: () => {}, claim: () => {} }));
beforeEach(() => {
  Object.assign(others, { sleep: () => {}, claim: () => {} });
});

/** Looks pass at once: the patience of a minute is none. */
vi.mock("node:timers/promises", () => ({
  setTimeout: () => {
    others.sleep();
    return new Promise((next) => setImmediate(next));
  },
}));
vi.mock("node:crypto", async (load) => {
  const crypto = await load<typeof import("node:crypto")>();
  const randomBytes = (size: number) => {
    others.claim();
    return crypto.randomBytes(size);
  };
  return { ...crypto, randomBytes };
});

/** What a person is told while the command waits. */
const notes = vi.spyOn(process.stderr, "write").mockReturnValue(true);
beforeEach(() => {
  notes.mockClear();
});

const CLAIM = "lock.0123456789abcdef";
const claimOf = (owner: object): string =>
  `${JSON.stringify({ ...ownMark(), ...owner, holds: true, beats: 3 })}\n`;

describe("a lock on a folder", () => {
  it("names its holder, keeps others out, and is gone once it is released", async () => {
    const path = join(folder(), "new", "out");
    const lock = await lockFolder(path);
    const [name] = listing(path);
    expect(listing(path)).toEqual([expect.stringMatching(/^lock\.[0-9a-f]{16}$/)]);
    expect(JSON.parse(readFileSync(join(path, name), "utf8"))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      holds: true,
    });
    await expect(lockFolder(path)).rejects.toMatchObject({
      code: "invalid_state",
      message:
        `process ${process.pid} on ${hostname()} is writing to ${JSON.stringify(path)}; wait for it, or choose another ` +
        "place",
    });
    expect(listing(path)).toEqual([name]);
    lock.check();
    lock.release();
    expect(listing(path)).toEqual([]);
    lock.release();
    (await lockFolder(path)).release();
  });

  it.each([
    ["whose process has ended, though its number is this one's", claimOf({ start: "1" })],
    ["of another container or before the last boot", claimOf({ space: "another", pid: 1 })],
    ["of another machine that beats no more", claimOf({ host: "elsewhere", space: undefined })],
    ["that is empty, since the disk was full", ""],
    ["that is cut short", claimOf({}).slice(0, 20)],
    ["of no process", "null\n"],
    ["with a number of no process", claimOf({ pid: "1" })],
  ])("is taken over from a claim %s", async (_, text) => {
    const path = folder({ [CLAIM]: text });
    const lock = await lockFolder(path);
    expect(listing(path)).toEqual([expect.stringMatching(/^lock\.(?!0123456789abcdef)/)]);
    lock.release();
  });

  it("says whom it waits for, if it has to", async () => {
    const path = folder({ [CLAIM]: claimOf({ host: "elsewhere", space: "another", pid: 7 }) });
    (await lockFolder(path)).release();
    expect(notes.mock.calls.map(([text]) => text)).toEqual([
      `Waiting to see whether process 7 on elsewhere still writes to ${JSON.stringify(path)}.\n`,
    ]);
  });

  it("stays with another machine as long as that beats", async () => {
    const path = folder({ [CLAIM]: claimOf({ host: "elsewhere", space: "another" }) });
    let beats = 0;
    const beating = setInterval(() => {
      writeFileSync(
        join(path, CLAIM),
        claimOf({ host: "elsewhere", space: "another" }).replace("3", `${beats++}`),
      );
    }, 1);
    await expect(lockFolder(path)).rejects.toThrow(/^process \d+ on elsewhere is writing to/);
    clearInterval(beating);
    expect(listing(path)).toEqual([CLAIM]);
  });

  it("is given up after a minute of others that only request it, even if it seems free for a moment", async () => {
    const path = folder();
    let looks = 0;
    const request = () => {
      const other = { ...ownMark(), host: "elsewhere", space: "another", holds: false, beats: looks };
      writeFileSync(join(path, "lock.0000000000000000"), `${JSON.stringify(other)}\n`);
    };
    others.sleep = () => {
      if (++looks < 600) request();
      else rmSync(join(path, "lock.0000000000000000"), { force: true });
    };
    others.claim = request;
    request();
    await expect(lockFolder(path)).rejects.toThrow(/^process \d+ on elsewhere is writing to/);
    expect(looks).toBe(600);
  });

  it("beats while this process computes without a pause", async () => {
    const path = folder();
    const lock = await lockFolder(path);
    const [name] = listing(path);
    const text = () => readFileSync(join(path, name), "utf8");
    const before = text();
    const start = performance.now();
    while (text() === before && performance.now() - start < 20_000);
    // a heartbeat changes nothing but its count, so others still see who holds the lock
    const [first, next] = [before, text()].map((each) => JSON.parse(each) as { beats: number });
    expect(next).toEqual({ ...first, beats: expect.any(Number) });
    expect(next.beats).toBeGreaterThan(first.beats);
    lock.release();
  });

  it("is found lost where another has taken it, before anything is written", async () => {
    const path = folder();
    const lock = await lockFolder(path);
    rmSync(join(path, listing(path)[0]));
    expect(() => lock.check()).toThrow(
      `cannot write ${JSON.stringify(path)}: another process took it over while this one was suspended`,
    );
    lock.release();
  });

  it("leaves files alone that only look alike", async () => {
    const names = ["lock", "lock.txt", "lock.0123456789abcde", "clock.0123456789abcdef"];
    const path = folder(Object.fromEntries(names.map((name) => [name, ""])));
    (await lockFolder(path)).release();
    expect(listing(path)).toEqual(names.sort());
  });
});

it("a lock on a file is beside it, and one on its neighbour is another", async () => {
  const path = folder();
  const locks = [await lockFile(join(path, "a.csv")), await lockFile(join(path, "b.csv"))];
  expect(listing(path).map((name) => name.slice(0, -16))).toEqual(["a.csv.lock.", "b.csv.lock."]);
  await expect(lockFile(join(path, "a.csv"))).rejects.toThrow(/is writing to ".*a\.csv"/);
  for (const lock of locks) lock.release();
  expect(listing(path)).toEqual([]);
});

it.runIf(process.platform === "linux")("a mark tells this process from another of its number", () => {
  expect(fateOf(ownMark())).toBe("running");
  expect(fateOf({ ...ownMark(), start: "1" })).toBe("ended");
  expect(fateOf({ ...ownMark(), pid: 2 ** 22 + 1 })).toBe("ended");
  expect(fateOf({ ...ownMark(), space: "another" })).toBe("unknown");
  expect(fateOf({ ...ownMark(), start: undefined })).toBe("unknown");
});
