/** Training curves: numbers by epoch, of one trial or of many. */
import { type OptionRules, readOptions, rule, text } from "../../rules.js";
import type { Params } from "../../search/space/space.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { count, formatScore } from "../format.js";
import { axisOf, countAxis, line, plotOf, thinned } from "./frame.js";
import { ranked } from "./objective.js";
import { COLORS, SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import { mustBeStudyData, type StudyData } from "./studyData.js";

/** How curves are drawn. */
export interface CurveOptions {
  /** The numbers of the trials. Default: all that have curves. */
  readonly trials?: readonly number[];
  /** Default: the curve's name and "by epoch". */
  readonly title?: string;
  /**
   * The curve, such as `"valLoss"`. Default: `valLoss` if it was recorded, otherwise `loss`, otherwise the
   * first name.
   */
  readonly curve?: string;
}

const RULES = {
  trials: rule("a list of numbers of trials", Array.isArray),
  title: text,
  curve: text,
} satisfies OptionRules<CurveOptions>;

/** The most trials to draw: the best, and others evenly by rank. */
const MOST_TRIALS = 60;

/**
 * A curve of many trials by epoch, each the mean over its folds: the best trial in front, pruned and diverged
 * ones in their own colours. With fewer than seven chosen trials each has its own colour. For a trial without
 * curves, its reported values are drawn.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { rate: float(0.1, 0.5) }, strategy: random(), direction: "minimize" });
 * const objective = ({ rate }: { rate: number }) => ({ value: 1 - rate, curves: { loss: [[1, 1 - rate]] } });
 * await study.optimize(objective, { trials: 4 });
 * const { option } = plotCurves(studyData(study), { trials: [2] });
 * (option.series as { name: string }[]).map(({ name }) => name); // ["trial 2"]
 * ```
 */
export function plotCurves(study: StudyData, options: CurveOptions = {}): Plot {
  mustBeStudyData(study);
  readOptions(options, "plotCurves", RULES);
  const chosen = options.trials && new Set(options.trials);
  const wanted = study.trials.filter(({ number }) => chosen?.has(number) ?? true);
  const recorded = new Set(wanted.flatMap(({ curves }) => curves?.names ?? []));
  const curve =
    options.curve ?? ["valLoss", "loss", ...recorded].find((name) => recorded.has(name)) ?? "value";
  const drawn = wanted.flatMap((trial) => {
    const points = pointsOf(trial, curve);
    return points.length > 0 ? [{ trial, points }] : [];
  });
  const best = ranked({ ...study, trials: drawn.map(({ trial }) => trial) })[0]?.trial;
  const each = chosen !== undefined && drawn.length <= SERIES.length;
  const shown = each ? inOrder(drawn, options.trials ?? []) : fewer(drawn, best, study);
  // reports have no folds, and steps instead of epochs
  const isReported = !recorded.has(curve);
  const unit = isReported ? "step" : "epoch";
  const finite = shown.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  const y = axisOf(finite, curve);
  const epochs = shown.flatMap(({ points }) => points.map(([epoch]) => epoch));
  const x = countAxis(epochs, unit);
  const series = shown.map(({ trial, points }, i) => {
    const isBest = trial === best;
    const name = each ? `trial ${trial.number}` : isBest ? `best, trial ${trial.number}` : trial.status;
    const color = each ? SERIES[i] : isBest ? COLORS.best : STATUS[trial.status];
    const width = each || isBest ? 2.2 : 1;
    const alone = points.length === 1 ? { showSymbol: true, symbol: "circle", symbolSize: 5 } : {};
    return line(name, color, points, {
      id: `trial ${trial.number}`,
      z: isBest ? 6 : 3,
      ...alone,
      lineStyle: { color, width, opacity: each || isBest ? 1 : 0.45 },
    });
  });
  return plotOf(
    {
      name: `curves-${curve}`,
      title: options.title ?? `${curve} by ${unit}`,
      description: said(curve, unit, drawn, shown.length, best),
    },
    x,
    y,
    series,
  );
}

const STATUS = {
  complete: COLORS.trial,
  pruned: COLORS.grey,
  diverged: COLORS.warm,
  failed: COLORS.second,
} as const;

interface Drawn {
  readonly trial: TrialRecord<Params>;
  readonly points: readonly Point[];
}

/** The mean over folds of each epoch, from 1; for a trial without such a curve, its reports. */
function pointsOf(
  { curve: reported, curves }: Pick<TrialRecord<Params>, "curve" | "curves">,
  name: string,
): readonly Point[] {
  const folds = curves && Object.hasOwn(curves.history, name) ? curves.history[name] : undefined;
  if (folds === undefined) {
    if (curves !== undefined || reported === undefined) return [];
    return sparse(reported.map((value, i): Point => [i + 1, value ?? Number.NaN]));
  }
  return sparse(meanByEpoch(folds));
}

/** The mean over folds of each epoch, from 1; NaN for an epoch without a number. */
export function meanByEpoch(folds: readonly ArrayLike<number>[]): readonly Point[] {
  const epochs = Math.max(0, ...folds.map(({ length }) => length));
  return Array.from({ length: epochs }, (_, epoch): Point => {
    const known = folds.filter(({ length }) => length > epoch);
    return [epoch + 1, known.reduce((sum, fold) => sum + fold[epoch], 0) / known.length];
  });
}

/** Without NaN points, unless training ended with them. */
function sparse(points: readonly Point[]): readonly Point[] {
  return thinned(points.filter(([, value]) => Number.isFinite(value)));
}

/** The best, and others evenly by rank; trials without a rank last. */
function fewer(
  drawn: readonly Drawn[],
  best: TrialRecord<Params> | undefined,
  study: StudyData,
): readonly Drawn[] {
  if (drawn.length <= MOST_TRIALS) return drawn;
  const order = new Map(ranked(study).map(({ trial }, i) => [trial.number, i]));
  const rankOf = ({ trial }: Drawn): number => order.get(trial.number) ?? Number.POSITIVE_INFINITY;
  const sorted = [...drawn].sort((a, b) => rankOf(a) - rankOf(b) || a.trial.number - b.trial.number);
  const kept = new Set(
    Array.from(
      { length: MOST_TRIALS },
      (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (MOST_TRIALS - 1))],
    ),
  );
  return drawn.filter((each) => kept.has(each) || each.trial === best);
}

/** Lines keep the requested order. */
function inOrder(drawn: readonly Drawn[], numbers: readonly number[]): readonly Drawn[] {
  return [...drawn].sort((a, b) => numbers.indexOf(a.trial.number) - numbers.indexOf(b.trial.number));
}

function said(
  curve: string,
  unit: "epoch" | "step",
  drawn: readonly Drawn[],
  shown: number,
  best?: TrialRecord<Params>,
): string {
  if (drawn.length === 0) return "No trial kept its curves.";
  const own = drawn.find(({ trial }) => trial === best);
  const end = own?.points.at(-1);
  const part = shown === drawn.length ? "" : ` ${shown} of ${drawn.length} are drawn, the best among them.`;
  const how = unit === "epoch" ? "the mean over folds" : "as they reported it";
  const of = `${curve} of ${count(drawn.length, "trial")}, ${how}.`;
  const ended =
    own && end
      ? ` Trial ${own.trial.number}, the best, ended ${unit} ${end[0]} at ${formatScore(end[1])}.`
      : "";
  return of + ended + part;
}
