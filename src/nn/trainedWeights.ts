/**
 * Where the weights of a training are. Most optimizers train the weights that are used for evaluation and
 * prediction and are saved; those with a slot `evaluation` keep these separately from the trained ones.
 * Nothing else knows the difference.
 */
import type { Program } from "../compile/program.js";
import type { Run, SavedRun } from "../engine/executor.js";
import type { Floats } from "../ndarray.js";
import { EVALUATION } from "../optim/ema.js";

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

/** Training resumes from new weights too. */
export function withWeights(saved: SavedRun, weights: Floats): SavedRun {
  const evaluated = EVALUATED in saved.arrays && { [EVALUATED]: weights };
  return { ...saved, arrays: { ...saved.arrays, [PARAMETERS]: weights, ...evaluated } };
}

export function writeWeights(run: Run, weights: ArrayLike<number>): void {
  for (const name of new Set([PARAMETERS, weightsIn(run.program)])) run.write(name, weights);
}
