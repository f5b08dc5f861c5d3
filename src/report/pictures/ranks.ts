/**
 * The rank diagram: mean ranks with their intervals, and which of them are within the critical difference of
 * the best.
 */
import type { SeriesOption } from "echarts";
import type { BenchmarkAnalysis, Comparison } from "../../benchmark/analysis.js";
import { stylesOf } from "../plots/palette.js";
import { linearScale, type Scale } from "../plots/scale.js";
import { type Panel, type Picture, pictureOf, TITLES } from "./picture.js";

const ROW = 26;
const WIDTH = 330;
/** Left of each panel, for names of up to a dozen letters, and of each letter more. */
const [ROOM, LETTER] = [84, 7];
const GAP = 12;
const BAND = "#EDEDED";

/** What a panel shows of a comparison. */
export type Ranking = Pick<Comparison, "meanRanks" | "criticalDifference">;

/** The ranks of a benchmark of optimizers. */
export function ranksPicture(analysis: BenchmarkAnalysis): Picture {
  return ranksPictureOf({
    title: "Mean ranks over the problems",
    panels: [
      [TITLES.default, analysis.default],
      [TITLES.tuned, analysis.tuned],
    ],
  });
}

/** Panels of mean ranks side by side, each of the same contestants. */
export function ranksPictureOf({
  title,
  panels,
}: {
  readonly title: string;
  readonly panels: readonly (readonly [title: string, ranking: Ranking])[];
}): Picture {
  const [[, { meanRanks: first }]] = panels;
  const count = first.length;
  const room = Math.max(ROOM, LETTER * Math.max(...first.map(({ optimizer }) => optimizer.length)));
  const apart = room + WIDTH + GAP;
  const height = ROW * count + 10;
  const panel = ([title, { meanRanks, criticalDifference }]: (typeof panels)[number], at: number): Panel => {
    const sorted = [...meanRanks].sort((a, b) => a.mean - b.mean);
    const styles = stylesOf(meanRanks.map(({ optimizer }) => optimizer));
    const y: Scale = {
      low: 0,
      high: count,
      at: (row) => count - row - 0.5,
      ticks: sorted.map((_, row) => count - row - 0.5),
      label: (place) => sorted[Math.round(count - place - 0.5)]?.optimizer ?? "",
    };
    const x = { ...linearScale(1, Math.max(2, count)), ticks: sorted.map((_, i) => i + 1) };
    const limit = Math.min(x.high, sorted[0].mean + (criticalDifference ?? 0));
    return {
      title,
      left: room + at * apart,
      top: 86,
      width: WIDTH,
      height,
      x: { scale: x, name: "mean rank, 1 is best" },
      y: { scale: y, name: "" },
      series: [
        area(sorted[0].mean, limit, count),
        ...sorted.map(({ optimizer, mean, low, high }, row) =>
          whisker(optimizer, styles.get(optimizer)!.color, [low, mean, high], y.at(row)),
        ),
      ],
    };
  };
  return pictureOf(
    {
      name: "ranks",
      width: room + (panels.length - 1) * apart + WIDTH + 20,
      height: height + 140,
      title,
      note: "lines: 95 % intervals; grey: no significant difference from the best at the 0.05 level (Nemenyi)",
    },
    panels.map(panel),
  );
}

/** A grey area from one rank to another, behind all rows. */
function area(from: number, to: number, rows: number): SeriesOption {
  return {
    type: "line",
    symbol: "none",
    data: [],
    z: 0,
    markArea: {
      silent: true,
      itemStyle: { color: BAND },
      data: [
        [
          { xAxis: from, yAxis: 0 },
          { xAxis: to, yAxis: rows },
        ],
      ],
    },
  } as SeriesOption;
}

/** An interval and its mean. */
function whisker(
  name: string,
  color: string,
  [low, mean, high]: readonly [number, number, number],
  place: number,
): SeriesOption {
  return {
    type: "line",
    name,
    symbol: "circle",
    showSymbol: true,
    z: 3,
    lineStyle: { color, width: 2.5 },
    itemStyle: { color },
    data: [
      { value: [low, place], symbolSize: 0 },
      { value: [mean, place], symbolSize: 10 },
      { value: [high, place], symbolSize: 0 },
    ],
  } as SeriesOption;
}
