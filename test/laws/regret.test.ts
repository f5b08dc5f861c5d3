/**
 * Theorems about optimizers on any sequence of linear losses ⟨gₜ, xₜ⟩: their regret against a fixed point u,
 * Σ⟨gₜ, xₜ − u⟩, is bounded; and the sequence on which Adam's is not. In float64. No optimizer here projects
 * its weights; where a theorem requires it, the test does, between steps.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adagrad } from "../../src/optim/adagrad.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { sgd } from "../../src/optim/sgd.js";
import { drive } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference } from "../optim/drive.js";

type Vector = readonly number[];

/** How the weights are kept in the game. */
interface Play {
  /** Each round's rate, from 1; without it, the optimizer's own. */
  readonly rate?: (t: number) => number;
  /** Keeps every coordinate in [−1, 1]. */
  readonly inBox?: boolean;
}

/** The points that are played, from `start`, and the one after the last step. */
function played(
  optimizer: Optimizer,
  start: Vector,
  gradients: readonly Vector[],
  play: Play = {},
): Vector[] {
  const { run, follow, point } = drive(reference, optimizer, start);
  const points = [start];
  gradients.forEach((gradient, k) => {
    if (play.rate) run.write("learningRate", [play.rate(k + 1)]);
    follow(gradient);
    const next = point();
    if (play.inBox) {
      next.forEach((x, i) => {
        next[i] = Math.min(1, Math.max(-1, x));
      });
      run.write("w", next);
    }
    points.push(next);
  });
  run.free();
  return points;
}

function inner(x: Vector, y: Vector): number {
  return x.reduce((sum, xi, i) => sum + xi * y[i], 0);
}

function minus(x: Vector, y: Vector): number[] {
  return x.map((xi, i) => xi - y[i]);
}

function sum(terms: Vector): number {
  return terms.reduce((total, x) => total + x, 0);
}

function regret(points: readonly Vector[], gradients: readonly Vector[], u: Vector): number {
  return sum(gradients.map((g, t) => inner(g, minus(points[t], u))));
}

/** The point of the box of this radius that all losses together are least at. */
function bestInBox(gradients: readonly Vector[], radius: number): number[] {
  return gradients[0].map((_, i) => -radius * Math.sign(sum(gradients.map((g) => g[i]))));
}

const DIMENSIONS = 3;
const ROUNDS = 100;
/** Not doubles, most of which would be tiny; none is 0, at which adagrad without ε would divide by 0. */
const coordinates = fc.integer({ min: -64, max: 64 }).map((n) => (n === 0 ? 1 : n / 64));
const vectors = fc.tuple(coordinates, coordinates, coordinates).map((triple): Vector => triple);
/** Around some mean, so that points have somewhere to go; none is 0. */
const gradientLists = fc
  .tuple(vectors, fc.array(vectors, { minLength: ROUNDS, maxLength: ROUNDS }), fc.constantFrom(0, 0.5, 1))
  .map(([mean, list, share]) =>
    list.map((g): Vector => g.map((gi, i) => share * mean[i] + (1 - share) * gi || 1)),
  );
const rates = fc.double({ min: 0.01, max: 1, noNaN: true });
/** Sums of some thousand terms of at most 1e4, each rounded by 2^-53. */
const ROUNDING = 1e-8;

describe("online gradient descent", () => {
  // Zinkevich, "Online convex programming and generalized infinitesimal gradient ascent", 2003, the sum in
  // the proof of theorem 1. Without projections it loses nothing and is an equality.
  it("at a constant rate η has a regret of (‖x₁ − u‖² − ‖x after T − u‖²)/2η + η/2 Σ‖gₜ‖², against any u", () => {
    fc.assert(
      fc.property(gradientLists, vectors, vectors, rates, (gradients, start, u, eta) => {
        const points = played(sgd({ learningRate: eta }), start, gradients);
        const [first, last] = [minus(start, u), minus(points[ROUNDS], u)];
        const squares = sum(gradients.map((g) => inner(g, g)));
        const expected = (inner(first, first) - inner(last, last)) / (2 * eta) + (eta / 2) * squares;
        expect(Math.abs(regret(points, gradients, u) - expected)).toBeLessThanOrEqual(ROUNDING);
      }),
      { numRuns: cases(40) },
    );
  });

  // theorem 1, with D the diameter of the box and G a bound of the gradients' norms
  it("at the rate 1/√t, kept in a box, has a regret of at most D²√T/2 + (√T − 1/2)G² against its best point", () => {
    fc.assert(
      fc.property(gradientLists, vectors, (gradients, start) => {
        const points = played(sgd(), start, gradients, { rate: (t) => 1 / Math.sqrt(t), inBox: true });
        const diameterSquared = 4 * DIMENSIONS;
        const largestSquared = Math.max(...gradients.map((g) => inner(g, g)));
        for (let t = 1; t <= ROUNDS; t++) {
          const some = gradients.slice(0, t);
          const bound = (diameterSquared * Math.sqrt(t)) / 2 + (Math.sqrt(t) - 0.5) * largestSquared;
          expect(regret(points, some, bestInBox(some, 1))).toBeLessThanOrEqual(bound + ROUNDING);
        }
      }),
      { numRuns: cases(40) },
    );
  });
});

describe("adagrad", () => {
  const conventions = fc.constantFrom("keras", "torch");
  const make = (learningRate: number, convention: "keras" | "torch"): Optimizer =>
    adagrad({ learningRate, initialAccumulatorValue: 0, epsilon: 0, convention });

  // Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
  // 2011, the regret of composite mirror descent, with diagonal matrices: without projections it is an
  // equality, by coordinate
  it("has a regret of Σ (sₜ/2η)((xₜ − u)² − (xₜ₊₁ − u)²) + (η/2) Σ gₜ²/sₜ, sₜ² = g₁² + … + gₜ²", () => {
    fc.assert(
      fc.property(
        gradientLists,
        vectors,
        vectors,
        rates,
        conventions,
        (gradients, start, u, eta, convention) => {
          const points = played(make(eta, convention), start, gradients);
          u.forEach((ui, i) => {
            let squares = 0;
            const terms = gradients.map((g, t) => {
              squares += g[i] * g[i];
              const s = Math.sqrt(squares);
              const nearer = (points[t][i] - ui) ** 2 - (points[t + 1][i] - ui) ** 2;
              return (s / (2 * eta)) * nearer + ((eta / 2) * g[i] * g[i]) / s;
            });
            const own = sum(gradients.map((g, t) => g[i] * (points[t][i] - ui)));
            expect(Math.abs(own - sum(terms))).toBeLessThanOrEqual(ROUNDING);
          });
        },
      ),
      { numRuns: cases(40) },
    );
  });

  // the theorem there on mirror descent with diagonal matrices, which needs no bounded set: by coordinate, as
  // its sum is
  it("has a regret of at most maxₜ(xₜ − u)² s/2η + ηs in each coordinate, s² = Σgₜ², even where u is far", () => {
    /** In rates: some further than steps of lr/√t lead, so that slower ones would lose too much. */
    const radii = fc.integer({ min: 0, max: 15 });
    const lists = fc.oneof(gradientLists, fc.constant(Array.from({ length: ROUNDS }, () => [1, -1, 0.5])));
    fc.assert(
      fc.property(lists, rates, radii, conventions, (gradients, eta, radius, convention) => {
        const points = played(make(eta, convention), [0, 0, 0], gradients);
        bestInBox(gradients, radius * eta).forEach((ui, i) => {
          const s = Math.sqrt(sum(gradients.map((g) => g[i] * g[i])));
          const farthest = Math.max(...points.slice(0, ROUNDS).map((x) => (x[i] - ui) ** 2));
          const own = sum(gradients.map((g, t) => g[i] * (points[t][i] - ui)));
          expect(own).toBeLessThanOrEqual((farthest * s) / (2 * eta) + eta * s + ROUNDING);
        });
      }),
      { numRuns: cases(60) },
    );
  });
});

/**
 * Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018, section 3 and theorem 1: on [−1, 1]
 * the losses are Cx in every third round and −x in the two between, so that −1 is best; β₁ = 0, β₂ = 1/(1 +
 * C²), rates α/√t with α < √(1 − β₂). The paper's Adam does not correct v for its start; corrected, as here,
 * the first step is shorter and its proof goes through.
 */
describe("where one large gradient is outweighed by two small ones", () => {
  interface Game {
    readonly C: number;
    /** Of the rates that the theorem allows. */
    readonly share: number;
    readonly convention: "keras" | "torch";
  }

  const games: fc.Arbitrary<Game> = fc.record({
    C: fc.double({ min: 2.5, max: 10, noNaN: true }),
    share: fc.double({ min: 0.5, max: 0.99, noNaN: true }),
    convention: fc.constantFrom("keras", "torch"),
  });

  /** Played for so many cycles of three rounds, from 1. */
  function game({ C, share, convention }: Game, amsgrad: boolean, cycles: number) {
    const beta2 = 1 / (1 + C * C);
    const alpha = share * Math.sqrt(1 - beta2);
    const gradients = Array.from({ length: 3 * cycles }, (_, k) => [k % 3 === 0 ? C : -1]);
    const optimizer = adam({ beta1: 0, beta2, epsilon: 0, amsgrad, convention });
    const play = { rate: (t: number) => alpha / Math.sqrt(t), inBox: true };
    return { alpha, beta2, gradients, points: played(optimizer, [1], gradients, play) };
  }

  it("adam is back at 1, the worst point, after each cycle, and loses at least 2C − 4 in it", () => {
    fc.assert(
      fc.property(games, (of) => {
        const cycles = 100;
        const { gradients, points } = game(of, false, cycles);
        for (let k = 0; k < cycles; k++) {
          expect(points[3 * k + 3]).toEqual([1]);
          const lost = regret(points.slice(3 * k), gradients.slice(3 * k, 3 * k + 3), [-1]);
          expect(lost).toBeGreaterThanOrEqual(2 * of.C - 4);
        }
      }),
      { numRuns: cases(20) },
    );
  });

  // Its v is at least (1 − β₂)C² from the first round on, so a cycle goes down by α/√t · (C − 2)/√v or
  // nearly, which adds up without bound; at −1, two small steps lead up again
  it("adam with amsgrad reaches −1 and stays there, except for its two steps up", () => {
    fc.assert(
      fc.property(games, (of) => {
        const cycles = 1500;
        const { alpha, beta2, points } = game(of, true, cycles);
        for (let t = 3 * cycles - 30; t <= 3 * cycles; t++) {
          const up = (2 * alpha) / (Math.sqrt(t - 2) * of.C * Math.sqrt(1 - beta2));
          expect(points[t][0]).toBeLessThanOrEqual(-1 + up);
        }
      }),
      { numRuns: cases(5) },
    );
  });
});
