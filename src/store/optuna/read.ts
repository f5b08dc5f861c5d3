/**
 * Reads the rows of a study of Optuna, and checks each one. `study.ts` converts them to a study of Fettle.
 */

import type { Direction } from "../../direction.js";
import { check, FettleError, isRecord, show } from "../../errors.js";
import { isShallow } from "../../json.js";
import type { Row, SqlDatabase } from "../sql/database.js";
import { optunaJson } from "./distributions.js";
import { decoded, hasTables, numberOf, textOf } from "./schema.js";

/** Attributes by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A trial of Optuna. */
export interface OptunaTrial {
  readonly number: number;
  readonly state: "COMPLETE" | "PRUNED" | "FAIL" | "RUNNING" | "WAITING";
  readonly seconds: number | null;
  /** In the order of suggestion: the number that stands for the value, and its distribution. */
  readonly params: Map<string, { readonly number: unknown; readonly distribution: unknown }>;
  /** By objective; may be infinite. */
  readonly values: number[];
  /** By step; null for one that is not finite. */
  readonly reports: { readonly step: number; readonly value: number | null }[];
  readonly user: Record<string, unknown>;
  readonly system: Record<string, unknown>;
}

/** A study of Optuna. */
export interface OptunaStudy {
  readonly directions: readonly Direction[];
  readonly user: Attributes;
  readonly system: Attributes;
  readonly trials: readonly OptunaTrial[];
}

const STATES: readonly unknown[] = ["COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING"];
const KEY_AND_VALUE = `${textOf('"key"')}, ${textOf("value_json")}`;
const OF_STUDY = "WHERE study_id = ? ORDER BY";
const OF_TRIALS = "JOIN trials t ON t.trial_id = c.trial_id WHERE t.study_id = ? ORDER BY";

/**
 * The study with a name.
 *
 * @throws FettleError `not_found` if there is none; `damaged_record` for rows that Optuna does not write; as
 * {@link hasTables}
 */
export async function readStudy(database: SqlDatabase, name: string): Promise<OptunaStudy> {
  const idOf = (column: string, as = column): string => `CAST(${column} AS TEXT) AS ${as}`;
  const studies = (await hasTables(database))
    ? await database.all([
        `SELECT ${idOf("study_id")}, ${textOf("study_name")} FROM studies ORDER BY study_id`,
      ])
    : [];
  const id = studies.find((each) => decoded(each.study_name) === name)?.study_id;
  if (id === undefined) {
    const names = studies.slice(0, 20).map((each) => show(decoded(each.study_name)));
    const known = names.join(", ") || "none";
    throw new FettleError(
      "not_found",
      `there is no study ${show(name)} in ${show(database.name)}. Known: ${known}`,
    );
  }
  const all = (sql: string, order: string) => database.all([`${sql} ${order}`, id]);
  const directions = await all(
    `SELECT ${textOf("direction")} FROM study_directions ${OF_STUDY}`,
    "objective",
  );
  const attributes = `SELECT ${KEY_AND_VALUE} FROM`;
  const user = await all(`${attributes} study_user_attributes ${OF_STUDY}`, '"key"');
  const system = await all(`${attributes} study_system_attributes ${OF_STUDY}`, '"key"');
  const trials = new Map<unknown, OptunaTrial>();
  const seconds = "(julianday(datetime_complete) - julianday(datetime_start)) * 86400.0 AS seconds";
  const columns = [idOf("trial_id"), numberOf("number"), textOf("state"), seconds].join(", ");
  for (const row of await all(`SELECT ${columns} FROM trials ${OF_STUDY}`, "number, trial_id"))
    trials.set(row.trial_id, trialOf(row));
  const numbers = new Set([...trials.values()].map(({ number }) => number));
  damagedUnless(numbers.size === trials.size, "the numbers of trials", "different from each other", name);
  const each = async (
    table: string,
    columns: readonly string[],
    order: string,
    add: (trial: OptunaTrial, row: Row) => void,
  ) => {
    const names = [idOf("c.trial_id", "trial_id"), ...columns].join(", ");
    const rows = await all(`SELECT ${names} FROM ${table} c ${OF_TRIALS}`, order);
    for (const row of rows) {
      const trial = trials.get(row.trial_id);
      if (trial) add(trial, row);
    }
  };
  const params = [textOf("param_name"), numberOf("param_value"), textOf("distribution_json")];
  await each("trial_params", params, "c.param_id", (trial, row) => {
    const key = decoded(row.param_name);
    damagedUnless(key !== undefined, "the name of a parameter", "a text", row.param_name);
    const { param_value: number, distribution_json: distribution } = row;
    trial.params.set(key as string, { number, distribution: decoded(distribution) });
  });
  const values = [numberOf("objective"), numberOf("value"), textOf("value_type", "type")];
  await each("trial_values", values, "c.objective", ({ number, values }, row) => {
    const value = finiteOr(row.value, decoded(row.type));
    damagedUnless(
      row.objective === values.length && value !== undefined && !Number.isNaN(value),
      `the values of trial ${number}`,
      "numbers, one for each objective",
      row.value,
    );
    values.push(value as number);
  });
  const reports = [
    numberOf("step"),
    numberOf("intermediate_value", "value"),
    textOf("intermediate_value_type", "type"),
  ];
  await each("trial_intermediate_values", reports, "c.step", ({ number, reports }, row) => {
    const { step } = row;
    const value = finiteOr(row.value, decoded(row.type));
    const isReport = Number.isSafeInteger(step) && (step as number) >= 0 && value !== undefined;
    damagedUnless(isReport, `the intermediate values of trial ${number}`, "numbers by step", row.value);
    reports.push({ step: step as number, value: Number.isFinite(value) ? (value as number) : null });
  });
  for (const owner of ["user", "system"] as const)
    await each(`trial_${owner}_attributes`, [KEY_AND_VALUE], '"key"', (trial, row) =>
      setAttribute(trial[owner], row),
    );
  const sides = directions.map(({ direction }) => decoded(direction)?.toLowerCase());
  damagedUnless(
    sides.length > 0 && sides.every((side) => side === "minimize" || side === "maximize"),
    "the directions of a study",
    "MINIMIZE or MAXIMIZE",
    sides[0],
  );
  return {
    directions: sides as Direction[],
    user: attributesOf(user),
    system: attributesOf(system),
    trials: [...trials.values()],
  };
}

function trialOf({ number, state: bytes, seconds }: Row): OptunaTrial {
  const state = decoded(bytes);
  damagedUnless(
    Number.isSafeInteger(number) && (number as number) >= 0,
    "the number of a trial",
    "an integer of at least 0",
    number,
  );
  damagedUnless(STATES.includes(state), `the state of trial ${number}`, `one of ${STATES.join(", ")}`, state);
  return {
    number: number as number,
    state: state as OptunaTrial["state"],
    seconds: typeof seconds === "number" && seconds >= 0 ? seconds : null,
    params: new Map(),
    values: [],
    reports: [],
    user: {},
    system: {},
  };
}

/** A number as Optuna stores it with its kind; undefined for anything that Optuna does not write. */
function finiteOr(value: unknown, type: unknown): number | undefined {
  if (type === "FINITE") return typeof value === "number" ? value : undefined;
  if (value !== null) return undefined;
  if (type === "NAN") return Number.NaN;
  if (type === "INF_POS") return Number.POSITIVE_INFINITY;
  return type === "INF_NEG" ? Number.NEGATIVE_INFINITY : undefined;
}

function attributesOf(rows: readonly Row[]): Attributes {
  const attributes = {};
  for (const row of rows) setAttribute(attributes, row);
  return attributes;
}

function setAttribute(attributes: Record<string, unknown>, row: Row): void {
  const [key, text] = [decoded(row.key), decoded(row.value_json)];
  const value = text === undefined ? undefined : optunaJson(text);
  const isAttribute = key !== undefined && value !== undefined && isShallow(value);
  damagedUnless(isAttribute, `the attribute ${show(key)}`, "JSON", text);
  // even one called __proto__
  Object.defineProperty(attributes, key as string, { value, enumerable: true, configurable: true });
}

function damagedUnless(holds: boolean, what: string, rule: string, received: unknown): void {
  check(holds, () => `${what} of Optuna must be ${rule}; received ${show(received)}`, "damaged_record");
}

/** A record in attributes; empty without one. */
export const recordIn = (attributes: Attributes, key: string): Attributes => {
  const value = attributes[key];
  return isRecord(value) ? value : {};
};
