/**
 * Keras 2's `hard_sigmoid`, the default of the gates in TensorFlow.js, is clip(0.2 x + 0.5, 0, 1); Fettle's,
 * like Keras 3's, is clip(x / 6 + 0.5, 0, 1). So theirs of x is ours of 1.2 x, and a layer whose weights
 * compute x has 1.2 times the weights here. It knows no file.
 */
import type { PieceDescription } from "../../predict/description.js";
import type { Tensor } from "../../predict/safetensors.js";

/** Their slope as a multiple of ours. */
const SLOPE = 1.2;
const NAME = "hardSigmoid";
/** Layers that apply their activation to a state too, by name, with their classes. */
const CELLS: ReadonlyMap<string, string> = new Map([
  ["lstm", "LSTM"],
  ["convLstm2d", "ConvLSTM2D"],
]);

/**
 * Why a layer with the activation cannot have the other slope; undefined if it can, or has not the
 * activation.
 *
 * @param isPenalized - whether the file has penalties on its weights
 */
export function lacksSlope({ name, options }: PieceDescription, isPenalized: boolean): string | undefined {
  const { activation, recurrentActivation } = options;
  if (activation !== NAME && recurrentActivation !== NAME) return undefined;
  const slope = "hard_sigmoid has another slope in Keras 2";
  const kind = name === "activation" ? "Activation" : CELLS.get(name);
  if (activation === NAME && kind) return `${slope}, and no weights of ${kind} make up for it`;
  return isPenalized ? `${slope}, so penalties would be of other weights` : undefined;
}

/** The factor of each of the equal parts of a parameter's last axis. */
function factorsOf({ name, options }: PieceDescription, parameter: string): readonly number[] {
  const { activation, recurrentActivation, layer } = options;
  // such as `forward.kernel`
  if (layer) return factorsOf(layer as PieceDescription, parameter.slice(parameter.indexOf(".") + 1));
  const own = activation === NAME ? SLOPE : 1;
  const gate = recurrentActivation === NAME ? SLOPE : 1;
  if (CELLS.has(name)) return [gate, gate, 1, gate];
  if (name === "gru") return [gate, gate, own];
  return parameter === "depthwiseKernel" ? [1] : [own];
}

/** A parameter of TensorFlow.js for Fettle. */
export const steeper = (piece: PieceDescription, parameter: string, tensor: Tensor): Tensor =>
  scaled(tensor, factorsOf(piece, parameter));

/** A parameter of Fettle for TensorFlow.js. */
export const flatter = (piece: PieceDescription, parameter: string, tensor: Tensor): Tensor =>
  scaled(
    tensor,
    factorsOf(piece, parameter).map((factor) => 1 / factor),
  );

function scaled({ shape, data }: Tensor, factors: readonly number[]): Tensor {
  if (factors.every((factor) => factor === 1)) return { shape, data };
  const row = shape[shape.length - 1];
  const part = row / factors.length;
  return { shape, data: data.map((value, i) => value * factors[Math.floor((i % row) / part)]) };
}
