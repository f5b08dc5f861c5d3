/**
 * Recurrences: a body that is applied once for each element of sequences, and carries values from one to the
 * next. It is written once, as a separate graph, and a program runs it as a loop (`operations/scan.ts`).
 */
import { check, must, mustBeRecord } from "../errors.js";
import { mapValues } from "../records.js";
import { Graph, Value } from "./graph.js";
import { bodyInput } from "./operations/loops.js";
import { scanCarry, scanNode, scanStack } from "./operations/scan.js";
import { type Shape, showShape } from "./shape.js";

/** The argument of a body for one element. */
export interface ScanStep {
  /** The result of the body for the previous element; at first, the initial carry of `scan`. */
  readonly carry: Readonly<Record<string, Value>>;
  /** The elements of the sequences, without their first axis. */
  readonly elements: Readonly<Record<string, Value>>;
  /** The same values for each element. */
  readonly shared: Readonly<Record<string, Value>>;
}

/** The result of a body. */
export interface ScanResult {
  /** With the names and shapes of the initial carry. */
  readonly carry: Readonly<Record<string, Value>>;
  /** Values that become sequences. */
  readonly stacks?: Readonly<Record<string, Value>>;
}

/** The inputs of a recurrence. */
export interface ScanOptions {
  readonly carry: Readonly<Record<string, Value>>;
  /** Values with the same first axis, [steps, ...]: at least one. */
  readonly sequences: Readonly<Record<string, Value>>;
  /** Further values that the body reads. It cannot read others. Default none. */
  readonly shared?: Readonly<Record<string, Value>>;
  /** Whether the last element comes first. Default false. */
  readonly reverse?: boolean;
}

/**
 * Applies a body to each element of sequences, one after the other: a loop, so a program for many steps is
 * not longer than for few. Returns the last carry, and the stacks, [steps, ...], in the order of the
 * elements. It has gradients of every order. Gradients of shared values are added up from the last step;
 * those of shared matrices that multiply elements or carries are one product over all steps.
 *
 * The body is called once. It must not draw random numbers: draw them for all steps, as a sequence. Values
 * that do not depend on a carry, such as the product of all elements with a matrix, are faster before the
 * loop.
 *
 * @param body - a function of only the values that it receives
 * @throws FettleError `invalid_shape` for sequences of different lengths, and for a carry that changes its
 * shape; `invalid_argument` without sequences, for results that are not values of the body, and for random
 * numbers in it
 * @example
 * ```ts
 * // sums of all elements so far
 * const sums = compile((x: Value) => {
 *   const body = ({ carry, elements }: ScanStep) => {
 *     const sum = add(carry.sum, elements.x);
 *     return { carry: { sum }, stacks: { sum } };
 *   };
 *   return scan({ carry: { sum: constant(x.graph, 0) }, sequences: { x } }, body).stacks.sum;
 * }, [4]);
 * createEngine().load(sums)([1, 2, 3, 4]); // [1, 3, 6, 10]
 * ```
 */
export function scan(
  options: ScanOptions,
  body: (step: ScanStep) => ScanResult,
): { readonly carry: Readonly<Record<string, Value>>; readonly stacks: Readonly<Record<string, Value>> } {
  mustBeRecord("the options of scan", options, "an object with carry and sequences");
  const { carry, sequences, shared = {}, reverse = false } = options;
  for (const [name, values] of Object.entries({ carry, sequences, shared }))
    mustBeRecord(`\`${name}\` of scan`, values, "an object of values");
  must(typeof body === "function", "body of scan", "a function", body);
  const all = Object.values(sequences);
  must(all.length > 0, "`sequences` of scan", "an object of one value or more", sequences);
  const [steps] = all[0].shape;
  check(
    steps >= 1 && all.every(({ shape }) => shape[0] === steps),
    () =>
      `the sequences of scan must have one first axis, a positive integer; received ${all.map(({ shape }) => showShape(shape)).join(" and ")}`,
    "invalid_shape",
  );
  const inner = new Graph();
  let count = 0;
  const open = (shape: Shape): Value => bodyInput(inner, count++, shape);
  const step: ScanStep = {
    carry: mapValues(carry, ({ shape }) => open(shape)),
    elements: mapValues(sequences, ({ shape }) => open(shape.slice(1))),
    shared: mapValues(shared, ({ shape }) => open(shape)),
  };
  const result = body(step);
  const next = Object.entries(carry).map(([name, { shape }]) => {
    const value = result.carry[name];
    check(
      value?.shape.join() === shape.join(),
      () =>
        `the body of scan must return "${name}" of shape ${showShape(shape)} in its carry; received ${value ? showShape(value.shape) : "none"}`,
      "invalid_shape",
    );
    return ownValue(inner, value, name).id;
  });
  const stacks = mapValues(result.stacks ?? {}, (value, name) => ownValue(inner, value, name).id);
  check(
    inner.nodes.every(({ op }) => op !== "randomUniform"),
    "the body of scan must not draw random numbers, since each step would draw the same; draw them before the loop, for all steps, and pass them as a sequence",
  );
  const inputs = [carry, sequences, shared].flatMap(Object.values<Value>);
  const loop = scanNode(inputs, { body: inner.nodes, next, sequences: all.length, steps, reverse });
  const carries = Object.keys(carry);
  return {
    carry: mapValues(carry, (_, name) => scanCarry(loop, carries.indexOf(name))),
    stacks: mapValues(stacks, (id) => scanStack(loop, id)),
  };
}

/** A result of a body, which must be written in it. */
function ownValue(inner: Graph, value: Value, name: string): Value {
  check(
    value instanceof Value && value.graph === inner,
    `the body of scan must return "${name}" as a value that it wrote, or was given; it reads values from outside as \`shared\``,
  );
  return value;
}
