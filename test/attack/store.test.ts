/**
 * Kills, torn records, two processes, a full disk and a folder that cannot be written: no study is lost.
 * Needs `dist/`.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createStudy, float, random } from "fettle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packRecord } from "../../src/serve/record.js";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { fileStore } from "../../src/store/folder/fileStore.js";
import { folderStorage } from "../../src/store/folder/folderStorage.js";
import { memoryStorage } from "../../src/store/memory.js";
import { cases } from "../cases.js";
import { ask, read, refusalOf, served } from "../serve/support.js";
import { bytesInMemory, held, synchronousBytes } from "../store/byteStores.js";
import { refusal } from "../tune/support.js";
import { type Settings, StudyProcess } from "./support/studies.js";

const emptyStudy = createStudy({
  space: { x: float(0, 1) },
  strategy: random(),
  direction: "minimize",
}).toJSON();
const folder = mkdtempSync(join(tmpdir(), "fettle-attack-"));
let folders = 0;
const newFolder = () => join(folder, `f${folders++}`);
const running = new Set<StudyProcess>();
afterAll(async () => {
  for (const each of running) await each.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function start(path: string, options: object = {}, shell?: string): Promise<StudyProcess> {
  const process = await StudyProcess.start("file", path, options, shell);
  running.add(process);
  return process;
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The written files of a storage, newest first, by entry: the trials of each study, and its record. */
function filesIn(path: string, entry = /^/): string[][] {
  const entries = readdirSync(path).filter((name) => entry.test(name));
  return entries.map((study) =>
    readdirSync(join(path, study))
      .filter((name) => /^\d+$/.test(name))
      .sort()
      .reverse()
      .map((name) => join(path, study, name)),
  );
}

/** Writes into a file in place, as an interrupted copy or a failing disk would leave it. */
function tear(file: string, kind: number, at: number): void {
  const bytes = readFileSync(file);
  const place = Math.floor(at * bytes.length);
  if (kind === 0) truncateSync(file, place);
  else if (kind === 1)
    writeFileSync(file, Buffer.concat([bytes.subarray(0, place), Buffer.alloc(bytes.length - place)]));
  else {
    bytes[Math.min(place, bytes.length - 1)] ^= 0x55;
    writeFileSync(file, bytes);
  }
}

const studies: Readonly<Record<string, Settings>> = {
  a: { trials: 60, epochs: 5, units: 4, strategy: "tpe" },
  B: { trials: 120, epochs: 4, units: 3, strategy: "random" },
  b: { trials: 80, epochs: 6, units: 5, strategy: "random" },
};
/** In slices so short that studies outlast many kills. */
const SHORT = { sliceMilliseconds: 5, sliceSteps: 400 };
const whole: Record<string, string> = {};

beforeAll(async () => {
  const server = await StudyProcess.start("memory");
  for (const [id, settings] of Object.entries(studies)) await server.read(`POST ${id}`, settings);
  for (const id of Object.keys(studies)) {
    await server.ended(id);
    whole[id] = await server.digest(id);
  }
  await server.kill();
});

async function expectWhole(server: StudyProcess): Promise<void> {
  for (const id of Object.keys(studies)) {
    expect(await server.ended(id)).toMatchObject({ phase: "done", finished: studies[id].trials });
    expect(await server.digest(id)).toBe(whole[id]);
  }
}

describe("a process that is killed at random", () => {
  it("loses no study and ends with the bits of one that was not, though records are torn in between", async () => {
    const path = newFolder();
    let kills = 0;
    let torn = 0;
    const seen: Record<string, number> = {};
    const round = fc.record({
      milliseconds: fc.integer({ min: 0, max: 60 }),
      kind: fc.integer({ min: 0, max: 2 }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      tears: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 6, maxLength: 6 }), async (rounds) => {
        rmSync(path, { recursive: true, force: true });
        for (const [i, { milliseconds, kind, at, tears }] of rounds.entries()) {
          const server = await start(path, SHORT);
          if (i === 0) for (const id in studies) await server.read(`POST ${id}`, studies[id]);
          for (const id in studies) {
            const { finished } = await server.read(`GET ${id}`);
            // at most the slice of a record that was torn is computed again
            if (!(i > 0 && rounds[i - 1].tears))
              expect(finished).toBeGreaterThanOrEqual(i === 0 ? 0 : seen[id]);
            seen[id] = finished;
          }
          await wait(milliseconds);
          await server.kill();
          kills++;
          const files = filesIn(path);
          // a study that is done also has its model
          expect(files.length).toBeGreaterThanOrEqual(i === 0 ? 3 : 6);
          if (!tears) continue;
          for (const [newest, before] of files) {
            if (before === undefined) continue; // an entry has two files from its second write on
            tear(newest, kind, at);
            torn++;
          }
        }
        const server = await start(path);
        await expectWhole(server);
        expect([...(await folderStorage(path).names())].sort()).toEqual(["B", "a", "b"]);
        await server.kill();
      }),
      { numRuns: cases(1), endOnFailure: true },
    );
    console.log(`${kills} kills, ${torn} torn records`);
  });
});

describe("two processes on one folder", () => {
  it("never undo what the other did, and the studies end with the same bits", async () => {
    const path = newFolder();
    const [one, other] = [await start(path, SHORT), await start(path, SHORT)];
    for (const [i, [id, settings]] of Object.entries(studies).entries())
      await [one, other][i % 2].read(`POST ${id}`, settings);
    const steps: Record<string, number> = {};
    let refused = 0;
    for (let request = 0; request < cases(40); request++) {
      const id = Object.keys(studies)[request % 3];
      const server = [one, other][(request >> 1) % 2];
      const { status, body } = await server.ask<{ steps: number; error?: { code: string; message: string } }>(
        request % 5 === 0 ? `POST ${id}/pause` : request % 5 === 1 ? `POST ${id}/resume` : `GET ${id}`,
      );
      if (status === 409) {
        refused++;
        expect(["conflict", "invalid_state"]).toContain(body.error?.code);
      } else expect(status).toBe(200);
      // what is on the disk never goes back
      const entry = await (await folderStorage(path).open(id))?.artifact("served");
      expect(entry).toBeDefined();
      const version = Number(entry?.version);
      expect(version).toBeGreaterThanOrEqual(steps[id] ?? 0);
      steps[id] = version;
      await wait(5);
    }
    await one.kill();
    await other.kill();
    const last = await start(path);
    for (const id in studies)
      if ((await last.read(`GET ${id}`)).phase === "paused") await last.read(`POST ${id}/resume`);
    await expectWhole(last);
    await last.kill();
    console.log(`two processes: ${cases(40)} requests, ${refused} refused`);
  });

  it("refuse the one that read an older record, and say what to do", async () => {
    const path = newFolder();
    const one = served({ storage: folderStorage(path) });
    const other = served({ storage: folderStorage(path) });
    await read(ask(one.fetch, "POST /studies/a", { body: { trials: 3, strategy: "random" } }));
    // the event streams keep the study in memory of both
    const streams = [
      await ask(one.fetch, "GET /studies/a/events"),
      await ask(other.fetch, "GET /studies/a/events"),
    ];
    await read(ask(one.fetch, "POST /studies/a/pause"));
    const [status, code, message] = await refusalOf(ask(other.fetch, "POST /studies/a/cancel"));
    expect([status, code]).toEqual([409, "conflict"]);
    expect(message).toContain(
      'another process has changed or deleted study "a" since it was read here, and this request has changed nothing',
    );
    expect(await read(ask(other.fetch, "GET /studies/a"))).toMatchObject({ phase: "paused" });
    expect(await read(ask(other.fetch, "POST /studies/a/cancel"))).toMatchObject({ phase: "cancelled" });
    for (const { body } of streams) await body?.cancel();
  });
});

describe("a disk", () => {
  /** In blocks of 512 bytes, what a file may have: less than a record of 120 trials. */
  const BLOCKS = 24;

  it("that is full loses nothing: the study stands still, says why, and goes on where there is room", async () => {
    const path = newFolder();
    const full = await start(path, { sliceMilliseconds: 20 }, `trap "" XFSZ; ulimit -f ${BLOCKS}; exec "$@"`);
    for (const id in studies) await full.read(`POST ${id}`, studies[id]);
    let stalled: string | undefined;
    while (stalled === undefined) {
      await wait(20);
      ({ stalled } = await full.read("GET B"));
    }
    expect(stalled).toContain('the storage cannot write "B": EFBIG: file too large');
    expect(stalled).toContain("Free some space; nothing was lost");
    const { finished } = await full.read("GET B");
    expect(finished).toBeGreaterThan(0);
    await full.kill();
    // no half-written file is left with a number
    for (const [newest] of filesIn(path))
      expect(readFileSync(newest).length).toBeLessThanOrEqual(BLOCKS * 512);
    const server = await start(path);
    expect((await server.read("GET B")).finished).toBeGreaterThanOrEqual(finished);
    await expectWhole(server);
    await server.kill();
  });

  it.each(["a file in the place of the folder", "a folder in the place of a file's name"])(
    "with %s is refused as such, and by a status of its own",
    async (kind) => {
      const path = newFolder();
      mkdirSync(folder, { recursive: true });
      if (kind.startsWith("a file")) writeFileSync(path, "");
      else {
        mkdirSync(path);
        writeFileSync(join(path, "study-a"), "");
      }
      const { fetch } = served({ storage: folderStorage(path) });
      const body = { trials: 3, strategy: "random" };
      const [status, code, message] = await refusalOf(ask(fetch, "POST /studies/a", { body }));
      expect([status, code]).toEqual([507, "store_failed"]);
      expect(message).toMatch(
        /^the storage cannot (read|write) "a": ENOTDIR|^the storage cannot write "a": EEXIST/,
      );
      expect(message).toContain("The path must lead to a folder");
    },
  );

  it("that is read-only refuses what would be written, and goes on with what is there once it is not", async (context) => {
    const path = newFolder();
    const store = fileStore(path);
    const version = await store.put("a", Uint8Array.of(1));
    if (!mounted(path, "ro")) {
      // without the right to mount: root ignores permissions, and others do not
      if (process.getuid?.() === 0)
        return context.skip("mount is not allowed, and permissions do not bind root");
      execFileSync("chmod", ["-R", "a-w", path]);
    }
    try {
      expect(await held(store, "a")).toEqual([1]);
      for (const call of [
        () => store.put("a", Uint8Array.of(2), version),
        () => store.put("b", Uint8Array.of(2)),
        () => store.delete("a"),
      ])
        expect(await refusal(call)).toMatch(
          /store_failed: the storage cannot (write|delete) "[ab]": (EROFS|EACCES)/,
        );
      expect(await held(store, "a")).toEqual([1]);
    } finally {
      if (!unmounted(path)) execFileSync("chmod", ["-R", "u+w", path]);
    }
    expect(await store.put("a", Uint8Array.of(2), version)).not.toBe(version);
  });
});

/** Mounts a folder over itself; false where that is not allowed. */
function mounted(path: string, how: string): boolean {
  try {
    execFileSync("mount", ["--bind", path, path], { stdio: "ignore" });
    execFileSync("mount", ["-o", `remount,bind,${how}`, path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
function unmounted(path: string): boolean {
  try {
    execFileSync("umount", [path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a damaged record", () => {
  const stores: Record<string, () => ByteStore> = { memory: bytesInMemory, synchronous: synchronousBytes };
  /** The entries of study `a`, and what is said of each once it is damaged. */
  const entries = [
    [/^a$/, 'study "a" cannot be read: this is not a part of a stored study: '],
    [/^a\..*\.a/, "this is not a stored artifact: "],
  ] as const;

  it.each(Object.keys(stores).flatMap((kind) => entries.map((entry) => [kind, ...entry] as const)))(
    "in a store %s, in its entry %s, is named, stops no other study, and can be deleted",
    async (kind, entry, said) => {
      await fc.assert(
        fc.asyncProperty(
          fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          fc.integer({ min: 0, max: 2 }),
          async (at, how) => {
            const store = stores[kind]();
            const body = { trials: 2, strategy: "random" };
            const first = served({ storage: byteStorage(store) });
            for (const id of ["a", "b"]) await read(ask(first.fetch, `POST /studies/${id}`, { body }));
            const key = [...(await store.keys())].find((each) => entry.test(each)) as string;
            const found = (await store.get(key)) as Uint8Array & { bytes?: Uint8Array; version?: string };
            const bytes = (found.bytes ?? found).slice();
            const place = Math.floor(at * bytes.length);
            fc.pre(how !== 2 || place < 8 || place > 11); // those would be of a later release
            const torn = how === 0 ? bytes.slice(0, place) : bytes;
            if (how === 1) torn.fill(0xff, place);
            if (how === 2) torn[place] ^= 0x10;
            await store.put(key, torn, found.version);
            const { fetch } = served({ storage: byteStorage(store), background: true });
            for (const words of [
              ...[
                "GET /studies/a",
                "GET /studies/a/trials",
                "GET /studies/a/result",
                "GET /studies/a/events",
              ],
              ...[
                "POST /studies/a/pause",
                "POST /studies/a/resume",
                "POST /studies/a/advance",
                "POST /studies/a",
              ],
            ]) {
              const [status, code, message] = await refusalOf(
                ask(fetch, words, words === "POST /studies/a" ? { body } : {}),
              );
              expect([words, status, code]).toEqual([words, 409, "damaged_record"]);
              expect(message).toContain(`study "a" is damaged in its storage: ${said}`);
              expect(message).toContain("DELETE /studies/a removes it");
            }
            let phase: unknown = "running";
            while (phase === "running") {
              ({ phase } = await read(ask(fetch, "GET /studies/b")));
              await wait(1);
            }
            expect(phase).toBe("done");
            expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
            expect((await ask(fetch, "GET /studies/a")).status).toBe(404);
            expect((await ask(fetch, "POST /studies/a", { body })).status).toBe(201);
          },
        ),
        { numRuns: cases(5) },
      );
    },
  );

  it("of which the folder has no whole copy is named by its files, and can be deleted", async () => {
    const path = newFolder();
    const { fetch } = served({ storage: folderStorage(path) });
    const body = { trials: 2, strategy: "random" };
    await read(ask(fetch, "POST /studies/a", { body }));
    await read(ask(fetch, "POST /studies/a/pause"));
    const [files] = filesIn(path, /~2ea/);
    expect(files.length).toBe(2);
    tear(files[0], 0, 0.5);
    tear(files[1], 2, 0.9);
    const [status, code, message] = await refusalOf(ask(fetch, "GET /studies/a"));
    expect([status, code]).toEqual([409, "damaged_record"]);
    expect(message).toMatch(
      /its files are damaged: .*\d{16} has \d+ of \d+ bytes; .*\d{16} does not match its checksum/,
    );
    expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
    expect(readdirSync(path)).toEqual([]);
  });

  it("that a newer release wrote is not called damaged, and can be deleted", async () => {
    const storage = memoryStorage();
    const { fetch } = served({ storage });
    await read(ask(fetch, "POST /studies/a", { body: { trials: 2, strategy: "random" } }));
    const study = await storage.open("a");
    const bytes = (await study?.artifact("served"))?.bytes as Uint8Array;
    bytes[8] = 9; // the version, which the checksum does not cover
    await study?.keep("served", bytes);
    const [status, code, message] = await refusalOf(ask(served({ storage }).fetch, "GET /studies/a"));
    expect([status, code]).toEqual([500, "invalid_checkpoint"]);
    expect(message).toContain("a stored study was made by a newer release");
    expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
  });

  it("without a status or a tuner, though its checksum is right, is damaged", async () => {
    for (const wrong of [{}, { status: null }, { status: { phase: "asleep" } }, { tuner: [1] }]) {
      const storage = memoryStorage();
      const study = await storage.create("a", emptyStudy, { served: {} });
      const record = { status: { phase: "running" }, tuner: Uint8Array.of(1), ...wrong };
      await study.keep("served", packRecord((Object.keys(wrong).length === 0 ? {} : record) as never));
      expect((await refusalOf(ask(served({ storage }).fetch, "GET /studies/a"))).slice(0, 2)).toEqual([
        409,
        "damaged_record",
      ]);
    }
  });
});
