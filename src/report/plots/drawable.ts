/** The option of a picture as it is drawn: in the colours of a theme, and with formatted ticks. */
import { byName, isRecord, must } from "../../errors.js";
import { DARK } from "./palette.js";
import type { Plot, PlotOption } from "./plot.js";
import type { PlotTheme } from "./theme.js";

const THEMES = { light: (option: PlotOption) => option, dark: (option: PlotOption) => inDark(option) };

/**
 * The option of a picture for `setOption` of a chart made with `plotTheme(theme)`: data has the colours of
 * the theme, and small and large numbers on logarithmic axes are written as `1e-6`. It contains functions.
 *
 * @throws FettleError `invalid_argument` if it is not a picture, `unknown_name` for any other theme
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const { series } = chartOption(plotHistory(studyData(study)), "dark");
 * JSON.stringify(series).includes("#49AFFF"); // true
 * ```
 */
export function chartOption(plot: Pick<Plot, "option">, theme: PlotTheme): PlotOption {
  must(isRecord(plot) && isRecord(plot.option), "plot", "a picture, as plotHistory(data) returns", plot);
  return withTicks(byName("theme", THEMES, theme)(plot.option));
}

/** An option whose logarithmic axes have formatted ticks. */
export function withTicks(option: PlotOption): PlotOption {
  const axes = ["xAxis", "yAxis", "parallelAxis"].filter((name) => option[name] !== undefined);
  return { ...option, ...Object.fromEntries(axes.map((name) => [name, worded(option[name])])) };
}

function worded(axis: unknown): unknown {
  if (Array.isArray(axis)) return axis.map(worded);
  if (!isRecord(axis) || axis.type !== "log") return axis;
  return { ...axis, axisLabel: { formatter: tickText, ...(axis.axisLabel as object) } };
}

/** `0.001`, `1e-4`, `10,000`, `1e+6` */
export const tickText = (tick: number): string =>
  tick !== 0 && (tick < 1e-3 || tick >= 1e6)
    ? String(Number(tick.toPrecision(6)).toExponential())
    : tick.toLocaleString("en", { maximumFractionDigits: 12 });

/** An option with the colours of a dark screen. */
const inDark = (option: PlotOption): PlotOption => dark(option, false) as PlotOption;

/** @param isColour - whether the value is a colour of the option, and not a string that looks like one */
function dark(part: unknown, isColour: boolean): unknown {
  if (typeof part === "string") return (isColour && DARK.get(part)) || part;
  // numbers of data stay unchanged
  if (Array.isArray(part)) return isPoint(part[0]) ? part : part.map((each) => dark(each, isColour));
  if (!isRecord(part)) return part;
  const entries = Object.entries(part).map(([name, value]) => [name, dark(value, COLOUR.test(name))]);
  return Object.fromEntries(entries);
}

/** `color`, `borderColor` */
const COLOUR = /color$/i;

const isPoint = (first: unknown): boolean =>
  typeof first === "number" || (Array.isArray(first) && first.every((each) => typeof each !== "object"));
