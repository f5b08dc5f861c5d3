/** Whether predicted probabilities match frequencies. */
import { must } from "../../errors.js";
import { wilson } from "../../metrics/intervals/interval.js";
import { clip, count, formatScore, percent } from "../format.js";
import { axisOf, diagonal, dots, line, plotOf } from "./frame.js";
import { COLORS } from "./palette.js";
import type { Plot } from "./plot.js";
import { checkClasses, type Predictions, UNIT } from "./quality.js";

const BINS = 10;

/**
 * The share of correct predictions by predicted probability: of the second of two classes, or of the most
 * probable of more, in ten bins. Points are `[mean probability, share that is right]`; larger ones stand for
 * more rows, and lines are 95 % intervals of the shares.
 *
 * @throws FettleError as {@link plotPrecisionRecall}
 * @example
 * ```ts
 * const probabilities = [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]];
 * const rows = { target: "kind", classes: ["a", "b"], truth: [0, 1, 0], predicted: [0, 1, 1], probabilities };
 * plotCalibration(rows).description; // "The predicted probability is within the 95 % interval of each of 2 bins. The mean difference is 0.3000."
 * ```
 */
export function plotCalibration(predictions: Predictions): Plot {
  checkClasses(predictions);
  const { classes = [], truth, probabilities } = predictions;
  must(probabilities !== undefined, "probabilities", "given, to draw a calibration", probabilities);
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, said: 0, right: 0 }));
  for (const [row, own] of probabilities.entries()) {
    const of = classes.length === 2 ? 1 : indexOfMost(own);
    const bin = bins[Math.max(0, Math.min(BINS - 1, Math.floor(own[of] * BINS)))];
    bin.rows++;
    bin.said += own[of];
    bin.right += truth[row] === of ? 1 : 0;
  }
  const points = bins
    .filter(({ rows }) => rows > 0)
    .map(({ rows, said, right }) => {
      const interval = wilson(right / rows, rows);
      const isOff = said / rows < interval[0] || said / rows > interval[1];
      return { rows, at: [said / rows, right / rows] as const, interval, isOff };
    });
  const gap = ({ at: [said, right] }: (typeof points)[number]): number => Math.abs(said - right);
  const off = points.filter(({ isOff }) => isOff).sort((a, b) => gap(b) - gap(a));
  const mean = points.reduce((sum, one) => sum + one.rows * gap(one), 0) / truth.length;
  const what = classes.length === 2 ? classes[1] : "right";
  const saidOf = (differ: typeof points, all: number): string => {
    if (differ.length === 0)
      return `The predicted probability is within the 95 % interval of each of ${count(all, "bin")}.`;
    const [{ at, rows }] = differ;
    return `The predicted probability is outside the 95 % interval of ${differ.length} of ${count(all, "bin")}: where it is ${percent(at[0])}, ${percent(at[1])} of ${count(rows, "row")} are ${what}.`;
  };
  const most = Math.max(...points.map(({ rows }) => rows));
  return plotOf(
    {
      name: "calibration",
      title: "Calibration",
      description: `${saidOf(off, points.length)} The mean difference is ${formatScore(mean)}.`,
    },
    axisOf(
      [0, 1],
      classes.length === 2 ? `predicted probability of ${clip(classes[1], 20)}` : "predicted probability",
      UNIT,
    ),
    axisOf(
      [0, 1],
      classes.length === 2 ? `share that is ${clip(classes[1], 20)}` : "share that is right",
      UNIT,
    ),
    [
      diagonal(),
      ...points.map(({ at: [said], interval }) =>
        line(
          "",
          COLORS.best,
          interval.map((share) => [said, share] as const),
          { lineStyle: { color: COLORS.best, width: 1.5, opacity: 0.7 }, silent: true },
        ),
      ),
      dots(
        "",
        COLORS.best,
        // larger dots stand for more rows
        points.map(({ at, rows }) => ({
          value: [...at],
          symbolSize: 6 + 12 * Math.sqrt(rows / most),
        })) as never,
      ),
    ],
  );
}

function indexOfMost(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[most]) most = i;
  return most;
}
