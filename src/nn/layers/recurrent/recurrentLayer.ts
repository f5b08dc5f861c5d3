/** What recurrent layers have in common: options, weights and shapes. A cell and its options become a layer. */
import { must, mustBeInteger, type OptionNames } from "../../../errors.js";
import { transpose } from "../../../graph/functions.js";
import { type Activation, activationName, getActivation } from "../../activations.js";
import { getInitializer, type Initializer, initializerRecipe } from "../../initializers.js";
import { builtIn, type Layer, type LayerDefinition } from "../layer.js";
import { mustBeSequence } from "../sequence.js";
import type { Cell } from "./cell.js";
import { unroll } from "./unroll.js";

/** Options of every recurrent layer. */
export interface RecurrentOptions {
  /** Of what a step adds: a name or a function of a value. Default `tanh`. */
  readonly activation?: Activation;
  /** Whether biases are added. Default true. */
  readonly useBias?: boolean;
  /** Whether the result is the state after each step, [rows, steps, units], rather than after the last, [rows, units]. Default false. */
  readonly returnSequences?: boolean;
  /** Whether it begins at the last step. The state after a step stays in its place, where Keras returns them reversed. Default false. */
  readonly goBackwards?: boolean;
  /**
   * The share of features that are 0 while training, in [0, 1): the same at each step of a row, new in each batch. An input of
   * the program. Default 0.
   */
  readonly dropout?: number;
  /**
   * The share of the state that the recurrent kernel sees as 0 while training, in [0, 1): the same at each step of a row and for each
   * gate, new in each batch. An input of the program. Default 0.
   *
   * @see Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", NeurIPS 2016
   */
  readonly recurrentDropout?: number;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `orthogonal`. */
  readonly recurrentInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
}

/** Options of recurrent layers with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** Of gates: a name or a function of a value. Default `sigmoid`. */
  readonly recurrentActivation?: Activation;
}

export const RECURRENT_OPTIONS: OptionNames<RecurrentOptions> = {
  activation: true,
  useBias: true,
  returnSequences: true,
  goBackwards: true,
  dropout: true,
  recurrentDropout: true,
  kernelInitializer: true,
  recurrentInitializer: true,
  biasInitializer: true,
};
export const GATED_OPTIONS: OptionNames<GatedOptions> = { ...RECURRENT_OPTIONS, recurrentActivation: true };

/**
 * A layer of a cell.
 *
 * @param options - with known names alone
 * @param recipe - what else decides what the cell does
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names
 */
export function recurrentLayer(
  cell: Cell,
  units: number,
  options: GatedOptions,
  recipe: readonly unknown[] = [],
): Layer {
  mustBeInteger("`units`", units);
  const { useBias = true, returnSequences = false, goBackwards = false } = options;
  for (const [name, value] of Object.entries({ useBias, returnSequences, goBackwards }))
    must(typeof value === "boolean", name, "true or false", value);
  const [activate, recurrentActivate] = [
    options.activation ?? "tanh",
    options.recurrentActivation ?? "sigmoid",
  ].map(getActivation);
  const starts = {
    kernel: getInitializer(options.kernelInitializer ?? "glorotUniform"),
    recurrent: getInitializer(options.recurrentInitializer ?? "orthogonal"),
    bias: getInitializer(options.biasInitializer ?? "zeros"),
  };
  const layer: LayerDefinition = {
    type: cell.type,
    hyperparameters: ratesOf(options),
    outputShape(shape) {
      mustBeSequence(cell.type, shape);
      return returnSequences ? [shape[0], units] : [units];
    },
    parameters: ([, features]) => [
      { name: "kernel", shape: [features, cell.gates * units], initializer: starts.kernel },
      { name: "recurrentKernel", shape: [units, cell.gates * units], initializer: starts.recurrent },
      ...(useBias
        ? [
            {
              name: "bias",
              shape: cell.biasShape(units),
              initializer: cell.startBias?.(starts.bias) ?? starts.bias,
            },
          ]
        : []),
    ],
    call(context) {
      const { last, all } = unroll(cell, context, {
        activate,
        recurrentActivate,
        goBackwards,
        returnSequences,
      });
      return all ? transpose(all, [1, 0, 2]) : last[cell.states[0]];
    },
  };
  const parts = [
    ...[units, useBias, returnSequences, goBackwards, Object.keys(layer.hyperparameters)],
    ...[activate, recurrentActivate].map(activationName),
    ...Object.values(starts).map(initializerRecipe),
    ...recipe,
  ];
  return builtIn(layer, parts, { units, ...options });
}

/** What dropout there is: a rate of 0 leaves no trace in the program. */
function ratesOf({ dropout = 0, recurrentDropout = 0 }: RecurrentOptions): Record<string, number> {
  const rates = Object.entries({ dropout, recurrentDropout });
  for (const [name, rate] of rates)
    must(typeof rate === "number" && rate >= 0 && rate < 1, name, "a number in [0, 1)", rate);
  return Object.fromEntries(rates.filter(([, rate]) => rate > 0));
}
