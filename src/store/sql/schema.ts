/**
 * The schema, as migrations by number. A released migration never changes; a change of the schema is a new
 * one. `docs/storage.md` describes the tables.
 */
import { check, FettleError, show } from "../../errors.js";
import type { Dialect, SqlDatabase } from "./database.js";

/** Each upgrades the schema from the previous version, starting with an empty database. */
const MIGRATIONS: readonly ((dialect: Dialect) => readonly string[])[] = [
  ({ id, integer, real, bytes, keyed }) => [
    // ids of deleted studies are not reused, so a process that still writes to one changes nothing
    `CREATE TABLE fettle_studies (
      id ${id},
      name TEXT NOT NULL UNIQUE,
      version ${integer} NOT NULL,
      space TEXT NOT NULL,
      strategy TEXT NOT NULL,
      direction TEXT NOT NULL,
      seed ${integer} NOT NULL,
      lag ${integer} NOT NULL,
      constrained ${integer} NOT NULL,
      settings TEXT NOT NULL
    )`,
    `CREATE TABLE fettle_trials (
      study ${integer} NOT NULL REFERENCES fettle_studies (id) ON DELETE CASCADE,
      number ${integer} NOT NULL,
      params TEXT NOT NULL,
      parent ${integer},
      given ${integer} NOT NULL,
      PRIMARY KEY (study, number)
    )${keyed}`,
    `CREATE TABLE fettle_results (
      study ${integer} NOT NULL,
      number ${integer} NOT NULL,
      status TEXT NOT NULL,
      value ${real},
      seconds ${real},
      outcome TEXT NOT NULL,
      PRIMARY KEY (study, number),
      FOREIGN KEY (study, number) REFERENCES fettle_trials (study, number) ON DELETE CASCADE
    )${keyed}`,
    `CREATE TABLE fettle_curves (
      study ${integer} NOT NULL,
      number ${integer} NOT NULL,
      shape TEXT NOT NULL,
      numbers ${bytes} NOT NULL,
      PRIMARY KEY (study, number),
      FOREIGN KEY (study, number) REFERENCES fettle_trials (study, number) ON DELETE CASCADE
    )`,
    `CREATE TABLE fettle_reports (
      study ${integer} NOT NULL,
      number ${integer} NOT NULL,
      step ${integer} NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (study, number, step),
      FOREIGN KEY (study, number) REFERENCES fettle_trials (study, number) ON DELETE CASCADE
    )${keyed}`,
    // in parts, since some databases limit a row to 2 MB
    `CREATE TABLE fettle_artifacts (
      study ${integer} NOT NULL REFERENCES fettle_studies (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      part ${integer} NOT NULL,
      bytes ${bytes} NOT NULL,
      PRIMARY KEY (study, name, part)
    )`,
  ],
  ({ integer, keyed }) => [
    `CREATE TABLE fettle_notes (
      study ${integer} NOT NULL,
      number ${integer} NOT NULL,
      text TEXT NOT NULL,
      tags TEXT NOT NULL,
      PRIMARY KEY (study, number),
      FOREIGN KEY (study, number) REFERENCES fettle_trials (study, number) ON DELETE CASCADE
    )${keyed}`,
  ],
  ({ integer, bytes }) => [
    // studies that a process runs and hands to workers
    `CREATE TABLE fettle_queues (
      study ${integer} PRIMARY KEY REFERENCES fettle_studies (id) ON DELETE CASCADE,
      beat ${integer} NOT NULL
    )`,
    `CREATE TABLE fettle_jobs (
      study ${integer} NOT NULL REFERENCES fettle_studies (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      priority ${integer} NOT NULL,
      payload ${bytes} NOT NULL,
      attempt ${integer} NOT NULL,
      beat ${integer} NOT NULL,
      holder TEXT,
      outcome ${bytes},
      error TEXT,
      PRIMARY KEY (study, name)
    )`,
  ],
  ({ integer }) => [
    // a new text for each write of an artifact
    `CREATE TABLE fettle_versions (
      study ${integer} NOT NULL REFERENCES fettle_studies (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      PRIMARY KEY (study, name)
    )`,
    "INSERT INTO fettle_versions (study, name, version) SELECT DISTINCT study, name, '0' FROM fettle_artifacts",
  ],
];

/** The version of the schema that this release writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The first version that has notes. */
export const NOTES_SINCE = 2;

/** The first version that has versions of artifacts. */
export const VERSIONS_SINCE = 4;

const VERSIONS = "CREATE TABLE fettle_migrations (version INTEGER PRIMARY KEY)";

/**
 * Upgrades a database to the schema of this release.
 *
 * @throws FettleError `invalid_checkpoint` if a later release wrote it; `invalid_argument` if it belongs to
 * another program
 */
export async function migrate(database: SqlDatabase): Promise<void> {
  for (;;) {
    const version = await versionOf(database);
    if (version === SCHEMA_VERSION) return;
    // if several processes migrate at once, one can insert the number; the others check again
    const { dialect } = database;
    const created = version === 0 ? [VERSIONS] : [];
    const number = ["INSERT INTO fettle_migrations (version) VALUES (?)", version + 1] as const;
    try {
      const texts = [...dialect.begin, ...created, ...MIGRATIONS[version](dialect)];
      const statements = texts.map((sql) => [sql] as const);
      await database.run([...statements, number]);
    } catch (error) {
      if ((await versionOf(database)) === version) throw error;
    }
  }
}

/**
 * The schema version of a database that is only read. Any earlier version is readable: later ones only add
 * tables.
 *
 * @throws FettleError `not_found` if it has no tables; and as {@link migrate}
 */
export async function versionToRead(database: SqlDatabase): Promise<number> {
  const version = await versionOf(database);
  const { name } = database;
  check(
    version > 0,
    () => `there are no studies in ${show(name)}; create one, as with fettle tune --storage`,
    "not_found",
  );
  return version;
}

/**
 * The schema version of a database, 0 for an empty one. It only reads.
 *
 * @throws FettleError as {@link migrate}
 */
export async function versionOf(database: SqlDatabase): Promise<number> {
  const tables = await database.all(database.dialect.tables);
  if (!tables.some(({ name }) => name === "fettle_migrations")) {
    if (tables.length === 0) return 0;
    throw new FettleError(
      "invalid_argument",
      `${show(database.name)} must be a storage of Fettle or empty; it has the tables of another program, such as ${show(tables[0].name)}`,
    );
  }
  const [row] = await database.all(["SELECT COALESCE(MAX(version), 0) AS version FROM fettle_migrations"]);
  const version = row.version as number;
  check(
    version <= SCHEMA_VERSION,
    () =>
      `${show(database.name)} has schema version ${version}; this release reads at most ${SCHEMA_VERSION}; upgrade Fettle to open it`,
    "invalid_checkpoint",
  );
  return version;
}
