/**
 * Several objectives: one Gaussian process for each, and the logarithm of the expected hypervolume
 * improvement (EHVI) as the acquisition function. For the notation see the header of `gp.ts`; each objective
 * has its own y, μ and σ, and is assumed to be independent of the others given a point.
 *
 * The region that no trial dominates is divided into boxes (`boxes.ts`). In each, another point adds the part
 * of the box that it dominates. With Ψ_k(b) = E[max(0, b − y_k)] = σ_k·h((b − μ_k)/σ_k), the expected
 * improvement of objective k below b,
 *
 *     EHVI = Σ over boxes of Π_k [Ψ_k(upper_k) − Ψ_k(lower_k)]
 *
 * is exact (K. Yang, M. Emmerich, A. Deutz and T. Bäck, "Efficient computation of expected hypervolume
 * improvement using box decomposition algorithms", J. Global Optimization 75, 2019). With M objectives and a
 * front of n points there may be n^(M−1) boxes, so large fronts of three or more objectives are reduced to
 * the points that together dominate most. The volume is measured between the points and a corner slightly
 * worse, in each objective, than the worst trial: with a corner near the worst of the front, a search that
 * found one end of the Pareto front would never leave it.
 */
import { memoized } from "../../../memo.js";
import { exp, log, pow } from "../../../numerics/special.js";
import type { SearchProblem } from "../../memo/generations.js";
import type { Params } from "../../space/space.js";
import { vectorsOf } from "../../space/vectors.js";
import { costsOf } from "../../trial/costs.js";
import { dominates } from "../../trial/fronts.js";
import type { TrialRecord } from "../../trial/trial.js";
import { mostVolume, type Point } from "../../trial/volume.js";
import { logH } from "./acquisition.js";
import { type Boxes, boxesOf } from "./boxes.js";
import type { Belief } from "./kernel.js";
import { deviationOf, type MeritAt } from "./maximize.js";
import { modelOf } from "./model.js";
import type { Posterior } from "./posterior.js";
import { spacesOf } from "./several.js";

/** How much worse the corner is than the worst, as a fraction of the range of costs. */
const MARGIN = 0.1;
/** About how many boxes there may be. */
const BOXES = 4000;
/** The least sum over boxes, relative to the box of the corner: less is rounding. */
const LEAST = 1e-300;

/** The merit of points for several objectives. */
export interface Front {
  readonly merit: MeritAt;
  /** The points of the front. */
  readonly good: readonly Float64Array[];
  /** How many models there are. */
  readonly models: number;
}

/**
 * The merit of points after finished trials; the arguments are those of `modelOf`. Running trials count with
 * their expected values.
 */
export function frontOf(
  history: readonly TrialRecord[],
  pending: readonly Params[],
  { space, directions }: SearchProblem,
): Front {
  const vectors = vectorsOf(space);
  const spaces = spacesOf(space, directions.length);
  const histories = directions.map((_, k) =>
    history.map((record) => (record.values ? partsOf(record)[k] : record)),
  );
  const posteriors = directions.map((direction, k) => {
    const problem = { space: spaces[k], direction, directions: [direction] };
    return modelOf(histories[k], pending, problem).posterior;
  });
  const costs = directions.map((direction, k) => costsOf(histories[k], direction));
  const worst = costs.map((column, k) => {
    const { params } = history[column.indexOf(column.reduce((a, b) => Math.max(a, b)))];
    return posteriors[k].predict(vectors.encode(params)).mean;
  });
  const best = frontOfPoints(history.map((_, i) => costs.map((column) => column[i])));
  const tried = [...best.map((i) => history[i].params), ...pending].map(vectors.encode);
  const means = tried.map((vector) => posteriors.map((posterior) => posterior.predict(vector).mean));
  const front = frontOfPoints(means);
  const corner = cornerOf([...front.map((i) => means[i]), worst]);
  const kept = thinned(front, means, corner);
  const boxes = boxesOf(
    kept.map((i) => means[i]),
    corner,
  );
  return { merit: logEhvi(posteriors, boxes), good: kept.map((i) => tried[i]), models: directions.length };
}

/** The indices of points that no other dominates; of equal ones the first. */
function frontOfPoints(points: readonly Point[]): number[] {
  const isWorse = (i: number, j: number): boolean =>
    dominates(points[j], points[i]) || (j < i && points[j].every((cost, k) => cost === points[i][k]));
  return [...points.keys()].filter((i) => !points.some((_, j) => isWorse(i, j)));
}

/** The points of a front; if it has too many boxes, those that together dominate most. */
function thinned(front: readonly number[], points: readonly Point[], corner: Point): readonly number[] {
  const most = Math.max(2, Math.floor(pow(BOXES, 1 / (corner.length - 1))));
  if (front.length <= most) return front;
  const chosen = mostVolume(
    front.map((i) => points[i]),
    corner,
    most,
  );
  return chosen.map((at) => front[at]);
}

/** A little worse than all of some points in each objective. */
function cornerOf(points: readonly Point[]): number[] {
  return points[0].map((_, k) => {
    const costs = points.map((point) => point[k]);
    const [least, most] = [Math.min(...costs), Math.max(...costs)];
    return most + MARGIN * (most > least ? most - least : 1);
  });
}

/** ln EHVI and its gradient. */
export function logEhvi(
  posteriors: readonly Pick<Posterior, "predict">[],
  { cuts, lower, upper }: Boxes,
): MeritAt {
  const improvements = cuts.map((edges) => new Improvements(edges));
  const objectives = [...cuts.keys()];
  return (point, gradient) => {
    let merit = 0;
    objectives.forEach((k) => {
      merit += improvements[k].update(posteriors[k].predict(point, gradient !== undefined));
    });
    let sum = 0;
    for (let box = 0; box < lower.length; box++) {
      let product = 1;
      for (const k of objectives) product *= improvements[k].between(lower[box][k], upper[box][k]);
      sum += product;
      if (gradient === undefined) continue;
      for (const k of objectives) {
        let others = 1;
        for (const j of objectives) {
          if (j !== k) others *= improvements[j].between(lower[box][j], upper[box][j]);
        }
        improvements[k].slopes[upper[box][k]] += others;
        improvements[k].slopes[lower[box][k]] -= others;
      }
    }
    if (gradient) {
      gradient.fill(0);
      for (const each of improvements) each.addGradient(1 / Math.max(sum, LEAST), gradient);
    }
    return merit + log(Math.max(sum, LEAST));
  };
}

/** Ψ(b) of one objective at each cut b, relative to that at the last cut, the corner. */
class Improvements {
  readonly #edges: Float64Array;
  /** Ψ(b) / Ψ(corner); Φ/h and φ/h there. [cuts] */
  readonly #shares: Float64Array;
  readonly #cdfs: Float64Array;
  readonly #densities: Float64Array;
  /** Receives ∂(sum over boxes) / ∂share. [cuts] */
  readonly slopes: Float64Array;
  #belief: Belief | undefined;
  #deviation = 1;

  constructor(edges: Float64Array) {
    this.#edges = edges;
    const rows = Array.from({ length: 4 }, () => new Float64Array(edges.length));
    [this.#shares, this.#cdfs, this.#densities, this.slopes] = rows;
  }

  /** @returns ln Ψ(corner) */
  update(belief: Belief): number {
    const last = this.#edges.length - 1;
    this.#belief = belief;
    this.#deviation = deviationOf(belief);
    this.slopes.fill(0);
    let whole = 0;
    // the first cut is −∞, below which no improvement is expected
    for (let c = last; c > 0; c--) {
      const { value, cdf, density } = logH((this.#edges[c] - belief.mean) / this.#deviation);
      if (c === last) whole = value;
      this.#shares[c] = exp(value - whole);
      this.#cdfs[c] = cdf;
      this.#densities[c] = density;
    }
    return log(this.#deviation) + whole;
  }

  between(lower: number, upper: number): number {
    return this.#shares[upper] - this.#shares[lower];
  }

  /** Adds ∂(ln Ψ(corner) + scale · sum) / ∂x. */
  addGradient(scale: number, gradient: Float64Array): void {
    const { meanGradient, varianceGradient } = this.#belief as Belief;
    const last = this.#edges.length - 1;
    let [byMean, byDeviation] = [-this.#cdfs[last], this.#densities[last]];
    for (let c = 1; c < last; c++) {
      const weight = scale * this.slopes[c] * this.#shares[c];
      byMean += weight * (this.#cdfs[last] - this.#cdfs[c]);
      byDeviation += weight * (this.#densities[c] - this.#densities[last]);
    }
    byMean /= this.#deviation;
    const byVariance = byDeviation / (2 * this.#deviation * this.#deviation);
    for (let c = 0; c < gradient.length; c++) {
      gradient[c] += byMean * meanGradient[c] + byVariance * varianceGradient[c];
    }
  }
}

/** A trial divided into one per objective. */
const partsOf = /* @__PURE__ */ memoized((record: TrialRecord) =>
  (record.values ?? []).map((value) => ({ ...record, value })),
);
