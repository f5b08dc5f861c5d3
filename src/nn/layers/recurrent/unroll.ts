/**
 * The one engine of recurrent layers: a cell over [rows, steps, features]. The products of the inputs are one matrix product
 * for all steps, before the loop; what is left for each step is in the cell.
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
import type { Cell } from "./cell.js";

/** How a cell goes over the steps. */
export interface Way {
  readonly activate: ActivationFunction;
  readonly recurrentActivate: ActivationFunction;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
}

/** What a cell makes of a sequence. */
export interface Unrolled {
  /** Its states after the last step, by name, [rows, units]. */
  readonly last: Readonly<Record<string, Value>>;
  /** With `returnSequences`: the first of them after each step, [steps, rows, units]. */
  readonly all: Value | undefined;
}

/**
 * Applies a cell to each step of a batch, from the states that come after the sequence among the inputs, or from 0. A step whose mask is 0
 * leaves them as they are.
 */
export function unroll(cell: Cell, context: LayerContext, way: Way): Unrolled {
  const { x, inputs: given, masks, parameters } = context;
  const { recurrentKernel } = parameters;
  const [rows, steps] = x.shape;
  const [units] = recurrentKernel.shape;
  const [bias, recurrentBias] = biasesOf(parameters.bias);
  const kept = dropoutMasks(context, units);
  const inputs = kept.inputs ? mul(x, reshape(kept.inputs, [rows, 1, x.shape[2]])) : x;
  const counts = masks?.[0] && reshape(transpose(masks[0]), [steps, rows, 1]);
  const [first] = cell.states;
  const body = ({ carry: states, elements, shared }: ScanStep) => {
    const { product, counts: isCounted } = elements;
    const after = cell.step({
      ...{ product, states, activate: way.activate, recurrentActivate: way.recurrentActivate },
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
      sequences: { product: inputProducts(inputs, parameters.kernel, bias), ...(counts && { counts }) },
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

/** x · kernel + bias for all steps at once, [rows, steps, features] → [steps, rows, columns]. */
function inputProducts(x: Value, kernel: Value, bias: Value | undefined): Value {
  const [rows, steps, features] = x.shape;
  const lines = reshape(transpose(x, [1, 0, 2]), [steps * rows, features]);
  const product = matmul(lines, kernel);
  return reshape(bias ? add(product, bias) : product, [steps, rows, kernel.shape[1]]);
}

/** The bias of the inputs, and that of the recurrent product if the cell has one. */
function biasesOf(bias: Value | undefined): readonly (Value | undefined)[] {
  if (bias === undefined || bias.shape.length === 1) return [bias];
  const [count, columns] = bias.shape;
  return Array.from({ length: count }, (_, i) => reshape(slice(bias, [i, 0], [1, columns]), [columns]));
}

/** What a batch keeps of features and of the state, at each step the same; undefined without dropout. */
function dropoutMasks(
  { x, hyperparameters: { dropout, recurrentDropout }, training, stream }: LayerContext,
  units: number,
): { readonly inputs?: Value; readonly state?: Value } {
  if (!training || !(dropout || recurrentDropout)) return {};
  const [rows, , features] = x.shape;
  // drawn together, since a stream gives its numbers once
  const draws = randomUniform(x.graph, [rows, features + units], stream);
  return {
    ...(dropout && { inputs: dropoutMask(slice(draws, [0, 0], [rows, features]), dropout) }),
    ...(recurrentDropout && {
      state: dropoutMask(slice(draws, [0, features], [rows, units]), recurrentDropout),
    }),
  };
}
