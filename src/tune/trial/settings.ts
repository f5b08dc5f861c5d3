/** The settings of a training: their names, checks and defaults. */
import type { ClassWeight } from "../../data/weights.js";
import { check, isPlainObject } from "../../errors.js";
import { checkEpochs } from "../../nn/arguments/epochs.js";
import { checkBatch } from "../../nn/arguments/options.js";
import type { EarlyStoppingOptions } from "../../nn/callbacks/earlyStopping.js";
import { either, type OptionRules, readOptions } from "../../rules.js";
import { checkEarlyStopping, checkPlateau, type PlateauOptions } from "../jobs/job.js";
import type { Folds } from "./folds.js";

/** How one trial is trained. */
export interface FitSettings {
  /** Default 20. With `pbt()`, of one interval. */
  readonly epochs?: number;
  /** Default 32, or all rows of the smallest fold if there are fewer. */
  readonly batchSize?: number;
  /**
   * Stops the training on a fold early, by the validation rows of the fold; a metric uses the units of the
   * target.
   */
  readonly earlyStopping?: EarlyStoppingOptions;
  /**
   * Multiplies the learning rate by `factor` when the training loss has stopped improving, on each fold and
   * in the final fit. Not with a scheduler, nor with a schedule of the optimizer.
   */
  readonly reduceLROnPlateau?: PlateauOptions;
  /**
   * Lowers the learning rate η from epoch to epoch along half a cosine: of E epochs, epoch e = 0, 1, … has
   * η·½(1 + cos(πe/E)), on each fold and in the final fit. With a scheduler, E counts all epochs of a trial.
   * Not with `reduceLROnPlateau`, nor with a schedule of the optimizer. Default `"none"`.
   *
   * @see I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
   */
  readonly learningRateDecay?: "cosine" | "none";
  /**
   * How much each class counts in the training loss: by class, `{ no: 1, yes: 10 }`, or `"balanced"`, so that
   * all classes count equally. It changes neither metrics nor the validation loss. Default: all rows count
   * equally.
   */
  readonly classWeight?: ClassWeight;
}

/** The epochs of a trial if `fit` does not set them. */
export const DEFAULT_EPOCHS = 20;

const FIT_RULES = {
  epochs: [true, DEFAULT_EPOCHS],
  batchSize: true,
  earlyStopping: true,
  reduceLROnPlateau: true,
  learningRateDecay: [either("cosine", "none"), "none"],
  classWeight: true,
} satisfies OptionRules<FitSettings>;

/** The fewest rows of a training part: of the folds, or of the final fold. */
export function fewestRows({ folds, scored }: Folds, final: boolean): number {
  const used = final ? [folds[scored]] : folds.slice(0, scored);
  return Math.min(...used.map(({ train }) => train.length));
}

/** Settings with defaults, checked against the rows of the smallest fold. */
export function settingsFor(
  settings: FitSettings,
  fewest: number,
): FitSettings & Required<Pick<FitSettings, "epochs" | "batchSize">> {
  check(
    !isPlainObject(settings) || !("callbacks" in settings),
    "fit of a tuner accepts no callbacks; give tune callbacks: () => [earlyStopping()], a function that makes those of one training",
  );
  const read = readOptions(settings, "fit", FIT_RULES);
  const { epochs, earlyStopping, reduceLROnPlateau, learningRateDecay } = read;
  if (earlyStopping) checkEarlyStopping(earlyStopping);
  if (reduceLROnPlateau) checkPlateau(reduceLROnPlateau);
  check(
    !reduceLROnPlateau || learningRateDecay === "none",
    "reduceLROnPlateau and learningRateDecay both change the learning rate; use one of them",
  );
  checkEpochs("epochs", epochs);
  const batchSize = checkBatch(settings.batchSize ?? Math.min(32, fewest), fewest);
  return { ...settings, epochs, batchSize };
}
