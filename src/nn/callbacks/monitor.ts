/**
 * A number of the logs that a callback follows: which of two values is better, and whether one is an
 * improvement.
 */

import { must, unknownName } from "../../errors.js";
import type { BuiltInMetric, ConfiguredMetric } from "../../metrics/names.js";
import { findMetric } from "../../metrics/registry.js";
import type { Logs } from "./callback.js";

/**
 * A number of the logs that can be monitored: a loss, or a built-in metric, such as `valAccuracy` or
 * `valF1Macro`.
 */
export type Monitor =
  | "loss"
  | "valLoss"
  | BuiltInMetric
  | ConfiguredMetric
  | `val${Capitalize<BuiltInMetric | ConfiguredMetric>}`;

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

/** Follows the best value of one training. */
export interface BestValue {
  /**
   * Whether the monitored number is better than the best so far by more than `minDelta`; then it is the best.
   * NaN never is.
   */
  improves(logs: Logs): boolean;
}

/**
 * @returns a function that starts to follow the number; called for each training
 * @throws FettleError `invalid_argument` for invalid options. Its result throws `unknown_name` if the logs do
 * not have the number
 */
export function monitorBest(
  { monitor = "valLoss", mode = "auto" }: MonitorOptions<string>,
  minDelta = 0,
): () => BestValue {
  must(typeof monitor === "string", "monitor", "the name of a number of the logs", monitor);
  must(["auto", "min", "max"].includes(mode), "mode", '"auto", "min" or "max"', mode);
  must(typeof minDelta === "number" && minDelta >= 0, "minDelta", "a number of at least 0", minDelta);
  const smaller = mode === "min" || (mode === "auto" && isBetterSmaller(monitor));
  return () => {
    let best: number | undefined;
    return {
      improves(logs) {
        if (!Object.hasOwn(logs, monitor)) throw unknownName("number to monitor", monitor, Object.keys(logs));
        const value = logs[monitor];
        const gain = best === undefined ? Number.POSITIVE_INFINITY : smaller ? best - value : value - best;
        const improves = gain > minDelta && !Number.isNaN(value);
        if (improves) best = value;
        return improves;
      },
    };
  };
}

/**
 * Whether less of a monitored number is better: by its metric's direction, or for a custom metric by its
 * name.
 */
function isBetterSmaller(monitor: string): boolean {
  const metric = findMetric(monitor.replace(/^val([A-Z])/, (_, letter) => letter.toLowerCase()));
  return metric ? metric.direction === "minimize" : /loss|error/i.test(monitor);
}
