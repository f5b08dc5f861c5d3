/** Where a training of a model starts: its trained state, if it has one, or the weights of its layers. */
import type { SavedRun } from "../../engine/executor.js";
import type { Shape } from "../../graph/shape.js";
import type { Described } from "../arguments/compiled.js";
import type { Network } from "../network/network.js";
import { LEARNING_RATE } from "../programs/architecture.js";
import { weightsOf } from "../weights/trainedWeights.js";
import type { AnyTraining, StartOptions } from "./anyTraining.js";
import { startingWeights } from "./sharedWeights.js";

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
  /** The shape that a row must have; undefined if any. */
  readonly row: Shape | undefined;
  /**
   * The trained state now, with the weights of layers. `onTraining` must follow without a pause, so that no
   * other model trains them.
   *
   * @throws FettleError `invalid_state` if another model trains one of the layers
   */
  state(): State | undefined;
  /** Receives the state of the training once it has started, and undefined when it has ended. */
  onTraining(
    running: { readonly network: Network; readonly row: Shape; readonly run: AnyTraining } | undefined,
  ): void;
  /** Receives the state of a training that did not fail, before it has ended. */
  onTrained(state: State): void;
}

/**
 * Where training starts: where it stopped, with its learning rate there; or from the parameters before
 * `compile`; or from those of layers that have some, and new ones.
 */
export function startOf(
  state: State | undefined,
  network: Network,
  hyperparameters: StartOptions["hyperparameters"],
): Pick<StartOptions, "hyperparameters" | "from" | "parameters"> {
  if (!state) return { hyperparameters, parameters: startingWeights(network) };
  const { saved, recompiled } = state;
  if (recompiled) return { hyperparameters, parameters: [{ offset: 0, values: weightsOf(saved) }] };
  const rate = saved.arrays[LEARNING_RATE]?.[0];
  const known = LEARNING_RATE in hyperparameters && Number.isFinite(rate) && rate >= 0;
  return { from: saved, hyperparameters: { ...hyperparameters, ...(known && { [LEARNING_RATE]: rate }) } };
}
