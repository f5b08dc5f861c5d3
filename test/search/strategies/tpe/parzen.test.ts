import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { normCdf } from "../../../../src/numerics/special.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import type { Parameter } from "../../../../src/search/space/parameter.js";
import { toUnit, valueAt, valueCount } from "../../../../src/search/space/scale.js";
import { type Coordinate, columnOf } from "../../../../src/search/strategies/tpe/kernels.js";
import { densitiesOf } from "../../../../src/search/strategies/tpe/models.js";
import { createParzen, type Parzen } from "../../../../src/search/strategies/tpe/parzen.js";
import { cases } from "../../../cases.js";

const kinds: readonly Parameter[] = [
  float(-2, 3),
  float(1e-4, 1, { log: true }),
  float(0, 1, { step: 0.125 }),
  int(1, 9),
  int(1, 300, { log: true }),
  int(0, 5000),
  choice(["a", "b", "c", "d"]),
];

/** Simpson's rule on `2·half` intervals. */
function integrate(f: (x: number) => number, from: number, to: number, half = 500): number {
  const h = (to - from) / (2 * half);
  let sum = f(from) + f(to);
  for (let i = 1; i < 2 * half; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

/** The sum of `f` over all values of a parameter, in units, or its integral. */
function total(parameter: Parameter, f: (unit: number) => number): number {
  const count = valueCount(parameter);
  if (count === Number.POSITIVE_INFINITY) return integrate(f, 0, 1);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += f(toUnit(parameter, valueAt(parameter, i)));
  return sum;
}

const coordinatesOf = (parameters: readonly Parameter[]): Coordinate[] =>
  parameters.map((parameter, at) => ({ parameter, at, count: valueCount(parameter) }));

/** ln of the density of an estimator over some parameters at one point. */
const logDensityOf =
  ({ logDensities }: Parzen, parameters: readonly Parameter[]) =>
  (...point: number[]) =>
    logDensities(coordinatesOf(parameters).map((each, i) => columnOf(each, Float64Array.of(point[i]))))[0];

function estimator(parameters: readonly Parameter[], seed: number, n: number, scale: number): Parzen {
  const stream = new RandomStream(seed);
  const coordinates = coordinatesOf(parameters);
  const observations = coordinates.map(({ parameter, count }) =>
    Float64Array.from({ length: n }, () =>
      Number.isFinite(count)
        ? toUnit(parameter, valueAt(parameter, stream.integer(count)))
        : stream.uniform() ** 3,
    ),
  );
  const weights = Float64Array.from({ length: n }, () => 0.1 + stream.uniform());
  return createParzen({
    coordinates,
    observations,
    weights,
    priorWeight: 0.7,
    bandwidth: { scale, power: 2 },
  });
}

describe("the Parzen estimator", () => {
  // kernels are no narrower than 1/100: Simpson's rule with steps of 1/1000 errs by some 1e-6 of a kernel's
  // mass, as h^4/180 times the fourth derivative, 3/σ^4, of its density
  test.each(kinds)("has a density of total 1 over %j", (parameter) => {
    const property = fc.property(
      fc.nat(),
      fc.nat({ max: 40 }),
      fc.constantFrom(0.01, 0.3, 1),
      (seed, n, scale) => {
        const logDensity = logDensityOf(estimator([parameter], seed, n, scale), [parameter]);
        const mass = total(parameter, (unit) => Math.exp(logDensity(unit)));
        expect(Math.abs(mass - 1)).toBeLessThan(1e-5);
      },
    );
    const slow = valueCount(parameter) > 1000 && parameter.type === "int";
    fc.assert(property, { numRuns: cases(slow ? 10 : 40) });
  });

  test("has a density of total 1 over several parameters together", () => {
    const parameters = [float(0, 1), int(1, 20, { log: true }), choice([1, 2, 3])];
    const logDensity = logDensityOf(estimator(parameters, 5, 12, 0.5), parameters);
    const mass = total(parameters[0], (x) =>
      total(parameters[1], (y) => total(parameters[2], (z) => Math.exp(logDensity(x, y, z)))),
    );
    expect(Math.abs(mass - 1)).toBeLessThan(1e-5);
  });

  test("has the same density at a point alone and among others", () => {
    const parameters = [float(0, 1), int(1, 20, { log: true }), choice([1, 2, 3])];
    const coordinates = coordinatesOf(parameters);
    const parzen = estimator(parameters, 5, 13, 0.5);
    const stream = new RandomStream(8);
    const columns = coordinates.map(() => new Float64Array(50));
    for (let row = 0; row < 50; row++) parzen.sample(stream, columns, row);
    const together = parzen.logDensities(coordinates.map((each, i) => columnOf(each, columns[i])));
    for (let row = 0; row < 50; row++) {
      const alone = logDensityOf(parzen, parameters)(...columns.map((column) => column[row]));
      expect(together[row]).toBe(alone);
    }
  });

  test("is as exact far above an observation as far below", () => {
    const parameter = int(0, 99);
    const logDensity = logDensityOf(
      createParzen({
        coordinates: [{ parameter, at: 0, count: 100 }],
        observations: [Float64Array.of(toUnit(parameter, 49), toUnit(parameter, 50))],
        weights: Float64Array.of(1, 1),
        priorWeight: 1e-280,
        bandwidth: { scale: 0, power: 9 },
      }),
      [parameter],
    );
    for (let k = 0; k < 20; k++) {
      const [below, above] = [49 - k, 50 + k].map((x) => logDensity(toUnit(parameter, x)));
      // kernels are 1/100 wide, as are cells: 6 ulp of each distribution function, and the rounding of z²/2
      // up to 200
      expect(Math.abs(above - below)).toBeLessThan(1e-11);
      expect(below).toBeGreaterThan(-0.5 * (k + 1) ** 2 - 10);
    }
  });

  test.each(kinds)("draws from the density that it gives, over %j", (parameter) => {
    const parzen = estimator([parameter], 11, 6, 0.5);
    const { sample } = parzen;
    const draws = 5000;
    const bins = 8;
    const density = (unit: number) => Math.exp(logDensityOf(parzen, [parameter])(unit));
    const expected = new Float64Array(bins);
    const count = valueCount(parameter);
    for (let b = 0; b < bins && count === Number.POSITIVE_INFINITY; b++)
      expected[b] = draws * integrate(density, b / bins, (b + 1) / bins);
    const binOf = (unit: number) => Math.min(bins - 1, Math.floor(unit * bins));
    for (let i = 0; i < count && count < Number.POSITIVE_INFINITY; i++) {
      const unit = toUnit(parameter, valueAt(parameter, i));
      expected[binOf(unit)] += draws * density(unit);
    }
    const seen = new Float64Array(bins);
    const stream = new RandomStream(3);
    const column = new Float64Array(draws);
    for (let i = 0; i < draws; i++) sample(stream, [column], i);
    for (const unit of column) seen[binOf(unit)]++;
    let chiSquared = 0;
    for (let b = 0; b < bins; b++)
      if (expected[b] > 0) chiSquared += (seen[b] - expected[b]) ** 2 / expected[b];
    // 7 degrees at most, exceeded once in 10,000 times
    expect(chiSquared).toBeLessThan(29.88);
  });
});

describe("the densities of better trials and of the others", () => {
  const prior = 0.5;
  const bandwidths = { better: { scale: 0.7, power: 2 }, others: { scale: 0.3, power: 1 } };
  const gaussian = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

  /** The density at a point, written out, of weighted observations of numbers: [points] of [dimensions]. */
  function density(
    at: readonly number[],
    points: readonly (readonly number[])[],
    weights: readonly number[],
    { scale, power }: { readonly scale: number; readonly power: number },
  ): number {
    const [n, d] = [points.length, at.length];
    const all = weights.reduce((sum, weight) => sum + weight, prior);
    const widths = at.map((_, k) => {
      const mean = points.reduce((sum, point) => sum + point[k], 0) / n;
      const squares = points.reduce((sum, point) => sum + (point[k] - mean) ** 2, 1 / 12);
      // Scott's rule, within bounds
      const rule = scale * n ** (-1 / (d + 4)) * Math.sqrt(squares / (n + 1));
      return Math.min(1, Math.max(1 / Math.min(100, (n + 2) ** power), rule));
    });
    return points.reduce((sum, point, i) => {
      const product = at.reduce((p, x, k) => {
        const [u, width] = [point[k], widths[k]];
        return (p * gaussian((x - u) / width)) / (width * (normCdf((1 - u) / width) - normCdf(-u / width)));
      }, 1);
      return sum + (weights[i] / all) * product;
    }, prior / all);
  }

  test.each([
    [1, 40, 0],
    [2, 40, 3],
    [3, 300, 0],
    [3, 700, 0],
    [2, 700, 60],
  ])("of %i numbers are those of the definition, after %i trials of which %i run", (d, trials, running) => {
    const stream = new RandomStream(d * trials);
    const coordinates = coordinatesOf(Array.from({ length: d }, () => float(0, 1)));
    const columns = coordinates.map(() => Float64Array.from({ length: trials }, () => stream.uniform()));
    const better = new Map([1, 4, 17, 30, 37].map((number, i) => [number, (i + 1) / 5]));
    // up to 500 trials all of the others; of more the latest 25 or those that run, and 40 for the rest
    const all = Array.from({ length: trials }, (_, i) => i);
    const latest = trials > 500 ? trials - Math.max(25, running) : 0;
    const stride = latest / 40;
    const spread = trials > 500 ? Array.from({ length: 40 }, (_, k) => Math.floor(k * stride)) : [];
    const others = [...spread, ...all.slice(latest)].filter((number) => !better.has(number));
    const far = spread.filter((number) => !better.has(number)).length;
    const n = others.length;
    // all but the latest 25 count less the older they are, from 1/n on, and those that stand for many as many
    const weights = others.map((_, i) => {
      const age = i < n - 25 ? 1 / n + (i / (n - 25)) * (1 - 1 / n) : 1;
      return i < far && i < n - 25 ? stride * age : age;
    });
    const pointOf = (number: number) => columns.map((column) => column[number]);
    const found = densitiesOf(coordinates, columns, {
      better,
      trials,
      running,
      widths: bandwidths,
      priorWeight: prior,
    });
    for (let i = 0; i < 10; i++) {
      const at = coordinates.map(() => stream.uniform());
      const expected = [
        density(at, [...better.keys()].map(pointOf), [...better.values()], bandwidths.better),
        density(at, others.map(pointOf), weights, bandwidths.others),
      ];
      for (const [k, parzen] of found.entries()) {
        const log = logDensityOf(
          parzen,
          coordinates.map(({ parameter }) => parameter),
        )(...at);
        expect(Math.abs(log - Math.log(expected[k]))).toBeLessThan(1e-9);
      }
    }
  });
});
