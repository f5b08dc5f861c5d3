/** Two pictures of the page's own, in the form of those of `fettle/report`: an option of ECharts with the words for it. */
import { importances } from "fettle";

const BLUE = "#0077BB";
const GREY = "#808A98";
const axis = { axisLine: { show: true }, splitLine: { show: true }, nameLocation: "middle", nameGap: 28 };
const percent = (share) => `${Math.round(100 * share)} %`;

/** The share of the score's variance that each parameter explains by itself, the most important at the top. */
export function plotImportances({ trials, space, metrics: [metric] }) {
  const scored = trials.filter(({ status }) => status === "complete");
  const shares = Object.entries(importances(scored, space).main);
  const [[name, share], [second, next]] = shares;
  const shown = shares.reverse();
  return {
    description: `${name} explains ${percent(share)} of how ${metric} varies, ${second} ${percent(next)}.`,
    option: {
      animation: false,
      grid: { left: 96 },
      xAxis: { ...axis, type: "value", min: 0, name: "share of the variance" },
      yAxis: { type: "category", data: shown.map(([each]) => each), axisTick: { show: false } },
      series: [
        { type: "bar", barWidth: "55%", data: shown.map(([, each]) => each), itemStyle: { color: BLUE } },
      ],
    },
  };
}

/** The truth of each test row against what was predicted; rows on the line are right. */
export function plotPredictions({ target, truth, predicted }) {
  const all = [...truth, ...predicted];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const off = truth.map((value, i) => Math.abs(value - predicted[i])).sort((a, b) => a - b);
  const points = truth.map((value, i) => [predicted[i], value]);
  return {
    description: `Half of the predictions are within ${off[off.length >> 1].toPrecision(3)} of the ${target} of their row; the largest error is ${off.at(-1).toPrecision(3)}. Rows on the line are right.`,
    option: {
      animation: false,
      xAxis: { ...axis, type: "value", scale: true, name: "predicted" },
      yAxis: { ...axis, type: "value", scale: true, name: target, nameGap: 44 },
      series: [
        { type: "scatter", symbolSize: 6, data: points, itemStyle: { color: BLUE, opacity: 0.75 } },
        {
          ...{
            type: "line",
            symbol: "none",
            silent: true,
            lineStyle: { color: GREY, width: 1.5, type: "dashed" },
          },
          data: [low, high].map((end) => [end, end]),
        },
      ],
    },
  };
}
