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

const lineOf = <T>(
  kind: CompareLine["kind"],
  label: string,
  compared: readonly T[],
  textOf: (one: T) => string,
): CompareLine => {
  const texts = compared.map(textOf);
  return { kind, label, cells: texts.map((text) => ({ text })), differs: new Set(texts).size > 1 };
};

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
    lineOf("status", "status", trials, ({ row }) => row.status),
    ...metrics.map((names) => scoreLine(names, trials)),
    ...Array.from({ length: folds }, (_, fold) =>
      lineOf("outcome", `fold ${fold + 1}`, trials, ({ row }) => formatScore(row.scores?.[fold] ?? null)),
    ),
    lineOf("outcome", "time", trials, ({ row: { seconds } }) =>
      seconds === null ? DASH : formatDuration(seconds),
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
  return { ...lineOf("parameter", name, texts, String), differs: new Set(keys).size > 1 };
}

const numberOf = ({ number }: TrialRow): number => number;

/** What a study minimizes or maximizes. */
export const goalOf = ({ directions, metrics }: StudyAbout): string =>
  directions.map((direction, i) => `${direction} ${metrics[i]}`).join(", ");

/** The lines of a table of studies. */
export function studyLines(
  studies: readonly (Pick<StudyState, "rows"> & { readonly about: StudyAbout })[],
): readonly CompareLine[] {
  const known = studies.map((study) => ({ ...study, best: bestOf(study), counts: countsOf(study.rows) }));
  const outcome = (label: string, textOf: (one: (typeof known)[number]) => string) =>
    lineOf("outcome", label, known, textOf);
  const setting = (label: string, textOf: (about: StudyAbout) => string) =>
    lineOf("setting", label, studies, ({ about }) => textOf(about));
  return [
    outcome("best", ({ best }) =>
      best.length > 1 ? `${best.length} trials` : formatScore(best[0] ? valueAt(best[0]) : null),
    ),
    outcome("of trial", ({ best }) => best.slice(0, 4).map(numberOf).join(", ") || DASH),
    setting("goal", goalOf),
    setting("strategy", ({ strategy }) => strategy || DASH),
    setting("seed", ({ seed }) => (seed === undefined ? DASH : String(seed))),
    ...(["complete", "pruned", "failed", "diverged", "running"] as const).flatMap((status) =>
      status === "complete" || known.some(({ counts }) => counts[status] > 0)
        ? [outcome(status, ({ counts }) => counts[status].toLocaleString("en"))]
        : [],
    ),
    outcome("time of all trials", ({ rows }) =>
      formatDuration(rows.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0)),
    ),
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
