/** The number of epochs, which the command line checks before it loads a network. */
import { must, mustBeInteger } from "../../errors.js";

/** The most epochs of a trial: a curve of so many takes 4 MB for each name and fold. */
const MOST_EPOCHS = 1_000_000;

/** @param name - the option with the epochs, for messages */
export function checkEpochs(name: string, epochs: unknown): asserts epochs is number {
  mustBeInteger(name, epochs);
  must(epochs <= MOST_EPOCHS, name, `at most ${MOST_EPOCHS}, since curves keep a number for each`, epochs);
}
