/**
 * Leaves: nodes without inputs. Their values come from the host, from the program or from the run.
 *
 * @example
 * ```ts
 * const shifted = compile((x: Value) => add(x, constant(x.graph, [10, 20])), [2]);
 * createEngine().load(shifted)([1, 2]); // [11, 22]
 * ```
 */
import { check, must } from "../../errors.js";
import { splitSeed, uniformF32 } from "../../numerics/philox.js";
import { type Graph, isNode, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import {
  checkShape,
  extent,
  fixed,
  hasRows,
  ROWS,
  resolve,
  type Shape,
  showShape,
  sizeOf,
} from "../shape.js";
import { append, type Operand } from "./append.js";
import type { Rows } from "./operation.js";

type Names = "input" | "constant" | "count" | "randomUniform" | "step";

const noGradients = () => [];

const rows: Rows<Names> = {
  /** From the host or a data stream, or kept from the previous step. */
  input: {
    shape(_, { name, shape }) {
      checkShape(shape, `input "${name}"`);
      return shape;
    },
    gradient: noGradients,
    reference: ({ attributes, environment }) => environment.input(attributes.name),
    lowering: { leaf: true },
  },
  /** Values known when the graph is written. */
  constant: {
    shape(_, { shape, values }) {
      checkShape(shape, "constant");
      check(
        values.length === sizeOf(shape),
        () =>
          `a constant of shape ${showShape(shape)} must have ${sizeOf(shape)} values; received ${values.length}`,
        "invalid_shape",
      );
      return shape;
    },
    gradient: noGradients,
    reference: ({ attributes }) => Float64Array.from(attributes.values),
    lowering: { instruction: Opcode.Literal },
  },
  /** How many elements a shape has, once the rows of the batch are known: a scalar. */
  count: {
    shape: () => [],
    gradient: noGradients,
    reference: ({ attributes, environment }) =>
      Float64Array.of(resolve(extent(attributes.of), environment.rows)),
    lowering: { instruction: Opcode.Literal },
  },
  /** Independent uniform numbers in [0, 1), multiples of 2⁻²⁴, new at each step: a pure function of
   * (seed, stream, step, index). */
  randomUniform: {
    shape(_, { shape, stream }) {
      checkShape(shape, "randomUniform");
      must(
        Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32 - 1,
        "the stream of randomUniform",
        "an integer from 0 to 2³² − 2",
        stream,
      );
      return shape;
    },
    gradient: noGradients,
    reference({ attributes, shape, environment }) {
      const [lo, hi] = splitSeed(environment.seed);
      return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
        uniformF32(i, attributes.stream, environment.step, lo, hi),
      );
    },
    lowering: {
      instruction: Opcode.RandomUniform,
      operands: ({ shape, attributes: { stream } }) => ({
        [Opcode.RandomTarget]: "result",
        [Opcode.RandomCount]: extent(shape),
        [Opcode.RandomStream]: fixed(stream),
      }),
    },
  },
  /** The number of this step, from 1: a scalar. */
  step: {
    shape: () => [],
    gradient: noGradients,
    reference: ({ environment }) => Float64Array.of(environment.step + 1),
    lowering: { instruction: Opcode.Step, operands: () => ({ [Opcode.StepTarget]: "result" }) },
  },
};

export default rows;

/** A named value from outside the graph. */
export function input(graph: Graph, name: string, shape: Shape): Value {
  return append("input", rows.input, [], { name, shape }, graph);
}

const isListLike = (values: unknown): boolean => Array.isArray(values) || ArrayBuffer.isView(values);

/**
 * Numbers that are known when the graph is written.
 *
 * @param values - one number, a scalar; or a flat array, row-major
 * @param shape - default: [] for one number, [values.length] for an array
 * @throws FettleError `invalid_shape` unless there are as many numbers as the shape has elements
 */
export function constant(graph: Graph, values: number | readonly number[], shape?: Shape): Value {
  // a copy, since a graph must not change with the caller's array
  const isNumber = typeof values === "number";
  must(isNumber || isListLike(values), "values", "a number or a list", values);
  const list = isNumber ? [values] : Array.from(values);
  return append(
    "constant",
    rows.constant,
    [],
    { values: list, shape: shape ?? (isNumber ? [] : [list.length]) },
    graph,
  );
}

/** The number of elements of `x` as a scalar; it may depend on the rows of the batch. */
export function count(x: Value): Value {
  return hasRows(x.shape)
    ? append("count", rows.count, [], { of: x.shape }, x.graph)
    : constant(
        x.graph,
        x.shape.reduce((a, b) => a * b, 1),
      );
}

/** The number of rows of the batch as a scalar. */
export function rowCount(graph: Graph): Value {
  return append("count", rows.count, [], { of: [ROWS] }, graph);
}

/**
 * Independent uniform numbers in [0, 1), multiples of 2⁻²⁴, new at each step: a function of only the run's
 * seed, `stream`, the step and the element's index, by Philox (J. Salmon and others, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). It has no gradient.
 *
 * @param stream - distinguishes uses: an integer in [0, 2³² − 2]; nodes with the same stream draw the same
 * numbers
 * @throws FettleError `invalid_argument` for another stream
 */
export function randomUniform(graph: Graph, shape: Shape, stream: number): Value {
  return append("randomUniform", rows.randomUniform, [], { shape, stream }, graph);
}

/** The number of this step of the run, from 1, as a scalar. */
export function step(graph: Graph): Value {
  return append("step", rows.step, [], {}, graph);
}

/** An operand as a value of `graph`. */
export function lift(operand: Operand, graph: Graph): Value {
  if (operand instanceof Value) return operand;
  must(typeof operand === "number", "an operand", "a value or a number", operand);
  return constant(graph, operand);
}

/** The number behind a scalar constant, or undefined. */
export function constantValue(value: Value): number | undefined {
  const node = value.node;
  return isNode(node, "constant") && node.attributes.values.length === 1
    ? node.attributes.values[0]
    : undefined;
}
