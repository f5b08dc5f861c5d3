/** Metrics by name and alias. The definitions are elsewhere; this file only finds them. */
import { check, must, show } from "../errors.js";
import { Names, publicName } from "../namespace.js";
import * as classification from "./classification.js";
import type { CustomMetric, Metric, MetricFunction } from "./metric.js";
import * as regression from "./regression.js";

/** Every built-in metric by name, in the order of lists. The compiler refuses a list that lacks one. */
export const metrics = {
  accuracy: classification.accuracy,
  precision: classification.precision,
  recall: classification.recall,
  f1: classification.f1,
  rocAuc: classification.rocAuc,
  logLoss: classification.logLoss,
  meanSquaredError: regression.meanSquaredError,
  rootMeanSquaredError: regression.rootMeanSquaredError,
  meanAbsoluteError: regression.meanAbsoluteError,
  r2: regression.r2,
} satisfies Record<keyof typeof classification | keyof typeof regression, MetricFunction>;

/** The name that a built-in metric has in logs and results. */
export type BuiltInMetric = keyof typeof metrics;

/** The name of a built-in metric, or an alias that Keras or scikit-learn uses for it. */
export type MetricName = BuiltInMetric | (typeof metrics)[BuiltInMetric]["aliases"][number];

/** A metric: a name or alias, a function of the namespace `metrics`, or a {@link CustomMetric}. */
export type MetricLike = MetricName | CustomMetric;

const names = new Names("metrics", metrics);

/**
 * The name of the built-in metric of that name or alias, for text that comes from outside.
 *
 * @throws FettleError `unknown_name`
 */
export function canonicalMetric(name: string): BuiltInMetric {
  return names.canonical(name);
}

/**
 * The built-in metric of that name or alias.
 *
 * @throws FettleError `unknown_name`
 */
export function metricNamed(name: string): MetricFunction {
  return metrics[canonicalMetric(name)];
}

/**
 * The built-in metric of that name or alias, or the custom one, checked.
 *
 * Names and some of their aliases: `accuracy` (`acc`), `precision`, `recall`, `f1` (`f1_score`), `rocAuc` (`auc`, `roc_auc`),
 * `logLoss` (`log_loss`), `meanSquaredError` (`mse`), `rootMeanSquaredError` (`rmse`), `meanAbsoluteError` (`mae`),
 * `r2` (`r2_score`).
 *
 * @param metric - a name or alias, a function such as `metrics.f1`, or a {@link CustomMetric}
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a metric, such as a loss
 * @example
 * ```ts
 * getMetric("mse").direction; // "minimize"
 * getMetric(metrics.f1).name; // "f1"
 * ```
 */
export function getMetric(metric: MetricLike): Metric {
  if (typeof metric === "string") return metricNamed(metric);
  return Object.values<unknown>(metrics).includes(metric)
    ? (metric as MetricFunction)
    : checkedMetric(metric);
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
