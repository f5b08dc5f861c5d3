/**
 * The one engine of recurrent layers: a cell over [rows, steps, features]. The products of the inputs are
 * made for all steps at once, before the loop; the cell has the rest of each step.
 */
import {
  add,
  broadcastTo,
  constant,
  matmul,
  mul,
  randomUniform,
  reshape,
  select,
  slice,
  transpose,
} from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import { type ScanStep, scan } from "../../../graph/scan.js";
import { mapValues } from "../../../records.js";
import type { ActivationFunction } from "../../activations.js";
import { dropoutMask } from "../dropout.js";
import type { LayerContext } from "../layer.js";
import { type Biases, type Cell, gatesOf } from "./cell.js";

/** How a cell is applied over the steps. */
export interface Way {
  readonly activate: ActivationFunction;
  readonly recurrentActivate: ActivationFunction;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
}

/** The result of a cell for a sequence. */
export interface Unrolled {
  /** Its states after the last step, by name, [rows, units]. */
  readonly last: Readonly<Record<string, Value>>;
  /** With `returnSequences`: the first of them after each step, [steps, rows, units]. */
  readonly all: Value | undefined;
}

/**
 * Applies a cell to each step of a batch, from the states that follow the sequence among the inputs, or from
 * 0. A step with a mask of 0 leaves them unchanged.
 */
export function unroll(cell: Cell, context: LayerContext, way: Way): Unrolled {
  const { x, inputs: given, masks, parameters } = context;
  const { recurrentKernel } = parameters;
  const [rows, steps] = x.shape;
  const [units] = recurrentKernel.shape;
  const { inputs: biases = [], recurrent: recurrentBias } = biasesOf(cell, parameters.bias);
  const kept = dropoutMasks(context, units);
  const inputs = kept.inputs ? mul(x, reshape(kept.inputs, [rows, 1, x.shape[2]])) : x;
  const counts = masks?.[0] && reshape(transpose(masks[0]), [steps, rows, 1]);
  const [first] = cell.states;
  const products = inputProducts(inputs, parameters.kernel, cell.products, biases);
  const body = ({ carry: states, elements, shared }: ScanStep) => {
    const { counts: isCounted } = elements;
    const after = cell.step({
      products: products.map((_, i) => elements[`product ${i}`]),
      states,
      activate: way.activate,
      recurrentActivate: way.recurrentActivate,
      h: shared.kept ? mul(states[first], shared.kept) : states[first],
      recurrentKernel: shared.recurrentKernel,
      ...(shared.recurrentBias && { recurrentBias: shared.recurrentBias }),
    });
    const carry = isCounted
      ? mapValues(after, (state, name) => select(isCounted, state, states[name]))
      : after;
    return { carry, ...(way.returnSequences && { stacks: { all: carry[first] } }) };
  };
  const zeros = broadcastTo(constant(x.graph, 0), [rows, units]);
  const { carry, stacks } = scan(
    {
      carry: Object.fromEntries(cell.states.map((name, i) => [name, given[i + 1] ?? zeros])),
      sequences: {
        ...Object.fromEntries(products.map((product, i) => [`product ${i}`, product])),
        ...(counts && { counts }),
      },
      shared: {
        recurrentKernel,
        ...(recurrentBias && { recurrentBias }),
        ...(kept.state && { kept: kept.state }),
      },
      reverse: way.goBackwards,
    },
    body,
  );
  return { last: carry, all: stacks.all };
}

/**
 * x · kernel + bias for all steps at once, [rows, steps, features] → so many arrays [steps, rows, columns].
 */
function inputProducts(x: Value, kernel: Value, count: number, biases: readonly Value[]): Value[] {
  const [rows, steps, features] = x.shape;
  const lines = reshape(transpose(x, [1, 0, 2]), [steps * rows, features]);
  return gatesOf(kernel, count).map((columns, i) => {
    const product = matmul(lines, columns);
    return reshape(biases[i] ? add(product, biases[i]) : product, [steps, rows, columns.shape[1]]);
  });
}

/** Empty for a cell without a bias. */
function biasesOf(cell: Cell, bias: Value | undefined): Partial<Biases> {
  if (bias === undefined) return {};
  return cell.biases?.(bias) ?? { inputs: [bias] };
}

/**
 * The dropout factors of a batch for features and for the state, the same at each step; undefined without
 * dropout.
 */
function dropoutMasks(
  { x, hyperparameters: { dropout, recurrentDropout }, training, stream }: LayerContext,
  units: number,
): { readonly inputs?: Value; readonly state?: Value } {
  if (!training || !(dropout || recurrentDropout)) return {};
  const [rows, , features] = x.shape;
  // drawn together, because a stream yields its numbers once
  const draws = randomUniform(x.graph, [rows, features + units], stream);
  return {
    ...(dropout && { inputs: dropoutMask(slice(draws, [0, 0], [rows, features]), dropout) }),
    ...(recurrentDropout && {
      state: dropoutMask(slice(draws, [0, features], [rows, units]), recurrentDropout),
    }),
  };
}
