/** Folds in which each choice of a few rows, or of a few groups, is validated once. */

import { must, mustBeInteger } from "../../errors.js";
import { everyRow } from "../check.js";
import type { Groups } from "../groups.js";
import { groupsOf } from "./groups.js";
import { checkMemory, defineSplitter, type FoldRows, partition } from "./splitter.js";

/** How {@link leavePOut} and {@link leavePGroupsOut} divide rows. */
export interface LeaveOutOptions {
  /** How many rows, or groups, are left out of each training part. @defaultValue 2 */
  readonly p?: number;
}

/**
 * A fold for each row, which it validates. Metrics that need several rows, such as `r2` and `rocAuc`, are
 * undefined on such folds.
 *
 * @param rows - how many rows there are; or leave them out, for a splitter
 * @throws FettleError `memory_limit` for more than 2¹³ rows: use `kFold`
 * @example
 * ```ts
 * leaveOneOut(3).map(({ validation }) => [...validation]); // [[0], [1], [2]]
 * ```
 * @see scikit-learn, `LeaveOneOut`
 */
export const leaveOneOut = /* @__PURE__ */ defineSplitter<Record<string, never>, number>(
  "leaveOneOut",
  "rows",
  {},
  ({ rows }) => leavingOut(everyRow(rows), rows, 1),
);

/**
 * A fold for each choice of `p` rows, which it validates, in lexicographic order: rows choose p folds.
 *
 * @param rows - how many rows there are; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` unless p is below the number of rows; `memory_limit` for more than
 * 2²⁶ row ids in all folds
 * @example
 * ```ts
 * leavePOut(4).map(({ validation }) => [...validation]); // [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
 * ```
 * @see scikit-learn, `LeavePOut`
 */
export const leavePOut = /* @__PURE__ */ defineSplitter<LeaveOutOptions, number>(
  "leavePOut",
  "rows",
  { p: true },
  ({ rows }, { p = 2 }) => leavingOut(everyRow(rows), rows, p),
);

/**
 * A fold for each group, which it validates; groups in the order in which they first appear.
 *
 * @param groups - `[rows]`: the group of each row; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` for fewer than two groups; `memory_limit` for more than 2²⁶ row ids
 * in all folds
 * @example
 * ```ts
 * leaveOneGroupOut(["ann", "bob", "ann"]).map(({ validation }) => [...validation]); // [[0, 2], [1]]
 * ```
 * @see scikit-learn, `LeaveOneGroupOut` (which takes groups in the order of their names)
 */
export const leaveOneGroupOut = /* @__PURE__ */ defineSplitter<Record<string, never>, Groups>(
  "leaveOneGroupOut",
  "groups",
  {},
  (given) => {
    const { ids, sizes } = groupsOf(given, "leaveOneOut");
    return leavingOut(ids, sizes.length, 1);
  },
);

/**
 * A fold for each choice of `p` groups, which it validates, in lexicographic order of the groups as they
 * first appear.
 *
 * @param groups - `[rows]`: the group of each row; or leave them out, for a splitter
 * @throws FettleError `invalid_argument` unless p is below the number of groups; `memory_limit` for more than
 * 2²⁶ row ids in all folds
 * @example
 * ```ts
 * leavePGroupsOut([0, 1, 2, 2]).map(({ validation }) => [...validation]); // [[0, 1], [0, 2, 3], [1, 2, 3]]
 * ```
 * @see scikit-learn, `LeavePGroupsOut`
 */
export const leavePGroupsOut = /* @__PURE__ */ defineSplitter<LeaveOutOptions, Groups>(
  "leavePGroupsOut",
  "groups",
  { p: true },
  (given, { p = 2 }) => {
    const { ids, sizes } = groupsOf(given, "leavePOut");
    return leavingOut(ids, sizes.length, p);
  },
);

/** A fold for each choice of `p` of the `count` groups. */
function leavingOut(groupOf: Int32Array, count: number, p: number): FoldRows[] {
  mustBeInteger("p", p);
  must(p < count, "p", `below ${count}, of which some must be trained on`, p);
  const rows = groupOf.length;
  let folds = 1;
  for (let k = 0; k < Math.min(p, count - p); k++) folds = (folds * (count - k)) / (k + 1);
  checkMemory(folds, folds * rows);
  const made: FoldRows[] = [];
  const chosen = Array.from({ length: p }, (_, i) => i);
  for (;;) {
    const held = new Uint8Array(count);
    for (const group of chosen) held[group] = 1;
    made.push(partition(rows, (row) => held[groupOf[row]] === 1));
    let last = p - 1;
    while (last >= 0 && chosen[last] === count - p + last) last--;
    if (last < 0) return made;
    chosen[last]++;
    for (let i = last + 1; i < p; i++) chosen[i] = chosen[i - 1] + 1;
  }
}
