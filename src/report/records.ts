/** A study as flat rows: the form that pandas, Observable and spreadsheets read directly. */
import type { ParamValue } from "../search/space/value.js";
import type { TrialStatus } from "../search/trial/trial.js";
import { mustBeStudyData, type StudyData } from "./plots/studyData.js";

/**
 * A trial as a flat row. All rows of a study have the same names, in the same order; missing values are null.
 */
export interface TrialRow {
  readonly number: number;
  readonly status: TrialStatus;
  /**
   * `value`, or with several objectives `values.<metric>` for each; `std`; `seconds`; and `params.<name>` for
   * each parameter.
   */
  readonly [column: string]: string | number | boolean | null;
}

/**
 * The trials of a study as flat rows, by number: `pd.DataFrame(rows)`, `pd.read_json(text, orient="records")`
 * and Observable's
 * `Plot.dot(rows, { x: "params.rate", y: "value" })` accept them directly. Lists among the values of a
 * choice are JSON.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: choice([1, 2]) }, strategy: grid(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 2 });
 * studyRows(studyData(study)); // [{ number: 0, status: "complete", value: 1, std: null, seconds: null, "params.x": 1 }, { number: 1, status: "complete", value: 4, std: null, seconds: null, "params.x": 2 }]
 * ```
 */
export function studyRows(study: StudyData): TrialRow[] {
  mustBeStudyData(study);
  const { space, metrics, directions, trials } = study;
  const names = Object.keys(space);
  return trials.map(({ number, status, value, values, std, seconds, params }) => ({
    number,
    status,
    ...(directions.length === 1
      ? { value }
      : Object.fromEntries(metrics.map((metric, i) => [`values.${metric}`, values?.[i] ?? null]))),
    std,
    seconds,
    ...Object.fromEntries(
      names.map((name) => [`params.${name}`, Object.hasOwn(params, name) ? scalar(params[name]) : null]),
    ),
  }));
}

const scalar = (value: ParamValue): string | number | boolean | null =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : value;
