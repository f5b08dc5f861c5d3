/**
 * Metrics of classes that need probabilities or other scores, as scikit-learn defines them. Every export is a
 * metric of the namespace
 * `metrics`.
 */

import { check } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { log } from "../numerics/special.js";
import type { Compared } from "./counts.js";
import { areaUnderRoc, type Counted, countAtThresholds, last, stepArea } from "./curve.js";
import { classAt } from "./decided.js";
import { classMetric, column, LABELS, type LabelOptions, weighing } from "./define.js";

/** The options of {@link rocAuc}. */
export interface RocAucOptions extends LabelOptions {
  /** Several classes: each against the rest, or each pair of classes. @defaultValue `"ovr"` */
  readonly multiClass?: "ovr" | "ovo";
  /**
   * `macro`: the mean over classes, pairs or labels; `weighted`: the mean weighted by rows; `micro`: one area
   * over all classes or labels, not for pairs. @defaultValue `"macro"`
   */
  readonly average?: "macro" | "micro" | "weighted";
}

const AREAS = { average: { initial: "macro", words: ["macro", "micro", "weighted"] }, ...LABELS };

/**
 * Area under the ROC curve: the probability that a row of class 1 scores higher than one of class 0, where
 * ties count half. With several classes, the mean of the areas of each against the rest, or of pairs, without
 * classes that have no rows or all; NaN if no area is defined.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; for two classes any score that rises with the chance of class 1
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 * const pairs = metrics.rocAuc({ multiClass: "ovo", average: "weighted" });
 * pairs([0, 1, 2], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.5, 0.1, 0.4]]); // 1
 * ```
 * @see scikit-learn, `roc_auc_score`; of pairs D. Hand and R. Till, "A simple generalisation of the area
 * under the ROC curve", 2001
 */
export const rocAuc = classMetric(
  "rocAuc",
  ({ multiClass, average, multiLabel }: RocAucOptions) => {
    check(
      multiClass !== "ovo" || (average !== "micro" && !multiLabel),
      'average of metrics.rocAuc must be "macro" or "weighted", and multiLabel false, for pairs of classes',
    );
    return (...all) =>
      multiClass === "ovo" && all[2] > 1
        ? averageOfPairs(all, average === "weighted")
        : averageOfOutputs(all, average, areaUnderRoc);
  },
  { multiClass: { initial: "ovr", words: ["ovr", "ovo"] }, ...AREAS },
);

/** The options of {@link averagePrecision}. */
export interface AveragePrecisionOptions extends LabelOptions {
  /** As for {@link rocAuc}. @defaultValue `"macro"` */
  readonly average?: "macro" | "micro" | "weighted";
}

/**
 * Mean of the precision at each threshold, weighted by the gain in recall: the area under the
 * precision–recall curve, in steps. With several classes, the mean over those with rows; with labels, the
 * mean over all. 0 without rows of class 1.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link rocAuc}
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.83333...
 * ```
 * @see scikit-learn, `average_precision_score`
 */
export const averagePrecision = classMetric(
  "averagePrecision",
  ({ average, multiLabel }: AveragePrecisionOptions) =>
    (...all) =>
      averageOfOutputs(all, average, (counted) =>
        all[2] > 1 && !multiLabel && last(counted.hits) === 0 ? Number.NaN : stepArea(counted),
      ),
  AREAS,
);

/**
 * Mean of −log of the probability given to the true class. Probabilities are first clipped to [ε, 1 − ε], so
 * that one certain but wrong prediction does not make the score infinite: ε is 2⁻⁵², or 2⁻²³ if `yPred` is a
 * `Float32Array`, like the predictions of a network.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}; rows of several classes must sum to 1 and are not normalised
 * @returns from 0 up, in nats
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.logLoss([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65]); // 0.21616...
 * metrics.logLoss([1], [0]); // 36.04365...
 * metrics.logLoss([1], Float32Array.of(0)); // 15.94238...
 * ```
 * @see scikit-learn, `log_loss`
 */
export const logLoss = classMetric("logLoss", () => (yTrue, yPred, outputs, weights) => {
  const epsilon = yPred instanceof Float32Array ? 2 ** -23 : 2 ** -52;
  const clip = (probability: number): number => Math.min(Math.max(probability, epsilon), 1 - epsilon);
  return meanOfRows(yTrue, outputs, weights, (k) =>
    yTrue[k] === 1 ? -log(clip(yPred[k])) : outputs === 1 ? -log(1 - clip(yPred[k])) : 0,
  );
});

/**
 * Mean squared distance of the probabilities from the truth: for two classes (p − y)², for more the sum over
 * classes.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, probabilities
 * @returns from 0 to 1 for two classes, to 2 for more
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.brierScore([0, 1, 1, 0], [0.25, 0.75, 0.5, 0]); // 0.09375
 * ```
 * @see scikit-learn, `brier_score_loss`; G. Brier, "Verification of forecasts expressed in terms of
 * probability", 1950
 */
export const brierScore = classMetric("brierScore", () => (yTrue, yPred, outputs, weights) => {
  const scale = outputs === 2 ? 2 : 1;
  return meanOfRows(yTrue, outputs, weights, (k) => {
    const error = yPred[k] - yTrue[k];
    return (error * error) / scale;
  });
});

/** Bins of equal weight for probabilities. */
const BINS = 10;

/**
 * How far the probabilities of predicted classes are from their accuracy: rows are sorted by that probability
 * and divided into 10 bins of equal weight, and the distances between the mean probability and the share of
 * right rows are averaged over bins, by their weights. Rows with equal probability share a bin, the first one
 * of any of them, so there may be fewer.
 *
 * It is above 0 by chance: about 0.1 for perfectly calibrated probabilities of 100 rows, and less for more
 * rows.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, probabilities
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.expectedCalibrationError([1, 1, 1, 0], [0.75, 0.75, 0.75, 0.75]); // 0
 * metrics.expectedCalibrationError([1, 0], [0.75, 0.25]); // 0.25
 * ```
 * @see C. Guo and others, "On calibration of modern neural networks", ICML 2017; for bins of equal weight A.
 * Kumar and others, "Verified uncertainty calibration", NeurIPS 2019
 */
export const expectedCalibrationError = classMetric(
  "expectedCalibrationError",
  () => (yTrue, yPred, outputs, weights) => {
    const weightOf = weighing(weights);
    const rows = Array.from({ length: yTrue.length / outputs }, (_, row) => {
      const start = row * outputs;
      const own = classAt(yPred, start, outputs);
      const probability = outputs > 1 ? yPred[start + own] : own === 1 ? yPred[start] : 1 - yPred[start];
      const right = outputs > 1 ? yTrue[start + own] : Number(own === yTrue[start]);
      return { probability, right, weight: weightOf(row) };
    }).sort((a, b) => a.probability - b.probability);
    const all = rows.reduce((sum, { weight }) => sum + weight, 0);
    const gaps = new Float64Array(BINS + 1);
    let [before, bin] = [0, 0];
    for (const [i, { probability, right, weight }] of rows.entries()) {
      if (i === 0 || probability !== rows[i - 1].probability) bin = Math.floor((BINS * before) / all);
      gaps[bin] += weight * (probability - right);
      before += weight;
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / all;
  },
);

/** The options of {@link topKAccuracy}. */
export interface TopKOptions {
  /** How many of the most probable classes count as correct. @defaultValue 2 */
  readonly k?: number;
}

/**
 * Share of rows whose true class is among the `k` most probable. Of classes with equal probability, the later
 * ranks first, as in scikit-learn.
 *
 * @param yTrue - as {@link accuracy}
 * @param yPred - as {@link accuracy}, probabilities or other scores
 * @returns from 0 to 1
 * @throws FettleError as {@link accuracy}
 * @example
 * ```ts
 * metrics.topKAccuracy([0, 1, 2], [[0.5, 0.2, 0.3], [0.3, 0.4, 0.3], [0.4, 0.5, 0.1]]); // 2 / 3
 * metrics.topKAccuracy({ k: 3 })([0], [[0.1, 0.2, 0.7]]); // 1
 * ```
 * @see scikit-learn, `top_k_accuracy_score`
 */
export const topKAccuracy = classMetric(
  "topKAccuracy",
  ({ k: most = 2 }: TopKOptions) =>
    (yTrue, yPred, outputs, weights) =>
      meanOfRows(yTrue, outputs, weights, (k) => {
        if (outputs === 1) return Number(most > 1 || classAt(yPred, k, 1) === yTrue[k]);
        if (yTrue[k] !== 1) return 0;
        const start = k - (k % outputs);
        let before = 0;
        for (let j = start; j < start + outputs; j++)
          if (yPred[j] > yPred[k] || (yPred[j] === yPred[k] && j > k)) before++;
        return Number(before < most);
      }),
  {
    k: { initial: 2, rule: "a positive integer", holds: (k: number) => Number.isInteger(k) && k >= 1 },
  },
);

/** The mean over rows of the sum of their elements. */
function meanOfRows(
  yTrue: Floats,
  outputs: number,
  weights: Floats | undefined,
  term: (k: number) => number,
): number {
  const weightOf = weighing(weights);
  let [sum, all] = [0, 0];
  for (let k = 0, row = 0; k < yTrue.length; row++) {
    const weight = weightOf(row);
    all += weight;
    for (let j = 0; j < outputs; j++, k++) sum += weight * term(k);
  }
  return sum / all;
}

/** The mean over outputs of a score, without NaN; 0 if all weights are 0. */
function averageOfOutputs(
  [yTrue, yPred, outputs, weights]: Compared,
  average: "macro" | "micro" | "weighted" | undefined,
  score: (counted: Counted) => number,
): number {
  if (average === "micro") {
    const repeated = weights && Float64Array.from(yTrue, (_, k) => weights[Math.floor(k / outputs)]);
    return score(countAtThresholds(yTrue, yPred, repeated));
  }
  const counted = Array.from({ length: outputs }, (_, j) =>
    countAtThresholds(column(yTrue, outputs, j), column(yPred, outputs, j), weights),
  );
  return meanOf(counted.map((each) => [score(each), average === "weighted" ? last(each.hits) : 1]));
}

/** For each pair of classes that occur, the mean of both areas among their rows. */
function averageOfPairs([yTrue, yPred, outputs, weights]: Compared, weighted: boolean): number {
  const rows = yTrue.length / outputs;
  const classes = Array.from({ length: outputs }, (_, j) => ({
    scores: column(yPred, outputs, j),
    own: Array.from({ length: rows }, (_, row) => row).filter((row) => yTrue[row * outputs + j] === 1),
  })).filter(({ own }) => own.length > 0);
  const pairs: [score: number, weight: number][] = [];
  for (const [k, a] of classes.entries()) {
    for (const b of classes.slice(0, k)) {
      const [first, second] = [
        [a, b],
        [b, a],
      ].map(([one, other]) => {
        const both = [...one.own, ...other.own];
        return countAtThresholds(
          Float64Array.from(both, (_, i) => Number(i < one.own.length)),
          Float64Array.from(both, (row) => one.scores[row]),
          weights && Float64Array.from(both, (row) => weights[row]),
        );
      });
      const weight = weighted ? last(first.hits) + last(first.misses) : 1;
      pairs.push([(areaUnderRoc(first) + areaUnderRoc(second)) / 2, weight]);
    }
  }
  return meanOf(pairs);
}

/** The weighted mean of the scores that are not NaN. */
function meanOf(scores: readonly (readonly [score: number, weight: number])[]): number {
  const defined = scores.filter(([score]) => !Number.isNaN(score));
  const all = defined.reduce((sum, [, weight]) => sum + weight, 0);
  if (defined.length > 0 && all === 0) return 0;
  return defined.reduce((sum, [score, weight]) => sum + score * weight, 0) / all;
}
