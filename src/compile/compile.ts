/** From a step as a function of values to a program: trace, simplify, materialize, fuse, plan, encode. */
import { check, must, mustBeInteger, mustBeList } from "../errors.js";
import { Value } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import { verifyGraph } from "../graph/verify.js";
import { encode } from "./encode.js";
import { lower } from "./lower.js";
import { PROGRAM_FORMAT, type Program, type Slot, type StepGraph, type Stream } from "./program.js";
import { type Signature, type StepResults, type StepValues, trace } from "./trace.js";

/**
 * Compiles one step, written in operations on values, for batches of at most `rows` rows.
 *
 * @param signature - names and shapes of the arrays that a step reads
 * @param rows - the most rows of a batch, a positive integer
 * @param write - called once, with values instead of numbers; returns new state, outputs and streams
 * @throws FettleError `invalid_shape` if shapes do not fit; `invalid_argument` for rows that are not a
 * positive integer, two arrays or streams of one name, and results that are not values of this step
 * @example
 * ```ts
 * // y ← y + x, once per step
 * const program = compileStep({ inputs: { x: [3] }, state: { y: [3] } }, 1, ({ inputs, state }) => ({
 *   state: { y: add(state.y, inputs.x) },
 * }));
 * const run = createEngine().start(program);
 * run.write("x", [1, 2, 3]);
 * run.advance(10);
 * run.read("y"); // [10, 20, 30]
 * ```
 */
export function compileStep(
  signature: Signature,
  rows: number,
  write: (values: StepValues) => StepResults,
): Program {
  return compileGraph(trace(signature, write), rows);
}

/** Compiles a traced step for batches of at most `rows` rows. */
export function compileGraph(graph: StepGraph, rows: number): Program {
  mustBeInteger("rows", rows);
  verifyGraph({ nodes: [...graph.nodes] }, "trace");
  const lowered = lower(graph, rows);
  const { step, plan: memory } = lowered;
  const streams: Stream[] = [
    ...Object.entries(step.streamsIn).map(([name, id]) => stream(name, id, "in")),
    ...Object.entries(step.streamsOut).map(([name, id]) => stream(name, id, "out")),
  ];
  function stream(name: string, id: number, direction: Stream["direction"]): Stream {
    return { name, columns: step.nodes[id].shape[1], direction };
  }
  const slot = ([name, id]: [string, number]): Slot => ({
    name,
    shape: step.nodes[id].shape,
    offset: memory.offsets.get(id) as number,
  });
  return {
    format: PROGRAM_FORMAT,
    rows,
    inputs: Object.entries(step.inputs).map(slot),
    state: Object.entries(step.state).map(([name, { input }]) => slot([name, input])),
    outputs: Object.entries(step.outputs).map(slot),
    streams,
    bytes: memory.bytes,
    stateOffset: memory.stateOffset,
    stateBytes: memory.stateBytes,
    code: encode(lowered, streams, rows),
    graph,
  };
}

/**
 * A compiled function: its program, and how many arguments and results it has. Plain data, like the program.
 */
export interface CompiledFunction<R extends Value | readonly Value[] = Value | readonly Value[]> {
  /** One step of it calls the function once. */
  readonly program: Program;
  /** How many arrays it takes. */
  readonly argumentCount: number;
  /** How many arrays it returns, if it returns a list. */
  readonly resultCount: R extends Value ? undefined : number;
}

/**
 * Compiles a function of values to a program that `engine.load` makes callable.
 *
 * @param fn - written in operations; called once, with values instead of numbers; returns a value or an array
 * of values
 * @param shapes - the shape of each argument; [] for a number
 * @throws FettleError `invalid_shape` if shapes do not fit; `invalid_argument` if `fn` returns no value
 * @example
 * ```ts
 * const norm = compile((x: Value) => sqrt(sum(square(x))), [3]);
 * const run = createEngine().load(norm);
 * run([1, 2, 2]).get(); // 3
 * ```
 */
export function compile<R extends Value | readonly Value[]>(
  fn: (...args: Value[]) => R,
  ...shapes: readonly Shape[]
): CompiledFunction<R> {
  must(typeof fn === "function", "fn", "a function of values", fn);
  for (const shape of shapes) mustBeList("a shape", shape, "a list of integers, [] for a number");
  let resultCount: number | undefined;
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`argument${i}`, shape]));
  const program = compileStep({ inputs }, 1, (values) => {
    const result = fn(...shapes.map((_, i) => values.inputs[`argument${i}`]));
    const results: readonly Value[] = result instanceof Value ? [result] : result;
    mustBeList("the result of a compiled function", results, "a value or a list of values");
    check(
      results.length > 0,
      "a compiled function must return a value or a non-empty array of values; received []",
    );
    if (!(result instanceof Value)) resultCount = results.length;
    return { outputs: Object.fromEntries(results.map((value, i) => [`result${i}`, value])) };
  });
  const count = resultCount as CompiledFunction<R>["resultCount"];
  return { program, argumentCount: shapes.length, resultCount: count };
}
