/** Studies as users create and restore them: with a default strategy. */
import { isPlainObject } from "../../errors.js";
import type { Space } from "../space/space.js";
import { defaultStrategy } from "../strategies/default.js";
import type { Strategy } from "../strategies/strategy.js";
import { type RestoreOptions, reopenStudy } from "./checkpoint.js";
import type { Study, StudyOptions } from "./contract.js";
import { beginStudy } from "./study.js";

/**
 * Creates a study: call `ask` and `tell` yourself, or let `optimize` do it in a loop. `JSON.stringify` saves
 * a study,
 * `restoreStudy` resumes it.
 *
 * @throws FettleError `invalid_space` for an impossible space; `invalid_argument`, `unknown_name` for other
 * invalid options
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5), y: int(-5, 5) }, direction: "minimize", seed: 1 });
 * await study.optimize(({ x, y }) => x * x + y * y, { trials: 50 });
 * study.best.status; // "complete"
 * ```
 */
export function createStudy<const S extends Space>(options: StudyOptions<S>): Study<S> {
  return beginStudy(withStrategy(options, options));
}

/**
 * Resumes a saved study: it continues with the same trials as if it had never been saved. `ask` first returns
 * the trials that were running when it was saved.
 *
 * @param json - what `study.toJSON()` returned, parsed
 * @throws FettleError `invalid_checkpoint` if `json` is damaged, of a newer version, or not a study;
 * `invalid_argument` if the strategy, the space or the constraint differs from the study's, or is needed but
 * missing
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 3 });
 * const text = JSON.stringify(study);
 * const again = restoreStudy(JSON.parse(text));
 * again.trials.length; // 3
 * ```
 */
export function restoreStudy<const S extends Space = Space>(
  json: unknown,
  options: RestoreOptions<S> = {},
): Study<S> {
  return reopenStudy(json, withStrategy(options, json));
}

/** Options with the default strategy of the study's directions, unless they have one. */
function withStrategy<O extends { readonly strategy?: Strategy }>(given: O, study: unknown) {
  if (!isPlainObject(given)) return given as O & { readonly strategy: Strategy };
  const options = { ...given }; // read once
  const { direction } =
    (study as unknown) === given ? (options as { direction?: unknown }) : isPlainObject(study) ? study : {};
  return {
    ...options,
    strategy: options.strategy ?? defaultStrategy(Array.isArray(direction) ? direction.length : 1),
  };
}
