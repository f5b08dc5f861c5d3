/**
 * The common parts of recurrent layers: options, weights and shapes. A cell and its options become a layer.
 */
import { check, must, mustBeInteger, type OptionNames } from "../../../errors.js";
import { transpose } from "../../../graph/functions.js";
import { type Shape, showShape } from "../../../graph/shape.js";
import { type Activation, activationName, getActivation } from "../../activations.js";
import type { ConstraintLike } from "../../constraints.js";
import { getInitializer, type Initializer } from "../../initializers.js";
import type { Regularizer, RegularizerName } from "../../regularizers.js";
import { arrayOptions, arraysOf } from "../arrays.js";
import { builtIn, type Layer, type LayerDefinition, type ParameterSpec } from "../layer.js";
import { mustBeSequence } from "../sequence.js";
import type { Cell } from "./cell.js";
import { unroll } from "./unroll.js";

/** Options of every recurrent layer. */
export interface RecurrentOptions {
  /** The activation of a step: a name or a function of a value. Default `tanh`. */
  readonly activation?: Activation;
  /** Whether biases are added. Default true. */
  readonly useBias?: boolean;
  /**
   * Whether the result is the state after each step, [rows, steps, units], instead of after the last, [rows,
   * units]. Default false.
   */
  readonly returnSequences?: boolean;
  /**
   * Whether it starts at the last step. The state after a step stays in its place, whereas Keras returns them
   * reversed. Default false.
   */
  readonly goBackwards?: boolean;
  /**
   * The share of features that are 0 while training, in [0, 1): the same at each step of a row, new in each
   * batch. An input of the program. Default 0.
   */
  readonly dropout?: number;
  /**
   * The share of the state that the recurrent kernel sees as 0 while training, in [0, 1): the same at each
   * step of a row and for each gate, new in each batch. An input of the program. Default 0.
   *
   * @see Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural
   * networks", NeurIPS 2016
   */
  readonly recurrentDropout?: number;
  /** Default `glorotUniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `orthogonal`. */
  readonly recurrentInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  /** A penalty on the kernel. Default: no penalty. */
  readonly kernelRegularizer?: RegularizerName | Regularizer;
  /** A penalty on the recurrent kernel. Default: no penalty. */
  readonly recurrentRegularizer?: RegularizerName | Regularizer;
  /** A penalty on the bias. Default: no penalty. */
  readonly biasRegularizer?: RegularizerName | Regularizer;
  /** A constraint on the kernel after each update, such as `maxNorm()`. Default: no constraint. */
  readonly kernelConstraint?: ConstraintLike;
  /** A constraint on the recurrent kernel. Default: no constraint. */
  readonly recurrentConstraint?: ConstraintLike;
  /** A constraint on the bias. Default: no constraint. */
  readonly biasConstraint?: ConstraintLike;
}

/** Options of recurrent layers with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** The activation of gates: a name or a function of a value. Default `sigmoid`. */
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
  kernelRegularizer: true,
  recurrentRegularizer: true,
  biasRegularizer: true,
  kernelConstraint: true,
  recurrentConstraint: true,
  biasConstraint: true,
};
export const GATED_OPTIONS: OptionNames<GatedOptions> = { ...RECURRENT_OPTIONS, recurrentActivation: true };

/**
 * A layer of a cell.
 *
 * @param options - with only known names
 * @param recipe - what else determines the behavior of the cell
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
  const given = { recurrentInitializer: "orthogonal", biasInitializer: "zeros", ...options } as const;
  const arrays = arraysOf({
    kernel: arrayOptions(given, "kernel"),
    recurrentKernel: arrayOptions(given, "recurrent"),
    ...(useBias && { bias: arrayOptions(given, "bias") }),
  });
  const biasSpec = (): ParameterSpec => {
    const spec = arrays.spec("bias", cell.biasShape(units));
    return { ...spec, initializer: cell.startBias?.(getInitializer(spec.initializer)) ?? spec.initializer };
  };
  const rates = ratesOf(options);
  const layer: LayerDefinition = {
    type: cell.type,
    hyperparameters: { ...rates, ...arrays.hyperparameters },
    penalty: arrays.penalty,
    outputShape(shape, ...states) {
      mustBeSequence(cell.type, shape);
      mustBeStates(cell, units, states);
      return returnSequences ? [shape[0], units] : [units];
    },
    parameters: ([, features]) => [
      arrays.spec("kernel", [features, cell.gates * units]),
      arrays.spec("recurrentKernel", [units, cell.gates * units]),
      ...(useBias ? [biasSpec()] : []),
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
    ...[units, useBias, returnSequences, goBackwards, Object.keys(rates)],
    ...[activate, recurrentActivate].map(activationName),
    ...arrays.recipe,
    ...recipe,
  ];
  return builtIn(layer, parts, { units, ...options });
}

/** Accepts either no initial states or all states of the cell. */
function mustBeStates({ type, states }: Cell, units: number, shapes: readonly Shape[]): void {
  const fits = shapes.length === states.length && shapes.every((shape) => String(shape) === String(units));
  check(
    shapes.length === 0 || fits,
    () =>
      `${type} must take a sequence, and optionally its first state ${states.map((name) => `${name} [${units}]`).join(", ")}; received ${shapes.map(showShape).join(", ")} in addition to the sequence`,
    "invalid_shape",
  );
}

/** The dropouts in use: a rate of 0 adds nothing to the program. */
function ratesOf({ dropout = 0, recurrentDropout = 0 }: RecurrentOptions): Record<string, number> {
  const rates = Object.entries({ dropout, recurrentDropout });
  for (const [name, rate] of rates)
    must(typeof rate === "number" && rate >= 0 && rate < 1, name, "a number in [0, 1)", rate);
  return Object.fromEntries(rates.filter(([, rate]) => rate > 0));
}
