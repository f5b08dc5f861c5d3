/**
 * Where the weights of a training are. Most optimizers train the weights that are used for evaluation and
 * prediction and are saved; those with a slot `evaluation` keep these separately from the trained ones.
 * Nothing else knows the difference.
 */
import type { Program } from "../../compile/program.js";
import type { Run, SavedRun } from "../../engine/executor.js";
import type { Floats } from "../../ndarray.js";
import { EVALUATION } from "../../optim/ema.js";

/** The trained vector, in the state of a program. */
export const PARAMETERS = "parameters";
/** The prefix of an optimizer's slots there. */
export const SLOT = "slot.";
/** The vector for evaluation, if there is one. */
export const EVALUATED = SLOT + EVALUATION;

/** The name of the vector for evaluation. */
export function weightsName(names: readonly string[]): string {
  return names.includes(EVALUATED) ? EVALUATED : PARAMETERS;
}

/** Its name in the state of a program. */
export function weightsIn({ state }: Program): string {
  return weightsName(state.map(({ name }) => name));
}

export function weightsOf({ arrays }: SavedRun): Floats {
  return arrays[weightsName(Object.keys(arrays))];
}

/** Weights that belong at a place of their vector. */
export interface WeightsPart {
  readonly offset: number;
  readonly values: Floats;
}

/** A state with new weights in some places: training resumes from them too. */
export function withWeights(saved: SavedRun, parts: readonly WeightsPart[]): SavedRun {
  const arrays = { ...saved.arrays };
  for (const name of [PARAMETERS, EVALUATED])
    if (name in arrays) arrays[name] = withParts(arrays[name], parts);
  return { ...saved, arrays };
}

/** The same in a run. */
export function writeWeights(run: Run, parts: readonly WeightsPart[]): void {
  for (const name of new Set([PARAMETERS, weightsIn(run.program)]))
    run.write(name, withParts(run.read(name), parts));
}

/** A vector with other numbers in some places. */
export function withParts(vector: Floats, parts: readonly WeightsPart[]): Floats {
  const changed = vector.slice();
  for (const { offset, values } of parts) changed.set(values, offset);
  return changed;
}
