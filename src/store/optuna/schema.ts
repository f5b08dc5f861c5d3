/**
 * The tables of Optuna 3.2 to 4 in SQLite, whose code reads these files. A file of any other release is
 * refused.
 *
 * @see optuna/storages/_rdb/models.py
 */
import { check, FettleError, show } from "../../errors.js";
import type { SqlDatabase, Statement } from "../sql/database.js";

/** The revision of Optuna since 3.2, and the one before it, which differs by an index. */
const REVISION = "v3.2.0.a";
const READABLE = [REVISION, "v3.0.0.d"];

const ATTRIBUTES = (table: string, owner: string, owners: string): string =>
  `CREATE TABLE ${table} (${table.slice(0, -1)}_id INTEGER NOT NULL, ${owner} INTEGER, "key" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (${table.slice(0, -1)}_id), UNIQUE (${owner}, "key"), FOREIGN KEY(${owner}) REFERENCES ${owners} (${owner}))`;

const TABLES: readonly string[] = [
  "CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id))",
  "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
  `CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
    PRIMARY KEY (version_info_id), CHECK (version_info_id=1))`,
  `CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL,
    objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
    FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
  ATTRIBUTES("study_user_attributes", "study_id", "studies"),
  ATTRIBUTES("study_system_attributes", "study_id", "studies"),
  `CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
    datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id),
    FOREIGN KEY(study_id) REFERENCES studies (study_id))`,
  "CREATE INDEX ix_trials_study_id ON trials (study_id)",
  ATTRIBUTES("trial_user_attributes", "trial_id", "trials"),
  ATTRIBUTES("trial_system_attributes", "trial_id", "trials"),
  `CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
    distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
  `CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL, value FLOAT,
    value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
    FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
  `CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
    step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
  `CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, heartbeat DATETIME NOT NULL,
    PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id), FOREIGN KEY(trial_id) REFERENCES trials (trial_id))`,
  "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
  // the second is the version of the schema before its revisions had names, and the third a release that has
  // this revision
  "INSERT INTO version_info (version_info_id, schema_version, library_version) VALUES (1, 12, '4.1.0')",
  `INSERT INTO alembic_version (version_num) VALUES ('${REVISION}')`,
];

/** The statements that create the tables in an empty database. */
export const createTables: readonly Statement[] = TABLES.map((sql) => [sql]);

/** A column of texts as bytes: `libsql` would end the process for text that is not UTF-8. */
export const textOf = (column: string, name = column): string => `CAST(${column} AS BLOB) AS ${name}`;

/**
 * A column of numbers: null for anything else, and the nearest number for integers that JavaScript cannot
 * represent.
 */
export const numberOf = (column: string, name = column): string =>
  `CASE WHEN typeof(${column}) IN ('integer', 'real') THEN CAST(${column} AS REAL) END AS ${name}`;

/** The text of a column of {@link textOf}; undefined for anything else. */
export function decoded(bytes: unknown): string | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Whether a database has the tables; false for an empty one.
 *
 * @throws FettleError `invalid_argument` for the database of another program; `invalid_checkpoint` for that
 * of another release of Optuna
 */
export async function hasTables(database: SqlDatabase): Promise<boolean> {
  const found = await database.all([
    `SELECT type, ${textOf("name")} FROM sqlite_master WHERE type <> 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  ]);
  if (found.length === 0) return false;
  const names = found.map(({ name }) => decoded(name));
  check(
    names.includes("alembic_version") && names.includes("studies") && names.includes("trial_params"),
    () =>
      `${show(database.name)} must be a storage of Optuna, or a file that does not exist; it has the tables of another program, such as ${show(names[0])}`,
  );
  // whose queries could take unbounded time
  const code = found.find(({ type }) => type !== "table");
  check(
    code === undefined,
    () =>
      `${show(database.name)} must contain only tables, as Optuna creates it; received the ${code?.type} ${show(decoded(code?.name))}`,
  );
  const [row] = await database.all([`SELECT ${textOf("version_num")} FROM alembic_version`]);
  const version = decoded(row?.version_num);
  if (READABLE.includes(version as string)) return true;
  throw new FettleError(
    "invalid_checkpoint",
    `${show(database.name)} must have the schema ${REVISION} of Optuna 3.2 and later; received ${show(version)}; run optuna storage upgrade`,
  );
}
