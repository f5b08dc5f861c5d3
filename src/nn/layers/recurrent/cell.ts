/**
 * The contract of a recurrent cell: data about its weights, and one step in operations. It knows neither time
 * nor rows; the layer around it does (`recurrentLayer.ts`).
 *
 * Kernels hold the columns of all gates side by side, in Keras' order.
 */
import { concat, slice } from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import type { Shape } from "../../../graph/shape.js";
import type { ActivationFunction } from "../../activations.js";
import type { InitializerFunction } from "../../weights/initializers.js";

/** One kind of recurrent cell. */
export interface Cell {
  /** The type of its layer. */
  readonly type: string;
  /** How many gates it has: its kernels are [features, gates · units] and [units, gates · units]. */
  readonly gates: number;
  /** How many arrays hold the products of the inputs: one for all gates, or one for each gate. */
  readonly products: number;
  /** Its states, each [rows, units]. The first is its result. */
  readonly states: readonly string[];
  /** Whether its result is all states, side by side. Default: the first. */
  readonly returnState?: boolean;
  /** The shape of its bias. */
  biasShape(units: number): Shape;
  /**
   * Which parts of its bias are added to each array of products, and which a step adds. Default: all to the
   * one array.
   */
  biases?(bias: Value): Biases;
  /** How its bias starts, from the user's initializer. Default: that initializer. */
  startBias?(initializer: InitializerFunction): InitializerFunction;
  /** The states after a step, by name. */
  step(context: CellContext): Readonly<Record<string, Value>>;
}

/** The parts of a bias, each a row that broadcasts. */
export interface Biases {
  /** The parts added to the products of the inputs, by array. */
  readonly inputs: readonly Value[];
  /** The parts that a step adds. */
  readonly recurrent?: Value;
}

/** The argument of a step. */
export interface CellContext {
  /** The inputs times their kernel, with the bias: [rows, gates · units], or [rows, units] for each gate. */
  readonly products: readonly Value[];
  /** Before the step, by name, [rows, units]. */
  readonly states: Readonly<Record<string, Value>>;
  /** The first state for the recurrent kernel: with dropout, if any. */
  readonly h: Value;
  /** [units, gates · units] */
  readonly recurrentKernel: Value;
  /** As `biases` returned it; otherwise undefined. */
  readonly recurrentBias?: Value;
  readonly activate: ActivationFunction;
  readonly recurrentActivate: ActivationFunction;
}

/** The states that a cell returns, side by side. */
export const resultOf = ({ states, returnState }: Cell, values: Readonly<Record<string, Value>>): Value =>
  returnState
    ? concat(
        states.map((name) => values[name]),
        -1,
      )
    : values[states[0]];

/** The columns of each gate, [rows, gates · units] → [rows, units] each; of a kernel or a bias too. */
export function gatesOf(x: Value, gates: number): Value[] {
  const [rows, columns] = x.shape;
  const units = columns / gates;
  return Array.from({ length: gates }, (_, gate) => slice(x, [0, gate * units], [rows, units]));
}
