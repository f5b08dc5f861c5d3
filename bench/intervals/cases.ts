/**
 * Populations from which rows are drawn, to see how often intervals of scores hold the score of the whole
 * population.
 */
import type { Predicted } from "../../src/metrics/intervals/index.js";
import type { RandomStream } from "../../src/numerics/random.js";
import { exp, log } from "../../src/numerics/special.js";

/** One row: its truth and prediction, by output, and its weight. */
type Row = readonly [yTrue: readonly number[], yPred: readonly number[], weight?: number];

/** Rows and the metrics that are scored on them. */
export interface Population {
  readonly name: string;
  readonly metrics: readonly string[];
  readonly draw: (random: RandomStream) => Row;
  /**
   * Rows with weights of 1 that have the same scores, where rows are drawn in another proportion and weighted
   * back.
   */
  readonly whole?: (random: RandomStream) => Row;
}

const QUANTITIES = ["rootMeanSquaredError", "meanAbsoluteError", "r2", "medianAbsoluteError"];
const CLASSES = [
  ...["accuracy", "precision", "recall", "f1", "matthewsCorrcoef", "cohenKappa", "balancedAccuracy"],
  ...["rocAuc", "logLoss", "brierScore"],
];
const SEVERAL = ["accuracy", "f1", "balancedAccuracy", "matthewsCorrcoef", "rocAuc", "logLoss"];

/** y = x + an error, predicted as 0.8 x. */
const regression =
  (error: (random: RandomStream) => number) =>
  (random: RandomStream): Row => {
    const x = random.normal();
    return [[x + error(random)], [0.8 * x]];
  };

const normal = (random: RandomStream): number => 0.5 * random.normal();
const laplace = (random: RandomStream): number =>
  (random.uniform() < 0.5 ? -0.4 : 0.4) * -log(1 - random.uniform());
/** Student's t: normal / √(χ² / ν). */
const student =
  (freedom: number) =>
  (random: RandomStream): number => {
    let squares = 0;
    for (let i = 0; i < freedom; i++) {
      const z = random.normal();
      squares += z * z;
    }
    return (0.5 * random.normal()) / Math.sqrt(squares / freedom);
  };
/** Normal with a deviation of its own in each row, log-normal. */
const uneven = (random: RandomStream): number => 0.5 * random.normal() * exp(0.6 * random.normal());

/**
 * Two classes of normal scores, `apart` deviations from each other; probabilities are `sure` times too sure.
 */
const twoClasses =
  (share: number, apart: number, sure = 1) =>
  (random: RandomStream): Row => {
    const y = Number(random.uniform() < share);
    return [[y], [probabilityAt(y * apart + random.normal(), share, apart, sure)]];
  };

function probabilityAt(score: number, share: number, apart: number, sure: number): number {
  const odds = log(share / (1 - share)) + apart * (score - apart / 2);
  return Math.fround(1 / (1 + exp(-sure * odds)));
}

/** Predictions that are right but for so many rows, all as sure as that. */
const rarelyWrong =
  (errors: number) =>
  (random: RandomStream): Row => {
    const y = Number(random.uniform() < 0.5);
    const says = random.uniform() < errors ? 1 - y : y;
    return [[y], [Math.fround(says === 1 ? 0.98 - 0.01 * random.uniform() : 0.02 + 0.01 * random.uniform())]];
  };

/** Three classes of such shares. */
const threeClasses =
  (shares: readonly number[]) =>
  (random: RandomStream): Row => {
    const u = random.uniform();
    const y = u < shares[0] ? 0 : u < shares[0] + shares[1] ? 1 : 2;
    const odds = shares.map((share, k) => share * exp(2 * ((k === y ? 2 : 0) + random.normal()) - 2));
    const sum = odds.reduce((all, each) => all + each, 0);
    return [shares.map((_, k) => Number(k === y)), odds.map((each) => Math.fround(each / sum))];
  };

/** Every row has a weight of its own, that has nothing to do with the rest of it. */
const weighted =
  (draw: (random: RandomStream) => Row) =>
  (random: RandomStream): Row => {
    const [y, guess] = draw(random);
    return [y, guess, exp(0.7 * random.normal())];
  };

/** Rows of large x are drawn more often, and count less for it. */
const biased = (random: RandomStream): Row => {
  // x of a normal distribution around 1, in place of 0: the ratio of the densities is exp(½ − x)
  const x = 0.7 + random.normal();
  return [[x + 0.5 * random.normal()], [0.8 * x], exp(0.7 * (0.35 - x))];
};

/** As many rows of both classes, of which one is rare, weighted back. */
const balancedRows = (random: RandomStream): Row => {
  const y = Number(random.uniform() < 0.5);
  return [[y], [probabilityAt(2 * y + random.normal(), 0.1, 2, 1)], y === 1 ? 0.2 : 1.8];
};

export const POPULATIONS: readonly Population[] = [
  { name: "normal errors", metrics: QUANTITIES, draw: regression(normal) },
  { name: "Laplace errors", metrics: QUANTITIES, draw: regression(laplace) },
  { name: "uneven errors", metrics: QUANTITIES, draw: regression(uneven) },
  { name: "errors of Student's t, 5 degrees", metrics: QUANTITIES, draw: regression(student(5)) },
  { name: "errors of Student's t, 3 degrees", metrics: QUANTITIES, draw: regression(student(3)) },
  { name: "normal errors, weights at random", metrics: QUANTITIES, draw: weighted(regression(normal)) },
  {
    name: "normal errors, weights for the draw",
    metrics: QUANTITIES,
    draw: biased,
    whole: regression(normal),
  },
  { name: "two classes, half", metrics: CLASSES, draw: twoClasses(0.5, 2) },
  { name: "two classes, half, too sure", metrics: CLASSES, draw: twoClasses(0.5, 1.5, 3) },
  { name: "two classes, 10 %", metrics: CLASSES, draw: twoClasses(0.1, 2.5) },
  { name: "two classes, 2 %", metrics: CLASSES, draw: twoClasses(0.02, 3) },
  { name: "2 % of rows wrong", metrics: CLASSES, draw: rarelyWrong(0.02) },
  { name: "two classes, weights at random", metrics: CLASSES, draw: weighted(twoClasses(0.5, 2)) },
  {
    name: "10 %, drawn as half and weighted back",
    metrics: CLASSES,
    draw: balancedRows,
    whole: twoClasses(0.1, 2),
  },
  { name: "three classes", metrics: SEVERAL, draw: threeClasses([0.4, 0.3, 0.3]) },
  { name: "three classes, one of 5 %", metrics: SEVERAL, draw: threeClasses([0.55, 0.4, 0.05]) },
];

/** So many rows of a population. */
export function sample(draw: Population["draw"], rows: number, random: RandomStream): Predicted {
  const drawn = Array.from({ length: rows }, () => draw(random));
  const outputs = drawn[0][0].length;
  const isClasses = drawn[0][1][0] === Math.fround(drawn[0][1][0]);
  const flat = (of: 0 | 1): number[] => drawn.flatMap((row) => row[of]);
  return {
    yTrue: Float64Array.from(flat(0)),
    yPred: isClasses ? Float32Array.from(flat(1)) : Float64Array.from(flat(1)),
    outputs,
    ...(drawn[0][2] !== undefined && { weights: Float64Array.from(drawn, ([, , weight = 1]) => weight) }),
  };
}
