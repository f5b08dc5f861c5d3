/** Differentiation: compositions against differences, and the algebra of `grad`. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grad, gradients, valueAndGrad } from "../../src/autograd/index.js";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { checkGradients } from "../../src/testing/gradients.js";
import { cases } from "../cases.js";

const engine = createEngine({ executor: "reference" });

/** Smooth steps from values to one more, all of shape [3, 2]; `a` and `b` may be the same value. */
const steps: readonly ((a: Value, b: Value) => Value)[] = [
  (a) => f.sin(a),
  (a) => f.tanh(a),
  (a) => f.sigmoid(a),
  (a) => f.softplus(a),
  (a) => f.erf(a),
  (a) => f.exp(f.mul(f.tanh(a), 0.5)),
  (a) => f.log(f.add(f.square(a), 1)),
  (a) => f.sqrt(f.add(f.square(a), 1)),
  (a, b) => f.add(a, b),
  (a, b) => f.sub(a, f.mul(b, 0.5)),
  (a, b) => f.mul(f.cos(a), b),
  (a, b) => f.div(a, f.add(f.square(b), 1)),
  (a, b) => f.pow(f.add(f.square(a), 0.5), f.tanh(b)),
  (a, b) => f.mul(f.matmul(f.matmul(a, f.transpose(b)), a), 0.125),
  (a) => f.softmax(a),
  (a) => f.logSoftmax(a),
  (a) => f.transpose(f.softmax(f.transpose(a))),
  (a, b) => f.sub(a, f.mean(b, 0)),
  (a, b) => f.mul(a, f.mean(f.square(b), 1, true)),
  (a, b) => f.concat([f.slice(a, [1, 0], [2, 2]), f.slice(b, [0, 0], [1, 2])]),
  (a) => f.reshape(f.transpose(a), [3, 2]),
  (a) => f.pad(f.slice(a, [0, 1], [3, 1]), [0, 1], [0, 0]),
  (a) =>
    f.scatterRows(f.takeRows(a, f.constant(a.graph, [2, 0, 0, 1])), f.constant(a.graph, [0, 1, 1, 2]), 3),
];

describe("gradients of compositions agree with central differences to 1e-6, twice", () => {
  it("whatever is shared, spread, cut and put together again", () => {
    const anyStep = fc.tuple(fc.nat(steps.length - 1), fc.nat(9), fc.nat(9));
    const anyNumber = fc.integer({ min: -96, max: 96 }).map((n) => n / 64);
    const matrix = fc.array(fc.tuple(anyNumber, anyNumber), { minLength: 3, maxLength: 3 });
    const row = fc.tuple(anyNumber, anyNumber);
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 5, maxLength: 8 }), matrix, row, (recipe, x, y) => {
        checkGradients(
          (a, b) => {
            const values = [a, f.broadcastTo(b, [3, 2])];
            for (const [step, i, j] of recipe) {
              const [p, q] = [i, j].map((choice) => values[values.length - 1 - (choice % values.length)]);
              values.push(steps[step](p, q));
            }
            return values[values.length - 1];
          },
          [x, y],
          { name: "a composition", reach: 1 / 128 },
        );
      }),
      { numRuns: cases(60) },
    );
  });
});

describe("grad", () => {
  const number = (fn: (x: Value) => Value, x: number): number => engine.load(compile(fn, []))(x).get();

  it("nests: every derivative of x⁴, and of sin", () => {
    const quartic = (x: Value): Value => f.square(f.square(x));
    expect(number(grad(quartic), 3)).toBe(108);
    expect(number(grad(grad(quartic)), 3)).toBe(108);
    expect(number(grad(grad(grad(quartic))), 3)).toBe(72);
    expect(number(grad(grad(grad(grad(quartic)))), 3)).toBe(24);
    expect(number(grad(grad(grad(grad(grad(quartic))))), 3)).toBe(0);
    const fourth = number(grad(grad(grad(grad((x: Value) => f.sin(x))))), 0.5);
    expect(fourth).toBe(number(f.sin, 0.5));
  });

  it("has the form of the first argument", () => {
    const program = compile(
      (w, b, x) => {
        const loss = ([v, c]: readonly Value[], y: Value): Value => f.sum(f.add(f.mul(v, y), c));
        const [value, parts] = valueAndGrad(loss)([w, b], x);
        return [value, ...parts];
      },
      [3],
      [],
      [3],
    );
    const [value, w, b] = engine.load(program)([1, 2, 3], 10, [4, 5, 6]);
    expect(value.get()).toBe(62);
    expect([w.get(0), w.get(1), w.get(2)]).toEqual([4, 5, 6]);
    // a scalar that was spread over three
    expect(b.get()).toBe(3);
  });

  it("visits only what lies between the values asked for and the result", () => {
    const graph = new Graph();
    const x = input(graph, "x", []);
    const middle = f.sin(x);
    const result = f.exp(middle);
    // the gradient of a sine is made of a cosine
    const hasCosine = (wrt: Value): boolean => {
      const before = graph.nodes.length;
      gradients(result, [wrt]);
      return graph.nodes.slice(before).some(({ op }) => op === "cos");
    };
    expect([x, middle].map(hasCosine)).toEqual([true, false]);
  });

  it("is with respect to any value on the way, the result itself included", () => {
    const program = compile((x) => {
      const middle = f.square(x);
      const result = f.mul(middle, f.add(middle, x));
      return gradients(result, [x, middle, result, f.constant(x.graph, 7)]);
    }, []);
    // r = m(m + x), m = x²: dr/dx = 4x³ + 3x², dr/dm = 2m + x with x held
    expect(
      engine
        .load(program)(2)
        .map((g) => g.get()),
    ).toEqual([44, 10, 1, 0]);
  });

  it("is zero, of the right shape, where nothing depends", () => {
    const program = compile((x, y) => gradients(f.sum(f.greater(x, 0)), [x, y]), [2, 3], [4]);
    const [x, y] = engine.load(program)([1, 2, 3, 4, 5, 6], [1, 2, 3, 4]);
    expect([...x.shape, ...y.shape]).toEqual([2, 3, 4]);
    expect([x.get(1, 2), y.get(3)]).toEqual([0, 0]);
  });

  it("writes no node for what does not depend on the arguments", () => {
    const graph = new Graph();
    const [x, y] = ["x", "y"].map((name) => input(graph, name, [8]));
    const loss = f.sum(f.mul(x, f.exp(f.sin(f.tanh(y)))));
    const before = graph.nodes.length;
    gradients(loss, [x]);
    const added = graph.nodes.slice(before).map(({ op }) => op);
    expect(added).not.toContain("cos");
    expect(added).not.toContain("exp");
  });

  it("refuses values of another graph, whose numbers mean other nodes", () => {
    const [own, other] = [input(new Graph(), "x", []), input(new Graph(), "x", [])];
    expect(() => gradients(f.square(own), [other])).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringMatching(/^each of wrt must be a value of the graph of the output/),
      }),
    );
  });

  it("refuses an output that is not a scalar, and a value instead of a function", () => {
    const x = input(new Graph(), "x", [3]);
    expect(() => gradients(x, [x])).toThrow(
      expect.objectContaining({
        code: "invalid_shape",
        message: expect.stringMatching(/must be a scalar; received shape \[3\]\. Take a sum/),
      }),
    );
    expect(() => grad(3 as never)).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: "fn must be a function of values; received 3",
      }),
    );
  });
});
