/** The parts of ECharts that the pictures of a dashboard need. Loaded when the first picture is drawn. */
import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  ...[LineChart, ScatterChart, CanvasRenderer],
  ...[GridComponent, LegendComponent, MarkLineComponent, TooltipComponent],
]);

export { init };
