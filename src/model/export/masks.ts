/** Where masks of steps are in a network, as far as its description says: what formats ask that have other masks, or none. */
import type { PieceDescription } from "../../predict/description.js";

type Shape = readonly number[];

/** A value that a layer takes. */
export interface Masked {
  /** Whether some of its steps may not count. */
  readonly isMasked: boolean;
  /** Of a row. */
  readonly shape: Shape;
}

/** Whether a layer makes a mask of its own. */
export const makesMask = ({ name, options }: PieceDescription): boolean =>
  name === "masking" || (name === "embedding" && options.maskZero === true);

/** Whether the result of a layer has a mask: the layer's own, or that of its first input where the steps are still the same. */
export const isMasked = (layer: PieceDescription, first: Masked, shape: Shape): boolean =>
  makesMask(layer) || (first.isMasked && shape.length > 1 && shape[0] === first.shape[0]);
