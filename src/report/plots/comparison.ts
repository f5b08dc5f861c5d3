/** The best so far of several studies, on the same axes. */
import { must } from "../../errors.js";
import { type OptionRules, readOptions } from "../../rules.js";
import { clip, count, formatScore } from "../format.js";
import { countAxis, line, metricAxis, plotOf, thinned } from "./frame.js";
import { leadersOf } from "./history.js";
import { objectiveOf } from "./objective.js";
import { SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import type { StudyData } from "./studyData.js";

/** How studies are compared. */
export interface ComparisonOptions {
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
}

const RULES = { objective: [true, 0] } satisfies OptionRules<ComparisonOptions>;

/** In addition to colours, so that lines differ without them. */
const DASHES = ["solid", [7, 3], [2, 2], [8, 2, 2, 2], [12, 4], [4, 2]] as const;

/**
 * The best value so far of each study against the number of its trials: a line for each, with its own colour
 * and dashes.
 *
 * @param studies - 2 to 6, with the same direction; their spaces may differ
 * @throws FettleError `invalid_argument` for other studies, and for an objective that one of them lacks
 * @example
 * ```ts
 * const space = { x: float(-5, 5) };
 * const [one, other] = await Promise.all(
 *   [random(), tpe()].map(async (strategy) => {
 *     const study = createStudy({ space, strategy, direction: "minimize" });
 *     await study.optimize(({ x }) => x * x, { trials: 20 });
 *     return studyData(study, { name: strategy.name });
 *   }),
 * );
 * const { option } = plotComparison([one, other]);
 * (option.series as { name: string }[]).map(({ name }) => name); // ["random", "tpe"]
 * ```
 */
export function plotComparison(studies: readonly StudyData[], options: ComparisonOptions = {}): Plot {
  const { objective } = readOptions(options, "plotComparison", RULES);
  const isList: boolean = Array.isArray(studies) && studies.length >= 2 && studies.length <= SERIES.length;
  must(isList, "studies", `a list of 2 to ${SERIES.length}`, studies);
  const objectives = studies.map((study) => objectiveOf(study, objective));
  const directions = studies.map((study) => study.directions[objective]);
  must(new Set(directions).size === 1, "the studies", "of the same direction", directions);
  const metrics = new Set(objectives.map(({ metric }) => metric));
  const metric = metrics.size === 1 ? objectives[0].metric : "value";
  const names = ownNames(studies);
  const lines = studies.map(({ trials }, i) => {
    const { better, outcomeOf } = objectives[i];
    const valued = trials.flatMap((trial) => {
      const value = outcomeOf(trial);
      return value?.counts ? [{ ...value, x: trial.number }] : [];
    });
    const leaders = leadersOf(valued, better);
    const points = leaders.map(({ x, value }): Point => [x, value]);
    const last = trials.at(-1)?.number;
    const end = points.at(-1);
    if (end && last !== undefined && last > end[0]) points.push([last, end[1]]);
    return { points: thinned(points), best: leaders.at(-1), trials: trials.length };
  });
  const all = lines.flatMap(({ points }) => points);
  const [numbers, values] = [all.map(([number]) => number), all.map(([, value]) => value)];
  return plotOf(
    {
      name: "comparison",
      title: `Best ${metric} so far of ${studies.length} studies`,
      description: lines
        .map(({ best, trials }, i) =>
          best
            ? `${names[i]}: ${formatScore(best.value)} at trial ${best.number} of ${trials.toLocaleString("en")}`
            : `${names[i]}: no complete trial of ${count(trials, "trial")}`,
        )
        .join("; ")
        .concat("."),
    },
    countAxis(numbers, "trial"),
    metricAxis(values, metric, directions[0]),
    lines.map(({ points }, i) =>
      line(names[i], SERIES[i], points, {
        step: "end",
        lineStyle: { color: SERIES[i], width: 2.2, type: DASHES[i] },
        // a study whose first trial is its only one
        ...(points.length === 1 && { showSymbol: true, symbol: "circle", symbolSize: 6 }),
      }),
    ),
  );
}

/** Unique names: those that several studies share are numbered. */
function ownNames(studies: readonly StudyData[]): readonly string[] {
  const short = studies.map(({ name }) => clip(name, 40));
  return short.map((name, i) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : `${name} (${i + 1})`,
  );
}
