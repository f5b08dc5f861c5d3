/** What callbacks of the user need of a job: the loop of `fit`, its logs and its model. */
import { twice, unitsOf } from "../../data/pipeline/target.js";
import type { SavedRun } from "../../engine/executor.js";
import type { MaskedPrediction } from "../../metrics/lines.js";
import type { Callback, Logs, TrainingControl } from "../../nn/callbacks/callback.js";
import type { OutputMetric } from "../../nn/network/perOutput.js";
import type { LastBatch } from "../../nn/training/anyTraining.js";
import type { TrainingRun } from "../../nn/training/trainer.js";
import type { Pieces } from "../../platform/turns.js";
import { type Fold, inUnitsOf } from "./score.js";

/** The callbacks of one training. */
export interface Watch {
  readonly callbacks: readonly Callback[];
  /** The metrics of `compile`, which logs have. */
  readonly metrics: readonly OutputMetric[];
  /** Whether it is a final fit, whose other rows are for the test alone. */
  readonly isFinal: boolean;
  /** The model with the weights of a state. */
  modelAt(state: SavedRun): object;
}

export function controlOf(training: TrainingRun, { modelAt }: Watch): TrainingControl {
  return {
    ...training.control,
    get model() {
      return modelAt(training.save());
    },
  };
}

/** Scores in the units of the target, by name. */
export function scoresBy(
  metrics: readonly OutputMetric[],
  fold: Fold,
  { prediction, mask }: MaskedPrediction,
): Logs {
  const { target, outputs, yTrue, weights } = fold;
  const inUnits = inUnitsOf(fold, prediction);
  // targets of `compile` metrics are as wide as predictions
  const truths = target.moments ? twice(yTrue, outputs) : yTrue;
  const scores = metrics.map(
    ({ name, compute }) => [name, compute(truths, inUnits, unitsOf(target), weights, mask)] as const,
  );
  return Object.fromEntries(scores);
}

/**
 * An epoch of the loop of `fit`.
 *
 * @param watched - whether each batch is a piece
 * @param pause - awaited after each piece
 * @param end - whether time has run out, which stops the training
 */
export async function* epochInPieces(
  training: TrainingRun,
  pieces: Pieces,
  watched: boolean,
  pause: () => Promise<void> | void,
  end: () => boolean,
): AsyncGenerator<LastBatch> {
  do {
    pieces.run(watched ? 1 : training.stepsLeft, (steps) => training.step(steps));
    await pause();
    if (end()) training.stopped = true;
    yield training.lastBatch;
  } while (!training.epochEnded);
}
