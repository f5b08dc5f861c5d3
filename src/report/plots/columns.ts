/** Which columns of a table decide a model's answers, and how. */
import type { Dependence } from "../../explain/dependence.js";
import type { ExplainedTask } from "../../explain/explain.js";
import type { PermutationImportances } from "../../explain/importance.js";
import { clip, count, formatScore, formatValue, listed } from "../format.js";
import { axisOf, line, plotOf } from "./frame.js";
import { COLORS, SERIES } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import { plotOfRows } from "./rows.js";

/** Characters of a name. */
const LONGEST = 22;
/** The most columns that are drawn. */
const MOST = 10;

/** How much worse the score is without each column, the most important at the top. */
export function plotColumns({ metric, columns }: PermutationImportances): Plot {
  const shown = columns.slice(0, MOST);
  const said = shown.slice(0, 3).map(({ columns: names, importance, interval }) => {
    const range = interval ? `, ${formatScore(interval[0])} to ${formatScore(interval[1])}` : "";
    return `without ${names.join(", ")} by ${formatScore(importance)}${range}`;
  });
  const part = columns.length > MOST ? ` ${MOST} of ${count(columns.length, "column")} are drawn.` : "";
  return plotOfRows(
    {
      name: "columns",
      title: "Which columns decide",
      description: `${metric} becomes worse: ${said.join("; ")}.${part}`,
    },
    shown.map(({ columns: names, importance, interval }) => ({
      label: clip(names.join(", "), LONGEST),
      at: importance,
      interval: interval ?? [importance, importance],
    })),
    { name: `${metric} becomes worse by` },
  );
}

/**
 * The mean prediction by the value of a column: of a number a line, with those of single rows if there is one
 * output, and grey where there is no row; of words and dates a row for each.
 *
 * @param explained - what is predicted
 */
export function plotDependence(
  dependence: Dependence,
  { task, outputs }: Pick<ExplainedTask, "task" | "outputs">,
): Plot {
  const { column, values, mean, curves, gaps } = dependence;
  const known = values.flatMap((value, k) => (value === null ? [] : [k]));
  const spread = (output: number): number => {
    const all = known.map((k) => mean[k][output]);
    return Math.max(...all) - Math.min(...all);
  };
  const drawn = outputs
    .map((_, output) => output)
    .sort((a, b) => spread(b) - spread(a))
    .slice(0, SERIES.length)
    .sort((a, b) => a - b);
  const most = drawn.reduce((best, output) => (spread(output) > spread(best) ? output : best), drawn[0]);
  const isClass = task === "classification";
  const of = `${isClass ? "mean probability" : "mean"} of ${outputs[most]}`;
  const about = { name: `column-${column}`, title: clip(column, 40) };
  if (curves.length === 0 || known.length === 0 || known.some((k) => typeof values[k] !== "number")) {
    const rows = values.map((value, k) => ({
      label: clip(formatValue(value ?? "missing"), LONGEST),
      at: mean[k][most],
    }));
    const all = rows.map(({ label, at }) => `${label} ${formatValue(at)}`);
    return plotOfRows(
      { ...about, description: `The ${of}: ${listed(all)}.` },
      rows.map((row) => ({ ...row, interval: [row.at, row.at] as const })),
      { name: outputs[most] },
    );
  }
  const pointsOf = (at: (k: number) => number): Point[] => known.map((k) => [values[k] as number, at(k)]);
  const missing = values.indexOf(null);
  const single = outputs.length === 1 ? curves : [];
  const empty = gaps.map(([from, to]) => [{ xAxis: from }, { xAxis: to }]);
  const series = [
    ...single.map((curve) =>
      line(
        "",
        COLORS.grey,
        pointsOf((k) => curve[k][0]),
        { silent: true, lineStyle: { color: COLORS.grey, width: 1, opacity: 0.4 } },
      ),
    ),
    ...drawn.map((output, i) =>
      line(
        outputs.length > 1 ? clip(outputs[output], LONGEST) : "",
        SERIES[i],
        pointsOf((k) => mean[k][output]),
        {
          lineStyle: { color: SERIES[i], width: 2.5 },
          ...(i === 0 && {
            markArea: { silent: true, itemStyle: { color: COLORS.grey, opacity: 0.18 }, data: empty },
          }),
        },
      ),
    ),
  ];
  const heights = [
    ...drawn.flatMap((output) => known.map((k) => mean[k][output])),
    ...single.flatMap((curve) => known.map((k) => curve[k][0])),
  ];
  const ends = [known[0], known[known.length - 1]].map(
    (k) => `${formatValue(mean[k][most])} at ${formatValue(values[k])}`,
  );
  const notes = [
    `The ${of} is ${ends.join(" and ")}`,
    ...(missing < 0 ? [] : [`${formatValue(mean[missing][most])} where ${column} is missing`]),
  ];
  return plotOf(
    {
      ...about,
      description: `${listed(notes)}.${single.length > 0 ? " Grey lines are single rows." : ""}${gaps.length > 0 ? " There are no rows in grey ranges." : ""}`,
    },
    axisOf(
      known.map((k) => values[k] as number),
      clip(column, 32),
      { log: false },
    ),
    axisOf(heights, isClass ? "probability" : clip(outputs[0], 32), { log: false }),
    series,
  );
}
