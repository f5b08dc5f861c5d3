/** The loop of a training with callbacks. What happens between two of their calls is in `../trainer.ts`. */

import type { TrainingRun } from "../trainer.js";
import { type Callback, callEach, type TrainingControl } from "./callback.js";
import type { Progress } from "./progress.js";

/**
 * Trains to the end, and gives `control` to the callbacks. Steps run many at a time, unless a callback wants
 * to see each batch.
 *
 * @throws FettleError for a callback that fails, see `callEach`
 */
export async function trainWith(
  training: TrainingRun,
  control: TrainingControl,
  callbacks: readonly Callback[],
  progress?: Progress,
): Promise<void> {
  const { logs, stepsPerEpoch } = training;
  const watched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  const most = watched ? 1 : stepsPerEpoch;
  try {
    await callEach(callbacks, "onTrainBegin", undefined, control);
    while (!training.done) {
      const epoch = logs.length;
      await callEach(callbacks, "onEpochBegin", epoch, epoch, control);
      if (training.done) break;
      progress?.begin();
      do {
        training.step(Math.min(most, progress?.steps ?? most, training.stepsLeft));
        if (!watched && !progress) continue;
        const done = stepsPerEpoch - (training.stepsLeft % stepsPerEpoch);
        const soFar = { loss: training.loss };
        await callEach(callbacks, "onBatchEnd", epoch, done - 1, soFar, control);
        progress?.step(epoch, done, soFar);
      } while (!training.epochEnded && !training.done);
      const log = training.endEpoch();
      progress?.end(epoch, log);
      await callEach(callbacks, "onEpochEnd", epoch, epoch, log, control);
    }
    await callEach(callbacks, "onTrainEnd", undefined, control);
  } finally {
    progress?.clear();
  }
}
