/** Several objectives against each other: the Pareto front and what it dominates. */

import type { SeriesOption } from "echarts";
import { compact } from "../../compact.js";
import { must } from "../../errors.js";
import { paretoFront } from "../../search/trial/pareto.js";
import { count, listed } from "../format.js";
import {
  dots,
  framed,
  gapOf,
  leftOf,
  line,
  metricAxis,
  ROOM,
  SIZE,
  thinned,
  thinnedNote,
  topOf,
} from "./frame.js";
import { COLORS } from "./palette.js";
import type { Axis, Plot, Point } from "./plot.js";
import { mustBeStudyData, type StudyData } from "./studyData.js";

const SIDE = { width: 290, height: 200 };

/**
 * The Pareto front among all trials: for two objectives in one panel, for more the first three in panels two
 * by two.
 *
 * @throws FettleError `invalid_argument` for a study of one objective
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: ["minimize", "maximize"] });
 * await study.optimize(({ x }) => [x, x], { trials: 5 });
 * plotParetoFront(studyData(study)).description; // "5 of 5 trials are on the Pareto front: no other is better in all of value 1 and value 2."
 * ```
 */
export function plotParetoFront(study: StudyData): Plot {
  mustBeStudyData(study);
  const { directions, metrics } = study;
  must(directions.length > 1, "the objectives of a Pareto front", "at least 2", directions.length);
  const valued = study.trials.filter(({ values, status }) => values && status !== "failed");
  const front = new Set(paretoFront(valued, directions).map(({ number }) => number));
  const pairs =
    directions.length === 2
      ? [[0, 1]]
      : [
          [0, 1],
          [0, 2],
          [1, 2],
        ];
  const byPlace = (a: Point, b: Point): number => a[0] - b[0] || a[1] - b[1];
  const panels = pairs.map(([i, j]) => {
    const point = (values: readonly number[]): Point => [values[i], values[j]];
    const all = valued.map(({ number, values = [] }) => ({ on: front.has(number), at: point(values) }));
    const [best, dominated] = [true, false].map((isOn) =>
      all
        .filter(({ on }) => on === isOn)
        .map(({ at }) => at)
        .sort(byPlace),
    );
    const others = thinned(dominated);
    const points = all.map(({ at }) => at);
    const axisAt = (k: 0 | 1, objective: number): Axis =>
      metricAxis(
        points.map((each) => each[k]),
        metrics[objective],
        directions[objective],
      );
    return {
      drawn: others.length + best.length,
      x: axisAt(0, i),
      y: axisAt(1, j),
      series: compact<SeriesOption>(
        others.length > 0 && dots("dominated", COLORS.grey, others),
        dots("Pareto front", COLORS.best, best, { symbol: "diamond", symbolSize: 9, z: 5 }),
        pairs.length === 1 && line("", COLORS.best, best, { lineStyle: { color: COLORS.best, width: 1 } }),
      ),
    };
  });
  const drawn = panels.reduce((sum, panel) => sum + panel.drawn, 0);
  let right = 0;
  const grid = panels.map(({ y }) => {
    const left = right + leftOf(y);
    const width = pairs.length === 1 ? SIZE.width - left - ROOM.right : SIDE.width;
    right = left + width + ROOM.right;
    return { left, width, top: topOf(panels[0].series, right), height: SIDE.height };
  });
  return framed(
    {
      name: "pareto",
      title: "Pareto front",
      description: `${front.size} of ${count(study.trials.length, "trial")} are on the Pareto front: no other is better in all of ${listed(metrics)}.${thinnedNote(drawn, panels.length * valued.length)}`,
      width: right,
      height: grid[0].top + SIDE.height + ROOM.bottom,
    },
    {
      grid,
      xAxis: panels.map(({ x }, i) => ({ ...x.option, gridIndex: i, nameGap: 28 })),
      yAxis: panels.map(({ y }, i) => ({ ...y.option, gridIndex: i, nameGap: gapOf(y) })),
      series: panels.flatMap(({ series }, i) =>
        series.map((one) => ({ ...one, xAxisIndex: i, yAxisIndex: i }) as SeriesOption),
      ),
    },
  );
}
