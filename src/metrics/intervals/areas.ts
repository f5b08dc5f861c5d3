/**
 * How rows move the area under the ROC curve (DeLong).
 *
 * @see E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
 * operating characteristic curves", Biometrics 44, 1988
 */
import type { Floats } from "../../ndarray.js";
import { ranked } from "../curve.js";
import { column } from "../define.js";
import type { Effect, Unseen } from "./interval.js";
import { heftOf, type Predicted, rowsOf, weighed } from "./predicted.js";

/** An area between two classes, and how rows of both move it. */
interface Area {
  readonly area: number;
  /** [rows]; 0 for rows of neither class. */
  readonly influence: Float64Array;
  /** The weight of class 1. */
  readonly own: number;
  readonly unseen: Unseen;
}

/** How much of an unseen row is added to each class. */
const UNSEEN = 0.1;
/** Where unseen rows may rank among those of the other class: at thirds of all places. */
const PLACES = [1 / 6, 1 / 2, 5 / 6];

/**
 * The area of some rows, of which `isOwn` says the class, 1 or 0, and −1 for neither; undefined if a class
 * has no weight.
 */
function areaOf(isOwn: Int8Array, scores: Float64Array, weights: Floats | undefined): Area | undefined {
  const { levels, places } = ranked(scores);
  const mass = [new Float64Array(levels.length), new Float64Array(levels.length)];
  const sums = [0, 0];
  let all = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = weights?.[i] ?? 1;
    all += weight;
    if (isOwn[i] < 0) continue;
    mass[isOwn[i]][places[i]] += weight;
    sums[isOwn[i]] += weight;
  }
  if (sums[0] === 0 || sums[1] === 0) return undefined;
  // for each level the share of the other class below it, where ties count half
  const beaten = mass.map((of, isOne) => {
    let below = 0;
    const shares = of.map((each) => {
      below += each;
      return (below - each / 2) / sums[isOne];
    });
    return isOne === 1 ? shares.map((share) => 1 - share) : shares;
  });
  let area = 0;
  for (let k = 0; k < levels.length; k++) area += (mass[1][k] / sums[1]) * beaten[0][k];
  const influence = Float64Array.from(scores, (_, i) =>
    isOwn[i] < 0 ? 0 : (all / sums[isOwn[i]]) * (beaten[1 - isOwn[i]][places[i]] - area),
  );
  // with the weight of rows of their class
  const heft = heftOf(isOwn, 2, weights);
  const unseen = {
    influence: Float64Array.from(
      [0, 1].flatMap((isOne) => PLACES.map((place) => ((heft[isOne] * all) / sums[isOne]) * (place - area))),
    ),
    mass: new Float64Array(2 * PLACES.length).fill(UNSEEN / PLACES.length),
  };
  return { area, influence, own: sums[1], unseen };
}

/** The options of `rocAuc`. */
interface AreaOptions {
  readonly multiClass?: "ovr" | "ovo";
  readonly average?: string;
}

/** Areas with the weights of their mean: of the rows of class 1, or of both; rows move these too. */
interface Part {
  readonly found: Area;
  readonly weight: number;
  readonly counts: (row: number) => boolean;
}

/**
 * The influence on the area under the ROC curve of two classes, or on the mean over several, over labels or
 * over pairs.
 */
export function areaEffect(predicted: Predicted, { multiClass, average = "macro" }: AreaOptions): Effect {
  const { yTrue, yPred, outputs, weights } = predicted;
  const rows = rowsOf(predicted);
  if (average === "micro" && outputs > 1) {
    const repeated = weights && Float64Array.from(yTrue, (_, k) => weights[Math.floor(k / outputs)]);
    const found = areaOf(Int8Array.from(yTrue), Float64Array.from(yPred), repeated);
    const influence = new Float64Array(rows);
    for (let k = 0; k < yTrue.length; k++)
      influence[Math.floor(k / outputs)] += (found?.influence[k] ?? Number.NaN) / outputs;
    return { influence };
  }
  const parts = multiClass === "ovo" && outputs > 1 ? pairs(predicted) : againstRest(predicted);
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  const shareOf = ({ weight }: Part): number => (average === "weighted" ? weight / all : 1 / parts.length);
  const mean = parts.reduce((sum, part) => sum + shareOf(part) * part.found.area, 0);
  const total = weighed(rows, weights).sum;
  const influence = new Float64Array(rows).fill(parts.length > 0 ? 0 : Number.NaN);
  for (const part of parts) {
    for (let i = 0; i < rows; i++) {
      influence[i] += shareOf(part) * part.found.influence[i];
      if (average === "weighted" && part.counts(i)) influence[i] += (total / all) * (part.found.area - mean);
    }
  }
  const scaled = parts.map((part) => part.found.unseen.influence.map((each) => shareOf(part) * each));
  return {
    influence,
    unseen: {
      influence: Float64Array.from(scaled.flatMap((each) => [...each])),
      mass: Float64Array.from(parts.flatMap((part) => [...part.found.unseen.mass])),
      group: PLACES.length,
    },
  };
}

/** Each output against the rest. */
function againstRest({ yTrue, yPred, outputs, weights }: Predicted): Part[] {
  return Array.from({ length: outputs }, (_, k) => k).flatMap((k) => {
    const own = Int8Array.from(column(yTrue, outputs, k));
    const found = areaOf(own, column(yPred, outputs, k), weights);
    return found ? [{ found, weight: found.own, counts: (row: number) => own[row] === 1 }] : [];
  });
}

/** For each pair of classes, the mean of both areas among their rows. */
function pairs({ yTrue, yPred, outputs, weights }: Predicted): Part[] {
  const [truth, scores] = [yTrue, yPred].map((values) =>
    Array.from({ length: outputs }, (_, k) => column(values, outputs, k)),
  );
  const parts: Part[] = [];
  for (let a = 0; a < outputs; a++) {
    for (let b = 0; b < a; b++) {
      const between = (one: number, other: number): Area | undefined =>
        areaOf(
          Int8Array.from(truth[one], (own, i) => (own === 1 ? 1 : truth[other][i] === 1 ? 0 : -1)),
          scores[one],
          weights,
        );
      const [first, second] = [between(a, b), between(b, a)];
      if (!first || !second) continue;
      const half = (x: Float64Array, y: Float64Array): Float64Array => x.map((each, i) => (each + y[i]) / 2);
      parts.push({
        found: {
          ...first,
          area: (first.area + second.area) / 2,
          influence: half(first.influence, second.influence),
          // the second area has the classes the other way round
          unseen: {
            ...first.unseen,
            influence: half(first.unseen.influence, halvesSwapped(second.unseen.influence)),
          },
        },
        weight: first.own + second.own,
        counts: (row) => truth[a][row] === 1 || truth[b][row] === 1,
      });
    }
  }
  return parts;
}

function halvesSwapped(x: Float64Array): Float64Array {
  const half = x.length / 2;
  return x.map((_, i) => x[(i + half) % x.length]);
}
