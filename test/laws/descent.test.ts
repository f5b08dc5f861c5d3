/**
 * Theorems about gradient descent on smooth convex functions, and about its two momentums on quadratics,
 * checked step by step in float64: published bounds, and the cases that attain them, so that no other rate or
 * momentum would pass.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { sgd } from "../../src/optim/sgd.js";
import {
  anyQuadratic,
  type Quadratic,
  type TestFunction,
  testFunctions,
} from "../../src/testing/arbitraries/testFunctions.js";
import { cases } from "../cases.js";
import { reference, trajectory } from "../optim/drive.js";

const STEPS = 50;
/**
 * A step rounds some 30 operations, each by 2^-53 of numbers that are a few times the largest coordinate, 2;
 * momentum makes at most 2k + 1 times as much of each. 50 steps stay below 50 · 101 · 30 · 2^-53 · 8 =
 * 1.4e-10.
 */
const ROUNDING = 2e-10;

const conditions = fc.double({ min: 2, max: 100, noNaN: true });
const smoothnesses = fc.double({ min: 0.1, max: 10, noNaN: true });

function quadratics(maxDimension = 5): fc.Arbitrary<Quadratic> {
  return fc
    .tuple(conditions, smoothnesses)
    .chain(([condition, smoothness]) => anyQuadratic({ condition, smoothness, maxDimension }));
}

/** The start and the points after each step. */
function path(
  config: Parameters<typeof sgd>[0],
  { loss, start }: Pick<TestFunction, "loss" | "start">,
  steps = STEPS,
): (readonly number[])[] {
  return [start, ...trajectory(reference, sgd({ momentum: 0, ...config }), start, loss, steps)];
}

function fromMinimum(w: readonly number[], { minimizer }: Pick<TestFunction, "minimizer">): number[] {
  return w.map((x, i) => x - minimizer[i]);
}

function norm(x: readonly number[]): number {
  return Math.sqrt(x.reduce((sum, xi) => sum + xi * xi, 0));
}

/** Each point's distance from the minimum, at most `share(k)` of the first one's. */
function expectWithin(points: readonly (readonly number[])[], of: Quadratic, share: (k: number) => number) {
  const first = norm(fromMinimum(points[0], of));
  points.forEach((point, k) => {
    expect(norm(fromMinimum(point, of))).toBeLessThanOrEqual(share(k) * first + ROUNDING);
  });
}

/**
 * In two dimensions, what of x − x* lies in the direction of the largest curvature, and what in that of the
 * least.
 */
function directions(w: readonly number[], of: Quadratic): { steep: number[]; flat: number[] } {
  const { matrix, smoothness: L, strongConvexity: mu } = of;
  const x = fromMinimum(w, of);
  // A − μI is L − μ times the projection
  const steep = matrix.map((row, i) => (row[0] * x[0] + row[1] * x[1] - mu * x[i]) / (L - mu));
  return { steep, flat: x.map((xi, i) => xi - steep[i]) };
}

/**
 * The points' parts in one direction are `factor(k)` times the first one's, with an error that grows at most
 * so.
 */
function expectMultiples(
  points: readonly (readonly number[])[],
  of: Quadratic,
  direction: "steep" | "flat",
  factor: (k: number) => number,
  growth = 1,
): void {
  const first = directions(points[0], of)[direction];
  points.forEach((point, k) => {
    directions(point, of)[direction].forEach((x, i) => {
      expect(Math.abs(x - factor(k) * first[i])).toBeLessThanOrEqual(ROUNDING * growth ** k);
    });
  });
}

/** What is proven of a rate and a momentum on quadratics. */
interface Proven {
  readonly config: Parameters<typeof sgd>[0];
  /** What is left of the distance after k steps, at most. */
  readonly share: (k: number) => number;
  /** In two dimensions, what becomes of the part in one direction: the bound is attained there. */
  readonly attained: Partial<Record<"steep" | "flat", (k: number) => number>>;
}

/** @param proven - by √L and √μ */
function expectProven(proven: (l: number, m: number) => Proven): void {
  fc.assert(
    fc.property(
      ...[quadratics(), quadratics(2), fc.constantFrom("keras", "torch")],
      (problem, plane, convention) => {
        for (const of of [problem, plane]) {
          const { config, share, attained } = proven(Math.sqrt(of.smoothness), Math.sqrt(of.strongConvexity));
          const points = path({ ...config, convention }, of);
          expectWithin(points, of, share);
          if (of !== plane) continue;
          for (const [direction, factor] of Object.entries(attained))
            expectMultiples(points, of, direction as "steep" | "flat", factor);
        }
      },
    ),
    { numRuns: cases(30) },
  );
}

/** A convex function whose gradient is L-Lipschitz, and how far its values are rounded at a point. */
interface Smooth extends TestFunction {
  readonly smoothness: number;
  readonly rounding: (w: readonly number[]) => number;
}

/**
 * A value of a quadratic is off by a share of itself, and a step takes off at least 0.02/κ of it, which is
 * far more; only what is left at the minimum itself counts, the square of ROUNDING.
 */
const smoothQuadratics = quadratics().map((problem): Smooth => {
  return { ...problem, rounding: () => ROUNDING ** 2 };
});
/**
 * L = 1, as the second derivative of log cosh x is 1 − tanh² x; far from its minimum it is as good as linear.
 */
const logCoshes = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 3, maxLength: 3 }).map(
  (start): Smooth => ({
    ...testFunctions.logCosh,
    start: start.map((x) => x / 4),
    smoothness: 1,
    // ten roundings of numbers up to 2|x − c| + 1 in each of three terms
    rounding: (w) => 2 ** -48 * (norm(fromMinimum(w, testFunctions.logCosh)) + 3),
  }),
);

describe("gradient descent on convex functions with L-Lipschitz gradients", () => {
  const functions = fc.oneof(smoothQuadratics, logCoshes);
  /** Of 1/L. */
  const shares = fc.double({ min: 0.01, max: 1, noNaN: true });

  // f(x − g/r) ≤ f(x) − ‖g‖²/r + L‖g‖²/2r² (the descent lemma: Nesterov, "Introductory lectures on convex
  // optimization", 2004, section 2.1), which is below f(x) for r ≥ L
  it("at a rate of at most 1/L never goes up", () => {
    fc.assert(
      fc.property(functions, shares, (problem, share) => {
        const { smoothness, value, rounding } = problem;
        const points = path({ learningRate: share / smoothness }, problem);
        points.slice(1).forEach((point, k) => {
          expect(value(point)).toBeLessThanOrEqual(value(points[k]) + rounding(points[k]));
        });
      }),
      { numRuns: cases(30) },
    );
  });

  // Drori and Teboulle, "Performance of first-order methods for smooth convex minimization: a novel
  // approach", 2014, theorem 3.1; it is below the better known L‖x₀ − x*‖²/(2k), by more than half
  it("at a rate of h/L, h ≤ 1, is at most L‖x₀ − x*‖²/(4kh + 2) above the minimum after k steps", () => {
    fc.assert(
      fc.property(functions, shares, (problem, h) => {
        const { smoothness: L, minimum, start, value, rounding } = problem;
        const distance = norm(fromMinimum(start, problem));
        path({ learningRate: h / L }, problem).forEach((point, k) => {
          const bound = (L * distance * distance) / (4 * k * h + 2);
          expect(value(point) - minimum).toBeLessThanOrEqual(bound * (1 + 1e-12) + rounding(point));
        });
      }),
      { numRuns: cases(30) },
    );
  });

  // theorem 3.2 there: Lx²/2 up to δ = R/(2kh + 1) and linear beyond, which k steps of hLδ do not leave
  it("is no lower than that after k steps on the function of Huber that is made for them", () => {
    fc.assert(
      fc.property(
        ...[fc.integer({ min: 1, max: STEPS }), shares, smoothnesses, fc.integer({ min: 1, max: 64 })],
        (k, h, L, distance) => {
          const delta = distance / (2 * k * h + 1);
          const loss = (w: Value): Value =>
            f.mul(L / 2, f.sum(f.sub(f.square(w), f.square(f.relu(f.sub(f.abs(w), delta))))));
          const [last] = path({ learningRate: h / L }, { loss, start: [distance] }, k)[k];
          const value = (L / 2) * (last ** 2 - Math.max(0, Math.abs(last) - delta) ** 2);
          const bound = (L * distance * distance) / (4 * k * h + 2);
          expect(Math.abs(value - bound)).toBeLessThanOrEqual(1e-12 * L * distance * distance);
        },
      ),
      { numRuns: cases(30) },
    );
  });
});

describe("gradient descent on quadratics", () => {
  // Polyak, "Introduction to optimization", 1987, section 1.4
  it("at the rate 2/(L + μ) comes nearer by (κ − 1)/(κ + 1) a step, and in the steep and flat directions by no more", () => {
    expectProven((l, m) => {
      const q = (l * l - m * m) / (l * l + m * m);
      return {
        config: { learningRate: 2 / (l * l + m * m) },
        share: (k) => q ** k,
        attained: { steep: (k) => (-q) ** k, flat: (k) => q ** k },
      };
    });
  });

  it("above 2/L goes away in the steep direction, by 1 − rate·L a step, though it comes nearer in the flat one", () => {
    fc.assert(
      fc.property(quadratics(2), fc.double({ min: 2.05, max: 3.5, noNaN: true }), (problem, h) => {
        const { smoothness: L, strongConvexity: mu } = problem;
        const points = path({ learningRate: h / L }, problem);
        expectMultiples(points, problem, "steep", (k) => (1 - h) ** k, h - 1);
        expectMultiples(points, problem, "flat", (k) => (1 - (h * mu) / L) ** k, h - 1);
      }),
      { numRuns: cases(30) },
    );
  });
});

/**
 * Each eigenvector's part of x − x* follows a recurrence of two terms, e₍ₖ₊₁₎ = 2q cos θ eₖ − q² e₍ₖ₋₁₎,
 * which Chebyshev polynomials of the second kind solve: eₖ = qᵏ(Uₖ(cos θ) − a U₍ₖ₋₁₎(cos θ)) e₀, where a
 * depends on the first step.
 * |Uₖ| ≤ k + 1, with equality at cos θ = ±1: this is the factor before the published rates q.
 */
describe("momentum on quadratics", () => {
  // Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; B. Recht, "CS726:
  // Lyapunov analysis and the heavy ball method", 2012; Lessard, Recht and Packard, "Analysis and design of
  // optimization algorithms via integral quadratic constraints", 2016, section 2.2
  it("of the heavy ball shrinks by q = (√κ − 1)/(√κ + 1) a step, times k + 1 + kq, exactly in the steep direction", () => {
    expectProven((l, m) => {
      const q = (l - m) / (l + m);
      const share = (k: number): number => (k + 1 + k * q) * q ** k;
      return {
        config: { learningRate: (2 / (l + m)) ** 2, momentum: q * q },
        share,
        attained: { steep: (k) => (-1) ** k * share(k) },
      };
    });
  });

  // Nesterov, "Introductory lectures on convex optimization", 2004, section 2.2, constant step scheme III;
  // the rate on quadratics is in Lessard, Recht and Packard, 2016, section 2.2. The weights are the points y
  // at which gradients are taken. a = 1/(1 + 1/√κ).
  it("of Nesterov at a rate of 1/L shrinks by q = 1 − 1/√κ a step, times k + 1 + ka, in the flat direction times k + 1 − ka", () => {
    expectProven((l, m) => {
      const r = m / l;
      const [q, a] = [1 - r, 1 / (1 + r)];
      return {
        config: { learningRate: 1 / (l * l), momentum: (1 - r) / (1 + r), nesterov: true },
        share: (k) => (k + 1 + k * a) * q ** k,
        attained: { flat: (k) => (k + 1 - k * a) * q ** k },
      };
    });
  });
});
