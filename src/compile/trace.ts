/**
 * Runs user code once, on values instead of numbers, and records the step that it
 * describes. It does not transform the graph.
 */

import { check, show } from "../errors.js";
import { Graph, Value } from "../graph/graph.js";
import { MAX_STREAMS } from "../graph/opcodes/block.js";
import { input } from "../graph/operations/leaves.js";
import { ROWS, type Shape, showShape } from "../graph/shape.js";
import type { StepGraph } from "./program.js";

/** What a step is given. */
export interface Signature {
  /** Arrays that the host writes before a run, such as hyperparameters: name → shape. */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** Matrices of data, of which each step gets one batch: name → columns. */
  readonly streams?: Readonly<Record<string, number>>;
  /** Arrays kept from step to step: name → shape. */
  readonly state?: Readonly<Record<string, Shape>>;
}

/** What user code sees: a value a name. */
export interface StepValues {
  /** For functions without operands, such as `step(graph)`. */
  readonly graph: Graph;
  /** Of the shapes of the signature. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Batches, of shape [ROWS, columns]. */
  readonly streams: Readonly<Record<string, Value>>;
  /** As the step before left it. */
  readonly state: Readonly<Record<string, Value>>;
}

/** What a step leaves. */
export interface StepResults {
  /** The new value of each array of the state; one left out keeps its value. */
  readonly state?: Readonly<Record<string, Value>>;
  /** Arrays that the host may read after a run: those of the last step. */
  readonly outputs?: Readonly<Record<string, Value>>;
  /** Rows to be written to matrices, one batch a step: values of shape [ROWS, columns]. */
  readonly streams?: Readonly<Record<string, Value>>;
}

/**
 * Calls `write` once and checks what it returns.
 *
 * @throws FettleError `invalid_shape` where state changes shape or streams are not [ROWS, columns],
 * `invalid_argument` where two arrays or streams have one name or a result is no value of this step.
 */
export function trace(signature: Signature, write: (values: StepValues) => StepResults): StepGraph {
  const graph = new Graph();
  const declare = (shapes: Readonly<Record<string, Shape>> = {}): Record<string, Value> =>
    mapValues(shapes, (shape, name) => input(graph, name, shape));
  const inputs = declare(signature.inputs);
  const state = declare(signature.state);
  const streams = declare(mapValues(signature.streams ?? {}, (columns) => [ROWS, columns]));
  const results = write({ graph, inputs, streams, state });

  const idOf = (value: Value, name: string): number => {
    check(
      value instanceof Value && value.graph === graph,
      () => `the step's "${name}" must be a value written in this step, got ${show(value)}`,
    );
    return value.id;
  };
  for (const given of [results.state, results.outputs, results.streams]) {
    for (const [name, value] of Object.entries(given ?? {})) idOf(value, name);
  }
  const named = [inputs, state, streams, results.outputs ?? {}, results.streams ?? {}].flatMap(Object.keys);
  const twice = named.find((name, i) => named.indexOf(name) < i);
  check(twice === undefined, () => `two arrays or streams of the step have the name ${show(twice)}`);
  for (const [name, value] of Object.entries(results.state ?? {})) {
    check(
      Object.hasOwn(state, name),
      () => `the step returns state "${name}", which its signature does not have`,
    );
    check(
      String(value.shape) === String(state[name].shape),
      () =>
        `state "${name}" is ${showShape(state[name].shape)} and a step may not make it ${showShape(value.shape)}`,
      "invalid_shape",
    );
  }
  for (const [name, { shape }] of [...Object.entries(state), ...Object.entries(inputs)]) {
    check(
      !shape.includes(ROWS),
      () => `"${name}" is kept between batches and cannot have rows in its shape ${showShape(shape)}`,
      "invalid_shape",
    );
  }
  for (const [name, { shape }] of Object.entries(results.streams ?? {})) {
    check(
      shape.length === 2 && shape[0] === ROWS && shape[1] !== ROWS,
      () => `stream "${name}" must be [rows, columns], got ${showShape(shape)}`,
      "invalid_shape",
    );
  }
  const streamCount = Object.keys(streams).length + Object.keys(results.streams ?? {}).length;
  check(streamCount <= MAX_STREAMS, `a step has at most ${MAX_STREAMS} streams, got ${streamCount}`);
  return {
    nodes: graph.nodes,
    inputs: mapValues(inputs, idOf),
    streamsIn: mapValues(streams, idOf),
    state: mapValues(state, (value, name) => ({
      input: value.id,
      output: idOf(results.state?.[name] ?? value, name),
    })),
    outputs: mapValues(results.outputs ?? {}, idOf),
    streamsOut: mapValues(results.streams ?? {}, idOf),
  };
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
