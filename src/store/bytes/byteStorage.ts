/**
 * A storage over bytes by key, such as objects of S3, a table of Deno KV, or files: what a host without an
 * SQL database has. The facts of a study are a log in parts of bounded length, of which the last is replaced
 * by a longer one; each artifact is an entry. A study in memory replays the log and makes every decision.
 */
import { platform } from "#platform";
import { FettleError, isA, must } from "../../errors.js";
import { type ArchiveFormat, packArchive, unpackStored } from "../../workers/archive.js";
import { curvesRow, divided, resultRow, trialOf, trialRow } from "../rows.js";
import {
  type AddedTrial,
  artifactDiffers,
  byName,
  checkName,
  type Note,
  noStudy,
  type Report,
  type StoredStudy,
  type StoredTrial,
  type StudyStorage,
  studyExists,
  studyIsGone,
} from "../storage.js";
import { FactLog, type FinishedTrial, type Head, headIn, packPart } from "./factLog.js";
import { type ByteStore, inTurns, type Turns, type VersionedStore, versioned } from "./versioned.js";

export type { Awaitable, ByteStore } from "./versioned.js";

/** Names that are keys themselves; no other key begins with one and has no dot. */
const PLAIN = /^[A-Za-z0-9_-]{1,64}$/;
const ARTIFACT: ArchiveFormat = { magic: "fettle/i", version: 1, what: "a stored artifact" };

/**
 * A storage over bytes by key. A study is an entry under its name, and further ones whose keys begin with its
 * name and a dot: the parts of a long log, and one for each artifact. Keys have at most 110 characters:
 * letters, digits, `-`, `_`, `.` and `~`. Studies are in the order of their creation by the clocks of their
 * hosts; a damaged one is listed with 0 trials.
 *
 * @throws FettleError `invalid_argument` for something else than a store. Methods also throw what those of
 * the store throw.
 * @example
 * ```ts
 * const kept = new Map<string, Uint8Array>();
 * const storage = byteStorage({
 *   get: (key) => kept.get(key)?.slice(),
 *   put: (key, bytes) => void kept.set(key, bytes.slice()),
 *   delete: (key) => void kept.delete(key),
 *   keys: () => [...kept.keys()],
 * });
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await storage.create("parabola", study.toJSON());
 * await storage.names(); // ["parabola"]
 * ```
 */
export function byteStorage(store: ByteStore): StudyStorage {
  const isStore = ["get", "put", "delete", "keys"].every(
    (method) =>
      typeof (store as unknown as Partial<Record<string, unknown>> | undefined)?.[method] === "function",
  );
  must(isStore, "store", "an object with the methods get, put, delete and keys", store);
  const entries = versioned(store);
  const turns = inTurns();
  const open = async (name: string): Promise<ByteStudy | undefined> => {
    const key = await keyOf(name);
    const entry = await entries.get(key);
    const head = entry && headIn(entry.bytes, name);
    return head && new ByteStudy(entries, turns, key, head);
  };
  const keys = async (): Promise<string[]> => [...(await store.keys())].filter((key) => !key.includes("."));
  const nameOf = async (key: string): Promise<string> => {
    if (PLAIN.test(key)) return key;
    const entry = await entries.get(key);
    return (entry && ifIntact(() => headIn(entry.bytes, key).name)) ?? key;
  };
  return {
    async studies() {
      const listed = (await keys()).map(async (key) => {
        const name = await nameOf(key);
        const study = await open(name).catch(ignoreDamage);
        const trials = (await study?.trials(false).catch(ignoreDamage)) ?? [];
        const finished = trials.filter(({ status }) => status !== "running").length;
        return { created: study?.created ?? 0, entry: { name, trials: trials.length, finished } };
      });
      return (await Promise.all(listed)).sort((a, b) => a.created - b.created).map(({ entry }) => entry);
    },
    names: async () => Promise.all((await keys()).map(nameOf)),
    open,
    async create(name, { trials, ...definition }, settings = {}) {
      checkName("the name of a study", name);
      const key = await keyOf(name);
      const head = copied({
        life: crypto.randomUUID().slice(0, 8),
        created: now(),
        name,
        definition,
        settings,
      });
      try {
        await turns(key, () =>
          entries.put(key, packPart(head, trials.length > 0 ? [{ trials: trials.map(normal) }] : [])),
        );
      } catch (error) {
        throw isConflict(error) ? studyExists(name) : error;
      }
      return new ByteStudy(entries, turns, key, head);
    },
    async delete(name) {
      const key = await keyOf(name);
      const all = [...(await store.keys())];
      if (!all.includes(key)) throw noStudy(name);
      await store.delete(key); // first, so that nobody finds a part of the study
      for (const each of all) if (each.startsWith(`${key}.`)) await store.delete(each);
    },
    async close() {},
  };
}

class ByteStudy implements StoredStudy {
  readonly name: string;
  readonly definition: StoredStudy["definition"];
  readonly settings: StoredStudy["settings"];
  /** Milliseconds since 1970. */
  readonly created: number;
  private readonly log: FactLog;

  constructor(
    private readonly store: VersionedStore,
    private readonly turns: Turns,
    private readonly key: string,
    private readonly head: Head,
  ) {
    ({ name: this.name, definition: this.definition, settings: this.settings, created: this.created } = head);
    this.log = new FactLog(store, key, head);
  }

  trials(curves = true, from = 0) {
    return this.turns(this.key, async () => (await this.log.read()).trials(curves, from));
  }

  curves(number: number) {
    return this.turns(this.key, async () => (await this.log.read()).curves(number));
  }

  add(trial: AddedTrial) {
    const fact = { trials: [trialOf(trialRow(trial))] };
    return this.turns(this.key, () => this.log.write(fact, (study) => study.add(trial)));
  }

  tell(record: Parameters<StoredStudy["tell"]>[0]) {
    const fact = { result: normal(record as StoredTrial) as FinishedTrial };
    return this.turns(this.key, () => this.log.write(fact, (study) => study.tell(record)));
  }

  async append(trials: readonly StoredTrial[]) {
    const fact = { trials: trials.map(normal) };
    await this.turns(this.key, () => this.log.write(fact, (study) => study.append(fact.trials)));
  }

  async report(number: number, report: Report) {
    const fact = { number, report: copied(report) };
    await this.turns(this.key, () => this.log.write(fact, (study) => study.report(number, fact.report)));
  }

  reports(number: number) {
    return this.turns(this.key, async () => (await this.log.read()).reports(number));
  }

  async note(note: Note) {
    const { number, text, tags } = note;
    const fact = { note: { number, text, tags: [...tags] } };
    await this.turns(this.key, () => this.log.write(fact, (study) => study.note(fact.note)));
  }

  notes() {
    return this.turns(this.key, async () => (await this.log.read()).notes());
  }

  async artifacts() {
    await this.check();
    const own = (await this.store.keys()).filter((key) => key.startsWith(this.prefix));
    const found = await Promise.all(own.map((key) => this.store.get(key)));
    return byName(
      found.flatMap((entry) => {
        const { name, bytes } = entry ? contentsOf(entry.bytes) : {};
        return name === undefined || bytes === undefined ? [] : [{ name, size: bytes.length }];
      }),
    );
  }

  async artifact(name: string) {
    const entry = await this.store.get(await this.keyOf(name));
    if (!entry) await this.check();
    return entry && { bytes: contentsOf(entry.bytes).bytes, version: entry.version };
  }

  async keep(name: string, bytes: Uint8Array, replaced?: string | null): Promise<string> {
    checkName("the name of an artifact", name);
    const packed = packArchive(ARTIFACT, { name, bytes: new Uint8Array(bytes) });
    const key = await this.keyOf(name);
    return this.turns(key, async () => {
      if (typeof replaced !== "string") await this.check();
      for (;;) {
        const before =
          replaced === undefined ? (await this.store.get(key))?.version : (replaced ?? undefined);
        try {
          return await this.store.put(key, packed, before);
        } catch (error) {
          if (!isConflict(error)) throw error;
          if (replaced === undefined) continue;
          await this.check();
          throw artifactDiffers(name);
        }
      }
    });
  }

  private get prefix(): string {
    return `${this.key}.${this.head.life}.a`;
  }

  private async keyOf(name: string): Promise<string> {
    return this.prefix + (await digest(name)).slice(0, 24);
  }

  /** Refuses a deleted study. */
  private async check(): Promise<void> {
    const entry = await this.store.get(this.key);
    if (!entry || headIn(entry.bytes, this.name).life !== this.head.life) throw studyIsGone(this.name);
  }
}

const contentsOf = (bytes: Uint8Array) =>
  unpackStored(
    ARTIFACT,
    bytes,
    ({ name, bytes: own }) => typeof name === "string" && own instanceof Uint8Array,
  ) as unknown as { readonly name: string; readonly bytes: Uint8Array };

/** A copy of a trial as every storage returns it. */
function normal(given: StoredTrial): StoredTrial {
  const [trial, record] = divided(given);
  return trialOf(trialRow(trial), record && resultRow(record), curvesRow(record?.curves));
}

const keyOf = async (name: string): Promise<string> =>
  PLAIN.test(name) ? name : `~${(await digest(String(name))).slice(0, 32)}`;

/** The SHA-256 of a text, in hexadecimal digits. */
async function digest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The last time that a study was created, so that two of one millisecond keep their order. */
let last = 0;
function now(): number {
  last = Math.max(last + 2 ** -10, platform.time());
  return last;
}

const isOf = (error: unknown, ...codes: readonly FettleError["code"][]): boolean =>
  isA(error, FettleError) && codes.includes(error.code);
const isConflict = (error: unknown): boolean => isOf(error, "conflict");

/** For a study that a list shows in spite of its damage, or that was deleted meanwhile. */
function ignoreDamage(error: unknown): undefined {
  if (isOf(error, "damaged_record", "invalid_checkpoint", "not_found")) return undefined;
  throw error;
}

function ifIntact<R>(read: () => R): R | undefined {
  try {
    return read();
  } catch (error) {
    return ignoreDamage(error);
  }
}

const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
