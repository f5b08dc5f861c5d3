/**
 * Metrics by name. The definitions are elsewhere; this file only finds them.
 */
import { byName, check, show } from "../errors.js";
import { classificationMetrics } from "./classification.js";
import type { CustomMetric, Metric } from "./metric.js";
import { regressionMetrics } from "./regression.js";

/** Every built-in metric, by name. */
export const metrics = { ...classificationMetrics, ...regressionMetrics } satisfies Record<string, Metric>;

/** The name of a built-in metric. */
export type MetricName = keyof typeof metrics;

/** Names that Keras and scikit-learn use for the same metrics. */
const ALIASES: ReadonlyMap<string, MetricName> = new Map([
  ["acc", "accuracy"],
  ["f1Score", "f1"],
  ["auc", "rocAuc"],
  ["roc_auc", "rocAuc"],
  ["log_loss", "logLoss"],
  ["mse", "meanSquaredError"],
  ["rmse", "rootMeanSquaredError"],
  ["mae", "meanAbsoluteError"],
]);

/**
 * The metric of that name, or the user's own, checked.
 *
 * Names: `accuracy` (`acc`), `precision`, `recall`, `f1` (`f1Score`), `rocAuc` (`auc`, `roc_auc`), `logLoss` (`log_loss`),
 * `meanSquaredError` (`mse`), `rootMeanSquaredError` (`rmse`), `meanAbsoluteError` (`mae`), `r2`.
 *
 * @param metric - a name or alias, or a {@link CustomMetric}
 * @throws FettleError `unknown_name` for a name that is neither; `invalid_argument` for an object that is no metric
 * @example
 * ```ts
 * getMetric("mse").direction; // "minimize"
 * ```
 */
export function getMetric(metric: string | CustomMetric): Metric {
  if (typeof metric !== "string") return checkedMetric(metric);
  return byName<Metric>("metric", metrics, ALIASES.get(metric) ?? metric);
}

function checkedMetric(metric: CustomMetric): Metric {
  check(
    typeof metric?.name === "string" &&
      typeof metric.compute === "function" &&
      (metric.direction === "maximize" || metric.direction === "minimize"),
    () =>
      `a metric is a name or { name, direction: "maximize" | "minimize", compute }, but received ${show(metric)}`,
  );
  return {
    name: metric.name,
    direction: metric.direction,
    tasks: metric.tasks ?? ["classification", "regression"],
    compute: (truth, prediction, outputs) => metric.compute(truth, prediction, outputs),
  };
}
