/**
 * Masks in Fettle and in TensorFlow.js, where most layers end them, merge them differently or read padding.
 * Layers whose results would differ are refused, in both directions.
 */
import { check, show } from "../../errors.js";
import type { Layer } from "../../nn/layers/layer.js";
import type { LayerDescription, PieceDescription } from "../../predict/description.js";
import { countsSteps, type Masked, makesMask, maskOfResult } from "./masks.js";
import type { Row } from "./tfjsKinds.js";

/** Facts about the mask of a value. */
export interface MaskState extends Masked {
  /** Whether it is masked in TensorFlow.js; undefined if it may have another mask. */
  readonly theirs: boolean | undefined;
  /** Whether padded steps are 0 in TensorFlow.js, as after `masking`. */
  readonly isZero?: boolean;
}

/**
 * The mask of a layer's result.
 *
 * @param isKeras3 - whether Keras 3 runs the model elsewhere: there a mask ends after a recurrent layer, and
 * an average over steps leaves padding out
 * @throws FettleError `unsupported` for a recurrent layer with another mask in TensorFlow.js, and for one
 * that would read padding there
 */
export function maskAfter(
  { masks }: Row,
  layer: Layer,
  piece: PieceDescription,
  id: string,
  inputs: readonly MaskState[],
  shape: readonly number[],
  isKeras3 = false,
): MaskState {
  const [first] = inputs;
  const isRecurrent = RECURRENT.includes(piece.name);
  const readsMask = isRecurrent || (isKeras3 && piece.name === "globalAveragePooling1d");
  check(
    !readsMask || isMasked(first) === first.theirs,
    () =>
      `layer ${show(id)} must take a sequence that is masked by ${isKeras3 ? "Keras" : "TensorFlow.js"} as by Fettle; received one whose mask went through layers that change it there`,
    "unsupported",
  );
  check(
    !(isKeras3 && isRecurrent && inputs.length > 1 && isMasked(first)),
    () =>
      `layer ${show(id)} must take a sequence without a mask, since Keras ignores the mask of a layer with an initial_state; received one of masking or maskZero`,
    "unsupported",
  );
  const mask = maskOfResult(layer, id, inputs, shape);
  if (makesMask(piece)) return { shape, mask, theirs: true, isZero: piece.name === "masking" };
  const isNew = mask !== undefined && inputs.every((each) => each.mask !== mask);
  const isApart = layer.stepwise || readsMask || APART.includes(piece.name);
  check(
    !inputs.some(isMasked) ||
      (!isNew &&
        (isApart || (!countsSteps(piece) && inputs.every((each) => !isMasked(each) || each.isZero)))),
    () =>
      `layer ${show(id)} must take sequences without a mask${isKeras3 ? ", since Keras shows it padding" : " to be exported to TensorFlow.js, where it sees padding"}; received one of masking or maskZero`,
    "unsupported",
  );
  const isKept = masks === "kept" && !(isKeras3 && isRecurrent);
  if (masks === "merged") return { shape, mask, theirs: inputs.some(isAny) ? undefined : false };
  return { shape, mask, theirs: isKept && shape.length > 1 ? first.theirs : false };
}

/**
 * Refuses a recurrent layer without a mask in a network that has one: TensorFlow.js 4 passes a mask to all
 * later layers, even unrelated ones.
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
        : !(RECURRENT.includes(name) || name === "convLstm2d") || masks.get(inputs[0])?.mask !== undefined,
      () =>
        `layer ${show(id)} must take a masked sequence to be exported to TensorFlow.js, which would give it the mask of another layer; received one without a mask`,
      "unsupported",
    );
}

const RECURRENT = ["simpleRNN", "lstm", "gru", "bidirectional"];

/** Trained layers whose result at a step depends only on that step. */
const APART = ["batchNormalization", "timeDistributed"];

const isMasked = ({ mask }: MaskState): boolean => mask !== undefined;
const isAny = (state: MaskState): boolean => isMasked(state) || state.theirs !== false;
