/** Axes and shapes: what operations make of them, and what they refuse. */
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { sumTo } from "../../src/graph/operations/broadcast.js";
import { input } from "../../src/graph/operations/leaves.js";
import { apply } from "../../src/graph/operations/table.js";
import { ROWS, type Shape } from "../../src/graph/shape.js";

const engines = (["wasm", "reference"] as const).map((executor) => createEngine({ executor }));

describe("axes", () => {
  const cube = Array.from({ length: 24 }, (_, i) => i);
  const shapeOf = (fn: (x: Value) => Value, shape: Shape = [2, 3, 4]): Shape =>
    fn(input(new Graph(), "x", shape)).shape;

  it.each<[string, (x: Value) => Value, Shape]>([
    ["sum of all", (x) => f.sum(x), []],
    ["sum of the last", (x) => f.sum(x, -1), [2, 3]],
    ["sum of two apart, kept", (x) => f.sum(x, [0, -1], true), [1, 3, 1]],
    ["max of two together", (x) => f.max(x, [1, 2]), [2]],
    ["mean of none", (x) => f.mean(x, []), [2, 3, 4]],
    ["transpose reverses", (x) => f.transpose(x), [4, 3, 2]],
    ["concat along the last", (x) => f.concat([x, x], -1), [2, 3, 8]],
    ["pad", (x) => f.pad(x, [1, 0, 2], [0, 0, 1]), [3, 3, 7]],
    ["broadcast with a vector", (x) => f.add(x, f.constant(x.graph, [1, 2, 3, 4])), [2, 3, 4]],
    ["sumTo undoes a broadcast", (x) => sumTo(x, [3, 1]), [3, 1]],
  ])("%s", (_name, fn, expected) => {
    expect(shapeOf(fn)).toEqual(expected);
  });

  it("sums are of the axes that were meant", () => {
    const program = compile((x) => [f.sum(x, [0, 2]), f.max(x, 1), f.concat([x, f.neg(x)], -1)], [2, 3, 4]);
    for (const engine of engines) {
      const [sums, largest, both] = engine.load(program)(cube);
      expect([...sums.data]).toEqual([0, 1, 2].map((j) => 2 * (4 * (4 * j) + 6) + 48));
      expect([...largest.data]).toEqual([8, 9, 10, 11, 20, 21, 22, 23]);
      expect([both.get(0, 0, 3), both.get(0, 0, 4), both.get(1, 2, 7)]).toEqual([3, -0, -23]);
    }
  });

  it.each<[string, (x: Value) => Value, RegExp]>([
    ["an axis too many", (x) => f.sum(x, 3), /different axes of \[2, 3, 4\]; received 3/],
    ["an axis twice", (x) => f.sum(x, [0, -3]), /axis must be.*received \[0,-3\]/],
    ["half an axis", (x) => f.max(x, 0.5), /axis must be.*received 0\.5/],
    [
      "shapes that do not broadcast",
      (x) => f.add(x, f.constant(x.graph, [1, 2, 3])),
      /\[2, 3, 4\] and \[3\].*4 meets 3/,
    ],
    [
      "shapes that were not broadcast",
      (x) => apply("add", [x, f.reshape(x, [2, 12])], {}),
      /elementwise operation must have one shape; received \[2, 3, 4\] and \[2, 12\]/,
    ],
    ["a reshape to more", (x) => f.reshape(x, [5, 5]), /as many elements as \[2, 3, 4\]; received \[5, 5\]/],
    [
      "a reshape to half",
      (x) => f.reshape(x, [1.5, 16]),
      /^the dimensions of reshape must be positive integers/,
    ],
    [
      "a permutation of other axes",
      (x) => f.transpose(x, [0, 1, 1]),
      /permutation of transpose must name each of the 3 axes.*\[0,1,1\]/,
    ],
    [
      "a permutation of too few axes",
      (x) => f.transpose(x, [0, 1]),
      /permutation of transpose must name each of the 3 axes.*\[0,1\]/,
    ],
    ["a permutation of too many axes", (x) => f.transpose(x, [0, 1, 2, 0]), /permutation.*\[0,1,2,0\]/],
    ["a permutation beyond the axes", (x) => f.transpose(x, [0, 1, 3]), /permutation/],
    ["a permutation from the end", (x) => f.transpose(x, [0, 1, -1]), /permutation/],
    ["a permutation of half an axis", (x) => f.transpose(x, [0, 1, 1.5]), /permutation/],
    ["a slice of too few axes", (x) => f.slice(x, [0, 0], [2, 3, 4]), /begin \[0,0\] and/],
    ["a slice of too many axes", (x) => f.slice(x, [0, 0, 0, 0], [2, 3, 4]), /begin \[0,0,0,0\] and/],
    ["a slice to too few axes", (x) => f.slice(x, [0, 0, 0], [2, 3]), /size \[2, 3\]$/],
    ["a slice to too many axes", (x) => f.slice(x, [0, 0, 0], [2, 3, 4, 1]), /size \[2, 3, 4, 1\]/],
    ["a slice from before the start", (x) => f.slice(x, [0, -1, 0], [2, 3, 4]), /slice/],
    ["a slice from half a column", (x) => f.slice(x, [0, 0, 0.5], [2, 3, 3]), /slice/],
    ["a slice outside", (x) => f.slice(x, [0, 2, 0], [2, 2, 4]), /inside \[2, 3, 4\]/],
    ["a slice of half a column", (x) => f.slice(x, [0, 0, 0], [1, 1, 1.5]), /slice/],
    ["an empty slice", (x) => f.slice(x, [0, 0, 0], [2, 0, 4]), /slice/],
    ["negative padding", (x) => f.pad(x, [0, 0, 0], [0, -1, 0]), /padding/],
    [
      "padding of too few axes",
      (x) => f.pad(x, [0, 0], [0, 0, 0]),
      /received \[0,0\] before and \[0,0,0\] after/,
    ],
    [
      "padding after too few axes",
      (x) => f.pad(x, [0, 0, 0], [0, 0]),
      /received \[0,0,0\] before and \[0,0\] after/,
    ],
    ["padding of too many axes", (x) => f.pad(x, [0, 0, 0, 0], [0, 0, 0]), /received \[0,0,0,0\] before and/],
    ["padding after too many axes", (x) => f.pad(x, [0, 0, 0], [0, 0, 0, 0]), /and \[0,0,0,0\] after/],
    ["negative padding before", (x) => f.pad(x, [0, -1, 0], [0, 2, 0]), /padding/],
    ["half a padding", (x) => f.pad(x, [0, 0.5, 0], [0, 0.5, 0]), /padding/],
    ["concat beyond the axes", (x) => f.concat([x, x], 3), /axis 3/],
    ["concat before the axes", (x) => f.concat([x, x], -4), /axis -1/],
    [
      "concat of unequal shapes",
      (x) => f.concat([x, f.transpose(x)]),
      /concat must agree.*received \[2, 3, 4\] and \[4, 3, 2\] along axis 0/,
    ],
    ["concat along half an axis", (x) => f.concat([x, x], 0.5), /axis 0.5/],
    [
      "concat of fewer axes",
      (x) => f.concat([f.reshape(x, [2, 3, 4, 1]), x]),
      /the operands of concat must agree/,
    ],
    [
      "concat of more axes",
      (x) => f.concat([x, f.reshape(x, [2, 3, 4, 1])]),
      /the operands of concat must agree/,
    ],
    ["a reduction of no axis", (x) => apply("sum", [x], { axis: 1, count: 0 }), /received axes \[1, 1\)/],
    ["a reduction from before the first", (x) => apply("sum", [x], { axis: -1, count: 2 }), /axes \[-1, 1\)/],
    ["a reduction past the last", (x) => apply("max", [x], { axis: 2, count: 2 }), /axes \[2, 4\)/],
    ["a reduction from half an axis", (x) => apply("sum", [x], { axis: 0.5, count: 1 }), /axes \[0.5, 1.5\)/],
    ["a reduction of half an axis", (x) => apply("sum", [x], { axis: 0, count: 1.5 }), /axes \[0, 1.5\)/],
    ["matmul of cubes", (x) => f.matmul(x, x), /the operands of matmul must be/],
    [
      "matmul of unequal depth",
      (x) => f.matmul(f.reshape(x, [6, 4]), f.reshape(x, [6, 4])),
      /\[6, 4\] and \[6, 4\]/,
    ],
    [
      "matmul of a cube by a matrix",
      (x) => f.matmul(f.reshape(x, [2, 4, 3]), f.reshape(x, [4, 6])),
      /the operands of matmul must be/,
    ],
    [
      "matmul of a matrix by a cube",
      (x) => f.matmul(f.reshape(x, [6, 4]), f.reshape(x, [4, 3, 2])),
      /the operands of matmul must be/,
    ],
    [
      "ids in a table",
      (x) => f.takeRows(f.reshape(x, [6, 4]), f.reshape(x, [6, 4])),
      /the operands of takeRows must be/,
    ],
    [
      "rows of one axis",
      (x) => f.scatterRows(f.reshape(x, [24]), f.reshape(x, [24]), 3),
      /the operands of scatterRows must be/,
    ],
    [
      "as many rows as ids, but the ids in a table",
      (x) => f.scatterRows(f.reshape(x, [6, 4]), f.reshape(x, [6, 4]), 3),
      /the operands of scatterRows must be/,
    ],
    [
      "a table of one axis",
      (x) => f.takeRows(f.reshape(x, [24]), f.reshape(x, [24])),
      /the operands of takeRows must be/,
    ],
    [
      "more ids than rows",
      (x) => f.scatterRows(f.reshape(x, [4, 6]), f.reshape(x, [24]), 3),
      /the operands of scatterRows must be/,
    ],
    [
      "a table without rows",
      (x) => f.scatterRows(f.reshape(x, [24, 1]), f.reshape(x, [24]), 0),
      /scatterRows/,
    ],
    ["softmax of a scalar", (x) => f.softmax(f.sum(x)), /last axis/],
    ["a broadcast to less", (x) => f.broadcastTo(x, [3, 4]), /does not broadcast/],
    [
      "an input without elements",
      (x) => input(x.graph, "weights", [2, 0]),
      /input "weights".*received \[2, 0\]/,
    ],
    [
      "a constant of half a row",
      (x) => f.constant(x.graph, [1], [0.5, 2]),
      /constant must be .*received \[0.5, 2\]/,
    ],
    [
      "random numbers of no shape",
      (x) => f.randomUniform(x.graph, [-2, 0], 0),
      /randomUniform must be .*received \[2 × rows, 0\]/,
    ],
    ["a broadcast to no shape", (x) => f.broadcastTo(x, [2, 3, 4.5]), /broadcast must be .*4\.5/],
    [
      "a constant of too few numbers",
      (x) => f.constant(x.graph, [1, 2], [2, 3]),
      /constant of shape \[2, 3\] must have 6 values; received 2/,
    ],
  ])("%s is refused", (_name, fn, message) => {
    expect(() => shapeOf(fn)).toThrow(
      expect.objectContaining({ code: "invalid_shape", message: expect.stringMatching(message) }),
    );
  });

  it.each<[string, (x: Value) => Value, RegExp]>([
    ["rows sliced", (x) => f.slice(x, [1, 0], [2, 2]), /must not divide rows/],
    ["the first rows sliced", (x) => f.slice(x, [0, 0], [2, 2]), /must not divide rows/],
    ["rows sliced from the second on", (x) => f.slice(x, [1, 0], [ROWS, 2]), /must not divide rows/],
    ["rows padded", (x) => f.pad(x, [1, 0], [0, 0]), /0 for rows/],
    ["rows padded after", (x) => f.pad(x, [0, 0], [1, 0]), /0 for rows/],
    ["rows concatenated", (x) => f.concat([x, x]), /the operands of concat must agree/],
    ["softmax along rows", (x) => f.softmax(f.transpose(x)), /last axis that is not rows/],
    ["rows reshaped away", (x) => f.reshape(x, [2]), /as many elements/],
    [
      "rows spread over 4",
      (x) => f.add(x, f.constant(x.graph, [1, 2, 3, 4, 5, 6, 7, 8], [4, 2])),
      /rows meets 4/,
    ],
  ])("%s: refused", (_name, fn, message) => {
    expect(() => shapeOf(fn, [ROWS, 2])).toThrow(
      expect.objectContaining({ code: "invalid_shape", message: expect.stringMatching(message) }),
    );
  });

  it("neighbours are reduced in one operation", () => {
    const operationsOf = (axes: number[]) => {
      const x = input(new Graph(), "x", [2, 3, 4, 5]);
      f.sum(x, axes);
      return x.graph.nodes.map(({ op, attributes }) => [op, attributes]).slice(1);
    };
    expect(operationsOf([0, 1, 2, 3])).toEqual([["sum", { axis: 0, count: 4 }]]);
    expect(operationsOf([0, 2, 3])).toEqual([
      ["sum", { axis: 2, count: 2 }],
      ["sum", { axis: 0, count: 1 }],
    ]);
  });

  it("nothing is summed where nothing was spread", () => {
    const x = input(new Graph(), "x", [1, 3, 1]);
    expect(sumTo(x, [1, 3, 1])).toBe(x);
    expect(sumTo(x, [3, 1]).graph.nodes.map(({ op }) => op)).toEqual(["input", "sum"]);
  });

  it("numbers alone are no operation, and operands are numbers or values of one graph", () => {
    expect(() => f.add(1, 2)).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining("at least one operand must be a value"),
      }),
    );
    for (const axis of [0, -1])
      expect(() => f.concat([], axis)).toThrow(/at least one operand must be a value/);
    const x = input(new Graph(), "x", []);
    expect(() => f.add(x, input(new Graph(), "x", []))).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining("values of one graph"),
      }),
    );
    expect(() => f.add(x, "2" as unknown as number)).toThrow(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining('"2"') }),
    );
  });
});
