/**
 * Splitters by name, for the command line. Code that knows its splitter calls `timeSeriesSplit()` or another
 * directly.
 */
import { byName } from "../../errors.js";
import { groupKFold, groupShuffleSplit, stratifiedGroupKFold } from "./groups.js";
import { kFold, repeatedKFold, repeatedStratifiedKFold, stratifiedKFold } from "./kFold.js";
import { leaveOneGroupOut, leaveOneOut, leavePGroupsOut, leavePOut } from "./leaveOut.js";
import { shuffleSplit, stratifiedShuffleSplit } from "./shuffle.js";
import type { FoldRows, Splitter } from "./splitter.js";
import { timeSeriesSplit } from "./time.js";

const makers: Readonly<Record<string, (options: Readonly<Record<string, never>>) => Splitter<FoldRows>>> = {
  kFold,
  stratifiedKFold,
  groupKFold,
  stratifiedGroupKFold,
  repeatedKFold,
  repeatedStratifiedKFold,
  leaveOneOut,
  leavePOut,
  leaveOneGroupOut,
  leavePGroupsOut,
  shuffleSplit,
  stratifiedShuffleSplit,
  groupShuffleSplit,
  timeSeriesSplit,
};

/** The names that {@link createSplitter} knows. */
export const splitterNames: readonly string[] = Object.freeze(Object.keys(makers));

/**
 * A splitter by its name, or by that of its class in scikit-learn.
 *
 * @param name - one of {@link splitterNames}, or with a capital, such as `TimeSeriesSplit`
 * @param options - the options of the splitter's own function, as `splitter.options` has them
 * @throws FettleError `unknown_name` for a splitter or an option that does not exist
 * @example
 * ```ts
 * createSplitter("TimeSeriesSplit", { folds: 2 })({ rows: 3 }).length; // 2
 * ```
 */
export function createSplitter(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Splitter<FoldRows> {
  const own = typeof name === "string" ? name.charAt(0).toLowerCase() + name.slice(1) : name;
  return byName("splitter", makers, own)(options as Readonly<Record<string, never>>);
}
