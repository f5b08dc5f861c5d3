/** What strategies are compared on: functions whose minimum is known, of a point of a search space. */
import type { Params, Space } from "fettle";

export interface TestFunction {
  readonly name: string;
  /** Where it is from. */
  readonly citation: string;
  readonly space: Space;
  /** The least value that any instance takes. */
  readonly optimum: number;
  /** The instance of a seed: the same function elsewhere in the space, so that nothing is won by knowing a place. */
  instance(seed: number): (params: Params) => number;
}
