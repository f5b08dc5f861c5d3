/** A picture as the text of an SVG file. */
import { type OptionRules, readOptions } from "../../rules.js";
import { chartOption } from "./drawable.js";
import type { Plot } from "./plot.js";
import { loadCharts } from "./render.js";
import { type PlotTheme, plotTheme } from "./theme.js";

/** How `renderSvg` draws. */
export interface RenderOptions {
  /** Default `"light"`. */
  readonly theme?: PlotTheme;
}

const RULES = { theme: [true, "light"] } satisfies OptionRules<RenderOptions>;

/**
 * A picture as the text of an SVG file, by ECharts, which is imported when it is called. The same text in
 * Node, Deno and Web Workers; a page measures text by its own fonts, so positions may differ there.
 *
 * @throws FettleError `unsupported` if the package `echarts` is not installed; `invalid_argument` for
 * anything but a picture; `unknown_name` for an unknown theme
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const svg = await renderSvg(plotHistory(studyData(study)), { theme: "dark" });
 * svg.startsWith("<svg "); // true
 * ```
 */
export async function renderSvg(plot: Plot, options: RenderOptions = {}): Promise<string> {
  const { theme } = readOptions(options, "renderSvg", RULES);
  const option = chartOption(plot, theme);
  const draw = await loadCharts();
  return draw({ ...plot, option }, plotTheme(theme));
}
