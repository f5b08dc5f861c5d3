/**
 * Plots of `fettle/report` as the page shows them: in its colours, with its own titles, and in the available
 * space.
 */
import { chartOption } from "../../report/plots/drawable.js";
import type { Plot } from "../../report/plots/plot.js";
import { themeOf } from "../../report/plots/theme.js";

const COLORS = {
  light: { background: "transparent", text: "#131820", faint: "#586273", grid: "#e9ecf1" },
  dark: { background: "transparent", text: "#e9edf3", faint: "#9ba7b7", grid: "#242c37" },
};

const ROOM = { left: 66, right: 14, bottom: 46 };
/** Pixels of a row of the legend, of its icon and gap, and of a letter. */
const LEGEND = { row: 22, mark: 32, letter: 7 };
/** A legend of more rows has pages. */
const MOST_ROWS = 3;
/** Panels narrower than this are placed one under another. */
const PANEL = { least: 280, height: 290 };

/** The theme of ECharts for a light or a dark page. */
export const pageTheme = (isDark: boolean): object => themeOf(COLORS[isDark ? "dark" : "light"]);

type Parts = Readonly<Record<string, object | undefined>>;

/**
 * Pixels that a plot of several panels needs in a page of a width; undefined for other plots, which take the
 * available height.
 */
export function heightOf({ option }: Plot, width: number): number | undefined {
  const { grid } = option as Parts;
  if (!Array.isArray(grid)) return undefined;
  return 34 + Math.ceil(grid.length / columnsFor(grid.length, width)) * PANEL.height;
}

const columnsFor = (panels: number, width: number): number =>
  Math.max(1, Math.min(panels, Math.floor(width / PANEL.least)));

/**
 * The option of a plot, without its title, which the page shows as text. Tooltips are drawn in the canvas and
 * not as markup, so that no name is interpreted.
 */
export function onPage(plot: Plot, isDark: boolean, width: number): Record<string, unknown> {
  const theme = isDark ? "dark" : "light";
  const { title: _, legend, grid: own, parallel, parallelAxis, ...rest } = chartOption(plot, theme) as Parts;
  const { faint, text, grid } = COLORS[theme];
  const rows = legend ? legendRows((legend as { data?: readonly string[] }).data ?? [], width) : 0;
  const top = rows === 0 ? 14 : 12 + Math.min(rows, MOST_ROWS) * LEGEND.row;
  return {
    ...rest,
    textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 12 },
    ...(legend && {
      legend: {
        ...legend,
        type: rows > MOST_ROWS ? "scroll" : "plain",
        left: 0,
        right: 0,
        top: 0,
        itemGap: 14,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
      },
    }),
    ...(parallel && { parallel: { ...parallel, left: 40, right: 60, top: 44 } }),
    // so that the selection along one can be set
    ...(Array.isArray(parallelAxis) && {
      parallelAxis: parallelAxis.map((axis, i) => ({ ...axis, id: axisId(i) })),
    }),
    ...(own && { grid: gridsOf(own, width, top) }),
    tooltip: {
      trigger: "item",
      renderMode: "richText",
      confine: true,
      borderColor: grid,
      backgroundColor: isDark ? "#1a2029" : "#ffffff",
      textStyle: { color: text, fontSize: 12 },
      axisPointer: { lineStyle: { color: faint } },
    },
  };
}

export const axisId = (axis: number): string => `axis ${axis}`;

/** The number of rows of a legend. */
function legendRows(names: readonly string[], width: number): number {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const own = LEGEND.mark + name.length * LEGEND.letter;
    if (used > 0 && used + own > width) {
      rows++;
      used = 0;
    }
    used += own;
  }
  return rows;
}

/** The space of one panel, or of several in rows. */
function gridsOf(own: object, width: number, top: number): object {
  // names of parameters next to bars keep their space
  if (!Array.isArray(own)) return { ...ROOM, ...("left" in own && { left: own.left }), top };
  const columns = columnsFor(own.length, width);
  const panel = width / columns;
  return own.map((_, i) => ({
    left: (i % columns) * panel + ROOM.left,
    width: panel - ROOM.left - ROOM.right,
    top: top + 6 + Math.floor(i / columns) * PANEL.height,
    height: PANEL.height - ROOM.bottom - 24,
  }));
}
