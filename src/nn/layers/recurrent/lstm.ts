/** Long short-term memory. */

import { add, broadcastTo, concat, constant, matmul, mul, slice } from "../../../graph/functions.js";
import { flag, type OptionRules, readOptions } from "../../../rules.js";
import type { InitializerFunction } from "../../weights/initializers.js";
import type { Layer } from "../layer.js";
import { type Cell, gatesOf } from "./cell.js";
import { GATED_RULES, type GatedOptions, recurrentLayer, vectors } from "./recurrentLayer.js";

/** Options of {@link lstm}. */
export interface LSTMOptions extends GatedOptions {
  /**
   * Whether the bias of the forget gate starts from 1 (R. Jozefowicz and others, ICML 2015). Default true.
   */
  readonly unitForgetBias?: boolean;
  /**
   * Whether the result is both states side by side, h and then c, the memory cell: [rows, 2 · units], or
   * after each step with `returnSequences`. Another `lstm` starts from it: `decoder.apply(x, state)`. Default
   * false.
   */
  readonly returnState?: boolean;
}

export const LSTM_RULES = {
  ...GATED_RULES,
  unitForgetBias: [flag, true],
  returnState: [flag, false],
} satisfies OptionRules<LSTMOptions>;

/**
 * Gates in Keras' order: input i, forget f, candidate, output o. cₜ = f cₜ₋₁ + i · candidate; hₜ = o ·
 * activation(cₜ)
 */
export const lstmCell = (type: string, unitForgetBias: boolean, returnState: boolean): Cell => ({
  type,
  gates: 4,
  products: 1,
  states: ["h", "c"],
  returnState,
  biasShape: (units) => [4 * units],
  ...(unitForgetBias && { startBias: withForgetBias }),
  step({ products: [product], states, h, recurrentKernel, activate, recurrentActivate }) {
    const [i, f, candidate, o] = gatesOf(add(product, matmul(h, recurrentKernel)), 4);
    const c = add(mul(recurrentActivate(f), states.c), mul(recurrentActivate(i), activate(candidate)));
    return { h: mul(recurrentActivate(o), activate(c)), c };
  },
});

/** Ones in the second quarter. */
const withForgetBias =
  (initializer: InitializerFunction): InitializerFunction =>
  (graph, shape, stream) => {
    const units = shape[0] / 4;
    const all = initializer(graph, shape, stream);
    const ones = broadcastTo(constant(graph, 1), [units]);
    return concat([slice(all, [0], [units]), ones, slice(all, [2 * units], [2 * units])], 0);
  };

/**
 * Long short-term memory, Keras' `LSTM`: gates σ(xₜ · kernel + hₜ₋₁ · recurrentKernel + bias) decide what a
 * memory cell stores, keeps and outputs; hₜ = o · tanh(cₜ) with cₜ = f cₜ₋₁ + i · tanh(…). [rows, steps,
 * features] → [rows, units], or [rows, steps, units] with `returnSequences`. The columns of its kernels are,
 * as in Keras, those of the input gate, the forget gate, the candidate, the output gate.
 *
 * @param units - numbers of a state, a positive integer
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names; when applied,
 * `invalid_shape` for rows that are not sequences
 * @see S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; F. A. Gers
 * and others, "Learning to forget", Neural Computation 12(10), 2000
 * @example
 * ```ts
 * const model = sequential([lstm(8), dense(1)]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * // one row of three steps of one feature
 * await model.fit([[[1], [2], [3]]], [6]);
 * ```
 */
export function lstm(units: number, options: LSTMOptions = {}): Layer {
  const read = readOptions(options, "lstm", LSTM_RULES);
  const own = [read.unitForgetBias, read.returnState] as const;
  const cell = lstmCell("lstm", ...own);
  return recurrentLayer(cell, vectors(cell, units), options, read, own);
}
