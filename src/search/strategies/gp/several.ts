/**
 * Several models of one history, such as one for each objective: the trials and the space of each model. The
 * same trial and space give the same objects, because fits are remembered by identity
 * (`memo/generations.ts`).
 */
import type { SearchSpace } from "../../space/space.js";
import type { TrialRecord } from "../../trial/trial.js";

/** @param divide - returns the trial for each model */
export function dividing(
  divide: (record: TrialRecord) => readonly TrialRecord[],
): (record: TrialRecord) => readonly TrialRecord[] {
  const known = new WeakMap<TrialRecord, readonly TrialRecord[]>();
  return (record) => {
    const parts = known.get(record) ?? divide(record);
    known.set(record, parts);
    return parts;
  };
}

const copies = new WeakMap<SearchSpace, readonly SearchSpace[]>();

/** The space for each model. */
export function spacesOf(space: SearchSpace, models: number): readonly SearchSpace[] {
  const known = copies.get(space);
  if (known?.length === models) return known;
  const made = Array.from({ length: models }, () => ({ ...space }));
  copies.set(space, made);
  return made;
}
