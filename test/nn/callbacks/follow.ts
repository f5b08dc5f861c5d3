/** Drives a callback over curves written in a test, with a control that remembers what was done. */
import type { Callback, Logs, TrainingControl } from "../../../src/nn/callbacks/callback.js";

/** What a control changes. */
export interface Watched {
  stopped?: boolean;
  /** A float64 rate, as a control of the reference executor has. */
  rate?: number;
  /** The epoch whose parameters are in the model. */
  current?: number;
}

export function controlFor(watched: Watched): TrainingControl {
  return {
    stop: () => {
      watched.stopped = true;
    },
    getParameters: () => Float32Array.of(watched.current ?? -1),
    setParameters: ([epoch]) => {
      watched.current = epoch;
    },
    getLearningRate: () => watched.rate ?? 1,
    setLearningRate: (rate) => {
      watched.rate = rate;
    },
  };
}

/**
 * The rates of the epochs that ran, the rate at the end, and the epoch whose parameters are there at the end.
 */
export async function follow(
  callback: Callback,
  epochs: readonly Logs[],
  rate = 1,
): Promise<{ rates: number[]; last: number; kept: number }> {
  const watched: Watched = { rate };
  const control = controlFor(watched);
  const rates: number[] = [];
  await callback.onTrainBegin?.(control);
  for (const [epoch, logs] of epochs.entries()) {
    if (watched.stopped) break;
    await callback.onEpochBegin?.(epoch, control);
    watched.current = epoch;
    rates.push(control.getLearningRate());
    await callback.onEpochEnd?.(epoch, logs, control);
  }
  await callback.onTrainEnd?.(control);
  return { rates, last: control.getLearningRate(), kept: watched.current ?? -1 };
}
