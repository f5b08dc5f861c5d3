/** Activations against their formulas in float64. */
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { sum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { type ActivationName, activations, getActivation } from "../../src/nn/activations.js";
import { evaluateWithGradient, reference, refusal, wasm } from "./support.js";

/** ∫ e^(−t²) over [0, x] by Simpson's rule with 2,000 intervals: better than 1e-12 for |x| ≤ 5. */
function erf(x: number): number {
  const intervals = 2000;
  const h = x / intervals;
  let total = 0;
  for (let i = 0; i <= intervals; i++) {
    total += (i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  }
  return (2 / Math.sqrt(Math.PI)) * (total * (h / 3));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const phi = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** f and f′, element by element. */
const formulas: Record<
  Exclude<ActivationName, "softmax">,
  readonly [(x: number) => number, (x: number) => number]
> = {
  linear: [(x) => x, () => 1],
  relu: [(x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  softplus: [(x) => Math.log1p(Math.exp(x)), sigmoid],
  gelu: [(x) => (x * (1 + erf(x / Math.SQRT2))) / 2, (x) => (1 + erf(x / Math.SQRT2)) / 2 + x * phi(x)],
};

const POINTS = [-6, -2.5, -1, -0.125, 0, 0.125, 0.5, 1, 2.5, 6];

describe("activations", () => {
  it.each(Object.entries(formulas))("%s and its gradient", (name, [f, derivative]) => {
    const activate = getActivation(name as ActivationName);
    for (const [executor, unit] of [
      [reference, 2 ** -48], // Simpson's error is the largest
      [wasm, 2 ** -24],
    ] as const) {
      for (const x of POINTS) {
        const { value, gradient } = evaluateWithGradient(executor, (v) => sum(activate(v)), [[x]]);
        // at most 16 roundings of numbers up to |x|
        const bound = 16 * unit * Math.max(1, Math.abs(x));
        expect(Math.abs(value[0] - f(x)), `${name}(${x})`).toBeLessThanOrEqual(bound);
        expect(Math.abs(gradient[0] - derivative(x)), `${name}'(${x})`).toBeLessThanOrEqual(bound);
      }
    }
  });

  it("softmax takes each row by itself and sums to 1, also where eᶻ overflows", () => {
    const rows = [
      [0, 1, 2],
      [1000, 1001, 1002],
      [-1000, 0, 1000],
    ];
    const run = wasm.load(compile((v: Value) => getActivation("softmax")(v), [3, 3]));
    const softmax = Array.from(run(rows).data);
    run.free();
    const expected = rows.flatMap((row) => {
      const powers = row.map((z) => Math.exp(z - Math.max(...row)));
      return powers.map((power) => power / powers.reduce((a, b) => a + b));
    });
    softmax.forEach((p, i) => {
      expect(Math.abs(p - expected[i])).toBeLessThanOrEqual(8 * 2 ** -24);
    });
  });

  it("finds every name, takes functions, and refuses the rest", async () => {
    expect(Object.keys(activations).sort()).toEqual([...Object.keys(formulas), "softmax"].sort());
    const own = (x: Value): Value => x;
    expect(getActivation(own)).toBe(own);
    expect(await refusal(() => getActivation("rellu" as ActivationName))).toMatch(
      /^unknown_name: unknown activation "rellu"\. Did you mean "relu"\?/,
    );
    expect(await refusal(() => getActivation(3 as never))).toBe(
      "invalid_argument: activation must be a name or a function; received 3",
    );
    expect(await refusal(() => getActivation("toString" as ActivationName))).toMatch(/^unknown_name: /);
  });
});
