/**
 * A recurrence: a body that is applied once for each element of sequences, and carries values from one to the next. It is
 * written out, one copy of the body for each element.
 */
import { check, must } from "../errors.js";
import { mapValues } from "../records.js";
import { concat, reshape, slice } from "./functions.js";
import type { Value } from "./graph.js";
import { showShape } from "./shape.js";

/** What a body sees of one element. */
export interface ScanStep {
  /** What the body returned for the element before; at first, what `scan` was given. */
  readonly carry: Readonly<Record<string, Value>>;
  /** The elements of the sequences, without their first axis. */
  readonly elements: Readonly<Record<string, Value>>;
  /** The same values for each element. */
  readonly shared: Readonly<Record<string, Value>>;
}

/** What a body returns. */
export interface ScanResult {
  /** Of the names and shapes of the values that `scan` was given. */
  readonly carry: Readonly<Record<string, Value>>;
  /** What becomes a sequence of its own. */
  readonly stacks?: Readonly<Record<string, Value>>;
}

/** What a recurrence goes over. */
export interface ScanOptions {
  readonly carry: Readonly<Record<string, Value>>;
  /** Values with the same first axis, [steps, ...]: at least one. */
  readonly sequences: Readonly<Record<string, Value>>;
  /** Values that the body reads beside. It must not read others. Default none. */
  readonly shared?: Readonly<Record<string, Value>>;
  /** Whether the last element comes first. Default false. */
  readonly reverse?: boolean;
}

/**
 * Applies a body to each element of sequences. Returns the last carry, and the stacks, [steps, ...], each element in the
 * place of the one that it was made from.
 *
 * @throws FettleError `invalid_argument`, `invalid_shape` for sequences of different lengths, and a carry that changes its shape
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
  { carry, sequences, shared = {}, reverse = false }: ScanOptions,
  body: (step: ScanStep) => ScanResult,
): { readonly carry: Readonly<Record<string, Value>>; readonly stacks: Readonly<Record<string, Value>> } {
  const all = Object.values(sequences);
  must(all.length > 0, "`sequences` of scan", "an object of one value or more", sequences);
  const [steps] = all[0].shape;
  check(
    steps > 0 && all.every(({ shape }) => shape[0] === steps),
    () =>
      `the sequences of scan must have one first axis, a positive integer; received ${all.map(({ shape }) => showShape(shape)).join(" and ")}`,
    "invalid_shape",
  );
  const parts: Record<string, Value[]> = {};
  let carried = carry;
  for (let i = 0; i < steps; i++) {
    const at = reverse ? steps - 1 - i : i;
    const elements = mapValues(sequences, (x) => elementAt(x, at));
    const result = body({ carry: carried, elements, shared });
    for (const [name, value] of Object.entries(carry))
      check(
        result.carry[name]?.shape.join() === value.shape.join(),
        () =>
          `the body of scan must return "${name}" of shape ${showShape(value.shape)} in its carry; received ${result.carry[name] ? showShape(result.carry[name].shape) : "none"}`,
        "invalid_shape",
      );
    carried = result.carry;
    for (const [name, value] of Object.entries(result.stacks ?? {})) {
      parts[name] ??= [];
      parts[name][at] = reshape(value, [1, ...value.shape]);
    }
  }
  return { carry: carried, stacks: mapValues(parts, (values) => concat(values, 0)) };
}

/** Element `at` of a sequence. */
function elementAt(x: Value, at: number): Value {
  const [, ...rest] = x.shape;
  const begin = x.shape.map((_, axis) => (axis === 0 ? at : 0));
  return reshape(slice(x, begin, [1, ...rest]), rest);
}
