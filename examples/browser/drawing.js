/**
 * The Web Worker that draws, so that no picture delays the page or the training. It receives `study`, `trials`, `draw` and `report`;
 * it sends back SVG, and the report. It is loaded when the first picture is wanted, and ECharts with it.
 */
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { ready } from "fettle";
import kernels from "fettle/kernels.wasm";
import {
  chartOption,
  createReport,
  plotCurves,
  plotHistory,
  plotImportances,
  plotResiduals,
  plotTheme,
  studyData,
} from "fettle/report";

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
]);

const PLOTS = {
  history: (study) => plotHistory(study),
  curves: (study, { trial }) => plotCurves(study, trial === undefined ? {} : { trials: [trial] }),
  importances: (study) => plotImportances(study),
  residuals: (_, predictions) => plotResiduals(predictions),
};

let about;
let trials = [];
const kernelsReady = fetch(new URL(kernels, import.meta.url))
  .then((response) => response.arrayBuffer())
  .then(async (bytes) => ready({ module: await WebAssembly.compile(bytes) }));

addEventListener("message", async ({ data: { type, ...message } }) => {
  if (type === "study") [about, trials] = [message.about, []];
  if (type === "trials") trials.push(...message.trials);
  if (type === "report") {
    await kernelsReady;
    postMessage({ html: await createReport(ourStudy(), message.options) });
  }
  if (type === "draw") {
    await kernelsReady;
    postMessage({ id: message.id, ...draw(message) });
  }
});

function ourStudy() {
  const { metric, name, ...source } = about;
  return studyData({ ...source, trials }, { name, metrics: [metric] });
}

/** A picture, or the reason for its absence. */
function draw({ name, options, theme, width, height }) {
  try {
    const plot = PLOTS[name](ourStudy(), options);
    const chart = init(
      null,
      { ...plotTheme(theme), backgroundColor: "transparent" },
      { renderer: "svg", ssr: true, width, height },
    );
    chart.setOption(fitted(chartOption(plot, theme), width));
    const svg = inPage(chart.renderToSVGString());
    chart.dispose();
    return { svg, description: plot.description, points: pointsOf(plot.option) };
  } catch (error) {
    return { description: error.message };
  }
}

/** A plot without its title, which the page shows, and with axes that fit its width. */
function fitted({ title: _, legend, grid, yAxis, ...option }, width) {
  const narrow = width < 480;
  return {
    ...option,
    ...(legend && { legend: { ...legend, left: 0, top: 0, type: "plain" } }),
    grid: {
      ...grid,
      left: yAxis?.type === "category" ? (grid?.left ?? 96) : narrow ? 54 : 64,
      right: 14,
      top: legend ? 40 : 14,
      bottom: 46,
    },
    yAxis: narrow && yAxis?.type !== "category" ? { ...yAxis, nameGap: 40 } : yAxis,
  };
}

/** An SVG without inline styles, which the page's policy forbids: it sets them one by one. */
function inPage(svg) {
  return svg.replace(/<style\b[\s\S]*?<\/style>\n?/g, "").replace(/ style="/g, ' data-style="');
}

/** The trial of each dot, by series and place in it. */
const pointsOf = ({ series = [] }) =>
  [series].flat().map(({ type, data }) => (type === "scatter" ? data.map(([x, y]) => [x, y]) : []));
