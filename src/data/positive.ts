/**
 * The positive class of two: for precision, recall, F1, AUC, the decision threshold and the probability that
 * `predict` returns. It is the second of the classes.
 */
import { check, must, show } from "../errors.js";
import { BOOLEANS, targetOfClasses } from "./classes.js";
import type { TargetData } from "./targets.js";

/** Pairs of class names with a known positive one. */
const PAIRS = [...BOOLEANS, ["0", "1"], ["-1", "1"]] as const;

/** The positive class, if there is one: with two classes in one output. */
export const positiveOf = ({
  classes,
  outputs,
}: Pick<TargetData, "classes" | "outputs">): string | undefined =>
  classes.length === 2 && outputs === 1 ? classes[1] : undefined;

/** @throws FettleError `invalid_argument` for anything but the name of one of two classes in one output */
export function checkPositive(
  given: unknown,
  { classes, outputs }: Pick<TargetData, "classes" | "outputs">,
): void {
  must(typeof given === "string", "positive", "the name of a class", given);
  const received =
    classes.length === 0 ? "a target of quantities" : `${classes.length} classes in ${outputs} columns`;
  check(
    positiveOf({ classes, outputs }) !== undefined,
    () => `positive needs a target of two classes in one column; received ${received}`,
  );
  must(classes.includes(given), "positive", `one of ${classes.map(show).join(", ")}`, given);
}

/**
 * The data with the positive class as the second of two: the given one; else `yes`, `true` or `1` if the
 * other class is its opposite; else the rarer.
 *
 * @returns also which was chosen and why, for people, unless it was given
 * @throws FettleError `invalid_argument` for anything but the name of one of two classes
 */
export function withPositive<T extends TargetData>(
  data: T,
  given?: string,
): { readonly data: T; readonly notes: readonly string[] } {
  const { classes, target, labels } = data;
  if (given !== undefined) {
    checkPositive(given, data);
    return { data: given === classes[1] ? data : swapped(data), notes: [] };
  }
  if (positiveOf(data) === undefined) return { data, notes: [] };
  const byName = PAIRS.flatMap(([no, yes]) =>
    [0, 1].filter((i) => classes[i].toLowerCase() === yes && classes[1 - i].toLowerCase() === no),
  );
  const seconds = labels.reduce((sum, label) => sum + label, 0);
  const [index] = [...byName, Number(2 * seconds <= labels.length)];
  const isEven = 2 * seconds === labels.length;
  const why =
    byName.length > 0 ? "by its name" : isEven ? "the second of two equals" : "the rarer of the two";
  const [other, positive] = [classes[1 - index], classes[index]].map(show);
  return {
    data: index === 1 ? data : swapped(data),
    notes: [
      `${positive} is the positive class of ${show(target)}, ${why}; choose positive: ${other} for the other`,
    ],
  };
}

function swapped<T extends TargetData>(data: T): T {
  const labels = data.labels.map((label) => 1 - label);
  return { ...data, labels, classes: [...data.classes].reverse(), y: targetOfClasses(labels, 2) };
}
