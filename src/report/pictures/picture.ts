/**
 * The common parts of pictures: panels side by side, axes, a legend. A picture is plain options of ECharts,
 * which `render.ts` draws.
 */
import type { EChartsOption, SeriesOption } from "echarts";
import type { ComparedPhase } from "../../benchmark/analysis.js";
import type { LineStyle } from "../plots/palette.js";
import type { Scale } from "../plots/scale.js";

/** A picture, ready to be drawn. */
export interface Picture {
  /** The name of its file. */
  readonly name: string;
  readonly title: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly option: EChartsOption;
}

/** An axis and its name. */
export interface LabelledScale {
  readonly scale: Scale;
  readonly name: string;
}

/** One of the panels of a picture. */
export interface Panel {
  readonly title: string;
  /** Its frame within the picture, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: LabelledScale;
  readonly y: LabelledScale;
  readonly series: readonly SeriesOption[];
}

const TEXT = "#333333";
const FAINT = "#E4E4E4";
const FRAME = "#888888";
const SMALL = 12;
export const TITLES = { default: "with defaults", tuned: "tuned" };

/** Joins panels into a picture. */
export function pictureOf(
  about: Omit<Picture, "option"> & { readonly note?: string },
  panels: readonly Panel[],
  legend?: Legend,
): Picture {
  const { note, ...rest } = about;
  const option: EChartsOption = {
    animation: false,
    backgroundColor: "#FFFFFF",
    textStyle: { fontFamily: "sans-serif", fontSize: SMALL, color: TEXT },
    title: [
      { text: about.title, left: 12, top: 8, textStyle: { fontSize: 15, fontWeight: "bold", color: TEXT } },
      ...(note ? [{ text: note, left: 12, top: 30, textStyle: small() }] : []),
      ...panels.map(({ title: text, left, top, width }) => ({
        text,
        left: left + width / 2,
        top: top - 22,
        textAlign: "center" as const,
        textStyle: { fontSize: 13, fontWeight: "bold" as const, color: TEXT },
      })),
    ],
    grid: panels.map(({ left, top, width, height }) => ({ left, top, width, height })),
    xAxis: panels.map(({ x }, i) => ({ ...axis(x, i), nameGap: 26 })),
    yAxis: panels.map(({ y }, i) => ({ ...axis(y, i), nameGap: 42 })),
    series: panels.flatMap(({ series }, i) =>
      series.map((one) => ({ ...one, xAxisIndex: i, yAxisIndex: i, silent: true }) as SeriesOption),
    ),
    ...(legend ? { legend: legendOf(legend) } : {}),
  };
  return { ...rest, option };
}

/** Two panels side by side that share their axes: optimizers with defaults, and tuned. */
export function comparedPicture(
  { name, ...about }: Pick<Picture, "name" | "title"> & { readonly note: string },
  { x, y }: Pick<Panel, "x" | "y">,
  optimizers: readonly string[],
  seriesOf: (phase: ComparedPhase) => readonly SeriesOption[],
): Picture {
  const panels = (["default", "tuned"] as const).map((phase, i): Panel => {
    const frame = { left: 70 + i * 445, top: 86, width: 380, height: 270 };
    return {
      ...frame,
      title: TITLES[phase],
      x,
      y: i === 0 ? y : { ...y, name: "" },
      series: seriesOf(phase),
    };
  });
  return pictureOf({ name, width: 915, height: 450, ...about }, panels, { optimizers, side: "bottom" });
}

const small = () => ({ fontSize: SMALL, fontWeight: "normal" as const, color: TEXT });

function axis({ scale, name }: LabelledScale, gridIndex: number) {
  const { low, high, ticks, label } = scale;
  return {
    type: "value" as const,
    gridIndex,
    min: low,
    max: high,
    name,
    nameLocation: "middle" as const,
    nameTextStyle: small(),
    axisLine: { show: true, onZero: false, lineStyle: { color: FRAME } },
    axisTick: { show: true, customValues: [...ticks], lineStyle: { color: FRAME } },
    axisLabel: { ...small(), customValues: [...ticks], formatter: label, hideOverlap: true },
    splitLine: { show: true, lineStyle: { color: FAINT } },
  };
}

/** The legend of optimizers, below the panels or next to them. */
export interface Legend {
  readonly optimizers: readonly string[];
  readonly side: "bottom" | "right";
}

function legendOf({ optimizers, side }: Legend) {
  return {
    ...(side === "right"
      ? { orient: "vertical" as const, right: 10, top: 72, itemGap: 9 }
      : { left: "center" as const, bottom: 6, itemGap: 16 }),
    itemWidth: 30,
    textStyle: small(),
    selectedMode: false as const,
    // the line alone, without its points
    itemStyle: { opacity: 0 },
    data: optimizers.map((name) => ({ name })),
  };
}

/** A line through points, with a gap at NaN. */
export function lineSeries(
  name: string,
  style: LineStyle,
  data: readonly (readonly [x: number, y: number])[],
  options: Readonly<Record<string, unknown>> = {},
): SeriesOption {
  return {
    type: "line",
    name,
    symbol: "none",
    clip: true,
    z: 3,
    lineStyle: { ...style, width: 2 },
    itemStyle: { color: style.color },
    data: data.map(([x, y]) => [x, Number.isFinite(y) ? y : "-"]),
    ...options,
  } as SeriesOption;
}

/** The area between two lines. */
export function bandSeries(
  color: string,
  data: readonly (readonly [x: number, low: number, high: number])[],
): SeriesOption {
  return {
    type: "custom",
    clip: true,
    z: 2,
    data: [0],
    tooltip: { show: false },
    renderItem: (_: unknown, api: { coord(place: number[]): number[] }) => ({
      type: "polygon",
      shape: {
        points: [
          ...data.map(([x, , high]) => api.coord([x, high])),
          ...data.map(([x, low]) => api.coord([x, low])).reverse(),
        ],
      },
      style: { fill: color, opacity: 0.15 },
    }),
  } as SeriesOption;
}

/** A thin grey line at the height of a problem's target; notes explain it. */
export function targetLine(height: number): SeriesOption {
  return {
    type: "line",
    data: [],
    z: 1,
    markLine: {
      silent: true,
      symbol: "none",
      data: [{ yAxis: height }],
      lineStyle: { color: FRAME, width: 1, type: "solid" },
      label: { show: false },
    },
  } as SeriesOption;
}
