/** The flags of `fettle tune` for training networks, and for the final model. */
import { type Command, Option } from "commander";
import { DENSE_DEFAULTS } from "../tune/dense.js";
import { classWeight, epochsOf, integer } from "./flags.js";
import { CURVES } from "./tuneSetup.js";

/** Networks of the final model; docs/training.md has the measurement. */
const ENSEMBLE = 8;

export function addTrainingFlags(command: Command): void {
  command
    .optionsGroup("Training:")
    .option(
      "--epochs <n>",
      `epochs of each training (default: tuned; ${DENSE_DEFAULTS.epochs} with a scheduler)`,
      epochsOf,
    )
    .option(
      "--ensemble <n>",
      "networks of the final model, which predicts their mean: usually better than one network, but as many " +
        "times larger and slower; 1 for a single network; needs a single metric",
      integer("--ensemble", 1),
      ENSEMBLE,
    )
    .option(
      "--confirm <n>",
      "further divisions of the rows into folds, to choose the networks of the final model: each takes as " +
        "long as 32 trials (default: 0; with --seconds up to 3, if the search leaves time)",
      integer("--confirm", 0),
    )
    .option(
      "--no-calibrate",
      "do not calibrate the probabilities of the final model (default: a temperature is chosen, for classification with one metric)",
    )
    .option("--batch-size <rows>", "rows per batch (default: tuned)", integer("--batch-size", 1))
    .option(
      "--class-weight <how>",
      "weights of classes in training: balanced, or class=number; may be repeated",
      classWeight,
    )
    .addOption(
      new Option(
        "--curves <kind>",
        "what to keep for each epoch and fold: the training loss, also the loss and metrics of the " +
          "validation rows (slower), or nothing (default: training)",
      ).choices(Object.keys(CURVES)),
    );
}
