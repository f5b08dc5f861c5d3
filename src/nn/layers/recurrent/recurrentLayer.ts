/**
 * The common parts of recurrent layers: options, weights and shapes. A cell and its options become a layer.
 */

import { check, mustBeInteger } from "../../../errors.js";
import { reshape, transpose } from "../../../graph/functions.js";
import { type Shape, sameShape, showShape } from "../../../graph/shape.js";
import { flag, inFloat32, number, type OptionRules, type ReadOptions } from "../../../rules.js";
import { type Activation, activationName, getActivation } from "../../activations.js";
import type { ConstraintLike } from "../../weights/constraints.js";
import { getInitializer, type Initializer } from "../../weights/initializers.js";
import type { Regularizer, RegularizerName } from "../../weights/regularizers.js";
import { arrayRules } from "../arrayRules.js";
import { arrayOptions, arraysOf } from "../arrays.js";
import { builtIn, type Layer, type LayerDefinition, type ParameterSpec } from "../layer.js";
import { mustBeSequence } from "../sequence.js";
import type { Cell } from "./cell.js";
import { type Space, unroll } from "./unroll.js";

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

export const RECURRENT_RULES = {
  activation: [true, "tanh"],
  useBias: [flag, true],
  returnSequences: [flag, false],
  goBackwards: [flag, false],
  dropout: [inFloat32(number("[0, 1)")), 0],
  recurrentDropout: [inFloat32(number("[0, 1)")), 0],
  ...arrayRules("kernel"),
  ...arrayRules("recurrent"),
  recurrentInitializer: [true, "orthogonal"],
  ...arrayRules("bias"),
  biasInitializer: [true, "zeros"],
} satisfies OptionRules<RecurrentOptions>;
export const GATED_RULES = {
  ...RECURRENT_RULES,
  recurrentActivation: true,
} satisfies OptionRules<GatedOptions>;

/** What a step of a row is, and with it the arrays and results of a layer. */
interface Form {
  /** The sizes of its options, as in a file. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The columns of a state. */
  readonly units: number;
  /** The lengths of windows; none if steps are vectors. */
  readonly window: Shape;
  /** The lengths of a state for rows of a shape, without its columns. @throws FettleError `invalid_shape` */
  lengths(shape: Shape): Shape;
  space?(shape: Shape): Space;
  /** What else determines the behavior. */
  readonly recipe: readonly unknown[];
}

/** Steps that are vectors. */
export function vectors({ type }: Cell, units: number): Form {
  mustBeInteger("`units`", units);
  return {
    options: { units },
    units,
    window: [],
    lengths(shape) {
      mustBeSequence(type, shape);
      return [];
    },
    recipe: [],
  };
}

/**
 * A layer of a cell.
 *
 * @param options - as the user gave them
 * @param read - the same, read
 * @param recipe - what else determines the behavior of the cell
 * @throws FettleError `invalid_argument` for options out of range, `unknown_name` for names
 */
export function recurrentLayer(
  cell: Cell,
  form: Form,
  options: GatedOptions,
  read: ReadOptions<GatedOptions, typeof RECURRENT_RULES>,
  recipe: readonly unknown[] = [],
): Layer {
  const { units, window } = form;
  const { useBias, returnSequences, goBackwards, activation, recurrentActivation = "sigmoid" } = read;
  const [activate, recurrentActivate] = [activation, recurrentActivation].map(getActivation);
  const arrays = arraysOf({
    kernel: arrayOptions(read, "kernel"),
    recurrentKernel: arrayOptions(read, "recurrent"),
    ...(useBias && { bias: arrayOptions(read, "bias") }),
  });
  const biasSpec = (): ParameterSpec => {
    const spec = arrays.spec("bias", cell.biasShape(units));
    return { ...spec, initializer: cell.startBias?.(getInitializer(spec.initializer)) ?? spec.initializer };
  };
  // a rate of 0 leaves no trace in the program
  const { dropout, recurrentDropout } = read;
  const rates = { ...(dropout > 0 && { dropout }), ...(recurrentDropout > 0 && { recurrentDropout }) };
  const layer: LayerDefinition = {
    type: cell.type,
    hyperparameters: { ...rates, ...arrays.hyperparameters },
    penalty: arrays.penalty,
    outputShape(shape, ...states) {
      const lengths = form.lengths(shape);
      mustBeStates(cell, [...lengths, units], states);
      const result = [...lengths, cell.returnState ? cell.states.length * units : units];
      return returnSequences ? [shape[0], ...result] : result;
    },
    parameters: (shape) => [
      arrays.spec("kernel", [...window, shape[shape.length - 1], cell.gates * units]),
      arrays.spec("recurrentKernel", [...window, units, cell.gates * units]),
      ...(useBias ? [biasSpec()] : []),
    ],
    call(context) {
      const [rows, ...row] = context.x.shape;
      const { last, all } = unroll(cell, context, {
        activate,
        recurrentActivate,
        goBackwards,
        returnSequences,
        space: form.space?.(row),
      });
      const lengths = form.lengths(row);
      const shape = [rows, ...lengths, last.shape[1]];
      if (all === undefined) return reshape(last, shape);
      const order = [1, 0, ...shape.slice(1).map((_, axis) => axis + 2)];
      return transpose(reshape(all, [row[0], ...shape]), order);
    },
    // a length of images may equal the number of steps
    ...(window.length > 0 && { mask: ({ masks: [mask] = [] }) => (returnSequences ? mask : undefined) }),
  };
  const parts = [
    ...[units, useBias, returnSequences, goBackwards, Object.keys(rates)],
    ...[activate, recurrentActivate].map(activationName),
    ...arrays.recipe,
    ...recipe,
    ...form.recipe,
  ];
  return builtIn({ ...layer, several: true }, parts, { ...form.options, ...options });
}

/** Accepts no initial states, or all states of the cell: one by one, or side by side. */
function mustBeStates({ type, states }: Cell, state: Shape, shapes: readonly Shape[]): void {
  const units = state[state.length - 1];
  const areOf = (count: number, columns: number): boolean =>
    shapes.length === count && shapes.every((shape) => sameShape(shape, state.with(-1, columns)));
  const fits = areOf(states.length, units) || areOf(1, states.length * units);
  check(
    shapes.length === 0 || fits,
    () =>
      `${type} must take a sequence, and optionally its first state ${states.map((name) => `${name} ${showShape(state)}`).join(", ")}; received ${shapes.map(showShape).join(", ")} in addition to the sequence`,
    "invalid_shape",
  );
}
