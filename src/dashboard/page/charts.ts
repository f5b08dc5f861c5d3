/** The parts of ECharts that the pictures of a dashboard need. Loaded when the first picture is drawn. */
import { BarChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  ...[BarChart, LineChart, ParallelChart, ScatterChart, CanvasRenderer],
  ...[GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TooltipComponent],
]);

export { init };
