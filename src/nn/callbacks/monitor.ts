/**
 * A number of the logs that a callback follows: which of two values is better, and whether one is an
 * improvement.
 */

import { FettleError, show, unknownName } from "../../errors.js";
import type { BuiltInMetric, ConfiguredMetric } from "../../metrics/names.js";
import { findMetric } from "../../metrics/registry.js";
import { camelCase, type SnakeCase } from "../../names.js";
import { number, type OptionRules, rule } from "../../rules.js";
import type { Logs } from "./callback.js";

/**
 * A number of the logs that can be monitored: a loss, or a built-in metric, such as `valAccuracy` or
 * `valF1Macro`. In snake case as in Keras, such as `val_loss`, it is the same number.
 */
export type Monitor =
  | "loss"
  | "valLoss"
  | "val_loss"
  | BuiltInMetric
  | ConfiguredMetric
  | `val${Capitalize<BuiltInMetric | ConfiguredMetric>}`
  | SnakeCase<BuiltInMetric>
  | `val_${SnakeCase<BuiltInMetric>}`;

/**
 * What a callback monitors.
 *
 * @typeParam Custom - numbers of custom metrics that can be monitored, such as `"valLargestError"`
 */
export interface MonitorOptions<Custom extends string = never> {
  /** A number of the logs. Default `valLoss`. */
  readonly monitor?: Monitor | Custom;
  /**
   * Whether smaller or larger values are better. Default `auto`: smaller for a loss, the metric's direction
   * for a built-in metric, and for a custom metric smaller if its name contains "loss" or "error".
   */
  readonly mode?: "auto" | "min" | "max";
}

export const MONITOR_RULES = {
  monitor: [rule("the name of a number of the logs", (value) => typeof value === "string"), "valLoss"],
  mode: [rule('"auto", "min" or "max"', (mode) => ["auto", "min", "max"].includes(mode as string)), "auto"],
} satisfies OptionRules<MonitorOptions>;
/** The best value so far. */
export const BEST = rule<number>("a number", (value) => typeof value === "number");
/** Changes that count as an improvement. */
export const DELTA = number("[0, ∞]", "a number of at least 0");

/** The monitored number of an epoch, if it is better than the best so far by more than `minDelta`. */
export type Better = (logs: Logs, best: number | undefined) => number | undefined;

/**
 * @returns a function that compares; NaN is never better
 * @throws FettleError what it returns: `unknown_name` where the logs do not have the number
 */
export function monitorBest({
  monitor: given,
  mode,
  minDelta = 0,
}: Required<MonitorOptions<string>> & { readonly minDelta?: number }): Better {
  const monitor = camelCase(given);
  const smaller = mode === "min" || (mode === "auto" && isBetterSmaller(monitor));
  return (logs, best) => {
    const name = Object.hasOwn(logs, given) ? given : monitor;
    if (!Object.hasOwn(logs, name)) throw unknownNumber(given, Object.keys(logs));
    const value = logs[name];
    const gain = best === undefined ? Number.POSITIVE_INFINITY : smaller ? best - value : value - best;
    return gain > minDelta && !Number.isNaN(value) ? value : undefined;
  };
}

/** Whether a number of the logs is measured on validation rows. */
export const isOfValidation = (monitor: string): boolean => /^val[A-Z_]/.test(monitor);

function unknownNumber(monitor: string, known: readonly string[]): FettleError {
  if (!isOfValidation(monitor) || known.some((name) => name.startsWith("val")))
    return unknownName("number to monitor", monitor, known);
  return new FettleError(
    "unknown_name",
    `unknown number to monitor ${show(monitor)}: fit has no validation rows; pass validationSplit or validationData. Known: ${known.join(", ")}.`,
  );
}

/**
 * Whether less of a monitored number is better: by its metric's direction, or for a custom metric by its
 * name.
 */
export function isBetterSmaller(monitor: string): boolean {
  const capitals = [...monitor.matchAll(/[A-Z]/g)].map(({ index }) => index);
  // `valPriceR2`, `priceR2`, `r2`: the name of an output, and `val`, may stand before that of the metric
  const names = [0, ...capitals].map((at) => monitor[at].toLowerCase() + monitor.slice(at + 1));
  const metric = names.map(findMetric).find((found) => found !== undefined);
  return metric ? metric.direction === "minimize" : /loss|error/i.test(monitor);
}
