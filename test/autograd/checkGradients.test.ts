/** The check of gradients is itself checked: it finds wrong rules, and says which and where. */
import { afterEach, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { commonRows } from "../../src/graph/operations/table.js";
import { checkGradients } from "../../src/testing/gradients.js";

/** The table, writable: rules are broken and mended here. */
const table = commonRows as { [K in keyof typeof commonRows]: (typeof commonRows)[K] };
const { tanh, matmul, slice } = commonRows;

afterEach(() => {
  Object.assign(table, { tanh, matmul, slice });
});

const message = (check: () => void): string => {
  try {
    check();
  } catch (error) {
    expect(error).not.toBeInstanceOf(FettleError);
    return (error as Error).message;
  }
  throw new Error("nothing was found");
};

const model = (x: Value, w: Value): Value => f.sum(f.tanh(f.matmul(x, w)));
const args = [
  [
    [0.5, -1],
    [0.25, 2],
  ],
  [[1], [0.5]],
];

describe("checkGradients", () => {
  it("accepts what is right", () => {
    checkGradients(model, args);
    checkGradients((x) => f.mul(x, 3), [2]);
  });

  it("finds a wrong sign, and names operation, argument, entry and both values", () => {
    table.tanh = { ...tanh, gradient: (context) => [f.neg(tanh.gradient(context)[0] as Value)] };
    const said = message(() => checkGradients(model, args, { name: "the model" }));
    expect(said).toMatch(/^the model: the gradient with respect to argument 0 \[2, 2\], entry 0, is /);
    // tanh(0.5 · 1 − 1 · 0.5) has slope 1, so the gradient is ± w₀
    const [, analytic, numeric] = said.match(/is (\S+) by autograd and (\S+) \(/) as RegExpMatchArray;
    expect(Number(numeric)).toBeCloseTo(-Number(analytic), 9);
    expect(said).toMatch(/the rule of "tanh" is wrong there \(replay it with \{ seed: 0 \}\)$/);
  });

  it("finds a forgotten transpose by its values", () => {
    table.matmul = {
      ...matmul,
      gradient: ({ g, inputs: [a, b] }) => [f.matmul(g, b), f.matmul(f.transpose(a), g)],
    };
    const square = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0.5, 1],
        [0, 2],
      ],
    ];
    expect(message(() => checkGradients(f.matmul, square))).toMatch(/"matmul" is wrong there/);
  });

  it("finds an error of one part in 10⁵, and lets one of 10⁸ pass", () => {
    const off = (factor: number): void => {
      table.tanh = { ...tanh, gradient: (context) => [f.mul(tanh.gradient(context)[0] as Value, factor)] };
    };
    off(1 + 1e-8);
    checkGradients((x) => f.tanh(x), [0.5], { order: 1 });
    off(1 + 1e-5);
    expect(message(() => checkGradients((x) => f.tanh(x), [0.5]))).toMatch(/"tanh"/);
  });

  it("finds a rule that is right only once: its own gradient is wrong", () => {
    table.tanh = {
      ...tanh,
      gradient: ({ g, output }) => [f.mul(g, f.stopGradient(f.sub(1, f.square(output))))],
    };
    checkGradients((x) => f.tanh(x), [0.5], { order: 1 });
    expect(message(() => checkGradients((x) => f.tanh(x), [0.5]))).toMatch(/^the gradient of /);
  });

  it("finds a shift of one place", () => {
    table.slice = {
      ...slice,
      gradient: ({ g, inputs: [x] }) => [f.pad(g, [0], [x.shape[0] - g.shape[0]])],
    };
    expect(message(() => checkGradients((x) => f.slice(x, [1], [2]), [[1, 2, 3]]))).toMatch(
      /entry 0.*"slice"/,
    );
  });

  it("does not judge across a kink", () => {
    expect(message(() => checkGradients((x) => f.relu(x), [0.001]))).toMatch(/too uncertain/);
    expect(message(() => checkGradients((x) => f.log(x), [0.001]))).toMatch(/too uncertain|wrong/);
  });

  it("refuses a function that returns no value of its arguments' graph", () => {
    const elsewhere = input(new Graph(), "x", []);
    expect(() => checkGradients(() => elsewhere, [1])).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining("must return a value"),
      }),
    );
  });
});
