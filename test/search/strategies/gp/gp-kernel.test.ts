/** The Matérn covariances of the kernels against the formula in plain float64, and the rooms of processes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { kernels } from "../../../../src/numerics/kernels.js";
import { scratch } from "../../../../src/numerics/scratch.js";
import { float } from "../../../../src/search/space/builders.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { vectorsOf } from "../../../../src/search/space/vectors.js";
import { defaultHyperparameters } from "../../../../src/search/strategies/gp/kernel.js";
import { condition, extend } from "../../../../src/search/strategies/gp/posterior.js";
import { cases } from "../../../cases.js";
import { errorF64 } from "../../../numerics/ulp.js";

/**
 * 6 ulp, and r ulp more by the rounding of r, which both round alike; and 4 ulp for the formula below: its
 * exponential, and roundings.
 */
const BOUND = 6 + 4;

/** Values and slopes of points on a line, measured from 0; further numbers of their arrays are NaN before. */
function measured(line: readonly number[], signal: number) {
  const n = line.length;
  const stride = n + (n % 2) + 2;
  const { address, numbers } = scratch(7 * stride);
  const [widths, point, others, squares, values, alone, slopes] = [0, 1, 2, 3, 4, 5, 6].map(
    (i) => i * stride,
  );
  const at = (place: number) => address + 8 * place;
  numbers.fill(Number.NaN, 0, 7 * stride);
  new Int32Array(numbers.buffer, address, 1)[0] = 1;
  numbers[point] = 0;
  numbers.set(line, others);
  kernels().covariances(
    at(widths),
    1,
    at(point),
    at(others),
    stride,
    n,
    signal,
    0,
    at(squares),
    at(values),
    at(alone),
    at(slopes),
  );
  return [values, slopes].map((place) => numbers.slice(place, place + n));
}

const distance = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 5, noNaN: true }),
  // r up to 700, where e^−r is still normal with a signal from 1e-2 on
  fc.double({ min: -20, max: 5.7, noNaN: true }).map(Math.exp),
);

test("covariances and slopes are the formula's, within the stated bound", () => {
  const signals = fc.double({ min: 0.01, max: 100, noNaN: true });
  const property = fc.property(fc.array(distance, { maxLength: 9 }), signals, (line, signal) => {
    const [values, slopes] = measured(line, signal);
    line.forEach((d, i) => {
      const r = Math.sqrt(5 * (d * d));
      const decayed = signal * Math.exp(-r);
      expect(errorF64(values[i], decayed * (1 + r + (r * r) / 3))).toBeLessThanOrEqual(BOUND);
      expect(errorF64(slopes[i], (5 / 6) * decayed * (1 + r))).toBeLessThanOrEqual(BOUND);
    });
  });
  fc.assert(property, { numRuns: cases(500) });
});

test("far apart is next to nothing, and no distance gives the signal", () => {
  const [values, slopes] = measured([0, 1e150, Number.POSITIVE_INFINITY], 2);
  expect(values[0]).toBe(2);
  expect(Math.abs(slopes[0] - 5 / 3)).toBeLessThanOrEqual(2 ** -51);
  for (const k of [1, 2]) {
    expect(values[k]).toBeGreaterThan(0);
    expect(values[k]).toBeLessThan(1e-300);
  }
});

test("posteriors asked in turn, more than there are rooms, are each what they are alone", () => {
  const vectors = vectorsOf(resolveSpace({ a: float(0, 1), b: float(0, 1) }));
  const start = { hyperparameters: defaultHyperparameters(vectors), points: [], factor: new Float64Array(0) };
  const posteriorOf = (n: number) => {
    const points = Array.from({ length: n }, (_, i) => Float64Array.of((i * 0.37) % 1, (i * 0.61) % 1));
    const values = Float64Array.from(points, ([a, b]) => Math.sin(7 * a) - b);
    return condition(vectors, extend(vectors, start, points), values);
  };
  const asked = (posterior: ReturnType<typeof posteriorOf>, x: number) => {
    const { mean, variance, meanGradient, varianceGradient } = posterior.predict(
      Float64Array.of(x, 0.3),
      true,
    );
    return [mean, variance, ...meanGradient, ...varianceGradient];
  };
  const sizes = Array.from({ length: 13 }, (_, k) => 3 + 2 * k);
  const alone = sizes.map((n) => {
    const posterior = posteriorOf(n);
    return [0.2, 0.7].map((x) => asked(posterior, x));
  });
  const posteriors = sizes.map(posteriorOf);
  const inTurn = [0.2, 0.7].map((x) => posteriors.map((posterior) => asked(posterior, x)));
  expect(sizes.map((_, k) => inTurn.map((round) => round[k]))).toEqual(alone);
});
