/** Draws pictures with ECharts, which is loaded only here, and only to draw. */
import { FettleError } from "../../errors.js";
import type { Plot } from "./plot.js";
import { type PlotTheme, plotTheme } from "./theme.js";

/** What is drawn: a plot, or a picture of a benchmark. */
export type Drawn = Pick<Plot, "title" | "width" | "height" | "option">;

/** Draws a picture as the text of an SVG file; without a theme in the colours of its option. */
export type Draw = (picture: Drawn, theme?: object) => string;

/** How `renderSvg` draws. */
export interface RenderOptions {
  /** Default `"light"`. */
  readonly theme?: PlotTheme;
}

/**
 * A picture as the text of an SVG file, by ECharts, which is imported when it is called. The same in Node, Deno and a page.
 *
 * @throws FettleError `unsupported` if the package `echarts` is not installed
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const svg = await renderSvg(plotHistory(studyData(study)), { theme: "dark" });
 * svg.startsWith("<svg "); // true
 * ```
 */
export async function renderSvg(plot: Plot, { theme = "light" }: RenderOptions = {}): Promise<string> {
  const draw = await loadCharts();
  return draw(plot, plotTheme(theme));
}

/**
 * Loads ECharts.
 *
 * @param load - default: imports the package `echarts`
 * @throws FettleError `unsupported` if it is not installed
 */
export async function loadCharts(
  load: () => Promise<Pick<typeof import("echarts"), "init">> = () => import("echarts"),
): Promise<Draw> {
  let init: typeof import("echarts")["init"];
  try {
    ({ init } = await load());
  } catch (error) {
    throw new FettleError("unsupported", "pictures need the package echarts; run npm install echarts", {
      cause: error,
    });
  }
  return ({ title, width, height, option }, theme) => {
    const chart = init(null, theme ?? null, { renderer: "svg", ssr: true, width, height });
    try {
      chart.setOption(option);
      return `${titled(shortened(chart.renderToSVGString()), title)}\n`;
    } finally {
      chart.dispose();
    }
  };
}

/** An SVG with a title for screen readers. */
function titled(svg: string, title: string): string {
  const text = title.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return svg.replace(/^<svg [^>]*/, (tag) => `${tag} role="img">\n<title>${text}</title`);
}

/**
 * An SVG without the styles and ids that only pages need and that ECharts numbers differently each time, and with coordinates
 * to a tenth of a pixel: half as long, and always the same.
 */
function shortened(svg: string): string {
  return svg
    .replace(/<style ><!\[CDATA\[[^<]*<\/style>\n/, "")
    .replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/\bzr\d+-/g, "")
    .replace(/ (d|points)="[^"]*"/g, (places) =>
      places.replace(/[\d.]+/g, (number) => String(Number(Number(number).toFixed(1)))),
    );
}
