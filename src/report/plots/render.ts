/** Draws pictures with ECharts, which is loaded only here, and only to draw. */
import type { EChartsOption } from "echarts";
import { FettleError } from "../../errors.js";
import { withTicks } from "./drawable.js";
import type { Plot } from "./plot.js";

/** A plot, or a picture of a benchmark. */
export type Drawn = Pick<Plot, "title" | "width" | "height" | "option">;

/**
 * Draws a picture as the text of an SVG file; without a theme in the colours of its option. `marked` elements
 * have `data-i`, the index of their datum, so that a page can find them.
 */
export type Draw = (picture: Drawn, theme?: object, marked?: boolean) => string;

/**
 * Loads ECharts.
 *
 * @param load - default: imports the package `echarts`
 * @throws FettleError `unsupported` if it is not installed
 */
export async function loadCharts(
  load: () => Promise<Pick<typeof import("echarts"), "init">> = importCharts,
): Promise<Draw> {
  let init: typeof import("echarts")["init"];
  try {
    ({ init } = await load());
  } catch (error) {
    throw new FettleError("unsupported", "pictures need the package echarts; run npm install echarts", {
      cause: error,
    });
  }
  return ({ title, width, height, option }, theme, marked = false) => {
    const chart = init(null, theme ?? null, { renderer: "svg", ssr: true, width, height });
    try {
      chart.setOption(withTicks(option) as EChartsOption);
      return `${titled(shortened(chart.renderToSVGString(), marked), title)}\n`;
    } finally {
      chart.dispose();
    }
  };
}

function importCharts(): Promise<typeof import("echarts")> {
  // without a window, ECharts reads `global`, which a Web Worker does not have
  const host = globalThis as { window?: unknown; global?: unknown };
  if (host.window === undefined) host.global ??= globalThis;
  return import("echarts");
}

/** An SVG with a title for screen readers. */
function titled(svg: string, title: string): string {
  const text = title.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return svg.replace(/^<svg [^>]*/, (tag) => `${tag} role="img">\n<title>${text}</title`);
}

/**
 * An SVG without the styles and ids that ECharts numbers differently each time, and with coordinates to a
 * tenth of a pixel: half as long, and always the same.
 */
function shortened(svg: string, marked: boolean): string {
  return (marked ? svg.replace(/ ecmeta_data_index=/g, " data-i=") : svg)
    .replace(/<style ><!\[CDATA\[[^<]*<\/style>\n/, "")
    .replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/\bzr\d+-/g, "")
    .replace(/ (d|points)="[^"]*"/g, (places) =>
      places.replace(/[\d.]+/g, (number) => String(Number(Number(number).toFixed(1)))),
    );
}
