/**
 * Several models of one history, such as one for each objective: what each of them takes for a trial, and for the space. These are the same
 * objects for the same trial and space, since fits are remembered by them (`memo/generations.ts`).
 */
import type { SearchSpace } from "../../space/space.js";
import type { TrialRecord } from "../../trial/trial.js";

/** @param divide - what each model takes for a trial */
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

/** The space as one of each model. */
export function spacesOf(space: SearchSpace, models: number): readonly SearchSpace[] {
  const known = copies.get(space);
  if (known?.length === models) return known;
  const made = Array.from({ length: models }, () => ({ ...space }));
  copies.set(space, made);
  return made;
}
