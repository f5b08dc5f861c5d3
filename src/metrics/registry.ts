/** Metrics by name and alias. The definitions are elsewhere; this file only finds them. */
import type { Task } from "../data/dataset.js";
import { check, FettleError, must, show, unknownName } from "../errors.js";
import { Names, publicName } from "../namespace.js";
import * as classification from "./classification.js";
import { metricWith, namesWith } from "./define.js";
import type { CustomMetric, Metric, MetricFunction } from "./metric.js";
import * as probability from "./probability.js";
import * as regression from "./regression.js";

/** Every built-in metric by name, in the order of lists. The compiler refuses a list that lacks one. */
export const metrics = {
  accuracy: classification.accuracy,
  balancedAccuracy: classification.balancedAccuracy,
  precision: classification.precision,
  recall: classification.recall,
  f1: classification.f1,
  fBeta: classification.fBeta,
  jaccard: classification.jaccard,
  matthewsCorrcoef: classification.matthewsCorrcoef,
  cohenKappa: classification.cohenKappa,
  rocAuc: probability.rocAuc,
  averagePrecision: probability.averagePrecision,
  logLoss: probability.logLoss,
  brierScore: probability.brierScore,
  expectedCalibrationError: probability.expectedCalibrationError,
  topKAccuracy: probability.topKAccuracy,
  meanSquaredError: regression.meanSquaredError,
  rootMeanSquaredError: regression.rootMeanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  medianAbsoluteError: regression.medianAbsoluteError,
  maxError: regression.maxError,
  meanAbsolutePercentageError: regression.meanAbsolutePercentageError,
  meanSquaredLogError: regression.meanSquaredLogError,
  rootMeanSquaredLogError: regression.rootMeanSquaredLogError,
  meanPinballLoss: regression.meanPinballLoss,
  meanTweedieDeviance: regression.meanTweedieDeviance,
  explainedVariance: regression.explainedVariance,
  r2: regression.r2,
  d2AbsoluteError: regression.d2AbsoluteError,
  d2Pinball: regression.d2Pinball,
  d2Tweedie: regression.d2Tweedie,
} satisfies Record<
  keyof typeof classification | keyof typeof probability | keyof typeof regression,
  MetricFunction
>;

/** The name that a built-in metric has in logs and results. */
export type BuiltInMetric = keyof typeof metrics;

/** What Keras and scikit-learn call metrics with options, and the names that say those. */
const PRESETS = {
  topKCategoricalAccuracy: "topKAccuracy5",
  sparseTopKCategoricalAccuracy: "topKAccuracy5",
  meanPoissonDeviance: "meanTweedieDeviance1",
  meanGammaDeviance: "meanTweedieDeviance2",
} as const;

/** The name of a metric with options, which says them: `f1Macro`, `fBeta2`, `rocAucOvoWeighted`, `topKAccuracy3`. */
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

/** A name as scikit-learn writes it: `mean_squared_error`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

/** A name as Keras and scikit-learn write it: `MeanSquaredError`, `mean_squared_error`, `R2Score`, `r2_score`. */
export type Spelled<Name extends string> =
  | Name
  | Capitalize<Name>
  | SnakeCase<Name>
  | `${Name}Score`
  | Capitalize<`${Name}Score`>
  | `${SnakeCase<Name>}_score`;

/** Other names of built-in metrics, written as ours are. */
export type MetricAlias = (typeof metrics)[BuiltInMetric]["aliases"][number] | keyof typeof PRESETS;

/**
 * The name of a built-in metric, with options or without, or one that Keras or scikit-learn uses for it. `neg_` marks scores that
 * scikit-learn turns round to be maximized; here they are errors, to be minimized.
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

const names = new Names("metrics", metrics);

const aliases = new Map<string, string>([
  ...Object.values(metrics).flatMap(({ name, aliases }) => aliases.map((alias) => [alias, name] as const)),
  ...Object.entries(PRESETS),
]);

/** Names of other libraries that no metric has, and what is nearest. */
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

/**
 * The built-in metric of that name or alias, if there is one, written as here, as in Keras, or as in scikit-learn, whose `neg_` says that
 * less is better.
 *
 * @throws FettleError `invalid_argument` for options in the name that the metric refuses
 */
export function findMetric(given: string): MetricFunction | undefined {
  const plain = given.replace(/^neg_/, "");
  const name = plain
    .replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
    .replace(/^[A-Z]+$|^[A-Z]/, (letters) => letters.toLowerCase());
  for (const text of [name, name.replace(/Score$/, "")].map((each) => aliases.get(each) ?? each)) {
    for (const metric of Object.values<MetricFunction>(metrics)) {
      const found = text.startsWith(metric.name) && metricWith(metric, text.slice(metric.name.length));
      if (found) return plain === given || found.direction === "minimize" ? found : undefined;
    }
  }
  return undefined;
}

/**
 * The built-in metric of that name or alias, for text that comes from outside.
 *
 * @throws FettleError `unknown_name`; as {@link findMetric}
 */
export function metricNamed(name: string): MetricFunction {
  const found = findMetric(name);
  if (found) return found;
  const known = Object.keys(metrics);
  const [number = ""] = /\d+(\.\d+)?/.exec(name) ?? [];
  const configured = Object.values<MetricFunction>(metrics).flatMap((metric) => namesWith(metric, number));
  const nearest = NEAREST.find(([pattern]) => pattern.test(name))?.[1];
  throw nearest === undefined
    ? unknownName("metric", name, known, configured)
    : new FettleError(
        "unknown_name",
        `unknown metric ${show(name)}. The nearest is metrics.${nearest}. Known: ${known.join(", ")}.`,
      );
}

/** Whether the name of a metric is enough to make it again. */
export function isBuiltIn(metric: Metric): boolean {
  return publicName(metric)?.startsWith("metrics.") === true;
}

/** What reports give unasked. */
export const REPORTED: readonly BuiltInMetric[] = [
  ...(["accuracy", "precision", "recall", "f1", "rocAuc", "logLoss"] as const),
  ...(["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"] as const),
];

/** The metrics of a task that reports give. */
export function reportedMetrics(task: Task): Metric[] {
  return REPORTED.map((name): Metric => metrics[name]).filter(({ tasks }) => tasks.includes(task));
}

/**
 * The built-in metric of that name or alias, or the custom one, checked.
 *
 * A name may say options: `f1Macro`, `fBeta2`, `rocAucOvoWeighted`, `topKAccuracy3`. Aliases are the names of Keras and scikit-learn, such as
 * `mse`, `f1_macro` and `neg_log_loss`, all of them in `docs/losses-and-metrics.md`.
 *
 * @param metric - a name or alias, a function such as `metrics.f1`, with options or without, or a {@link CustomMetric}
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a metric, such as a loss
 * @example
 * ```ts
 * getMetric("mse").direction; // "minimize"
 * getMetric(metrics.f1).name; // "f1"
 * getMetric("f1_macro").name; // "f1Macro"
 * ```
 */
export function getMetric(metric: MetricLike): Metric {
  if (typeof metric === "string") return metricNamed(metric);
  return isBuiltIn(metric as Metric) ? (metric as Metric) : checkedMetric(metric);
}

/**
 * The metrics of a list, checked.
 *
 * @param option - the name of the option that lists them
 * @throws FettleError as {@link getMetric}, and `invalid_argument` for a metric that is listed twice
 */
export function getMetrics(option: string, list: readonly MetricLike[]): Metric[] {
  const found = list.map(getMetric);
  found.forEach(({ name }, i) => {
    const first = found.findIndex((other) => other.name === name);
    check(first === i, () => {
      const given = [list[first], list[i]].map((each) => publicName(each) ?? show(each));
      const same = given[0] === given[1] ? "" : ` (as ${given.join(" and ")})`;
      return `${option} must be different metrics; received ${show(name)} twice${same}`;
    });
  });
  return found;
}

/**
 * The metrics of an option that holds one or several; none if it is left out.
 *
 * @throws FettleError as {@link getMetrics}, and `invalid_argument` for an empty list
 */
export function oneOrSeveralMetrics(
  option: string,
  given: MetricLike | readonly MetricLike[] | undefined,
): Metric[] {
  if (given === undefined) return [];
  must(
    !Array.isArray(given) || given.length > 0,
    option,
    "a metric, or a list of at least one metric",
    given,
  );
  return getMetrics(option, [given].flat());
}

function checkedMetric(metric: CustomMetric): Metric {
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
  return {
    name: metric.name,
    direction: metric.direction,
    tasks: metric.tasks ?? ["classification", "regression"],
    ...(metric.decides && { decides: true }),
    compute: (yTrue, yPred, outputs, weights) => metric.compute(yTrue, yPred, outputs, weights),
  };
}
