/**
 * Common parts of pictures: a frame, axes, points and lines, as options of ECharts. It knows nothing about
 * studies.
 */
import type { SeriesOption } from "echarts";
import type { Direction } from "../../direction.js";
import { columnsOf } from "../columns.js";
import { tickText } from "./drawable.js";
import { COLORS } from "./palette.js";
import type { Axis, Plot, PlotOption, Point } from "./plot.js";
import { linearScale, logScale, rangeOf } from "./scale.js";

/** The size of a picture: readable on a phone, and three side by side on a desktop. */
export const SIZE = { width: 440, height: 300 } as const;
/** The space next to a panel, apart from its vertical axis; and left of everything. */
export const ROOM = { right: 20, bottom: 50 } as const;
export const INSET = 12;

const SMALL = 13;
/** About the widths of a digit and of a letter, and the height of a line of a legend. */
const [CHARACTER, NARROW, LINE] = [7.2, 6, 21];
const [TITLE, GAP] = [40, 14];

/** A picture of one panel. */
export function plotOf(
  about: Pick<Plot, "name" | "title" | "description"> & Partial<Pick<Plot, "width" | "height">>,
  x: Axis,
  y: Axis,
  series: readonly SeriesOption[],
  more: PlotOption = {},
): Plot {
  const gap = gapOf(y);
  return framed(about, {
    grid: { ...ROOM, left: leftOf(y), top: topOf(series, about.width ?? SIZE.width) },
    xAxis: { ...x.option, nameGap: 28 },
    yAxis: { ...y.option, nameGap: gap },
    series: [...series],
    ...more,
  } as PlotOption);
}

/** The distance from a vertical axis to its name. */
export const gapOf = ({ longest }: Axis): number => 16 + Math.ceil(CHARACTER * longest);

/** The space left of a panel, for labels and a name. */
export const leftOf = (y: Axis): number => gapOf(y) + INSET + 19;

/** The top of a panel: below the title, and below a legend of as many lines as it needs. */
export function topOf(series: readonly SeriesOption[], width: number): number {
  const names = namesOf(series);
  if (names.length < 2) return TITLE + GAP;
  let [lines, used] = [1, 0];
  for (const name of names) {
    const own = MARK.itemWidth + 5 + NARROW * columnsOf(name) + MARK.itemGap;
    if (used > 0 && used + own > width - 2 * INSET) [lines, used] = [lines + 1, 0];
    used += own;
  }
  return TITLE + lines * LINE + GAP;
}

/** Of a legend. */
const MARK = { itemWidth: 14, itemHeight: 9, itemGap: 16 };
/** The mark of a line, which has no points. */
const STROKE = "path://M0 0h14v2.5h-14z";

const namesOf = (series: readonly SeriesOption[]): string[] => [
  ...new Set(series.flatMap(({ name }) => (name ? [String(name)] : []))),
];

/** A picture with its title, and a legend if several of its series have names. */
export function framed(
  about: Pick<Plot, "name" | "title" | "description"> & Partial<Pick<Plot, "width" | "height">>,
  option: PlotOption,
): Plot {
  const series = [(option.series ?? []) as readonly SeriesOption[]].flat();
  const names = namesOf(series);
  const isStroke = (name: string): boolean => {
    const one = series.find((each) => each.name === name) as {
      symbol?: unknown;
      lineStyle?: { type?: unknown };
    };
    return one.symbol === "none" && one.lineStyle?.type === undefined;
  };
  const size = { ...SIZE, ...about };
  return {
    ...size,
    option: {
      animation: false,
      textStyle: { fontFamily: "sans-serif", fontSize: SMALL },
      title: {
        text: about.title,
        left: INSET,
        top: 8,
        padding: [5, 0],
        textStyle: { fontSize: 15, fontWeight: "bold", width: size.width - 2 * INSET, overflow: "truncate" },
      },
      ...(names.length > 1 && {
        legend: {
          data: names.map((name) => (isStroke(name) ? { name, icon: STROKE } : name)),
          ...MARK,
          left: INSET,
          right: INSET,
          top: TITLE - 6,
          padding: [5, 0],
          selectedMode: false,
          textStyle: { fontSize: SMALL },
        },
      }),
      ...option,
    },
  };
}

/** How an axis of numbers is made. */
export interface AxisOptions {
  /**
   * Whether it is logarithmic if its values allow it: all above 0. Default: if they are, and the largest is
   * ten times the smallest.
   */
  readonly log?: boolean;
  /** Fixed ends, regardless of the values. */
  readonly low?: number;
  readonly high?: number;
  /** Values are integers, and so are its ticks. */
  readonly whole?: boolean;
}

/**
 * The axis that shows values best, with a small margin at both ends. It ignores values that are not finite.
 */
export function axisOf(values: readonly number[], name: string, options: AxisOptions = {}): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = rangeOf(finite.length > 0 ? finite : [0, 1]);
  const { log = least > 0 && most >= 10 * least } = options;
  if (log && least > 0) {
    const room = Math.max(1.02, (most / least) ** EDGE);
    const [low, high] = [options.low ?? least / room, options.high ?? most * room];
    const scale = logScale(low, high);
    return axis(
      "log",
      low,
      high,
      scale.ticks.map((place) => Number((10 ** place).toPrecision(6))),
      name,
    );
  }
  const room = EDGE * (most - least || Math.abs(most) || 1);
  const [low, high] = [options.low ?? least - room, options.high ?? most + room];
  const { ticks } = linearScale(low, high > low ? high : low + 1);
  const shown = options.whole ? ticks.filter(Number.isInteger) : ticks;
  return axis(
    "value",
    low,
    high > low ? high : low + 1,
    shown.map((tick) => Number(tick.toPrecision(12))),
    name,
  );
}

/** The share of an axis left free at either end. */
/** An axis of numbers that count, such as those of trials. */
export const countAxis = (numbers: readonly number[], name: string): Axis =>
  axisOf(numbers, name, { log: false, whole: true });

/** An axis of what a search maximizes or minimizes; the logarithm shows small differences to 0 alone. */
export const metricAxis = (values: readonly number[], name: string, direction: Direction): Axis =>
  axisOf(values, name, direction === "minimize" ? {} : { log: false });

const EDGE = 0.04;
/** Shorter axes have no intervals of ECharts; their ticks are given anyway. */
const LEAST_SPAN = 1e-9;

function axis(
  type: "log" | "value",
  low: number,
  high: number,
  ticks: readonly number[],
  name: string,
): Axis {
  return {
    low,
    high,
    log: type === "log",
    longest: longestOf(ticks.map(type === "log" ? tickText : (tick) => tick.toLocaleString("en", EXACT))),
    option: {
      type,
      min: low,
      max: high,
      // ECharts rounds its own intervals to 20 decimals, and fails if they leave the axis
      ...(high - low < LEAST_SPAN && { interval: 1 }),
      ...named(name),
      axisTick: { show: true, customValues: ticks },
      axisLabel: { customValues: ticks, fontSize: SMALL, hideOverlap: true },
      splitLine: { show: true },
    },
  };
}

/** As ECharts writes a tick. */
const named = (name: string) => ({
  name,
  nameLocation: "middle",
  nameTextStyle: { fontSize: SMALL },
  axisLine: { show: true, onZero: false },
});

const EXACT = { maximumFractionDigits: 12 };

const longestOf = (words: readonly string[]): number => Math.max(1, ...words.map(columnsOf));

/** An axis of words, in their order. */
export function axisOfWords(words: readonly string[], name: string): Axis {
  return {
    low: 0,
    high: Math.max(0, words.length - 1),
    log: false,
    longest: Math.min(15, longestOf(words)),
    option: {
      type: "category",
      data: words,
      ...named(name),
      axisTick: { show: true, alignWithLabel: true },
      axisLabel: { fontSize: SMALL, hideOverlap: true, width: 110, overflow: "truncate" },
      splitLine: { show: false },
    },
  };
}

/** Dots. */
export function dots(
  name: string,
  color: string,
  data: readonly (readonly unknown[])[],
  options: Readonly<Record<string, unknown>> = {},
): SeriesOption {
  return {
    type: "scatter",
    name,
    symbolSize: 6,
    z: 3,
    data,
    itemStyle: { color, opacity: 0.85 },
    ...options,
  } as SeriesOption;
}

/** A line through points, with a gap at numbers that are not finite. */
/** One point, over all others. */
export const mark = (name: string, color: string, at: Point, symbolSize = 12): SeriesOption =>
  dots(name, color, [at], { symbol: "diamond", symbolSize, z: 6 });

export function line(
  name: string,
  color: string,
  data: readonly Point[],
  options: Readonly<Record<string, unknown>> = {},
): SeriesOption {
  return {
    type: "line",
    name,
    symbol: "none",
    z: 4,
    lineStyle: { color, width: 2 },
    itemStyle: { color },
    data: data.map(([x, y]) => [x, Number.isFinite(y) ? y : "-"]),
    ...options,
  } as SeriesOption;
}

/** Thin lines at given places, across the panel. */
export function rules(
  color: string,
  places: readonly { readonly xAxis?: number; readonly yAxis?: number }[],
): SeriesOption {
  return {
    type: "line",
    data: [],
    z: 1,
    markLine: {
      silent: true,
      symbol: "none",
      data: [...places],
      label: { show: false },
      lineStyle: { color, width: 1.5, type: "dashed" },
    },
  } as SeriesOption;
}

/** More points than this are thinned out. */
export const MOST_POINTS = 500;

/** At most about `MOST_POINTS` of points, see {@link thinnedBy}. */
export const thinned = (points: readonly Point[]): readonly Point[] => thinnedBy(points, ([, y]) => y);

/**
 * At most about `MOST_POINTS` of points in the order of their first number: of each stretch the first, the
 * last, the lowest and the highest, so that no extreme is lost.
 */
export function thinnedBy<T>(points: readonly T[], height: (point: T) => number): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const every = Math.ceil((4 * points.length) / MOST_POINTS);
  const kept: T[] = [];
  for (let from = 0; from < points.length; from += every) {
    const to = Math.min(points.length, from + every);
    let [lowest, highest] = [from, from];
    for (let i = from; i < to; i++) {
      if (height(points[i]) < height(points[lowest])) lowest = i;
      if (height(points[i]) > height(points[highest])) highest = i;
    }
    for (const i of [...new Set([from, lowest, highest, to - 1])].sort((a, b) => a - b)) kept.push(points[i]);
  }
  return kept;
}

/** A note for a picture that does not show all of its points. */
export function thinnedNote(shown: number, all: number): string {
  return shown === all ? "" : ` ${shown} of ${all} points are drawn, the extremes among them.`;
}

/** From (0, 0) to (1, 1): where chance, or a perfect calibration, would be. */
export const diagonal = (): SeriesOption =>
  line(
    "",
    COLORS.grey,
    [
      [0, 0],
      [1, 1],
    ],
    { lineStyle: { color: COLORS.grey, width: 1, type: "dashed" }, silent: true, z: 2 },
  );
