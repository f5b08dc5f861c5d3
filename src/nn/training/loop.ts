/**
 * The loop of a training with callbacks, which yields to its host. What happens between two of their calls is
 * in `trainer.ts` and `batchRun.ts`.
 */

import { platform } from "#platform";
import { FettleError } from "../../errors.js";
import { Pieces, Turns } from "../../platform/turns.js";
import { type Callback, callEach, type Logs, type TrainingControl } from "../callbacks/callback.js";
import type { Progress } from "../callbacks/progress.js";
import type { AnyTraining, LastBatch } from "./anyTraining.js";
import type { Gate } from "./gate.js";

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
   * Runs a piece, of at most `most` steps.
   *
   * @throws FettleError `aborted`
   */
  async piece(
    steps: Stepwise,
    advance: (steps: number) => void,
    most = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    this.pieces.run(Math.min(most, steps.stepsLeft), advance);
    await this.turns.next();
    if (this.signal?.aborted)
      throw new FettleError("aborted", "the training was aborted; the model is as it was before");
  }
}

/** How a training runs. */
export interface Loop {
  readonly training: AnyTraining;
  /** Given to the callbacks. */
  readonly control: TrainingControl;
  readonly callbacks: readonly Callback[];
  /** Stands before the steps of a training in slices. */
  readonly gate?: Gate | undefined;
  /**
   * Trains an epoch in pieces, of one batch each if `watched`; yields the last batch of each. It is left when
   * the training is done.
   */
  epoch(watched: boolean): AsyncIterable<LastBatch>;
  /** What the logs of an epoch have besides the loss. */
  measure(): Promise<Logs>;
  readonly progress?: Progress | undefined;
}

/**
 * Trains to the end. Steps run many at a time, unless a callback wants to see each batch.
 *
 * @throws FettleError for a callback that fails, see `callEach`; `aborted`
 */
export async function trainWith(loop: Loop): Promise<void> {
  const { training, control, callbacks, gate, measure, progress } = loop;
  const { logs } = training;
  const watched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  try {
    await callEach(callbacks, "onTrainBegin", undefined, control);
    let hasBegun = await gate?.begin(control, callbacks);
    while (!training.done) {
      const epoch = logs.length;
      if (!hasBegun) await callEach(callbacks, "onEpochBegin", epoch, epoch, control);
      hasBegun = false;
      if (training.done) break;
      progress?.begin();
      for await (const { number, size } of loop.epoch(watched)) {
        if (watched || progress) {
          const { loss } = training;
          await callEach(callbacks, "onBatchEnd", epoch, number, { loss, size }, control);
          progress?.step(epoch, number + 1, { loss });
        }
        if (training.done) break;
      }
      const log = training.endEpoch(await measure());
      progress?.end(epoch, log);
      await callEach(callbacks, "onEpochEnd", epoch, epoch, log, control);
    }
    await callEach(callbacks, "onTrainEnd", undefined, control);
  } finally {
    progress?.clear();
  }
}

/** What prints; undefined if nothing does. Its code is loaded on demand. */
export async function progressOf(
  verbose: 0 | 1 | 2,
  epochs: number,
  stepsPerEpoch: number | undefined,
): Promise<Progress | undefined> {
  if (verbose === 0) return undefined;
  const { Progress } = await import("../callbacks/progress.js");
  return new Progress(platform, verbose, epochs, stepsPerEpoch);
}
