/**
 * Random steps for property tests: graphs of mixed shapes with batches, broadcasts, shared subexpressions,
 * gradients, state updated in every order, and results of every kind. A step is written from a recipe, a list
 * of small numbers, so that it shrinks instruction by instruction and can be replayed. Values stay within a
 * few units by construction. It does not compute the expected result of a step.
 *
 * @example
 * ```ts
 * fc.assert(
 *   fc.property(anyRecipe(12), anyRunChoices, (recipe, choices) => {
 *     const { signature, rows, write } = stepOf(recipe);
 *     const program = compileStep(signature, rows, write);
 *     checkRun(createEngine(), program, runCaseOf(choices, program), FLOAT32);
 *   }),
 *   { numRuns: 20 },
 * );
 * ```
 */
import fc from "fast-check";
import { gradients } from "../autograd/index.js";
import type { Signature, StepResults, StepValues } from "../compile/trace.js";
import { mustBeInteger, mustBeRecord } from "../errors.js";
import * as f from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { hasRows, ROWS, type Shape, sameShape, sizeOf } from "../graph/shape.js";
import { type Instruction, writers } from "./instructions.js";
import { Pool, rotate } from "./operations/writers.js";

/** The recipe of a random step. */
export interface StepRecipe {
  /** Rows of the largest batch. */
  readonly rows: number;
  /** Columns of the stream `x`; there is also a stream `ids` of integers 0, 1 and 2. */
  readonly columns: number;
  readonly instructions: readonly Instruction[];
  /** For each array of the state, the kind of its update and what it is updated from. */
  readonly updates: readonly (readonly [kind: number, from: number])[];
  readonly outputs: readonly number[];
  /** The values that are written to streams; at most four. */
  readonly written: readonly number[];
  /** Whether the state is also updated with gradients. */
  readonly learns: boolean;
}

/** The arguments of `compileStep(signature, rows, write)`. */
export interface RandomStep {
  readonly signature: Signature;
  readonly rows: number;
  readonly write: (values: StepValues) => StepResults;
}

const STATE: Readonly<Record<string, Shape>> = { s: [], u: [4], v: [4], w: [2, 3], z: [3, 2] };
const INPUTS: Readonly<Record<string, Shape>> = { rate: [], row: [3], column: [2, 1] };

/** Recipes of 5 to `most` instructions. Default 24. */
export function anyRecipe(most = 24): fc.Arbitrary<StepRecipe> {
  mustBeInteger("most", most, 5);
  const choice = fc.nat(99);
  return fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 5 }),
    instructions: fc.array(fc.tuple(fc.nat(writers.length - 1), choice, choice, choice, choice), {
      minLength: 5,
      maxLength: most,
      size: "max",
    }),
    updates: fc.array(fc.tuple(fc.nat(5), choice), { minLength: 5, maxLength: 5 }),
    outputs: fc.array(choice, { minLength: 1, maxLength: 5 }),
    written: fc.array(choice, { maxLength: 3 }),
    learns: fc.boolean(),
  });
}

/** Writes the step of a recipe. */
export function stepOf(recipe: StepRecipe): RandomStep {
  mustBeRecord("recipe", recipe, "what anyRecipe makes");
  return {
    signature: { inputs: INPUTS, state: STATE, streams: { x: recipe.columns, ids: 1 } },
    rows: recipe.rows,
    write: (values) => writeStep(recipe, values),
  };
}

function writeStep(recipe: StepRecipe, { graph, inputs, state, streams }: StepValues): StepResults {
  const pool = new Pool(graph, recipe.rows);
  for (const value of [...Object.values(inputs), ...Object.values(state), streams.x]) pool.add(value, 1);
  pool.add(streams.ids, 2);
  for (const [operation, ...choices] of recipe.instructions) {
    writers[operation % writers.length](pool, choices, f.reshape(streams.ids, [ROWS]));
  }

  const names = Object.keys(STATE);
  const learned = recipe.learns
    ? learn(
        pool,
        names.map((name) => state[name]),
      )
    : [];
  const updates = names.map((name, i): [string, Value] => {
    const [kind, from] = recipe.updates[i];
    return [name, update(pool, state, name, kind, from, learned[i])];
  });
  const outputs = recipe.outputs.map((choice, i): [string, Value] => [`output${i}`, pool.at(choice)]);
  const written = recipe.written
    .slice(0, 4)
    .map((choice, i): [string, Value] => [`written${i}`, toBatch(pool.at(choice))]);
  return {
    state: Object.fromEntries(updates),
    outputs: Object.fromEntries(outputs),
    streams: Object.fromEntries(written),
  };
}

/** Gradients of a loss over the last values, squashed to (−1, 1) since their size is unknown. */
function learn(pool: Pool, parameters: readonly Value[]): Value[] {
  const loss = pool.values
    .slice(-4)
    .map((value) => f.mean(f.square(value)))
    .reduce(f.add);
  return gradients(loss, parameters).map(f.tanh);
}

/** The new value of one array of the state, with magnitude at most 1. */
function update(
  pool: Pool,
  state: Readonly<Record<string, Value>>,
  name: string,
  kind: number,
  from: number,
  gradient: Value | undefined,
): Value {
  const old = state[name];
  if (gradient !== undefined && kind !== 1) return f.add(f.mul(old, 0.75), f.mul(gradient, -0.25));
  // `u` and `v` have one shape; `z` has that of `w` transposed
  const other = { u: state.v, v: state.u, w: f.transpose(state.z), z: f.transpose(state.w) }[name] ?? old;
  switch (kind) {
    case 0:
      return old;
    case 1:
      return other;
    case 2: // moved onto itself, part by part
      return old.shape.length === 0 ? f.neg(old) : rotate(old, f.neg);
    case 3:
      return f.add(f.mul(old, 0.5), f.mul(other, 0.5));
    default: {
      const value = shaped(pool.at(from), old.shape);
      return pool.size(value) > 1 || pool.size(value) === 0 ? f.mul(value, 0.25) : value;
    }
  }
}

/** `value` in another shape: reshaped if the sizes agree, otherwise its mean. */
function shaped(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  const whole = !hasRows(value.shape) && sizeOf(value.shape) === sizeOf(shape);
  return whole ? f.reshape(value, shape) : f.broadcastTo(f.mean(value), shape);
}

/** A value as [rows, columns]. */
function toBatch(value: Value): Value {
  if (value.shape.length === 2 && value.shape[0] === ROWS && value.shape[1] > 0) return value;
  if (!hasRows(value.shape)) {
    const size = sizeOf(value.shape);
    return f.broadcastTo(f.reshape(value, [1, size]), [ROWS, size]);
  }
  return f.broadcastTo(f.mean(value), [ROWS, 2]);
}
