/** Two parameters at once: trials coloured by rank, and contour lines of the smoothed value. */
import type { SeriesOption } from "echarts";
import { type OptionRules, readOptions } from "../../rules.js";
import { fromUnit } from "../../search/space/scale.js";
import { formatScore, formatValue } from "../format.js";
import { contourLines } from "./contours.js";
import { dots, MOST_POINTS, plotOf } from "./frame.js";
import { objectiveOf, ranked } from "./objective.js";
import { mixed } from "./palette.js";
import { type ParameterAxis, parameterAxis } from "./parameters.js";
import type { Plot } from "./plot.js";
import type { StudyData } from "./studyData.js";

/** How two parameters are drawn. */
export interface PairOptions {
  /** Which objective, from 0. Default 0. */
  readonly objective?: number;
}

const RULES = { objective: [true, 0] } satisfies OptionRules<PairOptions>;

/** Parts of the trials by rank, the best last, so that they are in front. */
const PARTS = [
  ["worst half", 1],
  ["best half", 0.5],
  ["best quarter", 0.25],
  ["best tenth", 0.1],
] as const;

/**
 * Trials by two parameters, coloured by their rank among the complete trials: how close together are the
 * best?
 *
 * @throws FettleError `unknown_name` for a parameter that the space does not have
 * @example
 * ```ts
 * const study = createStudy({ space: { a: float(0, 1), b: choice(["x", "y"]) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a }) => a, { trials: 20 });
 * plotRanks(studyData(study), "a", "b").name; // "ranks-a-b"
 * ```
 */
export function plotRanks(study: StudyData, a: string, b: string, options: PairOptions = {}): Plot {
  const { objective } = readOptions(options, "plotRanks", RULES);
  const [x, y] = [parameterAxis(study, a), parameterAxis(study, b)];
  const { metric } = objectiveOf(study, objective);
  return plotOf(
    {
      name: `ranks-${a}-${b}`,
      title: `${metric} by ${a} and ${b}`,
      description: saidOfBest(study, x, y, objective),
    },
    x.axis,
    y.axis,
    rankDots(study, x, y, objective),
  );
}

/**
 * Contour lines of the value by two numeric parameters, and the trials coloured by rank. The surface is the
 * mean of trials nearby, by Gaussian weights of a tenth of each range; it is drawn only near trials.
 *
 * @throws FettleError `unknown_name` for a parameter that the space does not have
 * @example
 * ```ts
 * const study = createStudy({ space: { a: float(0, 1), b: float(0, 1) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ a, b }) => a + b, { trials: 20 });
 * plotContour(studyData(study), "a", "b").name; // "contour-a-b"
 * ```
 */
export function plotContour(study: StudyData, a: string, b: string, options: PairOptions = {}): Plot {
  const { objective } = readOptions(options, "plotContour", RULES);
  const [x, y] = [parameterAxis(study, a), parameterAxis(study, b)];
  const { metric } = objectiveOf(study, objective);
  const places = ranked(study, objective).flatMap(({ trial, value }) => {
    const [u, v] = [x.unitOf(trial), y.unitOf(trial)];
    return u === undefined || v === undefined ? [] : [{ u, v, value }];
  });
  const lines =
    x.isChoice || y.isChoice ? [] : surfaceLines(places, x, y, study.directions[objective] === "minimize");
  const note =
    lines.length > 0
      ? ` Lines: the mean ${metric} of trials nearby, from ${formatScore(lines[0].level)} (grey) to ${formatScore(lines[lines.length - 1].level)} (blue).`
      : "";
  return plotOf(
    {
      name: `contour-${a}-${b}`,
      title: `${metric} by ${a} and ${b}`,
      description: saidOfBest(study, x, y, objective) + note,
    },
    x.axis,
    y.axis,
    [...lines.map(({ series }) => series), ...rankDots(study, x, y, objective)],
  );
}

function rankDots(study: StudyData, x: ParameterAxis, y: ParameterAxis, objective: number): SeriesOption[] {
  const all = ranked(study, objective);
  const every = Math.ceil(all.length / MOST_POINTS);
  const placed = all.flatMap(({ trial }, rank) => {
    const [at, up] = [x.placeOf(trial), y.placeOf(trial)];
    // of many, the entire best tenth and others evenly
    const kept = rank < Math.max(1, MOST_POINTS / 10) || rank % every === 0;
    return at === undefined || up === undefined || !kept ? [] : [{ share: (rank + 1) / all.length, at, up }];
  });
  return PARTS.flatMap(([name, most], i) => {
    const least = PARTS[i + 1]?.[1] ?? 0;
    const own = placed.filter(
      ({ share }, rank) => (share <= most && share > least) || (i === PARTS.length - 1 && rank === 0),
    );
    return own.length === 0
      ? []
      : [
          dots(
            name,
            mixed(i / (PARTS.length - 1)),
            own.map(({ at, up }) => [at, up]),
            {
              symbolSize: 5 + 1.5 * i,
              z: 3 + i,
            },
          ),
        ];
  });
}

const GRID = 33;
const LEVELS = 6;
/** Fewer trials have no surface. */
const ENOUGH = 16;
/** The width of the Gaussian, as a share of each range; and the weight that a place needs to be drawn. */
const [WIDTH, LEAST] = [0.1, 0.5];
/** A line of fewer points shows nothing. */
const SHORTEST = 5;

function surfaceLines(
  places: readonly { readonly u: number; readonly v: number; readonly value: number }[],
  x: ParameterAxis,
  y: ParameterAxis,
  minimize: boolean,
): { readonly level: number; readonly series: SeriesOption }[] {
  if (places.length < ENOUGH) return [];
  const near = places.map(({ u, v, value }) => ({ across: weightsAlong(u), up: weightsAlong(v), value }));
  const heights = Array.from({ length: GRID * GRID }, (_, k) => {
    const [column, row] = [k % GRID, Math.floor(k / GRID)];
    let [sum, weights] = [0, 0];
    for (const { across, up, value } of near) {
      const weight = across[column] * up[row];
      sum += weight * value;
      weights += weight;
    }
    return weights < LEAST ? Number.NaN : sum / weights;
  });
  const known = heights.filter(Number.isFinite).sort((a, b) => (minimize ? b - a : a - b));
  if (known.length === 0 || known[0] === known[known.length - 1]) return [];
  const valueAtUnit = ({ parameter }: ParameterAxis, u: number): number =>
    parameter.type === "float" && !parameter.step
      ? (fromUnit(parameter, u) as number)
      : smooth(parameter as { low: number; high: number; log?: boolean }, u);
  return Array.from({ length: LEVELS }, (_, i) => {
    const level = known[Math.floor(((i + 1) / (LEVELS + 1)) * (known.length - 1))];
    const lines = contourLines({ columns: GRID, rows: GRID, heights }, level)
      .filter(({ length }) => length >= SHORTEST)
      .map((one) =>
        one.map(([column, row]) => [valueAtUnit(x, column / (GRID - 1)), valueAtUnit(y, row / (GRID - 1))]),
      );
    const color = mixed(i / (LEVELS - 1));
    return {
      level,
      series: {
        type: "lines",
        coordinateSystem: "cartesian2d",
        polyline: true,
        silent: true,
        z: 2,
        lineStyle: { color, width: 1.2, opacity: 0.8 },
        data: lines.map((coords) => ({ coords })),
      } as SeriesOption,
    };
  });
}

/**
 * The factor of a trial's weight at each line of the grid along one axis: a Gaussian, by operations that give
 * the same bits everywhere.
 */
function weightsAlong(place: number): Float64Array {
  const weights = new Float64Array(GRID);
  return weights.map((_, i) => {
    const distance = i / (GRID - 1) - place;
    // (1 + x/2¹⁰)^2¹⁰, which is near to e^x
    let weight = 1 - (distance * distance) / (2 * WIDTH * WIDTH) / 1024;
    for (let squarings = 0; squarings < 10; squarings++) weight *= weight;
    return weight;
  });
}

/** The distance between values of a parameter with steps. */
function smooth({ low, high, log }: { low: number; high: number; log?: boolean }, u: number): number {
  return log ? low * (high / low) ** u : low + u * (high - low);
}

function saidOfBest(study: StudyData, x: ParameterAxis, y: ParameterAxis, objective: number): string {
  const best = ranked(study, objective)[0]?.trial;
  if (!best) return "No trial is complete.";
  const [a, b] = [x, y].map(({ name }) => `${name} ${formatValue(best.params[name])}`);
  return `The best trial, ${best.number}, has ${a} and ${b}.`;
}
