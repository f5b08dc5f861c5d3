/** Metrics by name. The definitions are elsewhere; this file only finds them. */
import type { Task } from "../data/dataset.js";
import { checkTruthKind } from "../data/truths.js";
import { answerOf, check, must, show } from "../errors.js";
import { publicName } from "../namespace.js";
import * as classification from "./classification.js";
import { metricWith, namesWith } from "./define.js";
import type { CustomMetric, Metric, MetricFunction } from "./metric.js";
import {
  type BuiltInMetric,
  checkMetric,
  isBuiltIn,
  type MetricLike,
  metricAliases,
  spellings,
  unknownMetric,
} from "./names.js";
import * as probability from "./probability.js";
import * as regression from "./regression.js";

const defined = { ...classification, ...probability, ...regression } satisfies Record<
  BuiltInMetric,
  MetricFunction
>;

/**
 * Every built-in metric by name, in the order of lists, which is also the order of lookup for names with
 * options. The compiler refuses a name without a definition.
 */
export const metrics = Object.fromEntries(
  Object.keys(metricAliases).map((name) => [name, defined[name as BuiltInMetric]]),
) as typeof defined;

/**
 * The built-in metric of that name or alias, if there is one, in our spelling or that of Keras or
 * scikit-learn, whose `neg_` means that less is better.
 *
 * @throws FettleError `invalid_argument` for options in the name that the metric refuses
 */
export function findMetric(given: string): MetricFunction | undefined {
  for (const text of spellings(given)) {
    for (const metric of Object.values<MetricFunction>(metrics)) {
      const found = text.startsWith(metric.name) && metricWith(metric, text.slice(metric.name.length));
      if (found) return !given.startsWith("neg_") || found.direction === "minimize" ? found : undefined;
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
  const [number = ""] = /\d+(\.\d+)?/.exec(name) ?? [];
  throw unknownMetric(
    name,
    Object.values<MetricFunction>(metrics).flatMap((metric) => namesWith(metric, number)),
  );
}

/** The default metrics of reports. */
export const REPORTED: readonly BuiltInMetric[] = [
  ...(["accuracy", "precision", "recall", "f1", "rocAuc", "logLoss"] as const),
  ...(["meanSquaredError", "rootMeanSquaredError", "meanAbsoluteError", "r2"] as const),
];

/** The default metrics of a task in reports. */
export function reportedMetrics(task: Task): Metric[] {
  return REPORTED.map((name): Metric => metrics[name]).filter(({ tasks }) => tasks.includes(task));
}

/**
 * The built-in metric of that name or alias, or the custom one, checked.
 *
 * A name may include options: `f1Macro`, `fBeta2`, `rocAucOvoWeighted`, `topKAccuracy3`. Aliases are the
 * names of Keras and scikit-learn, such as
 * `mse`, `f1_macro` and `neg_log_loss`, all of them in `docs/losses-and-metrics.md`.
 *
 * @param metric - a name or alias, a function such as `metrics.f1`, with options or without, or a
 * {@link CustomMetric}
 * @throws FettleError `unknown_name` for an unknown name; `invalid_argument` for anything else that is not a
 * metric, such as a loss
 * @example
 * ```ts
 * getMetric("mse").direction; // "minimize"
 * getMetric(metrics.f1).name; // "f1"
 * getMetric("f1_macro").name; // "f1Macro"
 * ```
 */
export function getMetric(metric: MetricLike): Metric {
  if (typeof metric === "string") return metricNamed(metric);
  checkMetric(metric);
  return isBuiltIn(metric) ? (metric as Metric) : customMetric(metric);
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
 * The metrics of an option that holds one or several; empty if it is left out.
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

function customMetric(metric: CustomMetric): Metric {
  const { truths, predictions } = metric;
  if (truths !== undefined) checkTruthKind(`truths of metric ${show(metric.name)}`, truths);
  return {
    name: metric.name,
    direction: metric.direction,
    tasks: metric.tasks ?? ["classification", "regression"],
    ...(metric.decides && { decides: true }),
    ...(truths && { truths }),
    ...(predictions && { predictions }),
    compute(yTrue, yPred, outputs, weights) {
      const score = metric.compute(yTrue, yPred, outputs, weights);
      return answerOf(`metric ${show(metric.name)}`, score, typeof score === "number", "a number");
    },
  };
}
