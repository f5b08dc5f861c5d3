/**
 * The trained state of a model, in agreement with its layers, which other models may share. What reads and
 * writes the weights of layers is loaded with the training code.
 */
import type { SavedRun } from "../../engine/executor.js";
import { check, FettleError, show } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";
import type { Described } from "../arguments/compiled.js";
import type { Layer } from "../layers/layer.js";
import { heldBy, weightsOfLayer } from "../layers/layerWeights.js";
import { networkOf, rowOf, type Wiring } from "../network/network.js";
import type { Owner, Seen } from "../training/sharedWeights.js";
import type { State } from "../training/starting.js";
import { PARAMETERS, weightsOf, withParts, withWeights } from "../weights/trainedWeights.js";
import type { Training } from "./loading.js";

/** A trained state with the code that runs it. */
export interface Trained extends State {
  readonly training: Training;
}

/** The same with the layers that have the weights, and what they had when it was made. */
interface Held extends Trained {
  readonly owners: readonly Owner[];
  readonly seen: Seen;
}

/** The state of a training without a step. */
export const newState = (parameters: Floats): SavedRun => ({
  progress: { step: 0, epoch: 0, cursor: 0 },
  seed: 0,
  arrays: { [PARAMETERS]: parameters },
});

/** The state of a model. */
export class HeldWeights {
  private state: Held | undefined;
  private given: Shape | undefined;

  /** @throws FettleError as `mustBeSeparate` */
  constructor(private readonly wiring: Wiring) {
    mustBeSeparate(wiring);
  }

  /** The shape of a row of its inputs, if it is known: by its inputs, its state, or its first layer. */
  get row(): Shape | undefined {
    const { wiring, state, given } = this;
    return rowOf(wiring) ?? state?.row ?? given ?? rowOfLayer(wiring.calls[0].layer);
  }

  set row(row: Shape | undefined) {
    this.given = row;
  }

  /** Keeps a state, and gives its weights to the layers. @throws FettleError as `giveWeights` */
  hold(row: Shape, saved: SavedRun, training: Training, recompiled = true): void {
    const owners = training.ownersIn(networkOf(this.wiring, row));
    const seen = training.giveWeights(owners, weightsOf(saved), training);
    this.state = { row, saved, training, recompiled, owners, seen };
  }

  /**
   * Keeps a saved state.
   *
   * @throws FettleError as `restore` of a model
   */
  restore({
    row,
    saved,
    training,
    recompiled = false,
  }: Omit<Trained, "row"> & { row: number | Shape }): void {
    const expected = networkOf(this.wiring, row).size;
    for (const vector of [saved?.arrays?.parameters, saved?.arrays && weightsOf(saved)])
      check(
        vector?.length === expected,
        () =>
          `the saved state must have ${expected} parameters, as this model has; received ${show(vector?.length)}`,
        "invalid_checkpoint",
      );
    this.hold(typeof row === "number" ? [row] : row, saved, training, recompiled);
  }

  /**
   * Makes weights for the layers that have none.
   *
   * @throws FettleError as `build` of a model
   */
  make(described: Described, row: Shape, seed: number, training: Training): void {
    const owners = training.ownersIn(networkOf(this.wiring, row));
    const seen = training.seenIn(owners);
    training.newParts(owners, seen); // whether they fit
    const without = owners.filter((_, i) => seen[i] === undefined);
    this.row = row;
    if (without.length > 0)
      training.giveWeights(without, training.initialWeights(described, row, seed), training);
  }

  /** From now on only the parameters of the state count. */
  recompile(): void {
    if (this.state) this.state = { ...this.state, recompiled: true };
  }

  /**
   * The state with the weights that the layers have now; without a state, that of the layers, if all have
   * weights.
   *
   * @throws FettleError `invalid_shape` for a layer that has weights for other inputs
   */
  current(): Trained | undefined {
    const { state } = this;
    if (state === undefined) return this.gathered();
    const { owners, training } = state;
    const seen = training.seenIn(owners);
    const parts = training.newParts(owners, seen, state.seen);
    if (parts.length > 0) this.state = { ...state, seen, saved: withWeights(state.saved, parts) };
    return this.state;
  }

  /** As `current`. @throws FettleError `invalid_state` without weights; as `current` */
  mustHave(): Trained {
    const state = this.current();
    if (state) return state;
    const { row } = this;
    check(
      row === undefined || networkOf(this.wiring, row).size > 0,
      "a model must have a layer with weights to predict; received none",
      "invalid_state",
    );
    throw new FettleError(
      "invalid_state",
      "the model has no parameters yet; call model.fit(x, y), or model.build(columns), first",
    );
  }

  private gathered(): Trained | undefined {
    const { row } = this;
    const codes = this.wiring.calls.map(({ layer }) => weightsOfLayer(layer)?.code);
    // models put it there
    const training = codes.find((code) => code !== undefined) as Training | undefined;
    if (row === undefined || training === undefined) return undefined;
    const network = networkOf(this.wiring, row);
    const owners = training.ownersIn(network);
    const seen = training.seenIn(owners);
    if (seen.includes(undefined)) return undefined;
    const saved = newState(withParts(new Float32Array(network.size), training.newParts(owners, seen)));
    this.state = { row, saved, training, recompiled: true, owners, seen };
    return this.state;
  }
}

/** The shape of rows that a layer has weights for, if it has some and takes one input. */
function rowOfLayer(layer: Layer): Shape | undefined {
  const weights = weightsOfLayer(layer);
  return weights?.type === layer.type && weights.inputs.length === 1 ? weights.inputs[0] : undefined;
}

/**
 * Refuses two forms of one layer in a model, such as a layer and its frozen form: they would need one set of
 * weights for two layers.
 *
 * @throws FettleError `invalid_argument`
 */
function mustBeSeparate({ calls }: Wiring): void {
  const owners = new Map(calls.map(({ layer, name }) => [heldBy(layer), { layer, name }]));
  for (const { layer, name } of calls) {
    const other = owners.get(heldBy(layer));
    check(
      other?.layer === layer,
      () =>
        `a model must have one form of a layer; received ${name} and ${other?.name}, which share their weights. Use one of them twice, or a copy, { ...layer }`,
    );
  }
}
