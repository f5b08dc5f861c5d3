/**
 * The loop of a training with callbacks, which yields to its host. What happens between two of their calls is
 * in `../trainer.ts`.
 */

import { FettleError } from "../../errors.js";
import { Pieces, Turns } from "../../platform/turns.js";
import type { TrainingRun } from "../trainer.js";
import { type Callback, callEach, type Logs, type TrainingControl } from "./callback.js";
import type { Progress } from "./progress.js";

/** What runs by steps. */
interface Stepwise {
  readonly stepsLeft: number;
}

/** Runs steps in pieces, between which the host has its turns and a signal may end everything. */
export class Yielding {
  private readonly pieces = new Pieces();
  private readonly turns = new Turns();

  constructor(private readonly signal?: { readonly aborted: boolean }) {}

  /**
   * Runs a piece, of one step if each is to be seen.
   *
   * @throws FettleError `aborted`
   */
  async piece(steps: Stepwise, advance: (steps: number) => void, watched = false): Promise<void> {
    this.pieces.run(watched ? 1 : steps.stepsLeft, advance);
    await this.turns.next();
    if (this.signal?.aborted)
      throw new FettleError("aborted", "fit was aborted; the model is as it was before");
  }
}

/**
 * Trains to the end, and gives `control` to the callbacks. Steps run many at a time, unless a callback wants
 * to see each batch.
 *
 * @param measure - what the logs of an epoch have besides the loss
 * @throws FettleError for a callback that fails, see `callEach`; `aborted`
 */
export async function trainWith(
  training: TrainingRun,
  control: TrainingControl,
  callbacks: readonly Callback[],
  yielding: Yielding,
  measure: () => Promise<Logs>,
  progress?: Progress,
): Promise<void> {
  const { logs, stepsPerEpoch } = training;
  const watched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  try {
    await callEach(callbacks, "onTrainBegin", undefined, control);
    while (!training.done) {
      const epoch = logs.length;
      await callEach(callbacks, "onEpochBegin", epoch, epoch, control);
      if (training.done) break;
      progress?.begin();
      do {
        await yielding.piece(training, (steps) => training.step(steps), watched);
        if (!watched && !progress) continue;
        const done = stepsPerEpoch - (training.stepsLeft % stepsPerEpoch);
        const soFar = { loss: training.loss };
        await callEach(callbacks, "onBatchEnd", epoch, done - 1, soFar, control);
        progress?.step(epoch, done, soFar);
      } while (!training.epochEnded && !training.done);
      const log = training.endEpoch(await measure());
      progress?.end(epoch, log);
      await callEach(callbacks, "onEpochEnd", epoch, epoch, log, control);
    }
    await callEach(callbacks, "onTrainEnd", undefined, control);
  } finally {
    progress?.clear();
  }
}
