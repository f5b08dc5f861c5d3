/** How trials are scored, as the flags of `fettle tune` say. */
import type { Dataset } from "../data/dataset.js";
import { createSplitter, splitterNames } from "../data/split/names.js";
import type { FoldIds } from "../data/split/splitter.js";
import { check } from "../errors.js";
import { defined } from "../options.js";
import { denseValidation } from "../tune/dense.js";
import type { Validation } from "../tune/trial/folds.js";
import { readJson } from "./files.js";
import { type FlagsOf, flagOf, grouped, integer, offFlagOf, positiveNumber, text, turnOff } from "./flags.js";

export const VALIDATION = grouped("Validation:", {
  /** The name of a splitter, a file of folds, or the contents of that file when the study began. */
  validation: text<string | readonly FoldIds[]>(
    "<how>",
    `how trials are scored: ${splitterNames.join(", ")}, or a .json file of folds, [{ "train": [row ids], "validation": [row ids] }] ` +
      "(default: as the data require: in the order of --time, by complete --group, by class, or at random)",
  ),
  folds: integer(1)(
    "<n>",
    "number of folds (default: 5; from 4,000 rows a single held-out fifth; or that of --validation)",
  ),
  repeats: integer(1)("<n>", "how many times rows are divided, by a repeated splitter"),
  validationSize: positiveNumber(
    "<n>",
    "rows or groups that a fold validates, or their share (shuffle splits, timeSeriesSplit)",
  ),
  gap: integer(0)("<rows>", "rows to skip before those that a fold validates (timeSeriesSplit)"),
  maxTrainSize: integer(1)("<n>", "the most rows that a fold trains on (timeSeriesSplit)"),
  p: integer(1)("<n>", "rows, or groups, that each fold validates (leavePOut, leavePGroupsOut)"),
  shuffle: turnOff("divide rows in their order (kFold, stratifiedKFold, stratifiedGroupKFold)"),
});
export type ValidationFlags = Partial<FlagsOf<typeof VALIDATION>>;

/** The folds of `{ folds }` if no flag says how many. */
export const DEFAULT_FOLDS = 5;

export function validationOf(
  { validation, ...flags }: ValidationFlags,
  { rows, time, groups }: Pick<Dataset, "rows" | "time" | "groups">,
): Validation {
  const { folds, repeats, gap, maxTrainSize, validationSize, p, shuffle = true } = flags;
  const ordered = shuffle ? undefined : shuffle;
  const options = defined({ folds, repeats, gap, maxTrainSize, validationSize, p, shuffle: ordered });
  const others = Object.keys(options).filter((name) => name !== "folds");
  if (validation === undefined && others.length === 0) {
    if (folds !== undefined) return { folds };
    // a single part would contain only the latest rows, or few groups
    return time || groups ? { folds: DEFAULT_FOLDS } : denseValidation(rows);
  }
  if (isFile(validation) || Array.isArray(validation)) {
    const [first] = Object.keys(options);
    check(first === undefined, () => `${flagName(first)} must be left out with a file of folds`);
    return isFile(validation)
      ? (readJson(validation) as readonly FoldIds[])
      : (validation as readonly FoldIds[]);
  }
  check(
    validation !== undefined || time,
    () => `${flagName(others[0])} needs --validation, the splitter to which it belongs`,
  );
  return createSplitter((validation as string | undefined) ?? "timeSeriesSplit", options);
}

export function isFile(validation: ValidationFlags["validation"]): validation is string {
  return typeof validation === "string" && validation.endsWith(".json");
}

const flagName = (option: string): string => (option === "shuffle" ? offFlagOf : flagOf)(option);
