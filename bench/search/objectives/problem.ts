/** What strategies for several objectives are compared on: problems whose whole Pareto front is known. */
import { hypervolume, type Params, type Space } from "fettle";
import type { Told as SearchTold } from "../searcher.js";

/** What a point gives. All objectives are minimised, and constraints kept where they are at most 0. */
export type Told = Extract<SearchTold, { readonly values: readonly number[] }>;

export interface Instance {
  /** The hypervolume of the whole front. */
  readonly volume: number;
  evaluate(params: Params): Told;
}

export interface Problem {
  readonly name: string;
  /** Where it is from, and how it differs. */
  readonly citation: string;
  readonly space: Space;
  readonly constrained?: true;
  /** By objective; as bad as a mediocre random point, or as the worst of the front where that is worse. */
  readonly reference: readonly number[];
  /**
   * The instance of a seed: the same problem elsewhere in the space, so that nothing is won by knowing a
   * place.
   */
  instance(seed: number): Instance;
}

export function volumeOf(points: readonly (readonly number[])[], reference: readonly number[]): number {
  return hypervolume(
    points,
    reference.map(() => "minimize"),
    reference,
  );
}
