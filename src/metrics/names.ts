/**
 * The names of built-in metrics. They are data, so that compiling a model loads no metric; the scoring code
 * has them all.
 */
import { FettleError, must, show } from "../errors.js";
import { canonical, type SnakeCase } from "../names.js";
import { Names, publicName } from "../namespace.js";
import type { CustomMetric } from "./metric.js";

/**
 * By metric, in the order of lists: the names in Keras and scikit-learn of an equal metric, in our spelling.
 */
export const metricAliases = {
  accuracy: ["acc", "binaryAccuracy", "categoricalAccuracy", "sparseCategoricalAccuracy"],
  balancedAccuracy: [],
  precision: [],
  recall: [],
  f1: [],
  fBeta: ["fbeta"],
  jaccard: [],
  matthewsCorrcoef: ["mcc"],
  cohenKappa: [],
  rocAuc: ["auc"],
  averagePrecision: [],
  logLoss: ["bce", "binaryCrossentropy", "categoricalCrossentropy", "sparseCategoricalCrossentropy"],
  brierScore: ["brierScoreLoss"],
  expectedCalibrationError: ["ece"],
  topKAccuracy: [],
  meanSquaredError: ["mse"],
  rootMeanSquaredError: ["rmse"],
  meanAbsoluteError: ["mae"],
  medianAbsoluteError: [],
  maxError: [],
  meanAbsolutePercentageError: ["mape"],
  meanSquaredLogError: ["msle", "meanSquaredLogarithmicError"],
  rootMeanSquaredLogError: ["rmsle"],
  meanPinballLoss: [],
  meanTweedieDeviance: [],
  explainedVariance: [],
  r2: [],
  d2AbsoluteError: [],
  d2Pinball: [],
  d2Tweedie: [],
} as const;

/** The name that a built-in metric has in logs and results. */
export type BuiltInMetric = keyof typeof metricAliases;

/** The names of metrics with options in Keras and scikit-learn, and ours. */
const PRESETS = {
  topKCategoricalAccuracy: "topKAccuracy5",
  sparseTopKCategoricalAccuracy: "topKAccuracy5",
  meanPoissonDeviance: "meanTweedieDeviance1",
  meanGammaDeviance: "meanTweedieDeviance2",
} as const;

/**
 * The name of a metric with options, which includes them: `f1Macro`, `fBeta2`, `rocAucOvoWeighted`,
 * `topKAccuracy3`.
 */
export type ConfiguredMetric =
  | `${"precision" | "recall" | "f1" | "jaccard"}${"Macro" | "Micro" | "Weighted" | "Samples"}`
  | `fBeta${number}${"" | "Macro" | "Micro" | "Weighted" | "Samples"}`
  | `rocAuc${"" | "Ovr" | "Ovo"}${"Macro" | "Weighted"}`
  | `rocAuc${"Ovr" | "Ovo" | "Micro"}`
  | `averagePrecision${"Micro" | "Weighted"}`
  | `cohenKappa${"Linear" | "Quadratic"}`
  | `topKAccuracy${number}`
  | `${"meanPinballLoss" | "d2Pinball"}${number}`
  | `${"meanTweedieDeviance" | "d2Tweedie"}${number}`;

/**
 * A name as Keras and scikit-learn write it: `MeanSquaredError`, `mean_squared_error`, `R2Score`, `r2_score`.
 */
export type Spelled<Name extends string> =
  | Name
  | Capitalize<Name>
  | SnakeCase<Name>
  | `${Name}Score`
  | Capitalize<`${Name}Score`>
  | `${SnakeCase<Name>}_score`;

/** Other names of built-in metrics, in our spelling. */
export type MetricAlias = (typeof metricAliases)[BuiltInMetric][number] | keyof typeof PRESETS;

/**
 * The name of a built-in metric, with options or without, or one that Keras or scikit-learn uses for it.
 * `neg_` marks scores that scikit-learn negates to maximize them; here they are errors, to be minimized.
 */
export type MetricName =
  | ConfiguredMetric
  | Spelled<BuiltInMetric | MetricAlias>
  | Uppercase<"auc" | "bce" | "mae" | "mape" | "mse" | "msle" | "rmse">
  | `${"precision" | "recall" | "f1" | "jaccard"}_${"macro" | "micro" | "weighted" | "samples"}`
  | `roc_auc_${"ovr" | "ovo"}${"" | "_weighted"}`
  | `neg_${SnakeCase<Extract<Exclude<BuiltInMetric | MetricAlias, "d2AbsoluteError">, `${string}Error` | `${string}Deviance` | "logLoss" | "brierScore">>}`;

/** A metric: a name or alias, a function of the namespace `metrics`, or a {@link CustomMetric}. */
export type MetricLike = MetricName | CustomMetric;

/** The name of a built-in metric's scores in results, with options or without. */
export type ScoredMetric = BuiltInMetric | ConfiguredMetric;

/** The name of a score on test rows, of which the option `cost` adds one. */
export type TestScore = ScoredMetric | "expectedCost";

/** The name of a metric's scores in results, as far as its type tells: an alias stands for another name. */
export type ScoreName<M> = M extends ScoredMetric
  ? M
  : M extends { readonly name: infer Name extends string }
    ? Name
    : string;

const names = new Names("metrics", metricAliases);

/** Metrics of other libraries that do not exist here, and the nearest ones. */
const NEAREST: readonly (readonly [RegExp, string])[] = [
  [/at_?(recall|precision)|precision_?recall_?(curve|d)/i, "precisionRecallCurve"],
  [/sensitivity|specificity|roc_?curve|det_?curve/i, "rocCurve"],
  [/report|fscore/i, "precisionRecallFScore"],
  [/(true|false)_?(pos|neg)|confusion|likelihood/i, "confusionMatrix"],
  [/io_?u$/i, "jaccard"],
  [/hamming|zero_one/, "accuracy"],
  [/hinge|focal|kl_?div/i, "logLoss"],
  [/ranking|dcg|coverage/, "averagePrecision"],
  [/^poisson/i, "meanTweedieDeviance"],
  [/cosh|huber/i, "meanAbsoluteError"],
  [/correlation|cosine/i, "r2"],
  [/d2_/, "d2AbsoluteError"],
];

/** The possible suffixes of a metric's name, for its options: `Macro`, `0.9`. */
const OPTIONS = /^(?![a-z])/;

/** Our spelling of a name of Keras or scikit-learn, with its options. */
export function spellings(given: string): readonly string[] {
  const name = given
    .replace(/^neg_/, "")
    .replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
    .replace(/^[A-Z]+$|^[A-Z]/, (letters) => letters.toLowerCase());
  return [name, name.replace(/Score$/, "")].map((each) =>
    Object.hasOwn(PRESETS, each) ? PRESETS[each as keyof typeof PRESETS] : canonical(metricAliases, each),
  );
}

/** The error for an unknown name; `more` are names with options that may have been meant. */
export function unknownMetric(name: string, more: readonly string[] = []): FettleError {
  const nearest = NEAREST.find(([pattern]) => pattern.test(name))?.[1];
  if (nearest === undefined) return names.unknown(name, more);
  const known = Object.keys(metricAliases).join(", ");
  return new FettleError(
    "unknown_name",
    `unknown metric ${show(name)}. The nearest is metrics.${nearest}. Known: ${known}.`,
  );
}

/** Whether the name of a metric is enough to recreate it. */
export function isBuiltIn(metric: MetricLike): boolean {
  return publicName(metric)?.startsWith("metrics.") === true;
}

/**
 * Refuses anything but a metric, judged by its name; `registry.ts` checks the options in the rest of the
 * name.
 *
 * @throws FettleError `unknown_name` for a name that does not start with a metric's; `invalid_argument` for
 * anything else that is not a metric, such as a loss
 */
export function checkMetric(metric: MetricLike): void {
  if (typeof metric === "string") {
    const known = Object.keys(metricAliases);
    const fits = spellings(metric).some((text) =>
      known.some((name) => text.startsWith(name) && OPTIONS.test(text.slice(name.length))),
    );
    if (!fits) throw unknownMetric(metric);
    return;
  }
  names.refuseOthers(metric);
  must(
    metric !== null &&
      (typeof metric === "object" || typeof metric === "function") &&
      typeof metric.name === "string" &&
      typeof metric.compute === "function" &&
      (metric.direction === "maximize" || metric.direction === "minimize"),
    "metric",
    'a name, a function such as metrics.f1, or { name, direction: "maximize" | "minimize", compute }',
    metric,
  );
}
