/** A strategy that begins with given points. */
import { mustBeList, mustBeRecord } from "../../errors.js";
import type { Params } from "../space/space.js";
import { mustBeStrategy, type Strategy, type SuggestContext } from "./strategy.js";

/**
 * A strategy that suggests the given points first, in order, and then what `strategy` suggests, which sees
 * them as points that it did not choose. Unlike those of `enqueue`, only as many are tried as there are
 * trials. In a saved study they are an option of the strategy, `startWith`, which `createStrategy` reads;
 * without them the study is refused.
 *
 * @param points - of the space
 * @throws FettleError `invalid_argument` for no list or no strategy; a study refuses a point outside its
 * space
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 5) },
 *   strategy: startWith([{ x: 0 }, { x: 1 }], random()),
 *   direction: "minimize",
 * });
 * await study.optimize(({ x }) => x * x, { trials: 3 });
 * study.trials[1].params; // { x: 1 }
 * ```
 */
export function startWith(points: readonly Params[], strategy: Strategy): Strategy {
  mustBeList("points", points, "a list of parameters");
  mustBeStrategy(strategy);
  mustBeRecord("options of strategy", strategy.options, "an object");
  const first = [...points];
  const count = first.length;
  const { startWith: more = [] } = strategy.options as { startWith?: readonly Params[] };
  const after = (context: SuggestContext): SuggestContext => ({
    ...context,
    suggested: context.suggested - count,
  });
  return {
    ...strategy,
    options: { ...strategy.options, startWith: [...first, ...more] },
    suggest: (context) => first[context.suggested] ?? strategy.suggest(after(context)),
    ...(strategy.resume && {
      resume: (context) => (context.suggested < count ? undefined : strategy.resume?.(after(context))),
    }),
    ...(strategy.size && {
      size: (space, constraint) => count + (strategy.size?.(space, constraint) ?? 0),
    }),
  };
}
