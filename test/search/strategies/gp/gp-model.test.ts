/** The Gaussian process against textbook formulas, written here with Gauss' elimination and `Math`. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { type Params, resolveSpace } from "../../../../src/search/space/space.js";
import { vectorsOf } from "../../../../src/search/space/vectors.js";
import {
  fitHyperparameters,
  negativeLogPosterior,
  toLogs,
} from "../../../../src/search/strategies/gp/fit.js";
import { defaultHyperparameters, type Hyperparameters } from "../../../../src/search/strategies/gp/kernel.js";
import { choose } from "../../../../src/search/strategies/gp/model.js";
import { condition, extend, type Factored } from "../../../../src/search/strategies/gp/posterior.js";
import { cases } from "../../../cases.js";
import { determinant, solve } from "../../../numerics/dense.js";

const vectors = vectorsOf(
  resolveSpace({
    rate: float(1e-4, 1, { log: true }),
    units: int(1, 9),
    kind: choice(["a", "b", "c"]),
    momentum: float(0, 1, { when: { kind: ["a"] } }),
  }),
);

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const anyPoint: fc.Arbitrary<Params> = fc
  .tuple(unit, fc.integer({ min: 1, max: 9 }), fc.constantFrom("a", "b", "c"), unit)
  .map(([u, units, kind, momentum]) => ({
    rate: Math.min(1, Math.max(1e-4, 10 ** (4 * u - 4))),
    units,
    kind,
    ...(kind === "a" && { momentum }),
  }));

/** Noise from 1e-2 on, so that matrices amplify rounding by less than 1e5. */
const anyHyperparameters: fc.Arbitrary<Hyperparameters> = fc
  .tuple(
    fc.array(fc.double({ min: 0.05, max: 20, noNaN: true }), { minLength: 4, maxLength: 4 }),
    fc.double({ min: 0.1, max: 4, noNaN: true }),
    fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    fc.double({ min: 1e-2, max: 1, noNaN: true }),
  )
  .map(([weights, signal, alone, noise]) => ({ weights: Float64Array.from(weights), signal, alone, noise }));

const anyCase = fc
  .tuple(
    fc.array(fc.tuple(anyPoint, fc.double({ min: -2, max: 2, noNaN: true })), {
      minLength: 1,
      maxLength: 15,
    }),
    anyHyperparameters,
    anyPoint,
  )
  .map(([trials, hyperparameters, at]) => ({
    points: trials.map(([params]) => params),
    values: trials.map(([, value]) => value),
    hyperparameters,
    at,
  }));

/** The kernel said again, from parameters rather than from vectors. */
function covariance(a: Params, b: Params, { weights, signal, alone }: Hyperparameters): number {
  const along = (name: string, of: (value: number) => number, otherwise: number) => {
    const [x, y] = [a, b].map((params) => (name in params ? of(params[name] as number) : otherwise));
    return (x - y) ** 2;
  };
  const distances = [
    along("rate", (rate) => 1 + Math.log10(rate) / 4, 0.5),
    along("units", (units) => (units - 0.5) / 9, 0.5),
    a.kind === b.kind ? 0 : 1,
    along("momentum", (momentum) => momentum, 0.5),
  ];
  const matern = (square: number) => {
    const r = Math.sqrt(5 * square);
    return (1 + r + (r * r) / 3) * Math.exp(-r);
  };
  const squares = distances.map((distance, p) => weights[p] * distance);
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return signal * ((1 - alone) * matern(sum(squares)) + (alone * sum(squares.map(matern))) / 4);
}

const matrixOf = (points: Params[], hyperparameters: Hyperparameters) =>
  points.map((a, i) =>
    points.map((b, j) => covariance(a, b, hyperparameters) + (i === j ? hyperparameters.noise : 0)),
  );

const empty = (hyperparameters: Hyperparameters): Factored => ({
  hyperparameters,
  points: [],
  factor: new Float64Array(0),
});

describe("the posterior", () => {
  test("is that of the textbook to 1e-8", () => {
    fc.assert(
      fc.property(anyCase, ({ points, values, hyperparameters, at }) => {
        const factored = extend(vectors, empty(hyperparameters), points.map(vectors.encode));
        const belief = condition(vectors, factored, Float64Array.from(values)).predict(vectors.encode(at));
        const a = matrixOf(points, hyperparameters);
        const k = points.map((point) => covariance(at, point, hyperparameters));
        const mean = solve(a, values).reduce((sum, x, i) => sum + x * k[i], 0);
        const variance = hyperparameters.signal - solve(a, k).reduce((sum, x, i) => sum + x * k[i], 0);
        expect(Math.abs(belief.mean - mean)).toBeLessThan(1e-8);
        expect(Math.abs(belief.variance - variance)).toBeLessThan(1e-8);
      }),
    );
  });

  test("has the gradients that differences give", () => {
    fc.assert(
      fc.property(anyCase, ({ points, values, hyperparameters, at }) => {
        const factored = extend(vectors, empty(hyperparameters), points.map(vectors.encode));
        const posterior = condition(vectors, factored, Float64Array.from(values));
        const x = vectors.encode(at);
        const { meanGradient, varianceGradient } = posterior.predict(x, true);
        const gradients = [meanGradient.slice(), varianceGradient.slice()];
        const h = 1e-4;
        for (let c = 0; c < x.length; c++) {
          const [up, down] = [h, -h].map((step) => {
            const moved = x.slice();
            moved[c] += step;
            const { mean, variance } = posterior.predict(moved);
            return [mean, variance];
          });
          for (const which of [0, 1]) {
            const difference = (up[which] - down[which]) / (2 * h);
            // Matérn 5/2 has two derivatives, and a third that jumps by at most (5·w)^1.5 · s ≈ 4e3 times
            // A⁻¹·y at observed points: the error of the difference is of the order h² there, and h² · 1e5
            // bounds it
            expect(Math.abs(gradients[which][c] - difference)).toBeLessThan(h * h * 1e5);
          }
        }
      }),
    );
  });

  test("grows point by point to the same bits as at once", () => {
    fc.assert(
      fc.property(anyCase, ({ points, hyperparameters }) => {
        const encoded = points.map(vectors.encode);
        let grown = empty(hyperparameters);
        for (const point of encoded) grown = extend(vectors, grown, [point]);
        expect(grown).toEqual(extend(vectors, empty(hyperparameters), encoded));
      }),
    );
  });

  test("grows from the factor that it is given, whose rows stay as they are", () => {
    const points = [0, 0.5, 1].map((x) => Float64Array.of(x, 0.5, 1, 0, 0, 0.5));
    const before = extend(vectors, empty(defaultHyperparameters(vectors)), points.slice(0, 2));
    const doubled = { ...before, factor: before.factor.map((each) => 2 * each) };
    const { factor } = extend(vectors, doubled, points.slice(2));
    expect(factor).toHaveLength(6);
    expect(factor.subarray(0, 3)).toEqual(doubled.factor);
  });

  test("at points without a value keeps its mean everywhere and knows more", () => {
    fc.assert(
      fc.property(anyCase, anyPoint, ({ points, values, hyperparameters, at }, pending) => {
        const before = extend(vectors, empty(hyperparameters), points.map(vectors.encode));
        const after = extend(vectors, before, [vectors.encode(pending)]);
        const x = vectors.encode(at);
        const known = Float64Array.from(values);
        const { mean, variance } = { ...condition(vectors, before, known).predict(x) };
        const then = condition(vectors, after, known).predict(x);
        expect(Math.abs(then.mean - mean)).toBeLessThan(1e-12);
        expect(then.variance).toBeLessThanOrEqual(variance + 1e-12);
        const itself = condition(vectors, after, known).predict(vectors.encode(pending));
        expect(itself.variance).toBeLessThanOrEqual(hyperparameters.noise + 1e-9);
      }),
    );
  });
});

describe("the posterior density of hyperparameters", () => {
  const least = 1e-8;
  const logsOf = (hyperparameters: Hyperparameters) => toLogs(hyperparameters);

  test("is the textbook's marginal likelihood times the priors", () => {
    fc.assert(
      fc.property(anyCase, ({ points, values, hyperparameters }) => {
        const objective = negativeLogPosterior(
          vectors,
          points.map(vectors.encode),
          Float64Array.from(values),
        );
        const actual = objective(logsOf(hyperparameters), new Float64Array(7));
        const a = matrixOf(points, hyperparameters);
        const fit = solve(a, values).reduce((sum, x, i) => sum + x * values[i], 0);
        const likelihood = -0.5 * (fit + Math.log(determinant(a)) + points.length * Math.log(2 * Math.PI));
        const { weights, signal, noise } = hyperparameters;
        let prior = Math.log(signal) - signal + 0.1 * Math.log(noise) - 30 * noise;
        for (const w of weights) prior -= 0.1 / w + 0.1 * w;
        expect(Math.abs(actual + likelihood + prior)).toBeLessThan(1e-8 * Math.max(1, Math.abs(actual)));
      }),
    );
  });

  test("has the gradient that differences give", () => {
    fc.assert(
      fc.property(anyCase, ({ points, values, hyperparameters }) => {
        const objective = negativeLogPosterior(
          vectors,
          points.map(vectors.encode),
          Float64Array.from(values),
        );
        const logs = logsOf(hyperparameters);
        const gradient = new Float64Array(7);
        const value = objective(logs, gradient);
        const h = 1e-4;
        for (let i = 0; i < logs.length; i++) {
          const at = (step: number) => objective(logs.with(i, logs[i] + step), new Float64Array(7));
          const difference = (at(h) - at(-h)) / (2 * h);
          // h² times a sixth of the third derivative, which is of the order of the value; and ε·value / h
          expect(Math.abs(gradient[i] - difference)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
        }
      }),
    );
  });

  test("is greater after a fit, which leaves little slope", () => {
    fc.assert(
      fc.property(anyCase, ({ points, values }) => {
        // values that differ, so that no hyperparameter ends at a bound
        fc.pre(Math.max(...values) - Math.min(...values) > 1);
        const encoded = points.map(vectors.encode);
        const y = Float64Array.from(values);
        const start = defaultHyperparameters(vectors);
        const { hyperparameters: fitted, cost } = fitHyperparameters(vectors, encoded, y, start, 100);
        const objective = negativeLogPosterior(vectors, encoded, y);
        const gradient = new Float64Array(7);
        const value = objective(logsOf(fitted), gradient);
        expect(Math.abs(value - cost)).toBeLessThan(1e-9 * Math.max(1, Math.abs(cost)));
        expect(value).toBeLessThanOrEqual(objective(logsOf(start), new Float64Array(7)) + 1e-9);
        expect(fitted.noise).toBeGreaterThanOrEqual(least);
        // but for the share, which may end at a bound: it has no prior
        for (const slope of gradient.subarray(0, 6)) expect(Math.abs(slope)).toBeLessThan(0.2);
      }),
      { numRuns: cases(30) },
    );
  });
});

test("a fit finds the noise in its data, even after data without noise", () => {
  const random = new RandomStream(5);
  const axis = vectorsOf(resolveSpace({ x: float(0, 1) }));
  const points = Array.from({ length: 80 }, () => Float64Array.of(random.uniform()));
  const wave = Float64Array.from(points, ([x]) => 1.3 * Math.sin(6 * x));
  const noisy = wave.map((y) => y + 0.3 * random.normal());
  const { hyperparameters: before } = fitHyperparameters(
    axis,
    points,
    wave,
    defaultHyperparameters(axis),
    100,
  );
  expect(before.noise).toBeLessThan(1e-4);
  const { hyperparameters: after } = fitHyperparameters(axis, points, noisy, before, 100);
  // the variance of 80 draws is within a factor of 1.6 of 0.09 with a probability of 0.999
  expect(after.noise).toBeGreaterThan(0.09 / 1.6);
  expect(after.noise).toBeLessThan(0.09 * 1.6);
});

test("a fit finds whether parameters act each by itself", () => {
  const random = new RandomStream(6);
  const square = vectorsOf(resolveSpace({ x: float(0, 1), y: float(0, 1), z: float(0, 1) }));
  const points = Array.from({ length: 60 }, () => Float64Array.from({ length: 3 }, () => random.uniform()));
  const standard = (f: (x: number, y: number, z: number) => number) => {
    const values = Float64Array.from(points, ([x, y, z]) => f(x, y, z));
    const mean = values.reduce((sum, v) => sum + v / 60, 0);
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + ((v - mean) * (v - mean)) / 60, 0));
    return values.map((v) => (v - mean) / deviation);
  };
  const shareOf = (f: (x: number, y: number, z: number) => number) =>
    fitHyperparameters(square, points, standard(f), defaultHyperparameters(square), 100).hyperparameters
      .alone;
  expect(shareOf((x, y, z) => Math.sin(9 * x) + Math.cos(8 * y) + Math.sin(7 * z))).toBeGreaterThan(0.8);
  expect(shareOf((x, y, z) => Math.sin(5 * x + 6 * y - 4 * z))).toBeLessThan(0.2);
});

test("spaces of one parameter or of more than 64 have no share of single parameters", () => {
  const spaceOf = (count: number) =>
    vectorsOf(
      resolveSpace(Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, float(0, 1)]))),
    );
  expect([1, 2, 64, 65].map((count) => defaultHyperparameters(spaceOf(count)).alone > 0)).toEqual([
    ...[false, true, true, false],
  ]);
  const wide = spaceOf(65);
  const points = [0, 1, 2].map((k) => Float64Array.from({ length: 65 }, (_, i) => ((i + k) % 7) / 7));
  const { hyperparameters } = fitHyperparameters(
    wide,
    points,
    Float64Array.of(-1, 0, 1),
    defaultHyperparameters(wide),
    20,
  );
  expect(hyperparameters.alone).toBe(0);
  expect(hyperparameters.noise).toBeGreaterThan(0);
});

describe("which trials are in the model", () => {
  test("all, up to the limit", () => {
    expect(choose(Float64Array.of(3, 1, 2), 3)).toEqual([0, 1, 2]);
  });

  test("beyond it the best half, the latest quarter of the others and a quarter of the rest", () => {
    // costs 19, 18, …, 0 and then 100: the best 4 of limit 8 are 16 to 19, the latest others 14 and 20
    const costs = Float64Array.of(...Array.from({ length: 20 }, (_, i) => 19 - i), 100);
    expect(choose(costs, 8)).toEqual([0, 7, 15, 16, 17, 18, 19, 20]);
  });
});
