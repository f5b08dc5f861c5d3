/**
 * Rows of words, each with a number and its interval: a bar from 0, a dot at the number, and a line over the
 * interval.
 */
import type { SeriesOption } from "echarts";
import { columnsOf } from "../columns.js";
import { axisOf, axisOfWords, dots, INSET, plotOf, ROOM, rules, topOf } from "./frame.js";
import { COLORS } from "./palette.js";
import type { Plot } from "./plot.js";

/** A row. */
export interface Row {
  readonly label: string;
  readonly at: number;
  readonly interval: readonly [low: number, high: number];
}

const HEIGHT = 26;

/**
 * A picture of rows, the first at the top.
 *
 * @param axis - the axis of the numbers, which begins at 0 or below
 * @param rule - where a dashed line crosses all rows
 */
export function plotOfRows(
  about: Pick<Plot, "name" | "title" | "description">,
  rows: readonly Row[],
  axis: { readonly name: string; readonly most?: number },
  rule?: number,
): Plot {
  // ECharts draws the first word at the bottom
  const shown = rows.toReversed();
  const left = 2 * INSET + 8 + 7 * Math.max(4, ...shown.map(({ label }) => columnsOf(label)));
  const high = 1.05 * Math.max(0, ...shown.map(({ interval }) => interval[1])) || 1;
  const low = 1.05 * Math.min(0, ...shown.map(({ interval }) => interval[0]));
  const y = axisOfWords(
    shown.map(({ label }) => label),
    "",
  );
  const label = { interval: 0, fontSize: 13, hideOverlap: false };
  const series = [
    {
      type: "bar",
      barWidth: "55%",
      data: shown.map(({ at }) => at),
      silent: true,
      itemStyle: { color: COLORS.best, opacity: 0.3 },
    } as SeriesOption,
    ...shown.map(
      ({ interval }, row) =>
        ({
          type: "line",
          symbol: "none",
          z: 5,
          silent: true,
          lineStyle: { color: COLORS.best, width: 2 },
          data: interval.map((at) => [at, row]),
        }) as SeriesOption,
    ),
    dots(
      "",
      COLORS.best,
      shown.map(({ at }, row) => [at, row]),
      { symbolSize: 8, z: 6, itemStyle: { color: COLORS.best } },
    ),
    ...(rule === undefined ? [] : [rules(COLORS.grey, [{ xAxis: rule }])]),
  ];
  const top = topOf([], 0);
  return plotOf(
    { ...about, height: top + HEIGHT * shown.length + ROOM.bottom },
    axisOf([low, high], axis.name, { log: false, low, high: Math.min(axis.most ?? high, high) }),
    { ...y, option: { ...y.option, axisLabel: label } },
    series,
    { grid: { ...ROOM, left, top } },
  );
}
