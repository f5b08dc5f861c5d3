/**
 * Finds a point where an acquisition function is large: many points are assessed, and local searches start at
 * the best ones, along the gradient in continuous coordinates and by single changes in the others. A
 * heuristic: the maximum that it finds is local. For the notation see the header of `gp.ts`.
 */
import { minimize } from "../../../numerics/lbfgs.js";
import type { RandomStream } from "../../../numerics/random.js";
import type { Merit } from "./acquisition.js";
import type { Belief } from "./kernel.js";
import type { Moves } from "./moves.js";
import type { Posterior } from "./posterior.js";

/** The merit of a vector; its gradient, if asked for, is written to `gradient`. */
export type MeritAt = (vector: Float64Array, gradient?: Float64Array) => number;

/** The merit as a function of μ and σ. */
export type Judge = (mean: number, deviation: number) => Merit;

/** A settled vector (see `moves.ts`) and its merit. */
export interface Candidate {
  readonly vector: Float64Array;
  readonly merit: number;
}

/** The budget of a search. */
export interface Effort {
  /** How many points are assessed. */
  readonly points: number;
  /** How many local searches start. */
  readonly climbs: number;
  /**
   * The most evaluations in all, where one with a gradient counts as three; points use at most half of them.
   */
  readonly evaluations: number;
}

/**
 * Approximate multiplications of a search: a second or two. No space of up to 60 parameters needs so many.
 */
const WORK = 1e9;

/** How many evaluations a search may use, for so many coordinates and a posterior after so many trials. */
export function evaluationsWithin(coordinates: number, trials: number, models = 1): number {
  const covariances = trials * (trials / 2 + 3 * coordinates);
  return Math.max(100, Math.floor(WORK / (models * covariances + 300 * coordinates)));
}

/** The remaining evaluations of a search. */
interface Left {
  evaluations: number;
}
/** How many evaluations one with a gradient costs. */
const GRADIENT = 3;
/** With fewer evaluations than this for each discrete parameter, some parameters may not get their turn. */
const SCARCE = 10;

/** Standard deviations of the points drawn around good ones, relative to the edge of the cube. */
const SCALES = [0.1, 0.03, 0.01, 0.001];
/** Fractions of the parameters that differ from the good point's. */
const RATES = [1, 0.3];
/** The largest number of evaluations along the gradient in one round. */
const CLIMB = 40;
/** Rounds of moves along the gradient and single changes. */
const ROUNDS = 4;
/** Two local searches start at least this far apart in some coordinate. */
const APART = 0.02;

/** σ: never 0, since the posterior's variance is only exact up to rounding. */
export function deviationOf({ variance }: Belief): number {
  return Math.sqrt(Math.max(variance, 1e-12));
}

/** The merit of a point by the posterior there. */
export function meritOf(posterior: Posterior, judge: Judge): MeritAt {
  return (vector, gradient) => {
    const belief = posterior.predict(vector, gradient !== undefined);
    const deviation = deviationOf(belief);
    const { value, byMean, byDeviation } = judge(belief.mean, deviation);
    const byVariance = byDeviation / (2 * deviation);
    if (gradient) {
      for (let c = 0; c < gradient.length; c++) {
        gradient[c] = byMean * belief.meanGradient[c] + byVariance * belief.varianceGradient[c];
      }
    }
    return value;
  };
}

/** Candidates at settled vectors, the best first. */
export function assessAll(merit: MeritAt, vectors: readonly Float64Array[]): Candidate[] {
  return vectors.map((vector) => ({ vector, merit: merit(vector) })).sort((a, b) => b.merit - a.merit);
}

/**
 * Candidates with large merits, the best first.
 *
 * @param good - settled vectors, the best first; half of the points are drawn around them
 */
export function maximize(
  merit: MeritAt,
  moves: Moves,
  good: readonly Float64Array[],
  random: RandomStream,
  { points, climbs, evaluations }: Effort,
): Candidate[] {
  const drawn = good.slice(0, 1);
  for (let i = 0; i < Math.min(points, evaluations / 2); i++) {
    const center = good[i % (2 * good.length)]; // as many around good points as everywhere
    const raw = center
      ? moves.vary(center, RATES[random.integer(RATES.length)], SCALES[random.integer(SCALES.length)], random)
      : moves.draw(random);
    const settled = moves.settle(raw);
    if (moves.allows(settled)) drawn.push(settled);
  }
  const found = assessAll(merit, drawn);
  const starts: Candidate[] = [];
  for (const candidate of found) {
    if (starts.length === climbs) break;
    if (starts.every(({ vector }) => distance(vector, candidate.vector) > APART)) starts.push(candidate);
  }
  const left = { evaluations: evaluations - drawn.length };
  found.push(...starts.map((start) => climb(start, merit, moves, left, random)));
  return found.sort((a, b) => b.merit - a.merit);
}

/** The largest difference of two vectors in a coordinate. */
function distance(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let c = 0; c < a.length; c++) largest = Math.max(largest, Math.abs(a[c] - b[c]));
  return largest;
}

/**
 * @param left - the climb ends once nothing is left; if that is soon, single changes start at a random
 * parameter
 */
function climb(start: Candidate, merit: MeritAt, moves: Moves, left: Left, random: RandomStream): Candidate {
  const assess = (vector: Float64Array): Candidate => {
    left.evaluations--;
    return { vector, merit: merit(vector) };
  };
  const { discrete } = moves;
  let best = start;
  for (let round = 0; round < ROUNDS && left.evaluations > 0; round++) {
    const glided = assess(glide(best.vector, merit, moves, left));
    let next = glided.merit > best.merit ? glided : best;
    let changed = false;
    const first = left.evaluations < SCARCE * discrete.length ? random.integer(discrete.length) : 0;
    for (const i of discrete.keys()) {
      for (const neighbour of moves.neighbours(next.vector, discrete[(first + i) % discrete.length])) {
        if (left.evaluations <= 0) break;
        if (!moves.allows(neighbour)) continue;
        const candidate = assess(neighbour);
        if (candidate.merit <= next.merit) continue;
        next = candidate;
        changed = true;
      }
    }
    best = next;
    if (!changed) break;
  }
  return best;
}

/**
 * The point reached along the gradient from a settled vector, with only its continuous coordinates changed;
 * settled.
 */
function glide(vector: Float64Array, merit: MeritAt, moves: Moves, left: Left): Float64Array {
  const free = moves.glides(vector);
  const maxEvaluations = Math.min(CLIMB, Math.floor(left.evaluations / GRADIENT));
  if (!free.includes(1) || maxEvaluations < 2) return vector;
  const objective = (x: Float64Array, gradient: Float64Array) => {
    left.evaluations -= GRADIENT;
    const value = merit(x, gradient);
    for (let c = 0; c < gradient.length; c++) gradient[c] = -gradient[c];
    return -value;
  };
  const { x } = minimize(objective, vector, {
    lower: vector.map((coordinate, c) => (free[c] ? 0 : coordinate)),
    upper: vector.map((coordinate, c) => (free[c] ? 1 : coordinate)),
    maxEvaluations,
    gradientTolerance: 1e-6,
    valueTolerance: 1e-7,
    firstStep: 0.05,
  });
  const settled = moves.settle(x);
  return moves.allows(settled) ? settled : vector;
}
