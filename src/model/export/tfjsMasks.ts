/**
 * Masks in Fettle and in TensorFlow.js, where most layers end them or merge them otherwise. It matters to recurrent layers alone, which
 * are refused where the two differ, in both directions.
 */
import { check, show } from "../../errors.js";
import type { LayerDescription, PieceDescription } from "../../predict/description.js";
import { isMasked, type Masked, makesMask } from "./masks.js";
import type { Row } from "./tfjsKinds.js";

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

/**
 * Refuses a recurrent layer without a mask in a network that has one: TensorFlow.js 4 hands a mask on to layers that run later, also where
 * none leads to them.
 *
 * @throws FettleError `unsupported`
 */
export function mustNotLeak(
  layers: readonly LayerDescription[],
  masks: ReadonlyMap<string, MaskState>,
): void {
  if (!layers.some(makesMask)) return;
  const isWithin = ({ layer }: PieceDescription["options"]): boolean =>
    RECURRENT.includes((layer as PieceDescription).name);
  for (const { id, name, options, inputs } of layers)
    check(
      name === "timeDistributed"
        ? !isWithin(options)
        : !RECURRENT.includes(name) || masks.get(inputs[0])?.isMasked,
      () =>
        `layer ${show(id)} must take a masked sequence to be exported to TensorFlow.js, which would give it the mask of another layer; received one without a mask`,
      "unsupported",
    );
}

const RECURRENT = ["simpleRNN", "lstm", "gru", "bidirectional"];

const isAny = ({ isMasked, theirs }: MaskState): boolean => isMasked || theirs !== false;
