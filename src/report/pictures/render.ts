/** Draws pictures with ECharts, which is loaded only here, and only to draw. */
import { FettleError } from "../../errors.js";
import type { Picture } from "./picture.js";

/** Draws a picture as the text of an SVG file. */
export type Draw = (picture: Picture) => string;

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
  return ({ title, width, height, option }) => {
    const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
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
