/** Recurrences of any body, as loops and written out: their programs, values and gradients. */
import fc from "fast-check";
import { expect } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compileStep } from "../../src/compile/compile.js";
import type { Program } from "../../src/compile/program.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { ScanResult, ScanStep, scan } from "../../src/graph/scan.js";
import { ROWS, sizeOf } from "../../src/graph/shape.js";
import type { Floats } from "../../src/ndarray.js";
import { uniformF32 } from "../../src/numerics/philox.js";
import type { writtenOut } from "./written.js";

/** A body as a list of choices, of which each adds a value of [rows, 2] to those that there are. */
export interface BodyRecipe {
  readonly instructions: readonly (readonly [kind: number, a: number, b: number])[];
  readonly next: readonly [number, number];
  readonly stacks: readonly [number, number];
}

const choice = fc.nat(30);
export const anyBody: fc.Arbitrary<BodyRecipe> = fc.record({
  instructions: fc.array(fc.tuple(fc.nat(9), choice, choice), { minLength: 1, maxLength: 9, size: "max" }),
  next: fc.tuple(choice, choice),
  stacks: fc.tuple(choice, choice),
});

const writeBody =
  ({ instructions, next, stacks }: BodyRecipe) =>
  ({ carry, elements, shared: { w, s } }: ScanStep): ScanResult => {
    const pool = [carry.a, carry.b, elements.x, f.add(elements.x, elements.y)];
    // small numbers select late values
    const at = (n: number): Value => pool[pool.length - 1 - (n % pool.length)];
    for (const [kind, i, j] of instructions) {
      const [p, q] = [at(i), at(j)];
      const halves = [0, 1].map((column) => f.slice(p, [0, column], [ROWS, 1]));
      const written = [
        () => f.mul(f.add(p, q), 0.5),
        () => f.mul(f.tanh(p), f.sigmoid(q)),
        () => f.sub(p, f.mul(q, s)),
        () => f.matmul(f.tanh(p), w),
        () => f.matmul(f.sin(p), f.transpose(w)),
        () => f.softmax(p),
        () => f.concat([halves[1], f.tanh(halves[0])], 1),
        () => f.add(f.max(p, 1, true), f.mul(q, 0.25)),
        () => f.sub(f.tanh(q), f.mean(p, 0)),
        () => f.mul(f.cos(p), f.sum(f.exp(f.neg(f.square(w))))),
      ][kind];
      pool.push(f.tanh(written()));
    }
    return {
      carry: { a: at(next[0]), b: at(next[1]) },
      stacks: { first: at(stacks[0]), second: at(stacks[1]) },
    };
  };

export const ENDS = ["a", "b", "x", "y", "w", "s"] as const;

/** Values and gradients of a recurrence over `steps` elements, and the gradients of those if `order` is 2. */
export function recurrence(
  loop: typeof scan | typeof writtenOut,
  recipe: BodyRecipe,
  { steps, rows, reverse, order = 1 }: { steps: number; rows: number; reverse: boolean; order?: 1 | 2 },
): Program {
  const signature = {
    inputs: { y: [steps, 2], w: [2, 2], s: [] },
    streams: { x: 2 * steps, start: 4 },
  };
  return compileStep(signature, rows, ({ inputs: { y, w, s }, streams }) => {
    const x = f.transpose(f.reshape(streams.x, [ROWS, steps, 2]), [1, 0, 2]);
    const [a, b] = [0, 2].map((begin) => f.slice(streams.start, [0, begin], [ROWS, 2]));
    const ends = { a, b, x, y, w, s };
    const { carry, stacks } = loop(
      { carry: { a, b }, sequences: { x, y }, shared: { w, s }, reverse },
      writeBody(recipe),
    );
    const values = { a: carry.a, b: carry.b, ...stacks };
    const slopesOf = (results: readonly Value[]): Value[] =>
      gradients(
        results.map((value, i) => f.sum(f.sin(f.mul(value, i + 1)))).reduce(f.add),
        ENDS.map((name) => ends[name]),
      );
    const first = slopesOf(Object.values(values));
    const slopes = order === 1 ? first : slopesOf(first);
    return {
      outputs: Object.fromEntries([
        ...Object.entries(values).map(([name, value]) => [`value ${name}`, value]),
        ...ENDS.map((name, i) => [`gradient ${name}`, slopes[i]]),
      ]),
    };
  });
}

export const engines = { wasm: createEngine(), reference: createEngine({ executor: "reference" }) };

/** All outputs after each of two batches, the second of one row. */
export function outputsOf(
  name: keyof typeof engines,
  program: Program,
  seed: number,
): Record<string, Floats>[] {
  const engine = engines[name];
  const number = (i: number, stream: number): number => 2 * uniformF32(i, stream, 0, seed, 0) - 1;
  const streams = Object.fromEntries(
    program.streams.map(({ name, columns }, k) => [
      name,
      engine.matrix(
        program.rows + 1,
        columns,
        Float32Array.from({ length: (program.rows + 1) * columns }, (_, i) => number(i, k)),
      ),
    ]),
  );
  const run = engine.start(program, { streams });
  program.inputs.forEach(({ name, shape }, k) => {
    run.write(
      name,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => number(i, 10 + k)),
    );
  });
  const found = [1, 2].map(() => {
    run.advance(1);
    return Object.fromEntries(program.outputs.map(({ name }) => [name, run.read(name)]));
  });
  for (const each of [run, ...Object.values(streams)]) each.free();
  return found;
}

export const anyLoop = fc.record({
  steps: fc.integer({ min: 1, max: 6 }),
  rows: fc.integer({ min: 1, max: 4 }),
  reverse: fc.boolean(),
});

/** The largest difference of two lists of numbers, as a share of the largest number. */
export function distance(actual: Floats, expected: Floats): number {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(1, ...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]) / size));
}
