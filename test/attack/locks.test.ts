/**
 * The lock on a folder against many processes, kills, restarts and damage. Who holds it is told by the
 * processes themselves.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, expect, it, vi } from "vitest";
import { ownMark } from "../../src/cli/liveness.js";
import { lockFolder } from "../../src/cli/lock.js";
import { cases } from "../cases.js";
import { folder, listing, root } from "../cli/fettle.js";

const LOCK = pathToFileURL(join(root, "dist/cli/lock.js")).href;
const HOLDER = join(root, "test/attack/support/holder.mjs");
const isLong = cases(1) > 1;

const children: { kill(signal: "SIGKILL"): unknown }[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** A process that asks for the lock of a folder. */
function asker(path: string, time: number, { wrap = [] as readonly string[], times = 1 } = {}) {
  const [file, ...words] = [...wrap, process.execPath, HOLDER, LOCK, path, String(time), String(times)];
  const child = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let output = "";
  let errors = "";
  let killed: bigint | undefined;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const momentsOf = (word: string): bigint[] =>
    Array.from(output.matchAll(new RegExp(`^${word} (\\d+)$`, "gm")), ([, time]) => BigInt(time));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    child,
    ended,
    kill(signal: NodeJS.Signals = "SIGKILL") {
      killed ??= process.hrtime.bigint();
      child.kill(signal);
    },
    /** Resolves at the first line. */
    told: new Promise<string>((resolve) => {
      waiting.add(() => output.includes("\n") && resolve(output));
      child.on("close", () => resolve(output));
    }),
    get errors() {
      return errors.replace(/^Waiting to see.*\n/gm, "");
    },
    /** The times in which it surely held the lock: until it said so, or was killed. */
    get holds() {
      const left = momentsOf("left");
      return momentsOf("held").map((from, i) => ({ from, to: left[i] ?? killed! }));
    },
    get refusals() {
      return output.match(/^refused$/gm)?.length ?? 0;
    },
  };
}

it("one of 50 processes at a time holds it, while some are killed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ time: fc.integer({ min: 1, max: 20 }), dies: fc.nat({ max: 2500 }) }), {
        minLength: 50,
        maxLength: 50,
      }),
      async (plans) => {
        const path = folder();
        const askers = plans.map(({ time }) => asker(path, time, { times: 2 }));
        // of every second one, at any moment of its life
        const kills = plans.map(({ dies }, i) =>
          i % 2 === 0 ? setTimeout(() => askers[i].kill(), dies) : undefined,
        );
        await Promise.all(askers.map(({ ended }) => ended));
        for (const timer of kills) clearTimeout(timer);
        expect(askers.map(({ errors }) => errors).join("")).toBe("");
        const holds = askers.flatMap((each) => each.holds).sort((a, b) => (a.from < b.from ? -1 : 1));
        expect(holds.length).toBeGreaterThan(1);
        for (let i = 1; i < holds.length; i++) expect(holds[i].from).toBeGreaterThan(holds[i - 1].to);
        askers.forEach((each, i) => {
          if (i % 2 === 1) expect(each.holds.length + each.refusals).toBe(2);
        });
        // whatever the killed left keeps nobody out, and is gone afterwards
        const last = asker(path, 1);
        await last.ended;
        expect(last.holds).toHaveLength(1);
        expect(listing(path)).toEqual([]);
      },
    ),
    { numRuns: cases(1), endOnFailure: true }, // other rounds of a race need not fail
  );
});

it("a suspended holder keeps it, and a killed one does not, even before its parent has noticed", async () => {
  const path = folder();
  // the shell becomes a program that never asks for the exit codes of its children
  const holder = asker(path, 0, { wrap: ["sh", "-c", '"$0" "$@" & exec sleep 1000'] });
  await holder.told;
  const [claim] = listing(path);
  const { pid } = JSON.parse(readFileSync(join(path, claim), "utf8")) as { pid: number };
  process.kill(pid, "SIGSTOP");
  const second = asker(path, 1);
  await second.ended;
  expect(second.refusals).toBe(1);
  process.kill(pid, "SIGKILL");
  const third = asker(path, 1);
  await third.ended;
  expect(third.holds).toHaveLength(1);
  expect(listing(path)).toEqual([]);
  holder.kill();
});

/** A container: processes are numbered anew, from 1. */
const CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

// In the long form, and where namespaces of processes may be made.
if (isLong && process.platform === "linux" && process.getuid?.() === 0)
  it("process 1 of a container is not taken for process 1 of one before it, nor for one beside it", async () => {
    const path = folder();
    const first = asker(path, 0, { wrap: CONTAINER });
    await first.told;
    expect(readFileSync(join(path, listing(path)[0]), "utf8")).toContain('"pid":1,');
    const beside = asker(path, 1, { wrap: CONTAINER });
    await beside.ended;
    expect(beside.refusals).toBe(1);
    first.kill();
    await first.ended;
    const again = asker(path, 1, { wrap: CONTAINER });
    await again.ended;
    expect(again.holds).toHaveLength(1);
    expect(listing(path)).toEqual([]);
  });

/** Looks pass at once in this process: the patience of seconds is none. */
vi.mock("node:timers/promises", () => ({ setTimeout: () => new Promise((next) => setImmediate(next)) }));

it("no damaged claim of any age keeps anyone out, and no sound one is passed over", async () => {
  const note = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const sound = `${JSON.stringify({ ...ownMark(), holds: true, beats: 7 })}\n`;
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.nat({ max: sound.length - 2 }).map((end) => Buffer.from(sound.slice(0, end))),
    fc.json().map((text) => Buffer.from(text)),
    fc.constant(Buffer.from(sound.replace(/"start":"\d+"/, '"start":"1"'))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(damaged, { maxLength: 4 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 32 }),
      fc.boolean(),
      async (texts, seconds, isHeld) => {
        const path = folder();
        const all = [...texts, ...(isHeld && process.platform === "linux" ? [Buffer.from(sound)] : [])];
        all.forEach((text, i) => {
          const claim = join(path, `lock.${String(i).padStart(16, "0")}`);
          writeFileSync(claim, text);
          utimesSync(claim, seconds, seconds);
        });
        if (all.length > texts.length) {
          await expect(lockFolder(path)).rejects.toMatchObject({ code: "invalid_state" });
          expect(readdirSync(path)).toContain(`lock.${String(texts.length).padStart(16, "0")}`);
        } else {
          const lock = await lockFolder(path);
          expect(listing(path)).toHaveLength(1);
          lock.release();
        }
      },
    ),
    { numRuns: cases(10) },
  );
  note.mockRestore();
});
