/**
 * `posWeight` of the binary cross-entropy against −(w y log p + (1 − y) log(1 − p)) in float64, written here
 * by hand from the documentation of PyTorch (`BCEWithLogitsLoss`, `pos_weight`).
 */
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/compile/compile.js";
import { constant, sigmoid } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import { binaryCrossentropy } from "../../../src/nn/losses/index.js";
import { evaluateWithGradient, reference, refusal, wasm } from "../support.js";

const y = [
  [1, 0],
  [0.25, 1],
  [0, 0],
];
const z = [
  [0.5, -2],
  [3, -0.25],
  [-1.5, 4],
];

const squash = (x: number): number => 1 / (1 + Math.exp(-x));
/** The loss of each number, and its slope by the logit. */
const expected = (weights: readonly [number, number]): { value: number; gradient: number[] } => {
  const all = z.flatMap((row, i) =>
    row.map((x, j) => {
      const [p, w, truth] = [squash(x), weights[j], y[i][j]];
      return [
        -(w * truth * Math.log(p) + (1 - truth) * Math.log(1 - p)),
        -w * truth * (1 - p) + (1 - truth) * p,
      ];
    }),
  );
  return {
    value: all.reduce((sum, [loss]) => sum + loss, 0) / all.length,
    gradient: all.map(([, slope]) => slope / all.length),
  };
};

// losses below 20 and slopes below 2: some tens of roundings
describe.each([
  ["reference", reference, 2 ** -44],
  ["wasm", wasm, 2 ** -18],
] as const)("on %s", (_, executor, bound) => {
  it.each<[string, number | number[], [number, number]]>([
    ["one for all units", 3, [3, 3]],
    ["one for each unit", [2.5, 0.5], [2.5, 0.5]],
    ["none counts", 0, [0, 0]],
    ["the default", 1, [1, 1]],
  ])("%s: of logits, and of what a sigmoid makes of them", (_name, posWeight, weights) => {
    const { value, gradient } = expected(weights);
    const truths = (at: Value): Value => constant(at.graph, y.flat(), [3, 2]);
    const ofLogits = binaryCrossentropy({ posWeight, fromLogits: true });
    const ofChances = binaryCrossentropy({ posWeight });
    for (const f of [(x: Value) => ofLogits(truths(x), x), (x: Value) => ofChances(truths(x), sigmoid(x))]) {
      const found = evaluateWithGradient(executor, f, z);
      expect(Math.abs(found.value[0] - value)).toBeLessThanOrEqual(bound);
      found.gradient.forEach((slope, i) => {
        expect(Math.abs(slope - gradient[i])).toBeLessThanOrEqual(bound);
      });
    }
  });

  it("counts beside the weights of rows, and leaves the mean one over all numbers", () => {
    const loss = binaryCrossentropy({ posWeight: 4 });
    const run = executor.load(compile((t, p, w) => loss(t, p, w), [2, 1], [2, 1], [2, 1]));
    // ½ (4 · ½ + 1 · 3/2) log 2
    const found = run([[1], [0]], [[0.5], [0.5]], [[0.5], [1.5]]).get();
    expect(found).toBeCloseTo(1.75 * Math.LN2, 6);
  });
});

it.each<[() => unknown, string]>([
  [
    () => binaryCrossentropy({ posWeight: -1 }),
    "invalid_argument: posWeight of losses.binaryCrossentropy must be a finite number in [0, ∞); received -1",
  ],
  [
    () => binaryCrossentropy({ posWeight: [1, Number.NaN] }),
    "invalid_argument: posWeight of losses.binaryCrossentropy must be a finite number in [0, ∞); received NaN",
  ],
  [
    () => compile(binaryCrossentropy({ posWeight: [1, 2] }), [2, 3], [2, 3]),
    "invalid_shape: posWeight of losses.binaryCrossentropy must have a number for each of 3 units; received 2",
  ],
])("case %#: is refused with a reason", async (run, message) => {
  expect(await refusal(run)).toBe(message);
});
