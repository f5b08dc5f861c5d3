/**
 * Masks in Fettle and in TensorFlow.js, where most layers end them or merge them otherwise. It matters to recurrent layers alone, which
 * are refused where the two differ, in both directions.
 */
import { check, show } from "../../errors.js";
import type { PieceDescription } from "../../predict/description.js";
import { isMasked, type Masked, makesMask } from "./masks.js";
import type { Row } from "./tfjsLayers.js";

/** What is known of the mask of a value. */
export interface MaskState extends Masked {
  /** Whether it is masked in TensorFlow.js; undefined if it may be so by another mask. */
  readonly theirs: boolean | undefined;
}

/** The mask of a layer's result. @throws FettleError `unsupported` for a recurrent layer that has another in TensorFlow.js */
export function maskAfter(
  { masks }: Row,
  layer: PieceDescription,
  id: string,
  inputs: readonly MaskState[],
  shape: readonly number[],
): MaskState {
  const [first] = inputs;
  check(
    !RECURRENT.includes(layer.name) || first.isMasked === first.theirs,
    () =>
      `layer ${show(id)} must take a sequence that is masked by TensorFlow.js as by Fettle; received one whose mask went through layers that change it there`,
    "unsupported",
  );
  const own = isMasked(layer, first, shape);
  if (makesMask(layer)) return { shape, isMasked: own, theirs: true };
  if (masks === "merged") return { shape, isMasked: own, theirs: inputs.some(isAny) ? undefined : false };
  return { shape, isMasked: own, theirs: masks === "kept" && shape.length > 1 ? first.theirs : false };
}

const RECURRENT = ["simpleRNN", "lstm", "gru", "bidirectional"];

const isAny = ({ isMasked, theirs }: MaskState): boolean => isMasked || theirs !== false;
