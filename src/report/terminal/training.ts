/** One training as a picture of characters, for `fettle fit --plot` and for programs in a terminal. */
import { compact } from "../../compact.js";
import type { History } from "../../nn/callbacks/history.js";
import { flag, integer, type OptionRules, readOptions, text } from "../../rules.js";
import type { Curves } from "../../search/trial/curves.js";
import { plain } from "../format.js";
import { wrap } from "../layout.js";
import { trainingCurves } from "../plots/training.js";
import type { Paint } from "../study.js";
import { drawChart, type Mark, type TerminalOptions } from "./chart.js";

/** How a training is drawn in a terminal. */
export interface TrainingTextOptions {
  /** A number of the logs, such as `"accuracy"`, drawn with its `valAccuracy`. Default `loss`. */
  readonly metric?: string;
  /** Columns of the terminal. Default 80. */
  readonly width?: number;
  /** Whether the terminal supports only ASCII. Default false. */
  readonly ascii?: boolean;
}

const RULES = {
  metric: text,
  width: [integer(), 80],
  ascii: [flag, false],
} satisfies OptionRules<TrainingTextOptions>;

const [VALIDATION, BEST] = ["o", "#"];

/**
 * {@link plotTraining} as lines of characters: training is a line, validation are marks.
 *
 * @param history - what `fit` returned, or the `curves` of a trial, each the mean over its folds
 * @throws FettleError as {@link plotTraining}
 * @example
 * ```ts
 * const history = { epoch: [0, 1, 2], history: { loss: [1, 0.5, 0.25], valLoss: [1, 0.75, 0.875] } };
 * trainingText(history).split("\n")[0]; // "loss by epoch"
 * ```
 */
export function trainingText(history: History | Curves, options: TrainingTextOptions = {}): string {
  const { metric = "loss", ...terminal } = readOptions(options, "trainingText", RULES);
  return drawTraining(history, metric, terminal).join("\n");
}

/** The training by epoch, in lines of at most `width` columns. */
export function drawTraining(
  history: History | Curves,
  metric: string,
  options: TerminalOptions,
  paint: Pick<Paint, "heading" | "faint"> = { heading: (line) => line, faint: (line) => line },
): string[] {
  const { training, validation, best, description } = trainingCurves(history, metric);
  const finite = ([, y]: readonly [number, number]): boolean => Number.isFinite(y);
  const marks = compact<Mark>(
    best && { x: best[0], y: best[1], mark: BEST },
    validation.filter(finite).map(([x, y]) => ({ x, y, mark: VALIDATION })),
  );
  const stairs = training.filter(finite).map(([x, y]) => ({ x, y }));
  const words = compact<string>(
    stairs.length > 0 && "line: training",
    marks.length > 1 && `${VALIDATION}: validation`,
    best && `${BEST}: best epoch`,
  ).join("; ");
  const { width } = options;
  return [
    ...wrap(`${plain(metric)} by epoch`, width).map(paint.heading),
    ...drawChart({ marks, stairs, axis: "epoch", counts: true }, options),
    ...wrap(words === "" ? description : `${words}. ${description}`, width).map(paint.faint),
  ];
}
