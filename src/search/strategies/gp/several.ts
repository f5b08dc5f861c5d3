/**
 * Several models of one history, such as one for each objective: the trials and the space of each model. The
 * same trial and space give the same objects, because fits are remembered by identity
 * (`memo/generations.ts`).
 */
import type { SearchSpace } from "../../space/space.js";

const copies = new WeakMap<SearchSpace, readonly SearchSpace[]>();

/** The space for each model. */
export function spacesOf(space: SearchSpace, models: number): readonly SearchSpace[] {
  const known = copies.get(space);
  if (known?.length === models) return known;
  const made = Array.from({ length: models }, () => ({ ...space }));
  copies.set(space, made);
  return made;
}
