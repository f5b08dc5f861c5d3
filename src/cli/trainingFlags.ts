/** The flags of `fettle tune` that say how networks are trained, and what the final model is made of. */
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
      "networks of the final model, which predicts their mean: mostly better than one, as many times larger and slower to predict with; " +
        "1 for a single network; for one metric",
      integer("--ensemble", 1),
      ENSEMBLE,
    )
    .option(
      "--confirm <n>",
      "how many more times the rows are divided into folds, to choose the networks of the final model by: each takes as long as 32 trials " +
        "(default: 0, with --seconds at most 3, where the search leaves time for them)",
      integer("--confirm", 0),
    )
    .option(
      "--no-calibrate",
      "leave the probabilities of the final model as they were trained (default: for classes and one metric, a temperature is chosen for them)",
    )
    .option("--batch-size <rows>", "rows of a batch (default: tuned)", integer("--batch-size", 1))
    .option(
      "--class-weight <how>",
      "how much classes count in training: balanced, or class=number; may be repeated",
      classWeight,
    )
    .addOption(
      new Option(
        "--curves <kind>",
        "what is kept of each epoch and fold: the training loss, also the loss and the metrics of the validation rows " +
          "(slower), or nothing (default: training)",
      ).choices(Object.keys(CURVES)),
    );
}
