/**
 * How many steps a slice has, so that it takes about as long as it should. Time is that of computation alone, so that a slow store
 * does not shorten slices; but the clock of an edge runtime may stand still while code computes, and then it is that with the
 * store. Where a study is cut into slices changes nothing in its results.
 */

/** Steps of the first slice. */
const FIRST = 16;

/** Milliseconds of a slice between two looks of the host at its requests. */
export const STRETCH = 10;

export class Pace {
  /** The steps of the next slice. */
  steps: number;

  /**
   * @param milliseconds - how long a slice should take
   * @param most - the most steps of a slice
   */
  constructor(
    private readonly milliseconds: number,
    private readonly most: number,
  ) {
    this.steps = Math.min(FIRST, most);
  }

  /** Notes how long a slice took. The next has at most twice and at least a quarter of its steps. */
  took(milliseconds: number): void {
    const factor = Math.min(2, Math.max(1 / 4, this.milliseconds / milliseconds)); // 2 where the clock stood still
    this.steps = Math.min(this.most, Math.max(1, Math.round(this.steps * factor)));
  }
}
