/** What operations say of kinks, ties and edges, as exact values on both executors. */
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/index.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { count, rowCount } from "../../src/graph/operations/leaves.js";

const engines = (["wasm", "reference"] as const).map((executor) => createEngine({ executor }));

/** Results of a function of vectors on both executors, which must be equal. */
function values(fn: (...args: Value[]) => Value, ...args: readonly number[][]): number[] {
  const program = compile(fn, ...args.map(({ length }) => [length]));
  const [wasm, reference] = engines.map((engine) => {
    const { data } = engine.load(program)(...args);
    return [...(data as Float32Array)];
  });
  expect(wasm).toEqual(reference);
  return wasm;
}

/** The gradient of the weighted sum of fn(x) in x, so that weights are seen to arrive. */
const gradientOf = (fn: (x: Value, y: Value) => Value, x: number[], y: number[] = x): number[] =>
  values((a, b) => grad((v: Value, w: Value) => f.sum(f.mul(fn(v, w), 3)))(a, b), x, y);

describe("gradients at kinks and ties", () => {
  it.each<[string, (x: Value, y: Value) => Value, number[], number[], number[]]>([
    ["relu is flat at 0", (x) => f.relu(x), [-1, 0, -0, 2], [0, 0, 0, 0], [0, 0, 0, 3]],
    ["abs is flat at 0", (x) => f.abs(x), [-1, 0, 2], [0, 0, 0], [-3, 0, 3]],
    ["sign is flat everywhere", (x) => f.sign(x), [-1, 0, 2], [0, 0, 0], [0, 0, 0]],
    ["floor is flat everywhere", (x) => f.floor(x), [-1.5, 0, 2], [0, 0, 0], [0, 0, 0]],
    ["maximum halves at a tie", (x, y) => f.maximum(x, y), [1, 2, 3], [2, 2, 2], [0, 1.5, 3]],
    ["minimum halves at a tie", (x, y) => f.minimum(x, y), [1, 2, 3], [2, 2, 2], [3, 1.5, 0]],
    ["both sides of one tie add up", (x) => f.maximum(x, x), [1, 2], [0, 0], [3, 3]],
    [
      "max shares among the largest",
      (x) => f.max(x),
      [1, 4, 4, 2, 4, 4],
      [0],
      [0, 0.75, 0.75, 0, 0.75, 0.75],
    ],
    ["greater is flat", (x, y) => f.greater(x, y), [1, 2, 3], [2, 2, 2], [0, 0, 0]],
    ["greaterEqual is flat", (x, y) => f.greaterEqual(x, y), [1, 2, 3], [2, 2, 2], [0, 0, 0]],
    ["equal is flat", (x, y) => f.equal(x, y), [1, 2, 3], [2, 2, 2], [0, 0, 0]],
    ["select passes to the side taken", (x, y) => f.select(y, x, 0), [1, 2, 3], [0, 2, -1], [0, 3, 3]],
    ["select hides NaN of the other side", (x, y) => f.select(y, x, f.div(0, y)), [1, 2], [0, 1], [0, 3]],
    [
      "mulNoNan is 0 where the second is",
      (x, y) => f.mulNoNan(x, y),
      [Infinity, NaN, 2],
      [0, 0, 5],
      [0, 0, 15],
    ],
    [
      "mulNoNan keeps the slope in the second",
      (x, y) => f.mulNoNan(y, x),
      [0, 2, 0],
      [3, 4, -5],
      [9, 12, -15],
    ],
    ["stopGradient stops", (x) => f.mul(f.stopGradient(x), x), [2, 5], [0, 0], [6, 15]],
    ["x⁰ has gradient 0, also at 0", (x, y) => f.pow(x, y), [0, 2, -2], [0, 0, 0], [0, 0, 0]],
    ["x¹ has gradient 1, also at 0", (x, y) => f.pow(x, y), [0, 2, -2], [1, 1, 1], [3, 3, 3]],
    ["x² at and below 0", (x, y) => f.pow(x, y), [0, 2, -2], [2, 2, 2], [0, 12, -12]],
    ["xʸ is flat in y where x ≤ 0", (x, y) => f.pow(y, x), [2, 3], [0, -2], [0, 0]],
    ["√ is infinitely steep at 0", (x) => f.sqrt(x), [0, 4], [0, 0], [Infinity, 0.75]],
    [
      "rows that are dropped",
      (x, y) => f.scatterRows(f.reshape(x, [4, 1]), y, 2),
      [1, 2, 3, 4],
      [0, 2, -1, 1],
      [3, 0, 0, 3],
    ],
    [
      "rows that are taken twice",
      (x, y) => f.takeRows(f.reshape(x, [3, 1]), y),
      [1, 2, 3],
      [0, 0, 2, 0],
      [9, 0, 3],
    ],
  ])("%s", (_name, fn, x, y, expected) => {
    expect(gradientOf(fn, x, y).map((g) => g + 0)).toEqual(expected);
  });
});

it("xʸ at y = 0 is flat in x, but not in y after x: ∂²/∂x∂y = 1/x", () => {
  const mixed = compile((x, y) => grad((b: Value) => grad((v: Value) => f.pow(v, b))(x))(y), [], []);
  for (const engine of engines) expect(engine.load(mixed)(4, 0).get()).toBe(0.25);
});

describe("values at edges", () => {
  const specials = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN];
  it.each<[string, (x: Value) => Value, number[]]>([
    ["relu", f.relu, [0, 0, 1, 0, Infinity, 0, Number.NaN]],
    ["flush", f.flush, [0, 0, 1, -1, Infinity, -Infinity, Number.NaN]],
    ["flushRoot", f.flushRoot, [0, 0, 1, -1, Infinity, -Infinity, Number.NaN]],
    ["abs", f.abs, [0, 0, 1, 1, Infinity, Infinity, Number.NaN]],
    ["neg", f.neg, [-0, 0, -1, 1, -Infinity, Infinity, Number.NaN]],
    ["sign", f.sign, [0, -0, 1, -1, 1, -1, Number.NaN]],
    ["floor", f.floor, [0, -0, 1, -1, Infinity, -Infinity, Number.NaN]],
    ["sqrt", f.sqrt, [0, -0, 1, Number.NaN, Infinity, Number.NaN, Number.NaN]],
    ["select on x", (x) => f.select(x, 2, 3), [3, 3, 2, 2, 2, 2, 2]],
    ["equal to itself", (x) => f.equal(x, x), [1, 1, 1, 1, 1, 1, 0]],
    ["maximum with 0", (x) => f.maximum(x, 0), [0, 0, 1, 0, Infinity, 0, Number.NaN]],
    ["minimum with 0", (x) => f.minimum(x, 0), [0, -0, 0, -1, 0, -Infinity, Number.NaN]],
    ["greater than 0", (x) => f.greater(x, 0), [0, 0, 1, 0, 1, 0, 0]],
  ])("%s", (_name, fn, expected) => {
    expect(values(fn, specials)).toEqual(expected);
  });

  it("floor goes down, and leaves what has no fraction in float32", () => {
    const x = [1.5, -1.5, 0.99999994, -1e-30, 2 ** 23 - 0.5, -(2 ** 23) + 0.5, 2 ** 24 + 2, 3e38];
    const expected = [1, -2, 0, -1, 2 ** 23 - 1, -(2 ** 23), 2 ** 24 + 2, Math.fround(3e38)];
    expect(values(f.floor, x.map(Math.fround))).toEqual(expected);
  });

  it("flush keeps the smallest normal number and nothing below", () => {
    const least = 2 ** -126;
    expect(values(f.flush, [least, -least, least * 0.75, -least / 2, 2 ** -149])).toEqual([
      least,
      -least,
      0,
      0,
      0,
    ]);
  });

  it("what is no id of a table gives NaN, or is dropped, and never reads or writes another row", () => {
    const ids = [1, 1.75, 2, -0.9, -1, -0, Number.NaN];
    const taken = values((x, id) => f.reshape(f.takeRows(f.reshape(x, [2, 1]), id), [7]), [7, 8], ids);
    expect(taken).toEqual([8, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 7, Number.NaN]);
    const scattered = values(
      (x, id) => f.reshape(f.scatterRows(f.reshape(x, [7, 1]), id, 2), [2]),
      [1, 2, 4, 8, 16, 32, 64],
      ids,
    );
    expect(scattered).toEqual([32, 1]);
  });

  it("softmax and its logarithm do not overflow", () => {
    expect(values(f.softmax, [1000, 0, -1000])).toEqual([1, 0, 0]);
    expect(values(f.logSoftmax, [1000, 0, -1000])).toEqual([0, -1000, -2000]);
  });

  it("means count the rows of the batch", () => {
    for (const engine of engines) {
      const program = compileStep({ streams: { x: 2 } }, 4, ({ streams: { x } }) => ({
        outputs: { all: f.mean(x), columns: f.mean(x, 0), count: count(x), rows: rowCount(x.graph) },
      }));
      const x = engine.matrix(6, 2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      const run = engine.start(program, { streams: { x } });
      const read = () => ["all", "columns", "count", "rows"].map((name) => [...run.read(name)]);
      run.advance(1);
      expect(read()).toEqual([[4.5], [4, 5], [8], [4]]);
      run.advance(1);
      expect(read()).toEqual([[10.5], [10, 11], [4], [2]]);
    }
    expect(values((x) => count(f.reshape(x, [2, 3])), [0, 0, 0, 0, 0, 0])).toEqual([6]);
  });

  it("steps are counted from 1", () => {
    for (const engine of engines) {
      const run = engine.start(compileStep({}, 1, ({ graph }) => ({ outputs: { step: f.step(graph) } })));
      const steps = [1, 2, 3].map(() => {
        run.advance(1);
        return run.read("step")[0];
      });
      expect(steps).toEqual([1, 2, 3]);
    }
  });

  it("a number is spread to a shape", () => {
    expect(values((x) => f.fullLike(x, 3), [1, 2])).toEqual([3, 3]);
    expect(values((x) => f.zerosLike(x), [1, 2])).toEqual([0, 0]);
  });
});
