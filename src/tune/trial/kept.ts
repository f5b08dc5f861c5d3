/**
 * Predictions of the best trials for the validation rows of each fold, kept while a study runs, so that its
 * end need not recompute them. The choice does not depend on the order in which trials end. It trains and
 * scores nothing.
 */
import type { Direction } from "../../direction.js";
import type { Floats } from "../../ndarray.js";

/** The most numbers that are kept: 64 MiB. */
const MOST = 2 ** 24;

/** By trial number: its value, and the predictions of each fold. */
export type SavedPredictions = readonly (readonly [number, number, readonly Floats[]])[];

export class KeptPredictions {
  /** The best first. */
  private list: SavedPredictions = [];

  /** @param most - how many trials are kept */
  constructor(
    private readonly most: number,
    private readonly direction: Direction,
  ) {}

  add(trial: number, value: number | undefined, predictions: readonly Floats[]): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const sign = this.direction === "maximize" ? -1 : 1;
    const others = this.list.filter(([number]) => number !== trial);
    const numbers = predictions.reduce((sum, { length }) => sum + length, 0);
    this.list = [...others, [trial, value, predictions] as const]
      .sort(([i, a], [j, b]) => sign * (a - b) || i - j)
      .slice(0, Math.min(this.most, Math.floor(MOST / numbers)));
  }

  of(trial: number): readonly Floats[] | undefined {
    return this.list.find(([number]) => number === trial)?.[2];
  }

  /** The numbers of the trials, the best first. */
  get trials(): readonly number[] {
    return this.list.map(([number]) => number);
  }

  save(): SavedPredictions {
    return this.list;
  }
}
