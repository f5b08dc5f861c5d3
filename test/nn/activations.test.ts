/**
 * Activations against their formulas in float64, PyTorch's values, central differences, and at the ends of
 * the range of float32.
 */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { celu, elu, leakyRelu, mul, sum } from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import {
  type ActivationFunction,
  type ActivationName,
  activationName,
  activations,
  getActivation,
} from "../../src/nn/activations.js";
import { ready } from "../../src/numerics/kernels.js";
import { rowOf } from "../rowOf.js";
import { reference, refusal, wasm } from "./support.js";

beforeAll(() => ready());

/** ∫ e^(−t²) over [0, x] by Simpson's rule with 2,000 intervals: better than 1e-12 for |x| ≤ 6. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  const intervals = 2000;
  const h = x / intervals;
  let total = 0;
  for (let i = 0; i <= intervals; i++)
    total += (i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return (2 / Math.sqrt(Math.PI)) * (total * (h / 3));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const within = (low: number, high: number, x: number): number => Math.min(Math.max(x, low), high);

/** Those that change each number alone. */
type Name = Exclude<keyof typeof activations, "softmax" | "logSoftmax">;
const formulas: Record<Name, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid,
  softplus,
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  celu: (x) => Math.max(x, 0) + Math.min(Math.expm1(x), 0),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  exponential: Math.exp,
  geluTanh: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
  hardSigmoid: (x) => within(0, 1, x / 6 + 0.5),
  hardSilu: (x) => x * within(0, 1, x / 6 + 0.5),
  hardTanh: (x) => within(-1, 1, x),
  leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
  logSigmoid: (x) => -softplus(-x),
  mish: (x) => x * Math.tanh(softplus(x)),
  relu6: (x) => within(0, 6, x),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  softsign: (x) => x / (1 + Math.abs(x)),
};
const names = (Object.keys(activations) as Name[]).filter((name) => !/^(s|logS)oftmax$/.test(name));
const formulaOf = (name: Name) => rowOf(formulas, name, "formulas of test/nn/activations.test.ts");

/** f, f′ and f″ at points. */
function derivatives(executor: Executor, f: ActivationFunction, points: readonly number[]): number[][] {
  const run = executor.load(
    compile(
      (x: Value) => {
        const y = f(x);
        const [first] = gradients(sum(y), [x]);
        return [y, first, gradients(sum(first), [x])[0]];
      },
      [points.length, 1],
    ),
  );
  const results = run(points.map((x) => [x])).map(({ data }) => Array.from(data));
  run.free();
  return results;
}

/** The largest |a − b| / max(1, |b|). */
const difference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce(
    (most, x, i) => (x === b[i] ? most : Math.max(most, Math.abs(x - b[i]) / Math.max(1, Math.abs(b[i])))),
    0,
  );

/** Bounds on the differences of float32 from float64 in f, f′ and f″: 4, 32 and 256 roundings. */
const FLOAT32 = [4, 32, 256].map((roundings) => roundings * 2 ** -24);

describe("values", () => {
  // 1/16 from the kinks at 0, ±1, ±3, 6 at least
  const points = Array.from({ length: 161 }, (_, i) => (i - 80) / 8 + 1 / 16);

  it.each(names)("of %s are those of its formula", (name) => {
    const expected = points.map(formulaOf(name));
    expect(difference(derivatives(reference, activations[name], points)[0], expected)).toBeLessThan(1e-12);
    expect(difference(derivatives(wasm, activations[name], points)[0], expected)).toBeLessThan(FLOAT32[0]);
  });

  it.each(names)("of %s change as its gradients say, and these as the second ones", (name) => {
    const h = 1 / 512;
    const f = activations[name];
    const [, first, second] = derivatives(reference, f, points);
    // of fourth order: (f(x − 2h) − 8 f(x − h) + 8 f(x + h) − f(x + 2h)) / 12h
    const at = [-2, -1, 1, 2].map((k) =>
      derivatives(
        reference,
        f,
        points.map((x) => x + k * h),
      ),
    );
    const slope = (k: number): number[] =>
      points.map((_, i) => (at[0][k][i] - 8 * at[1][k][i] + 8 * at[2][k][i] - at[3][k][i]) / (12 * h));
    expect(difference(first, slope(0))).toBeLessThan(1e-9);
    expect(difference(second, slope(1))).toBeLessThan(1e-9);
  });
});

describe("PyTorch", () => {
  const stored = JSON.parse(readFileSync(new URL("activations.json", import.meta.url), "utf8")) as {
    points: number[];
    cases: Record<string, Readonly<Record<"value" | "gradient" | "second", number[]>>>;
  };
  const options: Readonly<Record<string, ActivationFunction>> = {
    "leakyRelu 0.01": (x) => leakyRelu(x, 0.01),
    "elu 0.5": (x) => elu(x, 0.5),
    "celu 0.5": (x) => celu(x, 0.5),
  };

  it("has a case of each", () => {
    expect(Object.keys(stored.cases).sort()).toEqual([...names, ...Object.keys(options)].sort());
  });

  it.each(Object.entries(stored.cases))("has the values and gradients of %s", (name, of) => {
    const f = options[name] ?? activations[name as Name];
    for (const [executor, bounds] of [
      [reference, [1e-9, 1e-9, 1e-9]],
      [wasm, FLOAT32],
    ] as const) {
      const found = derivatives(executor, f, stored.points);
      for (const [i, expected] of [of.value, of.gradient, of.second].entries())
        expect(difference(found[i], expected)).toBeLessThanOrEqual(bounds[i]);
    }
  });
});

describe("the range of float32", () => {
  const sizes = Array.from({ length: 84 }, (_, i) =>
    [1, 2.5, 6.25].map((m) => Math.fround(m * 10 ** (i - 46))),
  );
  const points = [...sizes.flat(), ...Array.from({ length: 1000 }, (_, i) => i / 10)].flatMap((x) => [x, -x]);
  // e^x overflows
  const tame = names.filter((name) => name !== "exponential");

  it.each(tame)("%s is finite, and so are its gradients, which differ from float64 by rounding", (name) => {
    const exact = derivatives(reference, activations[name], points);
    const found = derivatives(wasm, activations[name], points);
    for (const [i, bound] of FLOAT32.entries()) {
      expect(found[i].every(Number.isFinite) && exact[i].every(Number.isFinite)).toBe(true);
      expect(difference(found[i], exact[i])).toBeLessThan(bound);
    }
  });

  it("ends where the points do", () => {
    expect(Math.max(...points)).toBe(Math.fround(6.25e37));
    expect(Math.min(...points.filter((x) => x > 0))).toBeLessThan(2 ** -126);
  });

  it.each(names)("%s of NaN is NaN", (name) => {
    for (const executor of [reference, wasm])
      expect(derivatives(executor, activations[name], [Number.NaN])[0][0]).toBeNaN();
  });

  it("exponential overflows to infinity and vanishes", () => {
    expect(derivatives(wasm, activations.exponential, [1e30, -1e30])).toEqual(
      Array.from({ length: 3 }, () => [Number.POSITIVE_INFINITY, 0]),
    );
  });
});

/** Gradients at the points where there is none, exactly those of the left side or 0. */
const KINKS: readonly (readonly [Name, x: number, gradient: number])[] = [
  ["relu", 0, 0],
  ["leakyRelu", 0, 0.2],
  ["elu", 0, 1],
  ["celu", 0, 1],
  ["selu", 0, 1.0507009873554805 * 1.6732632423543772],
  ["relu6", 0, 0],
  ["relu6", 6, 0],
  ["hardTanh", -1, 0],
  ["hardTanh", 1, 0],
  ["hardSigmoid", -3, 0],
  ["hardSigmoid", 3, 0],
  ["hardSilu", -3, 0],
  ["hardSilu", 3, 1],
  ["softsign", 0, 1],
];

it.each(KINKS)("the gradient of %s at %f is %f", (name, x, gradient) => {
  for (const executor of [reference, wasm]) {
    const [value, found] = derivatives(executor, activations[name], [x]);
    expect(value[0]).toBeCloseTo(formulaOf(name)(x), 15);
    expect(Math.abs(found[0] - gradient)).toBeLessThan(2e-7);
    // negative zeros are none
    expect(derivatives(executor, activations[name], [x === 0 ? -0 : x])[1][0]).toBe(found[0]);
  }
});

describe("options", () => {
  it("have gradients too: of the slope, x where it is not above 0", () => {
    const slope = (f: (x: Value, option: Value) => Value, x: number, option: number): number => {
      const run = reference.load(
        compile((v: Value, o: Value) => gradients(sum(f(v, o)), [o])[0], [1, 1], [1]),
      );
      const [result] = Array.from(run([[x]], [option]).data);
      run.free();
      return result;
    };
    expect([3, 0, -2].map((x) => slope(leakyRelu, x, 0.1))).toEqual([0, 0, -2]);
    expect(slope(elu, -1, 0.5)).toBeCloseTo(Math.expm1(-1), 14);
    expect(slope(celu, -1, 0.5)).toBeCloseTo(Math.expm1(-2) + 2 * Math.exp(-2), 14);
    expect([slope(elu, 1, 0.5), slope(celu, 1, 0.5)]).toEqual([0, 0]);
  });

  it("may be steep and the other way round", () => {
    expect(derivatives(reference, (x) => leakyRelu(x, 3), [-2, 2])).toEqual([
      [-6, 2],
      [3, 1],
      [0, 0],
    ]);
    expect(derivatives(reference, (x) => leakyRelu(x, -1), [-2, 2])[0]).toEqual([2, 2]);
    expect(derivatives(wasm, (x) => leakyRelu(x, 0), [-1e38, 1e38])[1]).toEqual([0, 1]);
  });
});

it("softmax and logSoftmax take each row by itself, also where eᶻ overflows", () => {
  const rows = [
    [0, 1, 2],
    [1000, 1001, 1002],
    [-1000, 0, 1000],
  ];
  const run = wasm.load(
    compile((v: Value) => [getActivation("softmax")(v), getActivation("logSoftmax")(v)], [3, 3]),
  );
  const [softmax, logSoftmax] = run(rows).map(({ data }) => Array.from(data));
  run.free();
  const powers = rows.map((row) => row.map((z) => Math.exp(z - Math.max(...row))));
  const sums = powers.map((row) => row.reduce((a, b) => a + b));
  expect(
    difference(
      softmax,
      powers.flatMap((row, i) => row.map((power) => power / sums[i])),
    ),
  ).toBeLessThan(8 * 2 ** -24);
  const logs = rows.flatMap((row, i) => row.map((z) => z - Math.max(...row) - Math.log(sums[i])));
  expect(difference(logSoftmax, logs)).toBeLessThan(8 * 2 ** -24);
});

it("finds every name, takes functions, and refuses the rest", async () => {
  expect(Object.keys(activations).sort()).toEqual([...names, "softmax", "logSoftmax"].sort());
  const own = (x: Value): Value => mul(x, 2);
  expect(getActivation(own)).toBe(own);
  expect(activationName(own)).toBeUndefined();
  expect(await refusal(() => getActivation("rellu" as ActivationName))).toMatch(
    /^unknown_name: unknown activation "rellu"\. Did you mean "relu"\?/,
  );
  expect(await refusal(() => getActivation(3 as never))).toBe(
    "invalid_argument: activation must be a name or a function; received 3",
  );
  for (const name of ["toString", "leaky__relu", "Swish"])
    expect(await refusal(() => getActivation(name as ActivationName))).toMatch(/^unknown_name: /);
});

it("has every name in snake case too", () => {
  for (const [name, activation] of Object.entries(activations)) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(getActivation(snake as ActivationName)).toBe(activation);
  }
});

it("has Keras' other names, which are saved as the first", () => {
  expect(getActivation("swish")).toBe(activations.silu);
  expect(getActivation("hardSwish")).toBe(activations.hardSilu);
  expect([activationName("swish"), activationName("hardSwish"), activationName("mish")]).toEqual([
    "silu",
    "hardSilu",
    "mish",
  ]);
});
