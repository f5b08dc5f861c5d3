/**
 * A storage in a page, on transactions of IndexedDB: one object per row, so that a trial costs only its own
 * bytes. Not SQLite in the origin's private files (OPFS): its synchronous handles exist only in workers and
 * lock out a second tab, and a SQLite in WebAssembly is half a megabyte.
 */
import { FettleError, isRecord, show } from "../../errors.js";
import { either, type OptionRules, readOptions } from "../../rules.js";
import type { StudyJson } from "../../search/study/contract.js";
import {
  type CurvesRow,
  curvesOf,
  curvesRow,
  divided,
  isSameTrial,
  type ResultRow,
  resultRow,
  type TrialRow,
  trialOf,
  trialRow,
} from "../rows.js";
import {
  type AddedTrial,
  artifactDiffers,
  checkedNote,
  checkName,
  type Note,
  noStudy,
  type Report,
  type StoredStudy,
  type StoredTrial,
  type StudyDefinition,
  type StudySettings,
  type StudyStorage,
  studyExists,
  studyIsGone,
  trialDiffers,
  trialIsUnknown,
} from "../storage.js";
import { beginningFrom, beginningWith, type Migration, PageDatabase, resultOf } from "./database.js";
import type { Key, Mode, Table, Transaction } from "./host.js";

/** Options of a storage in a page. */
export interface IndexedDbOptions {
  /**
   * What a power loss may undo. `"strict"`: nothing, since each write waits for the disk. `"relaxed"`: the
   * last writes; the lost trials run again with the same results. The end of the tab or of the browser undoes
   * nothing in either case. Default `"relaxed"`.
   */
  readonly durability?: "relaxed" | "strict";
}

const RULES = {
  durability: [either("relaxed", "strict"), "relaxed"],
} satisfies OptionRules<IndexedDbOptions>;

/** The tables of trials, each with a key that begins with its study's. */
const PARTS = ["trials", "results", "curves", "reports", "notes", "artifacts"] as const;
const TABLES = ["studies", ...PARTS] as const;
type Name = (typeof TABLES)[number];

const MIGRATIONS: readonly Migration[] = [
  (connection) => {
    // ids of deleted studies are not reused, so a tab that still writes to one changes nothing
    const studies = connection.createObjectStore("studies", { keyPath: "id", autoIncrement: true });
    studies.createIndex("name", "name", { unique: true });
    for (const name of ["trials", "results", "curves", "notes"] as const)
      connection.createObjectStore(name, { keyPath: ["study", "number"] });
    connection.createObjectStore("reports", { keyPath: ["study", "number", "step"] });
    const artifacts = connection.createObjectStore("artifacts", { keyPath: ["study", "name"] });
    // lists them without their bytes
    artifacts.createIndex("size", ["study", "name", "size"]);
  },
];

/**
 * A storage in a database of the page's origin, which is created if it does not exist. A closed tab, a reload
 * or a killed browser loses nothing that has ended. Several tabs and workers may use one at once. A browser
 * may delete the data of pages when space is short; `navigator.storage.persist()` asks it not to.
 *
 * @param name - of the database within the origin
 * @throws FettleError `unsupported` without IndexedDB; `store_failed` if the browser forbids storage, or a
 * tab with an earlier release blocks the upgrade; `invalid_checkpoint` for one of a later release;
 * `invalid_argument` for the database of another program
 * @example
 * ```ts
 * const storage = await indexedDbStorage("studies");
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await storage.create("parabola", study.toJSON());
 * await storage.studies(); // [{ name: "parabola", trials: 0, finished: 0 }]
 * await storage.close();
 * ```
 */
export async function indexedDbStorage(name: string, options: IndexedDbOptions = {}): Promise<StudyStorage> {
  const { durability } = readOptions(options, "indexedDbStorage", RULES);
  checkName("the name of a database", name);
  const database = await PageDatabase.open(name, MIGRATIONS, TABLES, durability);
  const tables = new Tables(database);
  const open = async (wanted: string): Promise<StoredStudy | undefined> => {
    const row = await tables.read(["studies"], ({ studies }) =>
      resultOf(studies.index("name").get(String(wanted))),
    );
    return row === undefined ? undefined : new PageStudy(tables, row as StudyRow);
  };
  return {
    studies: () =>
      tables.read(["studies", "trials", "results"], async ({ studies, trials, results }) => {
        const rows = (await resultOf(studies.getAll())) as StudyRow[];
        const counts = rows.map(async (row) => ({
          name: row.name,
          trials: await resultOf(trials.count(beginningWith(row.id))),
          finished: await resultOf(results.count(beginningWith(row.id))),
        }));
        return Promise.all(counts);
      }),
    names: () =>
      tables.read(["studies"], async ({ studies }) =>
        ((await resultOf(studies.getAll())) as StudyRow[]).map(({ name: own }) => own),
      ),
    open,
    async create(own, study, settings = {}) {
      checkName("the name of a study", own);
      const row = await tables.write(["studies", "trials", "results", "curves"], (stores) =>
        created(stores, own, study, settings),
      );
      return new PageStudy(tables, row);
    },
    delete: (own) =>
      tables.write(TABLES, async ({ studies, ...parts }) => {
        const id = (await resultOf(studies.index("name").getKey(String(own)))) as number | undefined;
        if (id === undefined) throw noStudy(own);
        await Promise.all(PARTS.map((part) => resultOf(parts[part].delete(beginningWith(id)))));
        await resultOf(studies.delete(id));
      }),
    close: async () => database.close(),
  };
}

type Stores = Readonly<Record<Name, Table>>;

/** Transactions over tables by their names. */
class Tables {
  constructor(private readonly database: PageDatabase) {}

  read<T>(names: readonly Name[], work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.use(names, "readonly", work);
  }

  write<T>(names: readonly Name[], work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.use(names, "readwrite", work);
  }

  private use<T>(names: readonly Name[], mode: Mode, work: (stores: Stores) => Promise<T>): Promise<T> {
    const storesOf = (transaction: Transaction) =>
      Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])) as unknown as Stores;
    return this.database.transact(names, mode, (transaction) => work(storesOf(transaction)));
  }
}

interface StudyRow {
  readonly id: number;
  readonly name: string;
  /** JSON. */
  readonly definition: string;
  /** JSON. */
  readonly settings: string;
}

/** Writes a study and its trials. */
async function created(
  stores: Stores,
  name: string,
  { trials, ...rest }: StudyJson,
  given: StudySettings,
): Promise<StudyRow> {
  const taken = await resultOf(stores.studies.index("name").getKey(name));
  if (taken !== undefined) throw studyExists(name);
  const [definition, settings] = [JSON.stringify(rest), JSON.stringify(given)];
  const row = { name, definition, settings };
  const id = (await resultOf(stores.studies.add(row))) as number;
  const writes: unknown[] = [];
  for (const each of trials) {
    const [trial, record] = divided(each);
    writes.push(resultOf(stores.trials.add({ study: id, ...trialRow(trial) })));
    if (record) writes.push(told(stores, id, record));
  }
  await Promise.all(writes);
  return { id, ...row };
}

/** Writes a result with its curves. */
async function told(
  { results, curves }: Stores,
  study: number,
  record: Parameters<StoredStudy["tell"]>[0],
): Promise<void> {
  const key = { study, number: record.number };
  const drawn = curvesRow(record.curves);
  await Promise.all([
    resultOf(results.add({ ...key, ...resultRow(record) })),
    drawn && resultOf(curves.add({ ...key, ...drawn })),
  ]);
}

class PageStudy implements StoredStudy {
  readonly name: string;
  readonly definition: StudyDefinition;
  readonly settings: StudySettings;
  private readonly id: number;

  /** @throws FettleError `damaged_record` */
  constructor(
    private readonly tables: Tables,
    { id, name, definition, settings }: StudyRow,
  ) {
    this.id = id;
    this.name = name;
    // `restoreStudy` checks numbers and texts
    this.definition = recordIn(definition, "definition", name) as unknown as StudyDefinition;
    this.settings = recordIn(settings, "settings", name);
  }

  trials(curves = true, from = 0) {
    const names = ["trials", "results", ...(curves ? (["curves"] as const) : [])] as const;
    return this.read(names, async (stores) => {
      const own = beginningFrom(this.id, from);
      const [trials, results, drawn] = (await Promise.all([
        resultOf(stores.trials.getAll(own)),
        resultOf(stores.results.getAll(own)),
        curves ? resultOf(stores.curves.getAll(own)) : [],
      ])) as [TrialRow[], (ResultRow & Numbered)[], (CurvesRow & Numbered)[]];
      const [resultBy, curvesBy] = [byNumber(results), byNumber(drawn)];
      return trials.map((row) => trialOf(row, resultBy.get(row.number), curvesBy.get(row.number)));
    });
  }

  curves(number: number) {
    return this.read(["curves"], async ({ curves }) => {
      const row = (await resultOf(curves.get([this.id, number]))) as CurvesRow | undefined;
      return row && curvesOf(row, number);
    });
  }

  add(trial: AddedTrial) {
    return this.write(["trials"], (stores) => this.added(stores, trial));
  }

  tell(record: Parameters<StoredStudy["tell"]>[0]) {
    return this.write(["trials", "results", "curves"], (stores) => this.told(stores, record));
  }

  append(trials: readonly StoredTrial[]) {
    return this.write(["trials", "results", "curves"], async (stores) => {
      for (const [trial, record] of trials.map(divided)) {
        await this.added(stores, trial);
        if (record) await this.told(stores, record);
      }
    });
  }

  report(number: number, { step, value }: Report) {
    return this.write(["trials", "reports"], async ({ trials, reports }) => {
      await this.find(trials, number);
      const key = [this.id, number, step];
      if ((await resultOf(reports.getKey(key))) !== undefined) return;
      await resultOf(reports.add({ study: this.id, number, step, value: JSON.stringify(value) }));
    });
  }

  reports(number: number) {
    return this.read(["reports"], async ({ reports }) => {
      const rows = (await resultOf(reports.getAll(beginningWith(this.id, number)))) as {
        readonly step: number;
        readonly value: string;
      }[];
      return rows.map(({ step, value }) => ({ step, value: JSON.parse(value) as Report["value"] }));
    });
  }

  async note(note: Note) {
    const kept = checkedNote(note);
    const { number } = note;
    await this.write(["trials", "notes"], async ({ trials, notes }) => {
      await this.find(trials, number);
      await (kept
        ? resultOf(notes.put({ study: this.id, ...kept }))
        : resultOf(notes.delete([this.id, number])));
    });
  }

  notes() {
    return this.read(["notes"], async ({ notes }) => {
      const rows = (await resultOf(notes.getAll(beginningWith(this.id)))) as Note[];
      return rows.map(({ number, text, tags }) => ({ number, text, tags }));
    });
  }

  artifacts() {
    return this.read(["artifacts"], async ({ artifacts }) => {
      const keys = await keysOf(artifacts, beginningWith(this.id));
      return keys.map((key) => {
        const [, name, size] = key as readonly [number, string, number];
        return { name, size };
      });
    });
  }

  artifact(name: string) {
    return this.read(["artifacts"], async ({ artifacts }) => {
      const row = (await resultOf(artifacts.get([this.id, String(name)]))) as ArtifactRow | undefined;
      return row && { bytes: row.bytes, version: versionOf(row) };
    });
  }

  async keep(name: string, bytes: Uint8Array, replaced?: string | null) {
    checkName("the name of an artifact", name);
    // A copy, since a part of a larger buffer would be kept with all of it. It is made at once, since the
    // caller may change the bytes before the transaction begins.
    const own = new Uint8Array(bytes); // `slice` of a Buffer does not copy
    return this.write(["artifacts"], async ({ artifacts }) => {
      const before = (await resultOf(artifacts.get([this.id, name]))) as ArtifactRow | undefined;
      if (replaced !== undefined && replaced !== (before ? versionOf(before) : null))
        throw artifactDiffers(name);
      const writes = (before?.writes ?? 0) + 1;
      const row = { study: this.id, name, size: own.length, bytes: own, writes };
      await resultOf(artifacts.put(row));
      return versionOf(row);
    });
  }

  /** Adds a trial, in a transaction. */
  private async added({ trials }: Stores, trial: AddedTrial): Promise<boolean> {
    const { id, name } = this;
    const { number } = trial;
    const row = trialRow(trial);
    mustBeNumber(number, name);
    const before = (await resultOf(trials.get([id, number]))) as TrialRow | undefined;
    if (before && !isSameTrial(before, row)) throw trialDiffers(number, name, before, row);
    if (before) return false;
    if (number !== 0) await this.find(trials, number, number - 1);
    await resultOf(trials.add({ study: id, ...row }));
    return true;
  }

  /** Stores a result, in a transaction. */
  private async told(stores: Stores, record: Parameters<StoredStudy["tell"]>[0]): Promise<boolean> {
    const { number } = record;
    await this.find(stores.trials, number);
    if ((await resultOf(stores.results.getKey([this.id, number]))) !== undefined) return false;
    await told(stores, this.id, record);
    return true;
  }

  private read<T>(names: readonly Name[], work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.tables.read(["studies", ...names], (stores) => this.there(stores, work));
  }

  private write<T>(names: readonly Name[], work: (stores: Stores) => Promise<T>): Promise<T> {
    return this.tables.write(["studies", ...names], (stores) => this.there(stores, work));
  }

  /** Runs work unless the study was deleted. */
  private async there<T>(stores: Stores, work: (stores: Stores) => Promise<T>): Promise<T> {
    if ((await resultOf(stores.studies.getKey(this.id))) === undefined) throw studyIsGone(this.name);
    return work(stores);
  }

  /** Refuses data of a trial unless the trial, or the one `before` it, was added. */
  private async find(trials: Table, number: number, before = number): Promise<void> {
    mustBeNumber(number, this.name);
    if ((await resultOf(trials.getKey([this.id, before]))) === undefined)
      throw trialIsUnknown(number, this.name);
  }
}

interface ArtifactRow {
  readonly bytes: Uint8Array;
  /** Missing in rows of earlier releases. */
  readonly writes?: number;
}

const versionOf = ({ writes = 0 }: ArtifactRow): string => String(writes);

/** Other numbers cannot be keys, or no trial has them. */
function mustBeNumber(number: number, name: string): void {
  if (!Number.isSafeInteger(number) || number < 0) throw trialIsUnknown(number, name);
}

interface Numbered {
  readonly number: number;
}

function byNumber<T extends Numbered>(rows: readonly T[]): ReadonlyMap<number, T> {
  return new Map(rows.map((row) => [row.number, row]));
}

/** The keys of the index of sizes, in order. */
function keysOf(artifacts: Table, range: ReturnType<typeof beginningWith>): Promise<readonly Key[]> {
  const request = artifacts.index("size").openKeyCursor(range);
  const keys: Key[] = [];
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return resolve(keys);
      keys.push(cursor.key);
      cursor.continue();
    };
  });
}

function recordIn(text: string, what: string, name: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {}
  throw new FettleError(
    "damaged_record",
    `the ${what} of study ${show(name)} in this page must be a JSON object; received ${show(text)}`,
  );
}
