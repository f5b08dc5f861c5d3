/** Draws pictures with ECharts, which is loaded only here and only when something is drawn. */
import { FettleError } from "../../errors.js";
import type { Picture } from "./picture.js";

/** Draws a picture as the text of an SVG file. */
export type Draw = (picture: Picture) => string;

/**
 * What draws.
 *
 * @param load - default: the package `echarts`
 * @throws FettleError `unsupported` if that is not installed
 */
export async function loadCharts(
  load: () => Promise<Pick<typeof import("echarts"), "init">> = () => import("echarts"),
): Promise<Draw> {
  let init: typeof import("echarts")["init"];
  try {
    ({ init } = await load());
  } catch (error) {
    throw new FettleError("unsupported", "pictures are drawn by the package echarts; npm install echarts", {
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

/** An SVG with a title for those who do not see it. */
function titled(svg: string, title: string): string {
  const text = title.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return svg.replace(/^<svg [^>]*/, (tag) => `${tag} role="img">\n<title>${text}</title`);
}

/**
 * The text of an SVG without what only pages need, which ECharts numbers anew for each picture, and with places to a tenth
 * of a pixel: half as long, and the same each time.
 */
function shortened(svg: string): string {
  return svg
    .replace(/<style ><!\[CDATA\[.*?<\/style>\n/s, "")
    .replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/\bzr\d+-/g, "")
    .replace(/ (d|points)="[^"]*"/g, (places) =>
      places.replace(/\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1)))),
    );
}
