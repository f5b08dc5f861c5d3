/** The plain recurrent layer. */

import { add, matmul } from "../../../graph/functions.js";
import { readOptions } from "../../../rules.js";
import type { Layer } from "../layer.js";
import type { Cell } from "./cell.js";
import { RECURRENT_RULES, type RecurrentOptions, recurrentLayer, vectors } from "./recurrentLayer.js";

/** hₜ = activation(xₜ · kernel + hₜ₋₁ · recurrentKernel + bias) */
const cell: Cell = {
  type: "simpleRNN",
  gates: 1,
  products: 1,
  states: ["h"],
  biasShape: (units) => [units],
  step: ({ products: [product], h, recurrentKernel, activate }) => ({
    h: activate(add(product, matmul(h, recurrentKernel))),
  }),
};

/**
 * A plain recurrent layer, Keras' `SimpleRNN`: hₜ = activation(xₜ · kernel + hₜ₋₁ · recurrentKernel + bias)
 * from h₀ = 0. [rows, steps, features] → [rows, units], or [rows, steps, units] with `returnSequences`.
 *
 * @param units - numbers of a state, a positive integer
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names; when applied,
 * `invalid_shape` for rows that are not sequences
 * @see J. L. Elman, "Finding structure in time", Cognitive Science 14(2), 1990
 * @example
 * ```ts
 * const layer = simpleRNN(4);
 * layer.parameters([12, 3]).map(({ name, shape }) => [name, shape]);
 * // [["kernel", [3, 4]], ["recurrentKernel", [4, 4]], ["bias", [4]]]
 * ```
 */
export function simpleRNN(units: number, options: RecurrentOptions = {}): Layer {
  return recurrentLayer(
    cell,
    vectors(cell, units),
    options,
    readOptions(options, cell.type, RECURRENT_RULES),
  );
}
