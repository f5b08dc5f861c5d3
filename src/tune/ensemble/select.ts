/**
 * Chooses the networks of an ensemble from predictions for rows that they did not train on: forward, with
 * replacement, by squared error. Pure arithmetic: it trains nothing and knows neither trials nor metrics.
 *
 * | symbol | is |
 * |---|---|
 * | eᵢ | errors of candidate i, in what networks learn, [rows, outputs] |
 * | G | products Gᵢⱼ = Σ w · eᵢ · eⱼ over the rows of a part, [candidates, candidates] |
 * | c | how often each candidate was picked, of m picks in all |
 *
 * The mean of the picked predictions has the squared error cᵀGc / m². So rows are read once, and a choice
 * without some parts only sums the products of the others. For classes, the squared error of probabilities is
 * the Brier score, which is proper, like log loss.
 */
import type { Floats } from "../../ndarray.js";

/** Predictions of candidates for the same rows, with targets, weights and parts of the rows. */
export interface Validated {
  readonly outputs: number;
  /** What networks learn: numbers, or 0 and 1 for classes. [rows, outputs] */
  readonly targets: Floats;
  /** [rows]: how much each counts. Default: all equally. */
  readonly weights?: Floats;
  /** The part of each row, from 0: a choice that is scored on a part is made on the others. [rows] */
  readonly parts: Int32Array;
}

/** G of one part. */
export type ErrorProducts = readonly Float64Array[];

/** How an ensemble is chosen. */
export interface SelectionSettings {
  /** How many networks it has. */
  readonly networks: number;
  /** `best`: the candidates with the least individual errors, once each; once all are picked, as `greedy`. */
  readonly selection: "greedy" | "best";
}

/**
 * G of each part.
 *
 * @param candidates - predictions, [rows, outputs] each
 * @param products - products from other predictions for the same rows, to which these are added
 */
export function errorProducts(
  candidates: readonly Floats[],
  { outputs, targets, weights, parts }: Validated,
  products: readonly ErrorProducts[] = emptyProducts(candidates.length, parts),
): readonly ErrorProducts[] {
  const errors = new Float64Array(candidates.length);
  for (let k = 0; k < targets.length; k++) {
    const row = Math.floor(k / outputs);
    const weight = weights ? weights[row] : 1;
    for (const [i, prediction] of candidates.entries()) errors[i] = prediction[k] - targets[k];
    for (const [i, own] of products[parts[row]].entries())
      for (let j = 0; j <= i; j++) own[j] += weight * errors[i] * errors[j];
  }
  for (const own of products)
    for (let i = 0; i < own.length; i++) for (let j = 0; j < i; j++) own[j][i] = own[i][j];
  return products;
}

function emptyProducts(candidates: number, parts: Int32Array): ErrorProducts[] {
  const count = parts.reduce((most, part) => Math.max(most, part + 1), 0);
  const row = () => new Float64Array(candidates);
  return Array.from({ length: count }, () => Array.from({ length: candidates }, row));
}

/** G over the rows of all parts except one, unless it is the only one. */
export function withoutPart(products: readonly ErrorProducts[], left?: number): ErrorProducts {
  const others = products.filter((_, part) => part !== left || products.length === 1);
  return others[0].map((row, i) => row.map((_, j) => others.reduce((sum, own) => sum + own[i][j], 0)));
}

/**
 * The picks in their order. The greedy pick is the candidate with which the mean has the least squared error,
 * so the first pick is the best single one. Of equals, the first.
 *
 * @returns numbers of candidates; one that is picked twice counts twice
 * @see R. Caruana and others, "Ensemble selection from libraries of models", ICML 2004
 */
export function pick(products: ErrorProducts, { networks, selection }: SelectionSettings): number[] {
  const own = products.map((row, i) => row[i]);
  const order = [...own.keys()].sort((i, j) => own[i] - own[j] || i - j);
  const picks = selection === "best" ? order.slice(0, networks) : [];
  while (picks.length < networks) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [i, row] of products.entries()) {
      // (c + 1ᵢ)ᵀ G (c + 1ᵢ) − cᵀGc
      const added = picks.reduce((sum, j) => sum + 2 * row[j], own[i]);
      if (added < least) [best, least] = [i, added];
    }
    picks.push(best);
  }
  return picks;
}

/** The mean of predictions as a network computes it: summed in order in float32, then divided. */
export function meanOf(predictions: readonly Floats[]): Float32Array {
  const [first, ...others] = predictions;
  const sums = Float32Array.from(first);
  for (const prediction of others) for (let k = 0; k < sums.length; k++) sums[k] += prediction[k];
  return others.length === 0 ? sums : sums.map((sum) => sum / predictions.length);
}

/** Predictions for the rows of each part by the picks made without that part. */
export function crossFitted(
  candidates: readonly Floats[],
  products: readonly ErrorProducts[],
  { outputs, parts }: Validated,
  settings: SelectionSettings,
): Float32Array {
  const means = products.map((_, part) =>
    meanOf(pick(withoutPart(products, part), settings).map((i) => candidates[i])),
  );
  return Float32Array.from(candidates[0], (_, k) => means[parts[Math.floor(k / outputs)]][k]);
}
