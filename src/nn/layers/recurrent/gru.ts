/** The gated recurrent unit. */

import { add, matmul, mul, reshape, slice, sub } from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import { flag, type OptionRules, readOptions } from "../../../rules.js";
import type { Layer } from "../layer.js";
import { type Biases, type Cell, type CellContext, gatesOf } from "./cell.js";
import { GATED_RULES, type GatedOptions, recurrentLayer, vectors } from "./recurrentLayer.js";

/** Options of {@link gru}. */
export interface GRUOptions extends GatedOptions {
  /**
   * Whether the reset gate acts after the recurrent product, as in cuDNN and PyTorch; the recurrent product
   * then has a separate bias, and `bias` is [2, 3 · units]. Otherwise before it, as in the paper. Default
   * true.
   */
  readonly resetAfter?: boolean;
}

const GRU_RULES = { ...GATED_RULES, resetAfter: [flag, true] } satisfies OptionRules<GRUOptions>;

/**
 * Gates in Keras' order: update z, reset r, candidate. hₜ = z hₜ₋₁ + (1 − z) · candidate, as candidate + z
 * (hₜ₋₁ − candidate), which saves one operation. Each gate has an array of products, because the gradients of
 * these and of the recurrent product differ.
 */
const cellOf = (resetAfter: boolean): Cell => ({
  type: "gru",
  gates: 3,
  products: 3,
  states: ["h"],
  biasShape: (units) => (resetAfter ? [2, 3 * units] : [3 * units]),
  biases: resetAfter ? biasesAfter : (bias) => ({ inputs: gatesOf(reshape(bias, [1, ...bias.shape]), 3) }),
  step(context) {
    const { z, candidate } = resetAfter ? gatedAfter(context) : gatedBefore(context);
    return { h: add(candidate, mul(z, sub(context.states.h, candidate))) };
  },
});

interface Gated {
  readonly z: Value;
  readonly candidate: Value;
}

/**
 * z and r add both products, so both biases are added before the loop; the candidate has a separate bias
 * within r.
 */
function biasesAfter(bias: Value): Biases {
  const [own, recurrent] = [0, 1].map((row) => gatesOf(slice(bias, [row, 0], [1, bias.shape[1]]), 3));
  return { inputs: [add(own[0], recurrent[0]), add(own[1], recurrent[1]), own[2]], recurrent: recurrent[2] };
}

function gatedAfter(context: CellContext): Gated {
  const { products, h, recurrentKernel, recurrentBias, activate, recurrentActivate } = context;
  const own = gatesOf(matmul(h, recurrentKernel), 3);
  const [z, r] = [0, 1].map((gate) => recurrentActivate(add(products[gate], own[gate])));
  const inner = recurrentBias ? add(own[2], recurrentBias) : own[2];
  return { z, candidate: activate(add(products[2], mul(r, inner))) };
}

function gatedBefore({ products, h, recurrentKernel, activate, recurrentActivate }: CellContext): Gated {
  const [units] = recurrentKernel.shape;
  const own = gatesOf(matmul(h, slice(recurrentKernel, [0, 0], [units, 2 * units])), 2);
  const [z, r] = own.map((each, gate) => recurrentActivate(add(products[gate], each)));
  const reset = matmul(mul(r, h), slice(recurrentKernel, [0, 2 * units], [units, units]));
  return { z, candidate: activate(add(products[2], reset)) };
}

/**
 * The gated recurrent unit, Keras' `GRU`: hₜ = z hₜ₋₁ + (1 − z) · candidate, with an update gate z and a
 * reset gate r that decides how much of hₜ₋₁ the candidate sees. [rows, steps, features] → [rows, units], or
 * [rows, steps, units] with
 * `returnSequences`. The columns of its kernels are, as in Keras, those of the update gate, the reset gate
 * and the candidate.
 *
 * @param units - numbers of a state, a positive integer
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names; when applied,
 * `invalid_shape` for rows that are not sequences
 * @see K. Cho and others, "Learning phrase representations using RNN encoder–decoder", EMNLP 2014
 * @example
 * ```ts
 * const layer = gru(8, { returnSequences: true });
 * layer.outputShape([12, 3]); // [12, 8]
 * layer.parameters([12, 3]).map(({ shape }) => shape); // [[3, 24], [8, 24], [2, 24]]
 * ```
 */
export function gru(units: number, options: GRUOptions = {}): Layer {
  const read = readOptions(options, "gru", GRU_RULES);
  const cell = cellOf(read.resetAfter);
  return recurrentLayer(cell, vectors(cell, units), options, read, [read.resetAfter]);
}
