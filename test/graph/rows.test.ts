/** Multiples of the rows of a batch as a dimension: what [64 × rows, 9] means, and what it refuses. */
import { expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { ROWS, resolveShape, showShape, sizeOf } from "../../src/graph/shape.js";

it("is shown, counted and resolved", () => {
  expect(showShape([64 * ROWS, 9])).toBe("[64 × rows, 9]");
  expect(sizeOf([64 * ROWS, 9], 2)).toBe(1152);
  expect(resolveShape([64 * ROWS, ROWS, 9], 2)).toEqual([128, 2, 9]);
});

it.each(["wasm", "reference"] as const)(
  "multiplies each part of a row by one matrix, and differentiates, on %s",
  (name) => {
    // each row has 3 parts of 2 numbers
    const program = compileStep(
      { inputs: { w: [2, 1] }, streams: { x: 6 }, state: { slope: [2, 1] } },
      4,
      ({ inputs: { w }, streams: { x }, state: { slope } }) => {
        const product = f.matmul(f.reshape(x, [3 * ROWS, 2]), w);
        return {
          state: { slope: f.add(slope, gradients(f.sum(f.square(product)), [w])[0]) },
          streams: { y: f.reshape(product, [ROWS, 3]) },
        };
      },
    );
    const engine = createEngine({ executor: name });
    const x = engine.matrix(
      3,
      6,
      Array.from({ length: 18 }, (_, i) => i - 8),
    );
    const y = engine.matrix(3, 3);
    const run = engine.start(program, { streams: { x, y }, batchSize: 2 }); // the last batch has one row
    run.write("w", [1, -2]);
    run.advance(2);
    // (2i − 8) − 2 (2i − 7) = 6 − 2i
    expect([...y.read()]).toEqual([6, 4, 2, 0, -2, -4, -6, -8, -10]);
    const sum = (of: (i: number) => number): number =>
      Array.from({ length: 9 }, (_, i) => of(i)).reduce((a, b) => a + b);
    expect([...run.read("slope")]).toEqual([
      sum((i) => 2 * (6 - 2 * i) * (2 * i - 8)),
      sum((i) => 2 * (6 - 2 * i) * (2 * i - 7)),
    ]);
    for (const each of [run, x, y]) each.free();
  },
);

it("is kept whole by slices and pads, and refused as an axis of concat", () => {
  const trace =
    (write: (x: ReturnType<typeof f.reshape>) => unknown): (() => unknown) =>
    () =>
      compileStep({ streams: { x: 6 } }, 4, ({ streams: { x } }) => {
        write(f.reshape(x, [3 * ROWS, 2]));
        return { streams: { y: x } };
      });
  expect(trace((x) => expect(f.slice(x, [0, 1], [3 * ROWS, 1]).shape).toEqual([3 * ROWS, 1]))).not.toThrow();
  expect(trace((x) => f.slice(x, [0, 1], [ROWS, 1]))).toThrow(
    "must not divide rows; received begin [0,1] and size [rows, 1]",
  );
  expect(trace((x) => f.pad(x, [1, 0], [0, 0]))).toThrow("and 0 for rows");
  expect(trace((x) => f.concat([x, x], 0))).toThrow(
    "which is not rows; received [3 × rows, 2] and [3 × rows, 2]",
  );
  expect(trace((x) => f.reshape(x, [2 * ROWS, 2]))).toThrow(
    "as many elements as [3 × rows, 2]; received [2 × rows, 2]",
  );
});
