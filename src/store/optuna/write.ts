/**
 * Writes a study into a database of Optuna, in one transaction. Data that Optuna cannot represent is
 * reported, or stored in system attributes.
 */
import { check, isRecord, show } from "../../errors.js";
import { resolveSpace } from "../../search/space/space.js";
import type { SqlDatabase, SqlValue, Statement } from "../sql/database.js";
import type { StoredStudy, StoredTrial } from "../storage.js";
import { distributionOf, numberOf } from "./distributions.js";
import { createTables, hasTables } from "./schema.js";

/** The system attributes that this file writes, and `study.ts` reads. */
export const STUDY_KEY = "fettle:study";
export const OUTCOME_KEY = "fettle:outcome";
/** Optuna's name of soft constraints. */
export const CONSTRAINTS_KEY = "constraints";

const STATES = {
  complete: "COMPLETE",
  pruned: "PRUNED",
  failed: "FAIL",
  diverged: "FAIL",
  running: "RUNNING",
} as const;

const STUDY = "(SELECT study_id FROM studies WHERE study_name = ?)";
// the rows of one transaction have consecutive ids
const TRIAL_ID = `? + (SELECT MIN(trial_id) FROM trials WHERE study_id = ${STUDY})`;
/** A time as SQLAlchemy writes it, from seconds since the epoch. */
const TIME = "strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch') || '000'";
const INSERT_TRIAL = `INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
  VALUES (?, ${STUDY}, ?, ${TIME}, ${TIME})`;
const into = (table: string, ...columns: string[]): string =>
  `INSERT INTO ${table} (trial_id, ${columns.join(", ")}) VALUES (${TRIAL_ID}, ${columns.map(() => "?").join(", ")})`;
const INSERT_PARAM = into("trial_params", "param_name", "param_value", "distribution_json");
const INSERT_VALUE = into("trial_values", "objective", "value", "value_type");
const INSERT_REPORT = into(
  "trial_intermediate_values",
  "step",
  "intermediate_value",
  "intermediate_value_type",
);
const INSERT_ATTRIBUTE = (owner: "user" | "system"): string =>
  into(`trial_${owner}_attributes`, '"key"', "value_json");

/**
 * Writes a study into a database that is empty or of Optuna.
 *
 * @param name - of the study there
 * @returns notes on data that Optuna cannot represent
 * @throws FettleError `conflict` if it has a study with that name; as {@link hasTables}; and what the storage
 * throws
 */
export async function writeStudy(
  database: SqlDatabase,
  study: StoredStudy,
  name: string,
): Promise<readonly string[]> {
  const isThere = await hasTables(database);
  const [other] = isThere
    ? await database.all(["SELECT study_id FROM studies WHERE study_name = ?", name])
    : [];
  check(
    other === undefined,
    () => `${show(database.name)} already has a study ${show(name)}; choose another name`,
    "conflict",
  );
  const trials = await study.trials();
  const reports = await Promise.all(trials.map(({ number }) => study.reports(number)));
  const statements: Statement[] = [...(isThere ? [] : createTables), ...statementsOf(study, name)];
  const { space } = resolvedOf(study);
  const distributions = new Map(Object.entries(space).map(([key, each]) => [key, distributionOf(each)]));
  const names = originOf(study).names;
  for (const trial of trials) {
    const add = (sql: string, ...values: SqlValue[]) => statements.push([sql, trial.number, name, ...values]);
    const seconds = trial.status === "running" ? null : trial.seconds;
    const start = seconds === null ? null : 0;
    statements.push([INSERT_TRIAL, trial.number, name, STATES[trial.status], start, seconds]);
    for (const [key, value] of Object.entries(trial.params)) {
      const theirs = typeof names[key] === "string" ? names[key] : key;
      add(INSERT_PARAM, theirs, numberOf(space[key], value), distributions.get(key) as string);
    }
    for (const [objective, value] of valuesOf(trial).entries()) add(INSERT_VALUE, objective, value, "FINITE");
    for (const { step, value } of reports[trial.number])
      if (typeof value === "number" || value === null)
        add(INSERT_REPORT, step, value, value === null ? "NAN" : "FINITE");
    const { attributes = {}, constraints } = trial.status === "running" ? {} : trial;
    for (const [key, value] of Object.entries(attributes))
      add(INSERT_ATTRIBUTE("user"), key, JSON.stringify(value));
    if (constraints) {
      const list = constraints.map((each) => each ?? "Infinity").join(", ");
      add(INSERT_ATTRIBUTE("system"), CONSTRAINTS_KEY, `[${list}]`);
    }
    add(INSERT_ATTRIBUTE("system"), OUTCOME_KEY, JSON.stringify(restOf(trial)));
  }
  await database.run(statements);
  return notesOf(
    study,
    trials,
    reports.flat().some(({ value }) => Array.isArray(value)),
  );
}

/** The statements of the study without its trials. */
function statementsOf(study: StoredStudy, name: string): Statement[] {
  const { definition, settings } = study;
  const attribute = (owner: string, key: string, value: unknown): Statement => [
    `INSERT INTO study_${owner}_attributes (study_id, "key", value_json) VALUES (${STUDY}, ?, ?)`,
    ...[name, key, JSON.stringify(value)],
  ];
  return [
    ["INSERT INTO studies (study_name) VALUES (?)", name],
    ...[definition.direction].flat().map((direction, objective): Statement => {
      const sql = `INSERT INTO study_directions (study_id, direction, objective) VALUES (${STUDY}, ?, ?)`;
      return [sql, name, direction.toUpperCase(), objective];
    }),
    attribute("system", STUDY_KEY, { definition, settings }),
    ...Object.entries(originOf(study).attributes).map(([key, value]) => attribute("user", key, value)),
  ];
}

/**
 * Optuna's data in a study that came from it: the names of its parameters, by ours, and the attributes of the
 * study.
 */
function originOf({ settings: { optuna } }: StoredStudy) {
  const { names, attributes } = isRecord(optuna) ? optuna : {};
  return { names: isRecord(names) ? names : {}, attributes: isRecord(attributes) ? attributes : {} };
}

const resolvedOf = ({ definition }: StoredStudy) => ({ space: resolveSpace(definition.space).parameters });

function valuesOf(trial: StoredTrial): readonly number[] {
  if (trial.status === "running") return [];
  return trial.values ?? (trial.value === null ? [] : [trial.value]);
}

/** Data of a trial without a column or attribute in Optuna, so that an import restores it. */
function restOf(trial: StoredTrial) {
  const { number: _, params: __, ...rest } = trial;
  if (rest.status === "running") return rest;
  const { curves: ___, attributes: ____, value: _____, values: ______, constraints: _______, ...kept } = rest;
  return kept;
}

function notesOf(study: StoredStudy, trials: readonly StoredTrial[], hasLists: boolean): string[] {
  const { definition } = study;
  const { space } = resolvedOf(study);
  const named = (which: (name: string) => boolean): string =>
    Object.keys(space)
      .filter(which)
      .map((name) => show(name))
      .join(", ");
  const conditional = named((name) => space[name].when !== undefined);
  const stepped = named((name) => {
    const parameter = space[name];
    return parameter.type === "int" && parameter.log === true && (parameter.step ?? 1) !== 1;
  });
  return [
    conditional &&
      `Optuna has no conditions: ${conditional} were left out of trials to which a condition does not apply, and the objective must suggest them where it does`,
    stepped && `Optuna has no steps on a log scale: it will suggest every integer of ${stepped}`,
    definition.constrained &&
      "the constraint on points is code: Optuna will suggest points that it forbids, unless the objective prunes them",
    trials.some((trial) => trial.status !== "running" && trial.curves) && "curves are not exported",
    hasLists && "intermediate values of several objectives are not exported",
  ].filter((note) => typeof note === "string" && note !== "") as string[];
}
