/** The result of a training: the loss and metrics of each epoch, by name. */

import { check, show } from "../../errors.js";
import type { Logs } from "./callback.js";

/** The loss and metrics of each epoch, as `model.fit` returns them. */
export interface History {
  /** Numbers of the epochs, from 0. */
  readonly epoch: readonly number[];
  /** One number per epoch, by name: `loss`, `accuracy`, `valLoss`, `valAccuracy`… */
  readonly history: Readonly<Record<string, readonly number[]>> & { readonly loss: readonly number[] };
}

/** `loss` → `valLoss` */
export const validationName = (name: string): string => `val${name[0].toUpperCase()}${name.slice(1)}`;

/** Logs under the names of validation. */
export function validationNames(logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [validationName(name), value]));
}

/**
 * Refuses metrics under whose names logs would hold two numbers, of which one would be lost.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkLogNames(metrics: readonly string[]): void {
  const measured = ["loss", ...metrics];
  const names = ["epoch", "learningRate", ...measured, ...measured.map(validationName)];
  const twice = names.find((name, i) => names.indexOf(name) < i);
  check(
    twice === undefined,
    () =>
      `metrics must have names of their own in logs; received ${show(twice)} twice; rename a metric or an output`,
  );
}

export function toHistory(logs: readonly Logs[]): History {
  const names = Object.keys(logs[0] ?? {});
  return {
    epoch: logs.map((_, i) => i),
    history: {
      loss: [], // of no epochs
      ...Object.fromEntries(names.map((name) => [name, logs.map((log) => log[name])])),
    },
  };
}
