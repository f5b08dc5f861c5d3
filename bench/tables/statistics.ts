/**
 * How contestants compare over tables: by the median of each table's losses over seeds, so that a table
 * counts once. They are ranked on each table, as the benchmark of optimizers ranks on each problem.
 */
import {
  bootstrapMeans,
  type FriedmanTest,
  friedmanTest,
  type MeanWithInterval,
  nemenyiDifference,
  quantile,
  ranks,
} from "../../src/benchmark/statistics.js";
import { signTest } from "../search/statistics.js";

/** Losses of the contestants on the tables that all have: [tables, contestants], each over the same seeds. */
export interface LossTable {
  readonly tables: readonly string[];
  readonly contestants: readonly string[];
  readonly losses: readonly (readonly (readonly number[])[])[];
}

/** A contestant against ours, by tables. */
export interface Pair {
  readonly contestant: string;
  /** On how many tables our median is less, and more. */
  readonly better: number;
  readonly worse: number;
  /** Two-sided. */
  readonly signP: number;
  readonly wilcoxonP: number;
  /** The geometric mean of our median over theirs. */
  readonly ratio: number;
  /**
   * On how many tables ours is less, not told apart, and more, by the 95 % interval of the ratio over its
   * seeds.
   */
  readonly tables: { readonly better: number; readonly level: number; readonly worse: number };
}

export interface Comparison {
  readonly tables: number;
  readonly meanRanks: readonly (MeanWithInterval & { readonly optimizer: string })[];
  readonly friedman: FriedmanTest;
  readonly criticalDifference: number;
  readonly pairs: readonly Pair[];
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The median loss over seeds, [tables, contestants]. */
export function medians({ losses }: LossTable): number[][] {
  return losses.map((row) => row.map(median));
}

/** @param ours - the contestant that the others are paired with */
export function compare(table: LossTable, ours: string): Comparison {
  const { contestants } = table;
  const middle = medians(table);
  const ranked = middle.map(ranks);
  const means = bootstrapMeans(ranked);
  const own = contestants.indexOf(ours);
  return {
    tables: middle.length,
    meanRanks: contestants.map((optimizer, j) => ({ optimizer, ...means[j] })),
    friedman: friedmanTest(ranked),
    criticalDifference: nemenyiDifference(contestants.length, middle.length),
    pairs: contestants.flatMap((contestant, j) =>
      j === own
        ? []
        : [
            {
              contestant,
              ...pairOf(middle.map((row) => [row[own], row[j]])),
              tables: toldApart(
                table.losses.map((row) => row[own].map((loss, seed) => Math.log(loss / row[j][seed]))),
              ),
            },
          ],
    ),
  };
}

/**
 * The 0.975 quantiles of Student's t with 1, 2, … degrees of freedom, and of the normal distribution with
 * more.
 */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** @param logs - of each table, the logarithm of the ratio for each seed */
function toldApart(logs: readonly (readonly number[])[]): Pair["tables"] {
  const found = { better: 0, level: 0, worse: 0 };
  for (const own of logs) {
    const mean = own.reduce((sum, log) => sum + log, 0) / own.length;
    const squares = own.reduce((sum, log) => sum + (log - mean) ** 2, 0);
    const half = (T[own.length - 2] ?? 1.96) * Math.sqrt(squares / (own.length - 1) / own.length);
    found[mean + half < 0 ? "better" : mean - half > 0 ? "worse" : "level"] += 1; // of one seed, NaN: level
  }
  return found;
}

function pairOf(losses: readonly (readonly number[])[]): Omit<Pair, "contestant" | "tables"> {
  const logs = losses.map(([a, b]) => Math.log(a / b));
  const better = logs.filter((log) => log < 0).length;
  const worse = logs.filter((log) => log > 0).length;
  return {
    better,
    worse,
    signP: better + worse === 0 ? 1 : signTest(better, worse),
    wilcoxonP: wilcoxonTest(logs),
    ratio: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length),
  };
}

/**
 * The two-sided p-value of the signed-rank test (F. Wilcoxon, Biometrics Bulletin 1, 1945) of whether
 * differences are symmetric about 0: exact, by counting all signs of the ranks. Differences of 0 are left
 * out; ties share their mean rank.
 */
export function wilcoxonTest(differences: readonly number[]): number {
  const kept = differences.filter((each) => each !== 0);
  if (kept.length === 0) return 1;
  // twice the ranks, which are integers with ties too
  const doubled = ranks(kept.map(Math.abs)).map((rank) => 2 * rank);
  const positive = doubled.reduce((sum, rank, i) => sum + (kept[i] > 0 ? rank : 0), 0);
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  // the share of signs by the sum of the positive ranks
  let shares = [1];
  for (const rank of doubled) {
    const next = new Array<number>(shares.length + rank).fill(0);
    shares.forEach((share, sum) => {
      next[sum] += share / 2;
      next[sum + rank] += share / 2;
    });
    shares = next;
  }
  const tail = Math.min(positive, total - positive);
  return Math.min(1, 2 * shares.slice(0, tail + 1).reduce((sum, share) => sum + share, 0));
}
