/**
 * Chooses the steps of a slice to meet its duration. Only computation counts, so that a slow store does not
 * shorten slices; but the clock of an edge runtime may stand still during computation, and then the store's
 * time counts too. The cuts between slices do not change results.
 */

/** Steps of the first slice. */
const FIRST = 16;

/** Milliseconds of a slice between two turns of the host. */
export const STRETCH = 10;

export class Pace {
  /** The steps of the next slice. */
  steps: number;

  /**
   * @param milliseconds - the intended duration of a slice
   * @param most - the most steps of a slice
   */
  constructor(
    private readonly milliseconds: number,
    private readonly most: number,
  ) {
    this.steps = Math.min(FIRST, most);
  }

  /** Records how long a slice took. The next has at most twice and at least a quarter of its steps. */
  took(milliseconds: number): void {
    const factor = Math.min(2, Math.max(1 / 4, this.milliseconds / milliseconds)); // 2 if the clock stood still
    this.steps = Math.min(this.most, Math.max(1, Math.round(this.steps * factor)));
  }
}
