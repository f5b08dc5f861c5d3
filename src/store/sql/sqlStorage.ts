/** A storage in an SQL database: every statement for studies. It does not know how to reach the database. */
import { FettleError, isRecord, show } from "../../errors.js";
import type { StudyJson } from "../../search/study/contract.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { JobQueue, QueueOptions } from "../../workers/queue/queue.js";
import {
  type CurvesRow,
  curvesOf,
  curvesRow,
  divided,
  isSameTrial,
  parsedAs,
  type ResultRow,
  resultRow,
  type TrialRow,
  trialOf,
  trialRow,
} from "../rows.js";
import {
  type AddedTrial,
  artifactDiffers,
  byName,
  checkedNote,
  checkName,
  type Note,
  noStudy,
  type Report,
  type StoredStudy,
  type StoredTrial,
  type StudyDefinition,
  type StudyEntry,
  type StudySettings,
  type StudyStorage,
  studyExists,
  studyIsGone,
  trialDiffers,
  trialIsUnknown,
} from "../storage.js";
import type { Row, SqlDatabase, SqlValue, Statement } from "./database.js";
import { migrate, NOTES_SINCE, SCHEMA_VERSION, VERSIONS_SINCE, versionToRead } from "./schema.js";
import { sqlQueue } from "./sqlQueue.js";

/** Bytes of a part of an artifact: some databases limit a row to 2 MB. */
const PART = 2 ** 20;
/** The most values of a statement in D1. */
const MOST_VALUES = 100;

const COUNTS = `SELECT name,
  (SELECT COUNT(*) FROM fettle_trials WHERE study = id) AS trials,
  (SELECT COUNT(*) FROM fettle_results WHERE study = id) AS finished
  FROM fettle_studies ORDER BY id`;
const CREATE = `INSERT INTO fettle_studies
  (name, version, space, strategy, direction, seed, lag, constrained, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const STUDY =
  "SELECT id, name, version, space, strategy, direction, seed, lag, constrained, settings FROM fettle_studies";
const TRIAL_COLUMNS = "fettle_trials (study, number, params, parent, given)";
const RESULT_COLUMNS = "fettle_results (study, number, status, value, seconds, outcome)";
const CURVES_COLUMNS = "fettle_curves (study, number, shape, numbers)";
const ADD = `INSERT INTO ${TRIAL_COLUMNS} SELECT id, ?, ?, ?, ? FROM fettle_studies
  WHERE id = ? AND ? = (SELECT COALESCE(MAX(number) + 1, 0) FROM fettle_trials WHERE study = ?) ON CONFLICT DO NOTHING`;
// a statement that selects nothing changes nothing
const TRIAL = "FROM fettle_trials WHERE study = ? AND number = ?";
const UNFINISHED = `${TRIAL} AND NOT EXISTS (SELECT 1 FROM fettle_results WHERE study = ? AND number = ?)`;
const TELL = `INSERT INTO ${RESULT_COLUMNS}
  SELECT study, number, ?, ?, ?, ? ${TRIAL} ON CONFLICT DO NOTHING`;
const DRAW = `INSERT INTO ${CURVES_COLUMNS} SELECT study, number, ?, ? ${UNFINISHED}`;
const REPORT = `INSERT INTO fettle_reports (study, number, step, value) SELECT study, number, ?, ? ${TRIAL} ON CONFLICT DO NOTHING`;
const NOTE = `INSERT INTO fettle_notes (study, number, text, tags) SELECT study, number, ?, ? ${TRIAL}`;
const CURVES = "SELECT number, shape, numbers FROM fettle_curves WHERE study = ?";
const OWN_VERSION = "fettle_versions WHERE study = ? AND name = ? AND version = ?";
const CLAIM = `INSERT INTO fettle_versions (study, name, version)
  SELECT id, ?, ? FROM fettle_studies WHERE id = ? ON CONFLICT (study, name) DO`;
const ERASE = `DELETE FROM fettle_artifacts WHERE study = ? AND name = ? AND EXISTS (SELECT 1 FROM ${OWN_VERSION})`;
const WRITE = `INSERT INTO fettle_artifacts (study, name, part, bytes) SELECT study, name, ?, ? FROM ${OWN_VERSION}`;
const OLD_ARTIFACT = `SELECT bytes, '0' AS version FROM fettle_artifacts WHERE study = ? AND name = ? ORDER BY part`;
const ARTIFACT = `SELECT a.bytes, v.version FROM fettle_artifacts a
  JOIN fettle_versions v ON v.study = a.study AND v.name = a.name WHERE a.study = ? AND a.name = ? ORDER BY a.part`;
const ALL = `SELECT t.number, t.params, t.parent, t.given, r.status, r.value, r.seconds, r.outcome
  FROM fettle_trials t LEFT JOIN fettle_results r ON r.study = t.study AND r.number = t.number
  WHERE t.study = ? AND t.number >= ? ORDER BY t.number`;

/**
 * The storage in a database, whose schema is upgraded to this release; or not changed, for reading only.
 *
 * @throws FettleError as {@link migrate}; to read only, as {@link versionToRead}
 */
export async function sqlStorage(given: SqlDatabase, readOnly = false): Promise<StudyStorage> {
  if (!readOnly) await migrate(given);
  const version = readOnly ? await versionToRead(given) : SCHEMA_VERSION;
  const database = readOnly ? unwritable(given) : given;
  const open = async (name: string): Promise<StoredStudy | undefined> => {
    const [row] = await database.all([`${STUDY} WHERE name = ?`, name]);
    return row && new SqlStudy(database, version, row);
  };
  return {
    async studies() {
      const rows = await database.all([COUNTS]);
      return rows.map(({ name, trials, finished }) => ({ name, trials, finished }) as unknown as StudyEntry);
    },
    async names() {
      return (await database.all(["SELECT name FROM fettle_studies"])).map(({ name }) => name as string);
    },
    open,
    async create(name, study, settings = {}) {
      checkName("the name of a study", name);
      try {
        await database.run(created(name, study, settings));
      } catch (error) {
        if (await open(name)) throw studyExists(name);
        throw error;
      }
      const made = await open(name);
      if (!made) throw studyIsGone(name);
      return made;
    },
    async delete(name) {
      const [changed] = await database.run([["DELETE FROM fettle_studies WHERE name = ?", name]]);
      if (changed === 0) throw noStudy(name);
    },
    close: async () => database.close(),
  };
}

/** A read-only database. */
function unwritable(database: SqlDatabase): SqlDatabase {
  const { name, dialect } = database;
  return {
    name,
    dialect,
    all: (statement) => database.all(statement),
    close: () => database.close(),
    run() {
      const message = `${show(name)} was opened with readOnly, so it cannot be written; open it without readOnly`;
      throw new FettleError("invalid_state", message);
    },
  };
}

/** The statements of a new study and its trials. */
function created(name: string, { trials, ...definition }: StudyJson, settings: StudySettings): Statement[] {
  const { version, space, strategy, direction, seed, lag, constrained } = definition;
  const texts = [space, strategy, direction].map((each) => JSON.stringify(each));
  const numbers = [seed, lag, constrained ? 1 : 0];
  const study: Statement = [CREATE, name, version, ...texts, ...numbers, JSON.stringify(settings)];
  const divisions = trials.map(divided);
  const records = divisions.flatMap(([, record]) => record ?? []);
  const drawn = records.flatMap(({ number, curves }) => {
    const row = curvesRow(curves);
    return row ? [[number, row.shape, row.numbers]] : [];
  });
  return [
    study,
    ...inserts(
      name,
      TRIAL_COLUMNS,
      divisions.map(([trial]) => valuesOf(trialRow(trial))),
    ),
    ...inserts(
      name,
      RESULT_COLUMNS,
      records.map((record) => [record.number, ...resultValues(record)]),
    ),
    ...inserts(name, CURVES_COLUMNS, drawn),
  ];
}

/** Statements that insert rows of a study, as many at once as every database accepts. */
function inserts(name: string, columns: string, rows: readonly SqlValue[][]): Statement[] {
  const groups: SqlValue[][][] = [];
  for (const row of rows) {
    const group = groups.at(-1) ?? [];
    const fits = (group.length + 1) * (row.length + 1) <= MOST_VALUES && bytesIn([...group, row]) <= PART;
    if (fits && group.length > 0) group.push(row);
    else groups.push([row]);
  }
  return groups.map((group) => {
    const values = `((SELECT id FROM fettle_studies WHERE name = ?)${", ?".repeat(group[0].length)})`;
    const sql = `INSERT INTO ${columns} VALUES ${Array(group.length).fill(values).join(", ")}`;
    return [sql, ...group.flatMap((row) => [name, ...row])];
  });
}

const bytesIn = (rows: readonly SqlValue[][]): number =>
  rows.flat().reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.length : 0), 0);

const valuesOf = ({ number, params, parent, given }: TrialRow): SqlValue[] => [number, params, parent, given];

function resultValues(record: TrialRecord<unknown>): SqlValue[] {
  const { status, value, seconds, outcome } = resultRow(record);
  return [status, value, seconds, outcome];
}

/** The statements of a result: its curves first, which are only kept before the result exists. */
function told(record: TrialRecord<unknown>, id: number): Statement[] {
  const { number } = record;
  const curves = curvesRow(record.curves);
  return [
    ...(curves ? [[DRAW, curves.shape, curves.numbers, id, number, id, number] as const] : []),
    [TELL, ...resultValues(record), id, number],
  ];
}

class SqlStudy implements StoredStudy {
  readonly name: string;
  readonly definition: StudyDefinition;
  readonly settings: StudySettings;
  private readonly id: number;

  constructor(
    private readonly database: SqlDatabase,
    private readonly schemaVersion: number,
    row: Row,
  ) {
    const { id, name, version, seed, lag, constrained } = row;
    this.id = id as number;
    this.name = name as string;
    const json = (column: string): unknown => {
      try {
        return JSON.parse(row[column] as string);
      } catch {
        throw this.damaged(column, row[column]);
      }
    };
    // numbers and texts are checked by `restoreStudy`, which trusts nothing
    this.definition = {
      format: "fettle-study",
      version,
      seed,
      lag,
      direction: json("direction"),
      space: json("space"),
      strategy: json("strategy"),
      ...(constrained === 1 && { constrained: true }),
    } as StudyDefinition;
    const settings = json("settings");
    if (!isRecord(settings)) throw this.damaged("settings", row.settings);
    this.settings = settings;
  }

  async trials(curves = true, from = 0) {
    const { database, id } = this;
    const rows = await database.all([ALL, id, from]);
    if (rows.length === 0) await this.check();
    const drawn = curves ? await database.all([`${CURVES} AND number >= ?`, id, from]) : [];
    const byNumber = new Map(drawn.map((row) => [row.number, row as unknown as CurvesRow]));
    return rows.map((row) => {
      const result = row.status === null ? undefined : (row as unknown as ResultRow);
      return trialOf(row as unknown as TrialRow, result, byNumber.get(row.number));
    });
  }

  async curves(number: number) {
    const [row] = await this.database.all([`${CURVES} AND number = ?`, this.id, number]);
    if (!row) await this.check();
    return row && curvesOf(row as unknown as CurvesRow, number);
  }

  async add(trial: AddedTrial) {
    const { database, id, name } = this;
    const { number } = trial;
    const row = trialRow(trial);
    const [added] = await database.run([[ADD, ...valuesOf(row), id, number, id]], true);
    if (added === 1) return true;
    const [before] = await database.all([`SELECT number, params, parent, given ${TRIAL}`, id, number]);
    if (!before) await this.refuse(number);
    if (!isSameTrial(before as unknown as TrialRow, row)) throw trialDiffers(number, name, before, row);
    return false;
  }

  async tell(record: TrialRecord<unknown>) {
    const { database, id } = this;
    const changed = await database.run(told(record, id), true);
    if (changed.at(-1) === 1) return true;
    const { number } = record;
    const [before] = await database.all([`SELECT number ${TRIAL}`, id, number]);
    if (!before) await this.refuse(number);
    return false;
  }

  async append(trials: readonly StoredTrial[]) {
    const [first] = trials;
    if (!first) return this.check();
    const { database, id, name } = this;
    const stored = new Map((await this.trials(false, first.number)).map((each) => [each.number, each]));
    const missing = trials.map(divided).flatMap(([trial, record]): Statement[] => {
      const before = stored.get(trial.number);
      const [row, known] = [trialRow(trial), before && trialRow(before)];
      if (known && !isSameTrial(known, row)) throw trialDiffers(trial.number, name, known, row);
      const added: Statement = [ADD, ...valuesOf(row), id, trial.number, id];
      const isTold = before !== undefined && before.status !== "running";
      return [...(known ? [] : [added]), ...(record && !isTold ? told(record, id) : [])];
    });
    if (missing.length === 0) return;
    await database.run(missing, true);
    const last = trials[trials.length - 1].number;
    const [row] = await database.all([`SELECT number ${TRIAL}`, id, last]);
    if (!row) await this.refuse(last);
  }

  async report(number: number, { step, value }: Report) {
    const { database, id } = this;
    const [changed] = await database.run([[REPORT, step, JSON.stringify(value), id, number]], true);
    if (changed === 1) return;
    const [trial] = await database.all([`SELECT number ${TRIAL}`, id, number]);
    if (!trial) await this.refuse(number);
  }

  async reports(number: number) {
    const sql = "SELECT step, value FROM fettle_reports WHERE study = ? AND number = ? ORDER BY step";
    const rows = await this.database.all([sql, this.id, number]);
    if (rows.length === 0) await this.check();
    return rows.map(({ step, value }) => ({
      step: step as number,
      value: parsedAs(isReported, "a number, null, or a list of them", value as string, "a report", number),
    }));
  }

  async note(note: Note) {
    const { database, id } = this;
    const { number } = note;
    const kept = checkedNote(note);
    const erase: Statement = ["DELETE FROM fettle_notes WHERE study = ? AND number = ?", id, number];
    const insert: readonly Statement[] = kept
      ? [[NOTE, kept.text, JSON.stringify(kept.tags), id, number]]
      : [];
    const changed = await database.run([erase, ...insert], true);
    if (kept && changed.at(-1) === 1) return;
    const [trial] = await database.all([`SELECT number ${TRIAL}`, id, number]);
    if (!trial) await this.refuse(number);
  }

  async notes() {
    const sql = "SELECT number, text, tags FROM fettle_notes WHERE study = ? ORDER BY number";
    const rows = this.schemaVersion < NOTES_SINCE ? [] : await this.database.all([sql, this.id]);
    if (rows.length === 0) await this.check();
    return rows.map(({ number, text, tags }) => ({
      number: number as number,
      text: text as string,
      tags: parsedAs(areTexts, "a list of texts", tags as string, "the tags", number as number),
    }));
  }

  async artifacts() {
    const sql = "SELECT name, SUM(LENGTH(bytes)) AS size FROM fettle_artifacts WHERE study = ? GROUP BY name";
    const rows = await this.database.all([sql, this.id]);
    if (rows.length === 0) await this.check();
    return byName(rows.map(({ name, size }) => ({ name: name as string, size: size as number })));
  }

  async artifact(name: string) {
    const hasVersions = this.schemaVersion >= VERSIONS_SINCE;
    const rows = await this.database.all([hasVersions ? ARTIFACT : OLD_ARTIFACT, this.id, name]);
    if (rows.length === 0) {
      await this.check();
      return undefined;
    }
    const parts = rows.map(({ bytes }) => bytes as Uint8Array);
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    parts.reduce((at, part) => {
      whole.set(part, at);
      return at + part.length;
    }, 0);
    return { bytes: whole, version: rows[0].version as string };
  }

  async keep(name: string, bytes: Uint8Array, replaced?: string | null) {
    checkName("the name of an artifact", name);
    const { database, id } = this;
    // the other statements write only where this one has, so that they may also be sent again
    const version = crypto.randomUUID();
    const claim: Statement =
      typeof replaced === "string"
        ? [
            "UPDATE fettle_versions SET version = ? WHERE study = ? AND name = ? AND version = ?",
            version,
            id,
            name,
            replaced,
          ]
        : [
            `${CLAIM} ${replaced === null ? "NOTHING" : "UPDATE SET version = excluded.version"}`,
            name,
            version,
            id,
          ];
    const own = [id, name, version] as const;
    const count = Math.max(1, Math.ceil(bytes.length / PART));
    const parts = Array.from({ length: count }, (_, part): Statement => {
      const contents = new Uint8Array(bytes.subarray(part * PART, (part + 1) * PART)); // `slice` of a Buffer does not copy
      return [WRITE, part, contents, ...own];
    });
    const changed = await database.run([claim, [ERASE, id, name, ...own], ...parts], true);
    if (changed.at(-1) === 1) return version;
    await this.check();
    throw artifactDiffers(name);
  }

  queue(options: QueueOptions = {}): JobQueue {
    return sqlQueue(this.database, this.id, this.name, options);
  }

  /** Refuses a deleted study. */
  private async check(): Promise<void> {
    const [row] = await this.database.all(["SELECT id FROM fettle_studies WHERE id = ?", this.id]);
    if (!row) throw studyIsGone(this.name);
  }

  private async refuse(number: number): Promise<never> {
    await this.check();
    throw trialIsUnknown(number, this.name);
  }

  private damaged(column: string, received: unknown): FettleError {
    return new FettleError(
      "damaged_record",
      `the ${column} of study ${show(this.name)} in ${show(this.database.name)} must be JSON; received ${show(received)}`,
    );
  }
}

const isNumber = (value: unknown): value is number | null => value === null || typeof value === "number";

const isReported = (value: unknown): value is Report["value"] =>
  Array.isArray(value) ? value.every(isNumber) : isNumber(value);

const areTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");
