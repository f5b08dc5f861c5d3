/** Where a training of a model starts: its trained state, if it has one. */
import type { SavedRun } from "../engine/executor.js";
import type { Shape } from "../graph/shape.js";
import type { AnyTraining, StartOptions } from "./anyTraining.js";
import { LEARNING_RATE } from "./architecture.js";
import type { Described } from "./compiled.js";
import { weightsOf } from "./trainedWeights.js";

/** A trained state and its context. */
export interface State {
  /** The shape of a row of the inputs. */
  readonly row: Shape;
  readonly saved: SavedRun;
  /** Whether the model was compiled again since, so that only the parameters still count. */
  readonly recompiled?: boolean;
}

/** A call of `fit`, `fitDataset` or `trainOnBatch`. */
export interface Fit extends Described {
  /** Given to callbacks. */
  readonly model: object;
  readonly state: State | undefined;
  /** Receives the state of the training once it has started, and undefined when it has ended. */
  onTraining(running: { readonly row: Shape; readonly run: AnyTraining } | undefined): void;
}

/** What a training leaves, and what the user receives. */
export interface Fitted<Result> {
  readonly state: State;
  readonly result: Result;
}

/**
 * Where training starts: where it stopped, with its learning rate there; or from the parameters before
 * `compile`; or from scratch.
 */
export function startOf(
  state: State | undefined,
  hyperparameters: StartOptions["hyperparameters"],
): Pick<StartOptions, "hyperparameters" | "from" | "parameters"> {
  if (!state) return { hyperparameters };
  const { saved, recompiled } = state;
  if (recompiled) return { hyperparameters, parameters: weightsOf(saved) };
  const rate = saved.arrays[LEARNING_RATE]?.[0];
  const known = LEARNING_RATE in hyperparameters && Number.isFinite(rate) && rate >= 0;
  return { from: saved, hyperparameters: { ...hyperparameters, ...(known && { [LEARNING_RATE]: rate }) } };
}
