/** The gated recurrent unit. */
import { checkOptions, must, type OptionNames } from "../../../errors.js";
import { add, matmul, mul, slice, sub } from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import type { Layer } from "../layer.js";
import { type Cell, type CellContext, gatesOf } from "./cell.js";
import { GATED_OPTIONS, type GatedOptions, recurrentLayer } from "./recurrentLayer.js";

/** Options of {@link gru}. */
export interface GRUOptions extends GatedOptions {
  /**
   * Whether the reset gate acts after the recurrent product, as in cuDNN and PyTorch; the recurrent product has a bias of its own
   * then, and `bias` is [2, 3 · units]. Otherwise before it, as in the paper. Default true.
   */
  readonly resetAfter?: boolean;
}

/** Gates in Keras' order: update z, reset r, candidate. hₜ = z hₜ₋₁ + (1 − z) · candidate */
const cellOf = (resetAfter: boolean): Cell => ({
  type: "gru",
  gates: 3,
  states: ["h"],
  biasShape: (units) => (resetAfter ? [2, 3 * units] : [3 * units]),
  step(context) {
    const { z, candidate } = resetAfter ? gatedAfter(context) : gatedBefore(context);
    return { h: add(mul(z, context.states.h), mul(sub(1, z), candidate)) };
  },
});

interface Gated {
  readonly z: Value;
  readonly candidate: Value;
}

function gatedAfter(context: CellContext): Gated {
  const { product, h, recurrentKernel, recurrentBias, activate, recurrentActivate } = context;
  const inner = matmul(h, recurrentKernel);
  const [x, own] = [product, recurrentBias ? add(inner, recurrentBias) : inner].map((each) =>
    gatesOf(each, 3),
  );
  const [z, r] = [0, 1].map((gate) => recurrentActivate(add(x[gate], own[gate])));
  return { z, candidate: activate(add(x[2], mul(r, own[2]))) };
}

function gatedBefore({ product, h, recurrentKernel, activate, recurrentActivate }: CellContext): Gated {
  const [units] = recurrentKernel.shape;
  const x = gatesOf(product, 3);
  const own = gatesOf(matmul(h, slice(recurrentKernel, [0, 0], [units, 2 * units])), 2);
  const [z, r] = own.map((each, gate) => recurrentActivate(add(x[gate], each)));
  const reset = matmul(mul(r, h), slice(recurrentKernel, [0, 2 * units], [units, units]));
  return { z, candidate: activate(add(x[2], reset)) };
}

/**
 * The gated recurrent unit, Keras' `GRU`: hₜ = z hₜ₋₁ + (1 − z) · candidate, with an update gate z and a reset gate r that
 * decides how much of hₜ₋₁ the candidate sees. [rows, steps, features] → [rows, units], or [rows, steps, units] with
 * `returnSequences`. The columns of its kernels are, as in Keras, those of the update gate, the reset gate, the candidate.
 *
 * @param units - numbers of a state, a positive integer
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names; where it is applied,
 * `invalid_shape` for rows that are no sequences
 * @see K. Cho and others, "Learning phrase representations using RNN encoder–decoder", EMNLP 2014
 * @example
 * ```ts
 * const layer = gru(8, { returnSequences: true });
 * layer.outputShape([12, 3]); // [12, 8]
 * layer.parameters([12, 3]).map(({ shape }) => shape); // [[3, 24], [8, 24], [2, 24]]
 * ```
 */
export function gru(units: number, options: GRUOptions = {}): Layer {
  checkOptions(options, "gru", GRU_OPTIONS);
  const { resetAfter = true } = options;
  must(typeof resetAfter === "boolean", "resetAfter", "true or false", resetAfter);
  return recurrentLayer(cellOf(resetAfter), units, options, [resetAfter]);
}

const GRU_OPTIONS: OptionNames<GRUOptions> = { ...GATED_OPTIONS, resetAfter: true };
