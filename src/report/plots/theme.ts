/** The colours of paper and of a dark screen, as themes of ECharts. Colours of data are in `palette.ts`. */
import { byName } from "../../errors.js";

/** Paper, or a dark screen. */
export type PlotTheme = "light" | "dark";

/** The colours of a theme. */
export interface ThemeColors {
  readonly background: string;
  readonly text: string;
  /** Axes and their labels. */
  readonly faint: string;
  /** Lines of the grid. */
  readonly grid: string;
}

const COLORS: Readonly<Record<PlotTheme, ThemeColors>> = {
  light: { background: "#FFFFFF", text: "#1F2328", faint: "#59636E", grid: "#E6E9ED" },
  dark: { background: "#14181D", text: "#E6EAEF", faint: "#A3ADB8", grid: "#2B323A" },
};

/**
 * A theme for `echarts.init`, in which the option of any plot can be drawn: see `chartOption`.
 *
 * @throws FettleError `unknown_name` for any other theme
 * @example
 * ```ts
 * plotTheme("dark").backgroundColor; // "#14181D"
 * ```
 */
export function plotTheme(theme: PlotTheme): Readonly<Record<string, unknown>> {
  return themeOf(byName("theme", COLORS, theme));
}

/** A theme of any colours, such as those of a page. */
export function themeOf({ background, text, faint, grid }: ThemeColors): Readonly<Record<string, unknown>> {
  const axis = {
    nameTextStyle: { color: text },
    axisLine: { lineStyle: { color: faint } },
    axisTick: { lineStyle: { color: faint } },
    // so that lines of data do not hide it
    axisLabel: { color: faint, textBorderColor: background, textBorderWidth: 3 },
    splitLine: { lineStyle: { color: grid } },
  };
  return {
    backgroundColor: background,
    textStyle: { color: text },
    title: { textStyle: { color: text }, subtextStyle: { color: faint } },
    legend: { textStyle: { color: text } },
    valueAxis: axis,
    logAxis: axis,
    categoryAxis: axis,
    parallel: { parallelAxisDefault: axis },
    visualMap: { textStyle: { color: faint } },
  };
}
