/**
 * The temperature of a classifier divides the logits of its networks, so that its probabilities match
 * observed frequencies. It is chosen on rows that no network trained on. Pure arithmetic: it knows neither
 * networks nor trials.
 *
 * | symbol | is |
 * |---|---|
 * | p | probabilities of one network, [rows, outputs]; for two classes that of class 1, [rows, 1] |
 * | z | its logits. softmax(z / T) = softmax(log p / T), so p is enough |
 * | T | the temperature: above 1 all networks are less confident, below 1 more |
 *
 * The losses of each part are computed once at each of a few temperatures; a choice without a part sums the
 * others.
 *
 * @see C. Guo and others, "On calibration of modern neural networks", ICML 2017
 */
import type { Floats } from "../../ndarray.js";
import { exp, log, sigmoid } from "../../numerics/special.js";
import { meanOf, type Validated } from "./select.js";

/** Temperatures tried per doubling: neighbours differ by 9 %. */
const STEPS = 8;
/** From ¼ to 4. */
const DOUBLINGS = 2;

/** From 1 outwards, so that the nearest to 1 wins a tie. */
export function temperatures(): number[] {
  const most = STEPS * DOUBLINGS;
  return Array.from({ length: 2 * most + 1 }, (_, i) => {
    const step = i % 2 === 1 ? (i + 1) / 2 : -i / 2;
    return exp((Math.LN2 * step) / STEPS);
  });
}

/** Lower bound of probabilities before the logarithm: the least normal float32. */
const LEAST = 2 ** -126;
/** Least 1 − p: half the distance from 1 to the float32 before it, since nearer ones are rounded to 1. */
const LEAST_REST = 2 ** -25;

/**
 * softmax(log p / T), for two classes sigmoid(log(p / (1 − p)) / T). Probabilities are first clipped away
 * from 0, and for two classes from 1.
 */
export function tempered(p: Floats, outputs: number, temperature: number): Float32Array {
  if (temperature === 1) return Float32Array.from(p);
  if (outputs === 1)
    return Float32Array.from(p, (own) =>
      sigmoid((log(Math.max(own, LEAST)) - log(Math.max(1 - own, LEAST_REST))) / temperature),
    );
  const result = new Float32Array(p.length);
  const powers = new Float64Array(outputs);
  for (let start = 0; start < p.length; start += outputs) {
    let largest = LEAST;
    for (let j = 0; j < outputs; j++) largest = Math.max(largest, p[start + j]);
    let sum = 0;
    for (let j = 0; j < outputs; j++) {
      powers[j] = exp((log(Math.max(p[start + j], LEAST)) - log(largest)) / temperature);
      sum += powers[j];
    }
    for (let j = 0; j < outputs; j++) result[start + j] = powers[j] / sum;
  }
  return result;
}

/**
 * The mean of networks at a temperature, as the ensemble of them computes it. A network may be listed several
 * times.
 */
export function meanAt(networks: readonly Floats[], outputs: number, temperature: number): Float32Array {
  const own = new Map([...new Set(networks)].map((p) => [p, tempered(p, outputs, temperature)]));
  return meanOf(networks.map((p) => own.get(p) as Float32Array));
}

/** A temperature and its effect. */
export interface Tempering {
  /** The best on all rows; 1 unless temperatures chosen without each part beat 1 on that part in total. */
  readonly temperature: number;
  /** The mean of the networks, [rows, outputs]: each part at the temperature chosen without it. */
  readonly crossFitted: Float32Array;
}

/**
 * Chooses the temperature with the least log loss of the mean.
 *
 * @param networks - probabilities for the same rows, [rows, outputs] each
 */
export function chooseTemperature(networks: readonly Floats[], rows: Validated): Tempering {
  const { outputs, parts } = rows;
  const tried = temperatures();
  const losses = tried.map((temperature) => partLosses(meanAt(networks, outputs, temperature), rows));
  const bestWithout = (left?: number): number => {
    const sums = losses.map((own) => sumOf(own.filter((_, part) => part !== left)));
    return sums.indexOf(Math.min(...sums));
  };
  const chosen = [...losses[0].keys()].map(bestWithout);
  const apart = sumOf(chosen.map((i, part) => losses[i][part]));
  if (!(apart < sumOf(losses[0]))) return { temperature: 1, crossFitted: meanAt(networks, outputs, 1) };
  const means = new Map([...new Set(chosen)].map((i) => [i, meanAt(networks, outputs, tried[i])] as const));
  return {
    temperature: tried[bestWithout()],
    crossFitted: Float32Array.from(networks[0], (_, k) => {
      const part = parts[Math.floor(k / outputs)];
      return (means.get(chosen[part]) as Float32Array)[k];
    }),
  };
}

const sumOf = (terms: readonly number[]): number => terms.reduce((sum, term) => sum + term, 0);

/** How far probabilities are clipped away from 0, as in the metric `logLoss`. */
const CLIP = 2 ** -23;

/** Sums of weighted log losses, by part. */
function partLosses(p: Floats, { outputs, targets, weights, parts }: Validated): number[] {
  const sums = new Array<number>(parts.reduce((most, part) => Math.max(most, part + 1), 0)).fill(0);
  for (const [row, part] of parts.entries()) {
    for (let k = row * outputs; k < (row + 1) * outputs; k++) {
      if (outputs > 1 && targets[k] !== 1) continue;
      const right = targets[k] === 1 ? p[k] : 1 - p[k];
      sums[part] -= (weights ? weights[row] : 1) * log(Math.min(Math.max(right, CLIP), 1 - CLIP));
    }
  }
  return sums;
}
