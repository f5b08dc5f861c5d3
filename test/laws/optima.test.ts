/**
 * Where training must end: a linear model at the least-squares solution, a logistic one at that of maximum
 * likelihood. Both are found here by Newton's method in float64, in one step for the first. A step of
 * gradient descent at a rate η of at most 1/L shrinks the distance of two points by 1 − ημ, so rounding
 * errors of at most ε a step add up to at most ε/(ημ): the trained model is that close to a twin in float64,
 * and the distance of the twin to the solution is measured.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sgd } from "../../src/optim/sgd.js";
import { type ModelCase, modelOf } from "../../src/testing/arbitraries/models.js";
import { cases } from "../cases.js";
import { startFrom, weightsOf } from "../nn/support.js";
import { stepped } from "./steps.js";

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** A mean over rows of a convex function of w·(x, 1) and the target. */
interface Fit {
  readonly given: ModelCase;
  /** The function's first and second derivative by w·(x, 1). */
  readonly slopes: (z: number, target: number) => readonly [first: number, second: number];
  /** The most that the second is. */
  readonly steepest: number;
}

const norm = (values: Vector): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const withOne = ({ x }: ModelCase): Matrix => x.map((row) => [...row, 1]);

/** ∇ and ∇² at w. */
function derivatives({ given, slopes }: Fit, w: Vector): { gradient: number[]; hessian: number[][] } {
  const design = withOne(given);
  const pairs = design.map((row, i) =>
    slopes(
      row.reduce((sum, x, j) => sum + x * w[j], 0),
      given.y[i][0],
    ),
  );
  const mean = (of: (row: Vector, i: number) => number): number =>
    design.reduce((sum, row, i) => sum + of(row, i), 0) / design.length;
  return {
    gradient: w.map((_, j) => mean((row, i) => pairs[i][0] * row[j])),
    hessian: w.map((_, j) => w.map((_, k) => mean((row, i) => pairs[i][1] * row[j] * row[k]))),
  };
}

/** A⁻¹ by Gauss and Jordan's elimination with pivots. */
function inverse(a: Matrix): number[][] {
  const m = a.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let k = 0; k < m.length; k++) {
    const pivot = m
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]) > Math.abs(m[best][k]) ? k + i : best), k);
    [m[k], m[pivot]] = [m[pivot], m[k]];
    m[k] = m[k].map((value) => value / m[k][k]);
    for (let i = 0; i < m.length; i++) {
      if (i !== k) m[i] = m[i].map((value, j) => value - m[i][k] * m[k][j]);
    }
  }
  return m.map((row) => row.slice(a.length));
}

/** At most the least eigenvalue. */
const least = (hessian: Matrix): number => 1 / norm(inverse(hessian).flat());

/** From 0, with halved steps where the gradient would grow. */
function newton(fit: Fit): number[] {
  let w = [...fit.given.x[0].map(() => 0), 0];
  for (let step = 0; step < 50; step++) {
    const { gradient, hessian } = derivatives(fit, w);
    const move = inverse(hessian).map((row) => row.reduce((sum, h, j) => sum + h * gradient[j], 0));
    let share = 1;
    const next = () => w.map((x, j) => x - share * move[j]);
    while (norm(derivatives(fit, next()).gradient) > norm(gradient) && share > 2 ** -20) share /= 2;
    if (share <= 2 ** -20) return w;
    w = next();
  }
  return w;
}

/**
 * Gradient descent in float64 from 0, and how far one with an error of ε a step may be from it at the end.
 */
function twin(fit: Fit, rate: number, steps: number, epsilon: number): { point: number[]; drift: number } {
  let point = [...fit.given.x[0].map(() => 0), 0];
  let drift = 0;
  for (let step = 0; step < steps; step++) {
    const { gradient, hessian } = derivatives(fit, point);
    // 0.99: the curvature between the two, which are some 1e-5 apart
    drift = drift * (1 - 0.99 * rate * least(hessian)) + epsilon;
    point = point.map((x, j) => x - rate * gradient[j]);
  }
  return { point, drift };
}

const STEPS = 600;

async function expectReached(fit: Fit): Promise<void> {
  const { given, steepest } = fit;
  const design = withOne(given);
  const solution = newton(fit);
  // L is at most the norm of the Hessian where each row is steepest
  const largest = norm(
    design[0].flatMap((_, j) =>
      design[0].map((_, k) => {
        return (steepest * design.reduce((sum, row) => sum + row[j] * row[k], 0)) / design.length;
      }),
    ),
  );
  const rate = Math.fround(1 / largest);
  fc.pre(rate * least(derivatives(fit, solution).hessian) > 0.04);

  const model = modelOf(given, sgd({ learningRate: rate }));
  const zeros = solution.map(() => 0);
  await model.fit(given.x, given.y, {
    epochs: STEPS,
    batchSize: given.x.length,
    callbacks: [startFrom(zeros)],
  });
  const { "dense_1.kernel": kernel, "dense_1.bias": bias } = weightsOf(model);
  const trained = [...kernel, ...bias];

  // of a step on the way, at most twice what it is at the beginning and at the end together
  const { errors } = stepped(given, trained, { learningRate: rate }).parameters;
  const first = stepped(given, zeros, { learningRate: rate }).parameters.errors;
  const { point, drift } = twin(fit, rate, STEPS, 2 * (norm(errors) + norm(first)));
  const distance = (from: Vector): number => norm(from.map((x, j) => x - solution[j]));
  expect(distance(point)).toBeLessThanOrEqual(1e-7 * norm(solution) + 1e-9);
  expect(distance(trained)).toBeLessThanOrEqual(drift + distance(point));
  expect(drift).toBeLessThan(1e-3);
}

const grid = fc.integer({ min: -1024, max: 1024 }).map((n) => n / 1024);
const rowsOf = (columns: number, most: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(grid, { minLength: columns, maxLength: columns }), { minLength: 4, maxLength: most });
const none = { hidden: [], dropout: 0, seed: 1 };

describe("gradient descent brings", () => {
  it("a linear model to the least-squares solution", async () => {
    const fits = fc.integer({ min: 1, max: 3 }).chain((columns) =>
      rowsOf(columns, 20).chain((x) =>
        fc.array(grid, { minLength: x.length, maxLength: x.length }).map((targets): Fit => {
          const y = targets.map((target) => [target]);
          return {
            given: { ...none, output: "linear", loss: "meanSquaredError", x, y },
            slopes: (z, target) => [2 * (z - target), 2],
            steepest: 2,
          };
        }),
      ),
    );
    await fc.assert(fc.asyncProperty(fits, expectReached), { numRuns: cases(10) });
  });

  // each row comes with both labels, without which the solution may be infinitely far
  it("a logistic model to that of maximum likelihood", async () => {
    const fits = fc.integer({ min: 1, max: 2 }).chain((columns) =>
      rowsOf(columns, 8).chain((x) =>
        fc
          .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), {
            minLength: x.length,
            maxLength: x.length,
          })
          .map((counts): Fit => {
            const labels = counts.flatMap(([zeros, ones], i) => [
              ...Array.from({ length: zeros }, () => [x[i], [0]] as const),
              ...Array.from({ length: ones }, () => [x[i], [1]] as const),
            ]);
            const chance = (z: number): number => 1 / (1 + Math.exp(-z));
            return {
              given: {
                ...none,
                output: "sigmoid",
                loss: "binaryCrossentropy",
                x: labels.map(([row]) => row),
                y: labels.map(([, label]) => [...label]),
              },
              slopes: (z, label) => [chance(z) - label, chance(z) * chance(-z)],
              steepest: 0.25,
            };
          }),
      ),
    );
    await fc.assert(fc.asyncProperty(fits, expectReached), { numRuns: cases(10) });
  });
});
