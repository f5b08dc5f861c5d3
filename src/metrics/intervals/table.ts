/**
 * How each built-in metric gets its interval, or why it has no interval. The compiler refuses a table that
 * lacks a metric.
 */
import { disagreement } from "../counts.js";
import { originOf, type Score } from "../define.js";
import type { Metric } from "../metric.js";
import type { BuiltInMetric } from "../names.js";
import * as scores from "../scores.js";
import { areaEffect } from "./areas.js";
import {
  averageEffect,
  correlationEffect,
  type Form,
  hitShare,
  isShare,
  kappaEffect,
  rightShare,
} from "./classes.js";
import type { Effect, ScoreInterval, Share } from "./interval.js";
import type { Predicted } from "./predicted.js";
import {
  explainedEffect,
  heldSkill,
  meanEffect,
  probabilityEffect,
  rootEffect,
  skillEffect,
} from "./quantities.js";

type EffectOf = (metric: Metric, predicted: Predicted) => Effect;

/** How a score gets its interval. */
export type Method =
  | { readonly by: "share"; readonly share: (metric: Metric, predicted: Predicted) => Share }
  | {
      readonly by: "effect";
      readonly effect: EffectOf;
      /** The least and largest possible score. */
      readonly range: ScoreInterval;
      /** Whether it is a mean over rows, which has no curvature. */
      readonly isMean?: boolean;
      /** Whether the interval is computed for its square. */
      readonly isRoot?: boolean;
      /** The score by the weights of rows, for its curvature. @defaultValue the metric's */
      readonly scoreBy?: (predicted: Predicted) => (weights: Predicted["weights"]) => number;
    }
  | { readonly by: "quantile" }
  | { readonly by: "none"; readonly because: string };

/** The options of a metric that change how rows move it. */
interface Options {
  readonly average?: "macro" | "micro" | "weighted" | "samples";
  readonly multiClass?: "ovr" | "ovo";
  readonly multiLabel?: boolean;
  readonly weights?: "linear" | "quadratic";
  readonly alpha?: number;
  readonly beta?: number;
  readonly power?: number;
}

const NEVER_BELOW: ScoreInterval = [0, Number.POSITIVE_INFINITY];
const AT_MOST_1: ScoreInterval = [Number.NEGATIVE_INFINITY, 1];
const UNIT: ScoreInterval = [0, 1];

const by = (
  range: ScoreInterval,
  effect: EffectOf,
  more: Pick<Extract<Method, { by: "effect" }>, "isMean" | "isRoot" | "scoreBy"> = {},
): Method => ({ by: "effect", effect, range, ...more });
const mean = (range: ScoreInterval): Method => by(range, meanEffect, { isMean: true });
const probability = by(NEVER_BELOW, probabilityEffect, { isMean: true });
const root = (error: Score): Method => by(NEVER_BELOW, rootEffect(error), { isRoot: true });
const skill = (...of: Parameters<typeof skillEffect>): Method => by(AT_MOST_1, skillEffect(...of));
const quantileSkill = (...of: Parameters<typeof skillEffect>): Method =>
  by(AT_MOST_1, skillEffect(...of), { scoreBy: heldSkill(...of) });
const share: Method = { by: "share", share: rightShare };
const none = (because: string): Method => ({ by: "none", because });

/** A score of hits, averaged: one share of rows, or the mean of several. */
const averaged =
  (formOf: (options: Options) => Form) =>
  (options: Options, outputs: number): Method => {
    const form = formOf(options);
    if (options.average === "samples") return mean(UNIT);
    if (isShare(outputs, options))
      return { by: "share", share: (_, predicted) => hitShare(predicted, form, options) };
    return by(UNIT, (_, predicted) => averageEffect(predicted, form, options));
  };

const RECALL: Form = { factor: 1, hits: 0, predicted: 0, actual: 1 };
const fForm = ({ beta = 1 }: Options): Form => ({
  factor: 1 + beta * beta,
  hits: 0,
  predicted: 1,
  actual: beta * beta,
});

/** By metric and its options, for the number of outputs. */
const METHODS: Readonly<Record<BuiltInMetric, (options: Options, outputs: number) => Method>> = {
  accuracy: () => share,
  topKAccuracy: () => share,
  precision: averaged(() => ({ factor: 1, hits: 0, predicted: 1, actual: 0 })),
  recall: averaged(() => RECALL),
  f1: averaged(fForm),
  fBeta: averaged(fForm),
  jaccard: averaged(() => ({ factor: 1, hits: -1, predicted: 1, actual: 1 })),
  balancedAccuracy: () =>
    by(UNIT, (_, predicted) => averageEffect(predicted, RECALL, { average: "recalls" })),
  matthewsCorrcoef: () => by([-1, 1], correlationEffect),
  cohenKappa: ({ weights }) => by([-1, 1], kappaEffect(disagreement(weights))),
  rocAuc: (options) => by(UNIT, (_, predicted) => areaEffect(predicted, options)),
  averagePrecision: () => none("it is biased if few rows have class 1"),
  logLoss: () => probability,
  brierScore: () => probability,
  expectedCalibrationError: () => none("chance in the rows raises it"),
  meanSquaredError: () => mean(NEVER_BELOW),
  rootMeanSquaredError: () => root(scores.squaredError),
  meanAbsoluteError: () => mean(NEVER_BELOW),
  medianAbsoluteError: (_, outputs) =>
    outputs === 1 ? { by: "quantile" } : none("it is a mean of medians over outputs"),
  maxError: () => none("it grows with the number of rows"),
  meanAbsolutePercentageError: () => mean(NEVER_BELOW),
  meanSquaredLogError: () => mean(NEVER_BELOW),
  rootMeanSquaredLogError: () => root(scores.squaredLogError),
  meanPinballLoss: () => mean(NEVER_BELOW),
  meanTweedieDeviance: () => mean(NEVER_BELOW),
  explainedVariance: () => by(AT_MOST_1, explainedEffect),
  r2: () => skill(scores.squaredError, scores.meanOf),
  d2AbsoluteError: () => quantileSkill(scores.absoluteError, scores.median),
  d2Pinball: ({ alpha = 0.5 }) => quantileSkill(scores.pinball(alpha), scores.quantile(alpha)),
  d2Tweedie: ({ power = 0 }) => skill(scores.tweedie(power), scores.meanOf),
};

/** How a metric gets its interval. */
export function methodOf(metric: Metric, outputs: number): Method {
  const origin = originOf(metric);
  if (origin) return METHODS[origin.base](origin.options as Options, outputs);
  return none(metric.threshold === undefined ? "it is a custom metric" : "a few errors make up most of it");
}
