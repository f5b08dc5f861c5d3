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
import { type Shape, sizeOf } from "../../../graph/shape.js";
import { mapValues } from "../../../records.js";
import type { ActivationFunction } from "../../activations.js";
import { dropoutMask } from "../dropout.js";
import type { LayerContext } from "../layer.js";
import { type Biases, type Cell, gatesOf, resultOf } from "./cell.js";

/** How the steps of rows that are images are read: a state has a place for each window of a step. */
export interface Space {
  /** Places of a row. */
  readonly places: number;
  /**
   * All steps, [steps · rows, ...lengths, channels], as lines: [steps · rows · places, numbers of a window].
   */
  windows(x: Value): Value;
  /** A state, [rows · places, units], as lines for the recurrent kernel. */
  recurrentWindows(h: Value): Value;
}

/** How a cell is applied over the steps. */
export interface Way {
  readonly activate: ActivationFunction;
  readonly recurrentActivate: ActivationFunction;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
  /** Default: steps are vectors, and a row has one place. */
  readonly space?: Space | undefined;
}

/** The result of a cell for a sequence. */
export interface Unrolled {
  /** Its result after the last step, [rows · places, columns]. */
  readonly last: Value;
  /** With `returnSequences`: its result after each step, [steps, rows · places, columns]. */
  readonly all: Value | undefined;
}

/**
 * Applies a cell to each step of a batch, from the states that follow the sequence among the inputs, or from
 * 0. A step with a mask of 0 leaves them unchanged.
 */
export function unroll(cell: Cell, context: LayerContext, way: Way): Unrolled {
  const { x, inputs: given, masks, parameters } = context;
  const { space } = way;
  const [rows, , ...step] = x.shape;
  const recurrentKernel = matrixOf(parameters.recurrentKernel);
  const units = recurrentKernel.shape[1] / cell.gates;
  const lines = rows * (space?.places ?? 1);
  const { inputs: biases = [], recurrent: recurrentBias } = biasesOf(cell, parameters.bias);
  const kept = dropoutMasks(context, [lines, units]);
  const inputs = kept.inputs ? mul(x, reshape(kept.inputs, [rows, 1, ...step])) : x;
  const counts = masks?.[0] && countsOf(masks[0], lines);
  const [first] = cell.states;
  const products = inputProducts(inputs, matrixOf(parameters.kernel), cell.products, biases, space);
  const body = ({ carry: states, elements, shared }: ScanStep) => {
    const { counts: isCounted } = elements;
    const seen = shared.kept ? mul(states[first], shared.kept) : states[first];
    const after = cell.step({
      products: products.map((_, i) => elements[`product ${i}`]),
      states,
      activate: way.activate,
      recurrentActivate: way.recurrentActivate,
      h: space ? space.recurrentWindows(seen) : seen,
      recurrentKernel: shared.recurrentKernel,
      ...(shared.recurrentBias && { recurrentBias: shared.recurrentBias }),
    });
    const carry = isCounted
      ? mapValues(after, (state, name) => select(isCounted, state, states[name]))
      : after;
    return { carry, ...(way.returnSequences && { stacks: { all: resultOf(cell, carry) } }) };
  };
  const zeros = broadcastTo(constant(x.graph, 0), [lines, units]);
  // states side by side, or one by one
  const starts = given.slice(1).flatMap((state) => {
    const columns = state.shape[state.shape.length - 1];
    return gatesOf(reshape(state, [lines, columns]), columns / units);
  });
  const { carry, stacks } = scan(
    {
      carry: Object.fromEntries(cell.states.map((name, i) => [name, starts[i] ?? zeros])),
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
  return { last: resultOf(cell, carry), all: stacks.all };
}

/** A kernel of windows as one of their numbers in a line: [..., columns] → [numbers, columns]. */
function matrixOf(kernel: Value): Value {
  const { shape } = kernel;
  return shape.length === 2 ? kernel : reshape(kernel, [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]);
}

/** Which steps count, for each place of a row: [rows, steps] → [steps, lines, 1]. */
function countsOf(mask: Value, lines: number): Value {
  const [rows, steps] = mask.shape;
  const each = reshape(transpose(mask), [steps, rows, 1]);
  return reshape(broadcastTo(each, [steps, rows, lines / rows]), [steps, lines, 1]);
}

/**
 * x · kernel + bias for all steps at once, [rows, steps, ...] → so many arrays [steps, rows · places,
 * columns].
 */
function inputProducts(
  x: Value,
  kernel: Value,
  count: number,
  biases: readonly Value[],
  space: Space | undefined,
): Value[] {
  const [rows, steps, ...step] = x.shape;
  const stepsFirst = transpose(x, [1, 0, ...step.map((_, axis) => axis + 2)]);
  const all = reshape(stepsFirst, [steps * rows, ...step]);
  const lines = space ? space.windows(all) : all;
  return gatesOf(kernel, count).map((columns, i) => {
    const product = matmul(lines, columns);
    const sum = biases[i] ? add(product, biases[i]) : product;
    return reshape(sum, [steps, lines.shape[0] / steps, columns.shape[1]]);
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
  state: Shape,
): { readonly inputs?: Value; readonly state?: Value } {
  if (!training || !(dropout || recurrentDropout)) return {};
  const [rows, , ...step] = x.shape;
  const features = sizeOf(step);
  const units = (state[0] / rows) * state[1];
  // drawn together, because a stream yields its numbers once
  const draws = randomUniform(x.graph, [rows, features + units], stream);
  return {
    ...(dropout && { inputs: dropoutMask(slice(draws, [0, 0], [rows, features]), dropout) }),
    ...(recurrentDropout && {
      state: reshape(dropoutMask(slice(draws, [0, features], [rows, units]), recurrentDropout), state),
    }),
  };
}
