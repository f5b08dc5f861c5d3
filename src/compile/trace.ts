/**
 * Runs user code once, on values instead of numbers, and records the step that it
 * describes. It does not transform the graph.
 */
import { check, must, mustBeRecord, show } from "../errors.js";
import { Graph, isNode, Value } from "../graph/graph.js";
import { MAX_STREAMS } from "../graph/opcodes/block.js";
import { reshape } from "../graph/operations/broadcast.js";
import { flush } from "../graph/operations/elementwise.js";
import { input } from "../graph/operations/leaves.js";
import { concat } from "../graph/operations/moves.js";
import { hasRows, ROWS, type Shape, showShape } from "../graph/shape.js";
import { mapValues } from "../records.js";
import type { StepGraph } from "./program.js";

/** The arrays that a step reads and keeps. */
export interface Signature {
  /** Arrays that the host writes before a run, such as hyperparameters: name → shape. */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** Matrices of data, of which each step gets one batch: name → columns. */
  readonly streams?: Readonly<Record<string, number>>;
  /** Arrays kept from step to step: name → shape. */
  readonly state?: Readonly<Record<string, Shape>>;
}

/** What user code receives: a value for each name. */
export interface StepValues {
  /** For functions without operands, such as `step(graph)`. */
  readonly graph: Graph;
  /** With the shapes of the signature. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Batches, of shape [ROWS, columns]. */
  readonly streams: Readonly<Record<string, Value>>;
  /** As the previous step left it. */
  readonly state: Readonly<Record<string, Value>>;
}

/** The results of a step. */
export interface StepResults {
  /**
   * The new value of each array of the state; one left out keeps its value. Denormal numbers of float32,
   * those below 2⁻¹²⁶, are kept as 0: arithmetic on them is slow.
   */
  readonly state?: Readonly<Record<string, Value>>;
  /** Arrays that the host may read after a run: those of the last step. */
  readonly outputs?: Readonly<Record<string, Value>>;
  /** Rows to be written to matrices, one batch per step: values of shape [ROWS, columns]. */
  readonly streams?: Readonly<Record<string, Value>>;
}

/**
 * Calls `write` once and checks what it returns.
 *
 * @param graph - an empty one
 * @throws FettleError `invalid_shape` if state changes shape or streams are not [ROWS, columns],
 * `invalid_argument` if two arrays or streams have one name or a result is not a value of this step.
 */
export function trace(
  signature: Signature,
  write: (values: StepValues) => StepResults,
  graph = new Graph(),
): StepGraph {
  mustBeRecord("signature", signature);
  must(typeof write === "function", "write", "a function", write);
  const declare = (shapes: Readonly<Record<string, Shape>> = {}): Record<string, Value> =>
    mapValues(shapes, (shape, name) => input(graph, name, shape));
  const inputs = declare(signature.inputs);
  const state = declare(signature.state);
  const streams = declare(mapValues(signature.streams ?? {}, (columns) => [ROWS, columns]));
  const results = write({ graph, inputs, streams, state });
  mustBeRecord("the results of a step", results);

  const idOf = (value: Value, name: string): number => {
    must(
      value instanceof Value && value.graph === graph,
      `the step's "${name}"`,
      "a value of this step",
      value,
    );
    return value.id;
  };
  for (const given of [results.state, results.outputs, results.streams]) {
    for (const [name, value] of Object.entries(given ?? {})) idOf(value, name);
  }
  const named = [inputs, state, streams, results.outputs ?? {}, results.streams ?? {}].flatMap(Object.keys);
  const twice = named.find((name, i) => named.indexOf(name) < i);
  check(
    twice === undefined,
    () => `arrays and streams of a step must have different names; received ${show(twice)} twice`,
  );
  for (const [name, value] of Object.entries(results.state ?? {})) {
    check(
      Object.hasOwn(state, name),
      () => `the state that a step returns must be in its signature; received "${name}"`,
    );
    check(
      String(value.shape) === String(state[name].shape),
      () =>
        `the new value of state "${name}" must have its shape ${showShape(state[name].shape)}; received ${showShape(value.shape)}`,
      "invalid_shape",
    );
  }
  for (const [name, { shape }] of [...Object.entries(state), ...Object.entries(inputs)]) {
    check(
      !hasRows(shape),
      () =>
        `"${name}" is kept between batches, so its shape must not contain ROWS; received ${showShape(shape)}`,
      "invalid_shape",
    );
  }
  for (const [name, { shape }] of Object.entries(results.streams ?? {})) {
    check(
      shape.length === 2 && shape[0] === ROWS && shape[1] > 0,
      () => `stream "${name}" must be [rows, columns]; received ${showShape(shape)}`,
      "invalid_shape",
    );
  }
  const streamCount = Object.keys(streams).length + Object.keys(results.streams ?? {}).length;
  check(
    streamCount <= MAX_STREAMS,
    `a step must have at most ${MAX_STREAMS} streams; received ${streamCount}`,
  );
  return {
    nodes: graph.nodes,
    inputs: mapValues(inputs, idOf),
    streamsIn: mapValues(streams, idOf),
    state: mapValues(state, (value, name) => {
      const next = results.state?.[name] ?? value;
      return { input: value.id, output: next.id === value.id ? value.id : kept(next).id };
    }),
    outputs: mapValues(results.outputs ?? {}, idOf),
    streamsOut: mapValues(results.streams ?? {}, idOf),
  };
}

/** A new value for state: without denormal numbers, which are flushed where its parts are computed. */
function kept(value: Value): Value {
  const { graph, node } = value;
  const parts = node.inputs.map((id) => new Value(graph, id));
  if (isNode(node, "concat")) return concat(parts.map(kept), node.attributes.axis);
  if (isNode(node, "reshape")) return reshape(kept(parts[0]), node.shape);
  return node.op === "flush" || node.op === "flushRoot" ? value : flush(value);
}
