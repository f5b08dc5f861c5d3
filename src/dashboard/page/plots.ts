/** Plots of `fettle/report` as the page shows them: in its colours, with its own titles, and with the room that it has. */
import type { Plot } from "../../report/plots/plot.js";
import { themeOf } from "../../report/plots/theme.js";

const COLORS = {
  light: { background: "transparent", text: "#131820", faint: "#586273", grid: "#e9ecf1" },
  dark: { background: "transparent", text: "#e9edf3", faint: "#9ba7b7", grid: "#242c37" },
};

const ROOM = { left: 66, right: 14, bottom: 46 };

/** The theme of ECharts for a light or a dark page. */
export const pageTheme = (isDark: boolean): object => themeOf(COLORS[isDark ? "dark" : "light"]);

/**
 * The option of a plot, without its title, which the page has in words. What the pointer is at is told in the canvas and not by
 * markup, so that no name is ever interpreted.
 */
export function onPage({ option }: Plot, isDark: boolean): Record<string, unknown> {
  const { title: _, legend, grid: own, parallel, ...rest } = option as Record<string, object | undefined>;
  const { faint, text, grid } = COLORS[isDark ? "dark" : "light"];
  return {
    ...rest,
    textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 12 },
    ...(legend && {
      legend: {
        ...legend,
        type: "scroll",
        left: 0,
        right: 0,
        top: 0,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
      },
    }),
    ...(parallel && { parallel: { ...parallel, left: 40, right: 60, top: 44 } }),
    // names of parameters beside the bars need the room that they were given
    ...(own && { grid: { ...ROOM, ...("left" in own && { left: own.left }), top: legend ? 34 : 14 } }),
    tooltip: {
      ...{ trigger: "item", renderMode: "richText", confine: true, borderColor: grid },
      backgroundColor: isDark ? "#1a2029" : "#ffffff",
      textStyle: { color: text, fontSize: 12 },
      axisPointer: { lineStyle: { color: faint } },
    },
  };
}
