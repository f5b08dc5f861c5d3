import { isFresh } from "../memo/unseen.js";
import { defaultPoint } from "../space/defaults.js";
import type { Params } from "../space/space.js";
import type { SuggestContext } from "./strategy.js";

/**
 * What a strategy suggests first: the point of the defaults, or another of the space, unless that was given
 * as a trial.
 */
export function firstPoint(context: SuggestContext, pointOf = defaultPoint): Params | undefined {
  const point = context.suggested === 0 ? pointOf(context.space) : undefined;
  return point && isFresh(context, point) ? point : undefined;
}
