/**
 * The states that a recurrent layer of Keras returns after its result. Here they are side by side in one
 * result, and layers take them apart, where they are read one by one.
 */
import { check, show } from "../../errors.js";
import { sizeOf } from "../../graph/shape.js";
import { once } from "../../memo.js";
import type { Json } from "./tfjsFields.js";
import type { MaskState } from "./tfjsMasks.js";

/** A value of the network: its id in a file, and the facts about its mask. */
export interface Value {
  readonly id: string;
  readonly mask: MaskState;
}

/** The result of a layer that returns its states, each state and all side by side; made when first called. */
interface States {
  readonly result: () => Value;
  readonly states: readonly (() => Value)[];
  readonly joint: () => Value;
}

/**
 * @param options - of the layer
 * @param all - its result here: all its states, after each step with `returnSequences`
 * @param apply - a layer of Keras without arrays
 */
export function statesOf(
  name: string,
  { returnState, returnSequences }: Json,
  all: Value,
  apply: (kind: string, config: Json, value: Value) => Value,
): States {
  const reshaped = (value: Value, shape: readonly number[]): Value =>
    apply("Reshape", { target_shape: shape }, value);
  const last = once(() => {
    const [steps, ...row] = all.mask.shape;
    check(
      all.mask.mask === undefined,
      () =>
        `layer ${show(name)} must not return both its sequence and its states for a sequence with a mask; received return_sequences and return_state. Use two layers`,
      "unsupported",
    );
    const lines = reshaped(all, [steps, sizeOf(row)]);
    return reshaped(apply("Cropping1D", { cropping: [steps - 1, 0] }, lines), row);
  });
  const joint = returnSequences === true ? last : () => all;
  if (returnState !== true) return { result: () => all, states: [joint], joint };
  const partOf = (value: Value, part: number): Value => {
    const places = value.mask.shape.slice(0, -1);
    const units = (value.mask.shape.at(-1) as number) / 2;
    const parts = reshaped(value, [sizeOf(places), 2, units]);
    const cropping = [
      [0, 0],
      [part, 1 - part],
    ];
    return reshaped(apply("Cropping2D", { cropping }, parts), [...places, units]);
  };
  const states = [0, 1].map((part) => once(() => partOf(joint(), part)));
  return { result: returnSequences === true ? once(() => partOf(all, 0)) : states[0], states, joint };
}
