/**
 * What is proven of gradient descent and of its two momentums on quadratics, held step by step in float64: bounds as
 * they are published, and the cases where they are attained, so that no other rate or momentum would do.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sgd } from "../../src/optim/sgd.js";
import { anyQuadratic, type Quadratic } from "../../src/testing/arbitraries/problems.js";
import { cases } from "../cases.js";
import { reference, trajectory } from "../optim/drive.js";

const STEPS = 50;
/**
 * A step rounds some 30 operations, each by 2^-53 of numbers that are a few times the largest coordinate, 2; momentum
 * makes at most 2k + 1 times as much of each. 50 steps stay below 50 · 101 · 30 · 2^-53 · 8 = 1.4e-10.
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
function path(config: Parameters<typeof sgd>[0], { loss, start }: Quadratic): (readonly number[])[] {
  return [start, ...trajectory(reference, sgd({ momentum: 0, ...config }), start, loss, STEPS)];
}

function fromMinimum(w: readonly number[], { minimizer }: Quadratic): number[] {
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

/** In two dimensions, what of x − x* lies in the direction of the largest curvature, and what in that of the least. */
function directions(w: readonly number[], of: Quadratic): { steep: number[]; flat: number[] } {
  const { matrix, smoothness: L, strongConvexity: mu } = of;
  const x = fromMinimum(w, of);
  // A − μI is L − μ times the projection
  const steep = matrix.map((row, i) => (row[0] * x[0] + row[1] * x[1] - mu * x[i]) / (L - mu));
  return { steep, flat: x.map((xi, i) => xi - steep[i]) };
}

/** The points' parts in one direction are `factor(k)` times the first one's, with an error that grows at most so. */
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

describe("gradient descent", () => {
  /** Of 1/L. */
  const shares = fc.double({ min: 0.01, max: 1, noNaN: true });

  it("at a rate of at most 1/L never goes up", () => {
    fc.assert(
      fc.property(quadratics(), shares, (problem, share) => {
        const values = path({ learningRate: share / problem.smoothness }, problem).map(problem.value);
        values.slice(1).forEach((value, k) => {
          // a step takes a share of at least 0.02/κ of a value, far above its rounding
          expect(value).toBeLessThanOrEqual(values[k] + ROUNDING ** 2);
        });
      }),
      { numRuns: cases(60) },
    );
  });

  // Drori and Teboulle, "Performance of first-order methods for smooth convex minimization: a novel approach", 2014,
  // theorem 3.1; it is below the better known L‖x₀ − x*‖²/(2k), by more than half
  it("at a rate of h/L, h ≤ 1, is at most L‖x₀ − x*‖²/(4kh + 2) above the minimum after k steps", () => {
    fc.assert(
      fc.property(quadratics(), shares, (problem, h) => {
        const { smoothness: L, minimum, start, value } = problem;
        const distance = norm(fromMinimum(start, problem));
        path({ learningRate: h / L }, problem).forEach((point, k) => {
          const bound = (L * distance * distance) / (4 * k * h + 2);
          expect(value(point) - minimum).toBeLessThanOrEqual(bound * (1 + 1e-12));
        });
      }),
      { numRuns: cases(60) },
    );
  });

  // Polyak, "Introduction to optimization", 1987, section 1.4, theorem 3
  it("at the rate 2/(L + μ) comes nearer by (κ − 1)/(κ + 1) a step, and in the steep and flat directions by no more", () => {
    fc.assert(
      fc.property(quadratics(2), (problem) => {
        const { smoothness: L, strongConvexity: mu } = problem;
        const points = path({ learningRate: 2 / (L + mu) }, problem);
        const q = (L - mu) / (L + mu);
        expectWithin(points, problem, (k) => q ** k);
        expectMultiples(points, problem, "steep", (k) => (-q) ** k);
        expectMultiples(points, problem, "flat", (k) => q ** k);
      }),
      { numRuns: cases(60) },
    );
  });

  it("above 2/L goes away in the steep direction, by 1 − rate·L a step, though it comes nearer in the flat one", () => {
    fc.assert(
      fc.property(quadratics(2), fc.double({ min: 2.05, max: 3.5, noNaN: true }), (problem, h) => {
        const { smoothness: L, strongConvexity: mu } = problem;
        const points = path({ learningRate: h / L }, problem);
        expectMultiples(points, problem, "steep", (k) => (1 - h) ** k, h - 1);
        expectMultiples(points, problem, "flat", (k) => (1 - (h * mu) / L) ** k, h - 1);
      }),
      { numRuns: cases(60) },
    );
  });
});

/*
 * Each eigenvector's part of x − x* follows a recurrence of two terms, e₍ₖ₊₁₎ = 2q cos θ eₖ − q² e₍ₖ₋₁₎, which Chebyshev
 * polynomials of the second kind solve: eₖ = qᵏ(Uₖ(cos θ) − a U₍ₖ₋₁₎(cos θ)) e₀, where a depends on the first step.
 * |Uₖ| ≤ k + 1, with equality at cos θ = ±1: this is the factor before the published rates q.
 */
describe("heavy-ball momentum", () => {
  // Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; B. Recht, "CS726: Lyapunov
  // analysis and the heavy ball method", 2012; Lessard, Recht and Packard, "Analysis and design of optimization
  // algorithms via integral quadratic constraints", 2016, proposition 1
  it("at its best comes nearer by q = (√κ − 1)/(√κ + 1) a step, but for k + 1 + kq, in the steep direction exactly", () => {
    fc.assert(
      fc.property(
        quadratics(),
        quadratics(2),
        fc.constantFrom("keras", "torch"),
        (problem, plane, convention) => {
          for (const of of [problem, plane]) {
            const [l, m] = [Math.sqrt(of.smoothness), Math.sqrt(of.strongConvexity)];
            const q = (l - m) / (l + m);
            const points = path({ learningRate: (2 / (l + m)) ** 2, momentum: q * q, convention }, of);
            const share = (k: number): number => (k + 1 + k * q) * q ** k;
            expectWithin(points, of, share);
            if (of === plane) expectMultiples(points, of, "steep", (k) => (-1) ** k * share(k));
          }
        },
      ),
      { numRuns: cases(60) },
    );
  });
});

describe("Nesterov's momentum", () => {
  // Nesterov, "Introductory lectures on convex optimization", 2004, section 2.2, constant step scheme III; the rate on
  // quadratics is in Lessard, Recht and Packard, 2016, proposition 1. The weights are the points y at which gradients are taken. a = 1/(1 + 1/√κ).
  it("at a rate of 1/L comes nearer by q = 1 − 1/√κ a step, but for k + 1 + ka, in the flat direction by k + 1 − ka", () => {
    fc.assert(
      fc.property(
        quadratics(),
        quadratics(2),
        fc.constantFrom("keras", "torch"),
        (problem, plane, convention) => {
          for (const of of [problem, plane]) {
            const r = Math.sqrt(of.strongConvexity / of.smoothness);
            const [q, a] = [1 - r, 1 / (1 + r)];
            const momentum = (1 - r) / (1 + r);
            const points = path(
              { learningRate: 1 / of.smoothness, momentum, nesterov: true, convention },
              of,
            );
            expectWithin(points, of, (k) => (k + 1 + k * a) * q ** k);
            if (of === plane) expectMultiples(points, of, "flat", (k) => (k + 1 - k * a) * q ** k);
          }
        },
      ),
      { numRuns: cases(60) },
    );
  });
});
