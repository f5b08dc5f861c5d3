/** The decision threshold with the least expected cost, if the two kinds of errors cost differently. */
import type { Metric } from "../../metrics/metric.js";
import { aboveZero, type OptionRules, readOptions } from "../../rules.js";
import type { Predictions } from "./predictions.js";

/** What errors cost, in any one unit; only their ratio matters. */
export interface ErrorCosts {
  /** The cost of a false negative: above 0. */
  readonly missed: number;
  /** The cost of a false positive: above 0. */
  readonly false: number;
}

const RULES = { missed: [aboveZero], false: [aboveZero] } satisfies OptionRules<ErrorCosts>;

/**
 * @throws FettleError `invalid_argument` for anything but two finite costs above 0; `unknown_name` for other
 * names
 */
export function checkCosts(cost: unknown): asserts cost is ErrorCosts {
  readOptions(cost as ErrorCosts, "cost", RULES, " of cost");
}

/** The threshold of perfect probabilities. */
const idealOf = (cost: ErrorCosts): number => cost.false / (cost.missed + cost.false);

/** The mean cost of the errors of predicted classes over the rows. */
export function costMetric(cost: ErrorCosts): Metric {
  return {
    name: "expectedCost",
    direction: "minimize",
    tasks: ["classification"],
    decides: true,
    threshold: idealOf(cost),
    compute(yTrue, yPred, _outputs, weights) {
      let [sum, rows] = [0, 0];
      for (const [row, truth] of yTrue.entries()) {
        const weight = weights?.[row] ?? 1;
        rows += weight;
        sum += weight * (truth === 1 ? cost.missed * (1 - yPred[row]) : cost.false * yPred[row]);
      }
      return sum / rows;
    },
  };
}

/**
 * The threshold with the least cost among these: that of perfect probabilities, false / (missed + false); all
 * midpoints between neighbouring probabilities; and one beyond each end. Of equals, the nearest to the first.
 */
export function cheapestThreshold(cost: ErrorCosts, all: readonly Predictions[]): number {
  const rows = all.flatMap(({ yTrue, yPred, weights }) =>
    Array.from(yPred, (level, i) => ({ level, isPositive: yTrue[i] === 1, weight: weights?.[i] ?? 1 })),
  );
  const counted = rows.filter(({ weight }) => weight > 0).sort((a, b) => a.level - b.level);
  const ideal = idealOf(cost);
  // from the bottom up: first every row is predicted positive, then one row after another negative
  let sum = counted.reduce((total, row) => total + (row.isPositive ? 0 : row.weight * cost.false), 0);
  let below = 0;
  let best = { threshold: ideal, sum: Number.POSITIVE_INFINITY };
  for (let i = 0; ; ) {
    const isLast = i === counted.length;
    const level = isLast ? 1 : counted[i].level;
    // a probability at the threshold is not above it
    const threshold = ideal >= below && ideal < level ? ideal : (below + level) / 2;
    const isNearer = sum === best.sum && Math.abs(threshold - ideal) < Math.abs(best.threshold - ideal);
    if ((threshold < level || isLast) && (sum < best.sum || isNearer)) best = { threshold, sum };
    if (isLast) return best.threshold;
    for (; counted[i]?.level === level; i++)
      sum += counted[i].weight * (counted[i].isPositive ? cost.missed : -cost.false);
    below = level;
  }
}
