/** What strategies are compared on: functions whose minimum is known, of a point of a search space. */
import type { Params, Space } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import { fromUnit } from "../../src/search/space/scale.js";
import { buildParams, resolveSpace } from "../../src/search/space/space.js";
import { median } from "./statistics.js";

export interface TestFunction {
  readonly name: string;
  /** Where it is from. */
  readonly citation: string;
  readonly space: Space;
  /** The least value that any instance takes. */
  readonly optimum: number;
  /**
   * The standard deviation of what is added to the value that a search is told, in parts of `scaleOf`.
   * Default 0.
   */
  readonly noise?: number;
  /**
   * The instance of a seed: the same function elsewhere in the space, so that nothing is won by knowing a
   * place.
   */
  instance(seed: number): (params: Params) => number;
}

/** The regret of a median random point, over 1,001 points of the first instance. */
export function scaleOf({ space, optimum, instance }: TestFunction): number {
  const random = new RandomStream(0);
  const resolved = resolveSpace(space);
  const f = instance(0);
  const draw = () => buildParams(resolved, (parameter) => fromUnit(parameter, random.uniform()));
  return median(Array.from({ length: 1001 }, () => f(draw()) - optimum));
}
