/**
 * Instructions over views: products, reductions, softmax and rows, of operands as they lie, exact on small
 * integers.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { cases } from "../cases.js";
import { runInBlock } from "./block.js";

const some = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, i) => (((i + from) * 7) % 11) - 5);
const anyDim = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 }));

/** How a matrix [rows, columns] lies in the array it is cut from. */
const anyLayout = fc.record({
  transposed: fc.boolean(),
  /** Columns of the array before and after those of the matrix. */
  before: fc.nat(2),
  after: fc.nat(2),
  /** One row or one column stands for all. */
  spread: fc.constantFrom("none", "none", "rows", "columns"),
});
type Layout = typeof anyLayout extends fc.Arbitrary<infer T> ? T : never;

/** The array behind a matrix, the matrix as a view of it, and as numbers. */
function matrix(rows: number, columns: number, layout: Layout, from: number) {
  const { transposed, before, after, spread } = layout;
  const own = [spread === "rows" ? 1 : rows, spread === "columns" ? 1 : columns];
  const stored = transposed ? [own[1], own[0]] : own;
  const shape = [stored[0], before + stored[1] + after];
  const data = some(shape[0] * shape[1], from);
  const view = (x: Value): Value => {
    const cut = f.slice(x, [0, before], stored);
    return f.broadcastTo(transposed ? f.transpose(cut) : cut, [rows, columns]);
  };
  const at = (i: number, j: number): number => {
    const [p, q] = [spread === "rows" ? 0 : i, spread === "columns" ? 0 : j];
    return transposed ? data[q * shape[1] + before + p] : data[p * shape[1] + before + q];
  };
  return { shape, data, view, at };
}

describe("a product", () => {
  it("is that of the matrices, however they lie, with bias and activation, and the inputs in any order", () => {
    fc.assert(
      fc.property(
        fc.tuple(anyDim, anyDim, anyDim),
        fc.tuple(anyLayout, anyLayout),
        fc.constantFrom("none", "row", "matrix", "column"),
        fc.boolean(),
        fc.shuffledSubarray(["a", "b", "c"] as const, { minLength: 3 }),
        ([m, k, n], layouts, bias, activated, order) => {
          const a = matrix(m, k, layouts[0], 0);
          const b = matrix(k, n, layouts[1], 4);
          const c = { none: [1], row: [n], matrix: [1, n], column: [m, 1] }[bias];
          const numbers = some(
            c.reduce((x, y) => x * y),
            2,
          );
          const shapes = { a: a.shape, b: b.shape, c };
          const signature = { inputs: Object.fromEntries(order.map((name) => [name, shapes[name]])) };
          const program = compileStep(signature, 1, ({ inputs }) => {
            const product = f.matmul(a.view(inputs.a), b.view(inputs.b));
            const sum = bias === "none" ? product : f.add(product, inputs.c);
            return { outputs: { y: activated ? f.relu(sum) : sum } };
          });
          const { read } = runInBlock(program, { a: a.data, b: b.data, c: numbers });
          const expected = Array.from({ length: m * n }, (_, at) => {
            const [i, j] = [Math.floor(at / n), at % n];
            let sum = bias === "none" ? 0 : numbers[bias === "column" ? i : j];
            for (let p = 0; p < k; p++) sum += a.at(i, p) * b.at(p, j);
            return (activated ? Math.max(sum, 0) : sum) + 0;
          });
          expect([...read("y")].map((y) => y + 0)).toEqual(expected);
        },
      ),
      { numRuns: cases(250) },
    );
  });

  it("may have the rows of the batch on any side", () => {
    const engine = createEngine();
    const program = compileStep(
      { streams: { x: 3 }, inputs: { w: [3, 2] } },
      5,
      ({ streams: { x }, inputs: { w } }) => ({
        outputs: {
          outer: f.matmul(f.transpose(x), x),
          forward: f.matmul(x, w),
          backward: f.matmul(f.transpose(w), f.transpose(x)),
          gram: f.sum(f.matmul(x, f.transpose(x))),
        },
      }),
    );
    const data = some(21);
    const x = engine.matrix(7, 3, data);
    const run = engine.start(program, { streams: { x } });
    const w = some(6, 3);
    run.write("w", w);
    for (const [begin, rows] of [
      [0, 5],
      [5, 2],
    ]) {
      run.advance(1);
      const at = (i: number, j: number): number => data[(begin + i) * 3 + j];
      const sum = (length: number, term: (p: number) => number): number =>
        Array.from({ length }, (_, p) => term(p)).reduce((a, b) => a + b, 0);
      const table = (m: number, n: number, entry: (i: number, j: number) => number): number[] =>
        Array.from({ length: m * n }, (_, e) => entry(Math.floor(e / n), e % n));
      expect([...run.read("outer")]).toEqual(table(3, 3, (i, j) => sum(rows, (p) => at(p, i) * at(p, j))));
      const forward = (i: number, j: number): number => sum(3, (p) => at(i, p) * w[p * 2 + j]);
      expect([...run.read("forward")]).toEqual(table(rows, 2, forward));
      expect([...run.read("backward")]).toEqual(table(2, rows, (i, j) => forward(j, i)));
      const gram = table(rows, rows, (i, j) => sum(3, (p) => at(i, p) * at(j, p))).reduce((a, b) => a + b);
      expect([...run.read("gram")]).toEqual([gram]);
    }
  });
});

describe("reductions and rows", () => {
  it("read views as what they show", () => {
    fc.assert(
      fc.property(anyDim, anyDim, anyLayout, fc.nat(2), (rows, columns, layout, axis) => {
        const a = matrix(rows, columns, layout, 1);
        const axes = [[0], [1], [0, 1]][axis];
        const program = compileStep({ inputs: { a: a.shape, ids: [3] } }, 1, ({ inputs }) => {
          const x = a.view(inputs.a);
          return {
            outputs: {
              sum: f.sum(x, axes),
              max: f.max(x, axes),
              taken: f.takeRows(x, inputs.ids),
              scattered: f.scatterRows(f.takeRows(x, inputs.ids), inputs.ids, rows),
            },
          };
        });
        const ids = [0, rows - 1, 0];
        const { read } = runInBlock(program, { a: a.data, ids });
        const whole = Array.from({ length: rows }, (_, i) =>
          Array.from({ length: columns }, (_, j) => a.at(i, j)),
        );
        const columnwise = Array.from({ length: columns }, (_, j) => whole.map((row) => row[j]));
        const groups = axis === 0 ? columnwise : axis === 1 ? whole : [whole.flat()];
        expect([...read("sum")].map((y) => y + 0)).toEqual(
          groups.map((group) => group.reduce((p, q) => p + q, 0)),
        );
        expect([...read("max")].map((y) => y + 0)).toEqual(groups.map((group) => Math.max(...group) + 0));
        expect([...read("taken")].map((y) => y + 0)).toEqual(ids.flatMap((id) => whole[id]));
        const times = (i: number): number => ids.filter((id) => id === i).length;
        const scattered = whole.flatMap((row, i) => row.map((y) => y * times(i) + 0));
        expect([...read("scattered")].map((y) => y + 0)).toEqual(scattered);
      }),
      { numRuns: cases(150) },
    );
  });
});
