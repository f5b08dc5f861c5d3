/** Differences between trials, and between studies, as lines of a table. Pure. */
import { formatDuration, formatScore, formatValue } from "../../report/format.js";
import { shareOf } from "../../report/plots/scale.js";
import type { Parameter } from "../../search/space/parameter.js";
import type { Space } from "../../search/space/space.js";
import { valueKey } from "../../search/space/value.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { bestOf, countsOf, type StudyState, valueAt } from "./study.js";

/** A trial to compare, of any study. */
export interface Beside {
  readonly about: StudyAbout;
  readonly row: TrialRow;
}

export interface CompareCell {
  readonly text: string;
  /** The standard deviation over folds. */
  readonly spread?: string;
  /** How much worse it is than the best compared trial. */
  readonly behind?: string;
  readonly isBest?: boolean;
}

export interface CompareLine {
  /** A `setting` or a `parameter` may differ on purpose; an `outcome` differs anyway. */
  readonly kind: "status" | "outcome" | "setting" | "parameter";
  readonly label: string;
  readonly cells: readonly CompareCell[];
  readonly differs: boolean;
}

const DASH = "–";
/** The most folds whose scores are listed. */
const MOST_FOLDS = 10;

const lineOf = (
  kind: CompareLine["kind"],
  label: string,
  texts: readonly string[],
  differs = new Set(texts).size > 1,
): CompareLine => ({ kind, label, cells: texts.map((text) => ({ text })), differs });

const unionOf = (lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];

/** The lines of a table of trials: status, scores, facts, parameters. */
export function trialLines(trials: readonly Beside[]): readonly CompareLine[] {
  const folds = Math.min(MOST_FOLDS, Math.max(0, ...trials.map(({ row }) => row.scores?.length ?? 0)));
  // single objectives of studies are compared whatever their names
  const areSingle = trials.every(({ about }) => about.metrics.length === 1);
  const names = unionOf(trials.map(({ about }) => about.metrics));
  const metrics = areSingle ? [names] : names.map((name) => [name]);
  const parameters = unionOf(trials.map(({ row }) => Object.keys(row.params)));
  return [
    lineOf(
      "status",
      "status",
      trials.map(({ row }) => row.status),
    ),
    ...metrics.map((names) => scoreLine(names, trials)),
    ...Array.from({ length: folds }, (_, fold) =>
      lineOf(
        "outcome",
        `fold ${fold + 1}`,
        trials.map(({ row }) => formatScore(row.scores?.[fold] ?? null)),
      ),
    ),
    lineOf(
      "outcome",
      "time",
      trials.map(({ row }) => (row.seconds === null ? DASH : formatDuration(row.seconds))),
    ),
    ...parameters.map((name) => parameterLine(name, trials)),
  ];
}

/** @param names - of one objective, which studies may name differently */
function scoreLine(names: readonly string[], trials: readonly Beside[]): CompareLine {
  const objectives = trials.map(({ about }) => about.metrics.findIndex((metric) => names.includes(metric)));
  const values = trials.map(({ row }, i) => (objectives[i] < 0 ? null : valueAt(row, objectives[i])));
  const directions = new Set(trials.flatMap(({ about }, i) => about.directions[objectives[i]] ?? []));
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const best = directions.has("minimize") ? Math.min(...finite) : Math.max(...finite);
  // without a common direction there is no best
  const hasBest = directions.size === 1 && new Set(finite).size > 1;
  return {
    kind: "outcome",
    label: names.join(" / "),
    differs: new Set(values).size > 1,
    cells: values.map((value, i) => {
      const { std } = trials[i].row;
      const own = {
        text: formatScore(value),
        ...(objectives[i] === 0 && std !== null && { spread: `± ${formatScore(std)}` }),
      };
      if (!hasBest || value === null || !Number.isFinite(value)) return own;
      if (value === best) return { ...own, isBest: true };
      const by = Math.abs(value - best);
      return { ...own, behind: `${value > best ? "+" : "−"}${formatScore(by)}` };
    }),
  };
}

/** Different values that would look equal are written in full. */
function parameterLine(name: string, trials: readonly Beside[]): CompareLine {
  const values = trials.map(({ row }) => (Object.hasOwn(row.params, name) ? row.params[name] : undefined));
  const keys = values.map((value) => (value === undefined ? "" : valueKey(value)));
  const short = values.map(formatValue);
  const isAlike = short.map((text, i) => short.some((other, k) => other === text && keys[k] !== keys[i]));
  const texts = short.map((text, i) => (isAlike[i] && values[i] !== undefined ? String(values[i]) : text));
  return lineOf("parameter", name, texts, new Set(keys).size > 1);
}

/** The lines of a table of studies. */
export function studyLines(
  studies: readonly (Pick<StudyState, "rows"> & { readonly about: StudyAbout })[],
): readonly CompareLine[] {
  const best = studies.map(bestOf);
  const counts = studies.map(({ rows }) => countsOf(rows));
  const seconds = studies.map(({ rows }) => rows.reduce((sum, row) => sum + (row.seconds ?? 0), 0));
  const outcome = (label: string, texts: readonly string[]) => lineOf("outcome", label, texts);
  const setting = (label: string, texts: readonly string[]) => lineOf("setting", label, texts);
  const number = (count: number): string => count.toLocaleString("en");
  return [
    outcome(
      "best",
      best.map((rows) =>
        rows.length > 1 ? `${rows.length} trials` : formatScore(rows[0] ? valueAt(rows[0]) : null),
      ),
    ),
    outcome(
      "of trial",
      best.map((rows) =>
        rows.length === 0
          ? DASH
          : rows
              .slice(0, 4)
              .map(({ number }) => number)
              .join(", "),
      ),
    ),
    setting(
      "goal",
      studies.map(({ about }) =>
        about.directions.map((direction, i) => `${direction} ${about.metrics[i]}`).join(", "),
      ),
    ),
    setting(
      "strategy",
      studies.map(({ about }) => about.strategy || DASH),
    ),
    setting(
      "seed",
      studies.map(({ about }) => (about.seed === undefined ? DASH : String(about.seed))),
    ),
    ...(["complete", "pruned", "failed", "diverged", "running"] as const).flatMap((status) => {
      const texts = counts.map((count) => number(count[status]));
      return status !== "complete" && texts.every((text) => text === "0") ? [] : [outcome(status, texts)];
    }),
    outcome("time of all trials", seconds.map(formatDuration)),
  ];
}

/** The ranges of one parameter in several spaces. */
export interface RangeLine {
  readonly name: string;
  /** As text; `–` if a space does not have it. */
  readonly texts: readonly string[];
  readonly differs: boolean;
  /** Numeric ranges on a common scale: shares from 0 to 1. */
  readonly spans: readonly (readonly [from: number, to: number] | undefined)[];
}

/** Each parameter of any of the spaces, in the order of the first space that has it. */
export function rangeLines(spaces: readonly Space[]): readonly RangeLine[] {
  return unionOf(spaces.map((space) => Object.keys(space))).map((name) => {
    const parameters = spaces.map((space) =>
      Object.hasOwn(space, name) ? (space[name] as Parameter) : undefined,
    );
    const numeric = parameters.flatMap((each) => (each && each.type !== "choice" ? [each] : []));
    const scale = {
      low: Math.min(...numeric.map(({ low }) => low)),
      high: Math.max(...numeric.map(({ high }) => high)),
      log: numeric.every(({ log, low }) => log && low > 0),
    };
    return {
      name,
      texts: parameters.map(rangeText),
      differs: new Set(parameters.map((each) => (each ? valueKey(each) : ""))).size > 1,
      spans: parameters.map((each) =>
        each && each.type !== "choice" && scale.high > scale.low
          ? ([shareOf(scale, each.low), shareOf(scale, each.high)] as const)
          : undefined,
      ),
    };
  });
}

/** The range of a parameter as text. */
export function rangeText(parameter: Parameter | undefined): string {
  if (!parameter) return DASH;
  const when = Object.keys(parameter.when ?? {});
  const condition = when.length > 0 ? `, depends on ${when.join(", ")}` : "";
  if (parameter.type === "choice") return `${parameter.values.map(formatValue).join(", ")}${condition}`;
  const { low, high, log, step } = parameter;
  const steps = step === undefined ? "" : `, in steps of ${formatValue(step)}`;
  return `${low} to ${high}${log ? ", log" : ""}${steps}${condition}`;
}
