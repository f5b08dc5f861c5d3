/** The random tables of `make_linear_values.py`, to the bit: what they are, and why, is there. */
import type { Dataset, Task } from "../../../src/data/dataset.js";
import { toDataset } from "../../../src/tune/trial/data.js";

const KINDS = [
  ...["plain", "nearlyEqual", "polynomial", "wide", "dependent"],
  ...["scales", "weighted", "several", "clean", "noise"],
] as const;
const APART = [0.1, 0.01, 1e-3, 1e-4, 1e-5];
const SEEDS = 10;

/** Marsaglia's xorshift32. */
class Random {
  constructor(private state: number) {}

  uniform(): number {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return (s >>> 0) / 2 ** 32;
  }

  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Nearly, by exact arithmetic. */
  normal(): number {
    return 1.7320508075688772 * (this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2);
  }
}

const unitOf = (column: number): number => 2 ** (12 * ((column % 5) - 2));

function rowOf(kind: string, random: Random, columns: number, apart: number): number[] {
  if (kind === "polynomial") {
    const t = 2 * random.uniform() - 1;
    const row = [t];
    while (row.length < columns) row.push(row[row.length - 1] * t);
    return row;
  }
  const row = Array.from({ length: columns }, () => random.normal());
  if (kind === "nearlyEqual") row[1] = row[0] + apart * row[1];
  if (kind === "dependent") {
    row[1] = row[0];
    row[2] = 3;
    row[3] = row[0] - 2 * row[4];
  }
  return kind === "scales" ? row.map((value, j) => unitOf(j) * (value + 3 * (j % 2))) : row;
}

/** What is scored on one table. */
export interface RandomTable {
  readonly data: Dataset;
  readonly testRows: Int32Array;
  readonly folds: readonly { readonly train: Int32Array; readonly validation: Int32Array }[];
}

/** One of 200: by the first of some seeds with which each class is in all rows that are trained on. */
export function randomTable(index: number): RandomTable {
  for (let attempt = 0; ; attempt++) {
    const { task, x, y, weights } = madeBy(index, new Random(1000 + 7 * index + 100000 * attempt));
    const ids = Int32Array.from(x, (_, row) => row);
    const development = ids.filter((row) => row % 5 !== 4);
    const folds = [0, 1, 2].map((fold) => ({
      train: development.filter((row) => row % 3 !== fold),
      validation: development.filter((row) => row % 3 === fold),
    }));
    const classesIn = (rows: Int32Array): number =>
      new Set([...rows].filter((row) => weights[row] > 0).map((row) => y[row].join())).size;
    if (task === "classification" && folds.some(({ train }) => classesIn(train) < Math.max(2, y[0].length)))
      continue;
    const sampleWeight = weights.some((weight) => weight !== 1) && { sampleWeight: weights };
    return {
      data: toDataset({ x, y, task, ...sampleWeight }),
      testRows: ids.filter((row) => row % 5 === 4),
      folds,
    };
  }
}

function madeBy(index: number, random: Random) {
  const kind = KINDS[Math.floor(index / (2 * SEEDS))];
  const task: Task = Math.floor(index / SEEDS) % 2 === 0 ? "regression" : "classification";
  for (let i = 0; i < 10; i++) random.uniform();
  const rows = 60 + random.integer(120);
  const columns = kind === "wide" ? rows + 20 : 5 + random.integer(6);
  const several = task === "regression" ? (kind === "several" ? 3 : 1) : kind === "several" ? 5 : 4;
  const outputs = task === "classification" && index % 2 === 0 && kind !== "several" ? 1 : several;
  const apart = APART[random.integer(APART.length)];
  const x = Array.from({ length: rows }, () => rowOf(kind, random, columns, apart));
  const noise = kind === "clean" ? 0 : 0.1 + random.uniform();
  const slopes = Array.from({ length: outputs }, () =>
    Array.from({ length: columns }, () => random.normal()),
  );
  const y: number[][] = [];
  const weights: number[] = [];
  for (const row of x) {
    const values = slopes.map((own, k) => {
      let value = 0;
      for (let j = 0; j < columns; j++) value += (own[j] * row[j]) / (kind === "scales" ? unitOf(j) : 1);
      if (kind === "nearlyEqual")
        value = ((k + 1) * (row[1] - row[0])) / apart + 0.1 * own[2] * row[2] * (k + 1);
      return (kind === "noise" ? 0 : value) + noise * random.normal();
    });
    const largest = values.indexOf(Math.max(...values));
    if (task === "regression") y.push(values);
    else y.push(outputs === 1 ? [Number(values[0] > 0.5)] : values.map((_, k) => Number(k === largest)));
    weights.push(kind === "weighted" ? random.integer(4) : 1);
  }
  return { task, x, y, weights };
}
