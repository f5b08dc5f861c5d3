/**
 * The contract of pictures, and what they have in common: a frame, axes, points, lines and bands. A picture is plain JSON, so
 * that it can be sent to a page and read back; `render.ts` draws it, and `theme.ts` gives it the colours of paper or screen.
 */
import type { EChartsOption, SeriesOption } from "echarts";
import { linearScale, logScale } from "./scale.js";

/** A picture: numbers and words. Plain JSON. */
export interface Plot {
  /** The name of its file, without extension. */
  readonly name: string;
  readonly title: string;
  /** What is seen in it, in one or two sentences made from the numbers. */
  readonly description: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** What ECharts draws. It has no functions. */
  readonly option: EChartsOption;
}

/** An axis with its name, in ECharts' words. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly option: Readonly<Record<string, unknown>>;
}

export type Point = readonly [x: number, y: number];

/** The size of a picture, and the room around its panel for labels. */
export const SIZE = { width: 600, height: 360 } as const;
export const ROOM = { left: 72, right: 24, top: 72, bottom: 56 } as const;

const SMALL = 12;

/** A picture of one panel. */
export function plotOf(
  about: Pick<Plot, "name" | "title" | "description"> & Partial<Pick<Plot, "width" | "height">>,
  x: Axis,
  y: Axis,
  series: readonly SeriesOption[],
  more: EChartsOption = {},
): Plot {
  return framed(about, {
    grid: ROOM,
    xAxis: { ...x.option, nameGap: 28 },
    yAxis: { ...y.option, nameGap: 48 },
    series: [...series],
    ...more,
  } as EChartsOption);
}

/** A picture with its title, and a legend if several of its series have names. */
export function framed(
  about: Pick<Plot, "name" | "title" | "description"> & Partial<Pick<Plot, "width" | "height">>,
  option: EChartsOption,
): Plot {
  const names = [
    ...new Set([option.series ?? []].flat().flatMap(({ name }) => (name ? [String(name)] : []))),
  ];
  return {
    ...{ ...SIZE, ...about },
    option: {
      animation: false,
      textStyle: { fontFamily: "sans-serif", fontSize: SMALL },
      title: { text: about.title, left: 16, top: 12, textStyle: { fontSize: 15, fontWeight: "bold" } },
      ...(names.length > 1 && {
        legend: {
          data: names,
          left: 12,
          top: 38,
          itemWidth: 18,
          itemHeight: 10,
          itemGap: 14,
          selectedMode: false,
        },
      }),
      ...option,
    },
  };
}

/** How an axis of numbers is made. */
export interface AxisOptions {
  /** Whether it is logarithmic if its values allow it: all above 0. Default: if they are, and the largest is ten times the smallest. */
  readonly log?: boolean;
  /** Ends that it has whatever the values are. */
  readonly low?: number;
  readonly high?: number;
  /** Values are integers, and so are its ticks. */
  readonly whole?: boolean;
}

/** The axis that shows values best, with a little room at both ends. Values that are not finite do not count. */
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
const EDGE = 0.04;

function axis(
  type: "log" | "value",
  low: number,
  high: number,
  ticks: readonly number[],
  name: string,
): Axis {
  return {
    ...{ low, high, log: type === "log" },
    option: {
      ...{ type, min: low, max: high, name, nameLocation: "middle", nameTextStyle: { fontSize: SMALL } },
      axisLine: { show: true, onZero: false },
      axisTick: { show: true, customValues: ticks },
      axisLabel: { customValues: ticks, fontSize: SMALL, hideOverlap: true },
      splitLine: { show: true },
    },
  };
}

/** An axis of words, in their order. */
export function axisOfWords(words: readonly string[], name: string): Axis {
  return {
    ...{ low: 0, high: Math.max(0, words.length - 1), log: false },
    option: {
      ...{ type: "category", data: words, name, nameLocation: "middle", nameTextStyle: { fontSize: SMALL } },
      axisLine: { show: true, onZero: false },
      axisTick: { show: true, alignWithLabel: true },
      axisLabel: { fontSize: SMALL, hideOverlap: true, width: 110, overflow: "truncate" },
      splitLine: { show: false },
    },
  };
}

/** The least and the most of a list that may be longer than a call can have arguments. */
export function rangeOf(values: readonly number[]): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** Dots. */
export function dots(
  name: string,
  color: string,
  data: readonly (readonly unknown[])[],
  options: Readonly<Record<string, unknown>> = {},
): SeriesOption {
  return {
    ...{ type: "scatter", name, symbolSize: 6, z: 3, data },
    itemStyle: { color, opacity: 0.75 },
    ...options,
  } as SeriesOption;
}

/** A line through points, with a gap where a number is not finite. */
export function line(
  name: string,
  color: string,
  data: readonly Point[],
  options: Readonly<Record<string, unknown>> = {},
): SeriesOption {
  return {
    ...{ type: "line", name, symbol: "none", z: 4 },
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
    ...{ type: "line", data: [], z: 1 },
    markLine: {
      ...{ silent: true, symbol: "none", data: [...places], label: { show: false } },
      lineStyle: { color, width: 1.5, type: "dashed" },
    },
  } as SeriesOption;
}

/** More points than this are thinned out. */
export const MOST_POINTS = 1000;

/**
 * At most about `MOST_POINTS` of points in the order of their first number: of each stretch the first, the last, the lowest and
 * the highest, so that no extreme is lost.
 */
export function thinned<T>(points: readonly T[], height: (point: T) => number): readonly T[] {
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

/** Said of a picture that does not show all of its points. */
export function thinnedNote(shown: number, all: number): string {
  return shown === all ? "" : ` ${shown} of ${all} points are drawn, the extremes among them.`;
}
