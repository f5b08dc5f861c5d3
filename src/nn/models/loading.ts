/**
 * Loads the code that runs models, `../training/training.ts`, with the first training: until then a page has
 * only descriptions of networks. A model with parameters already has it, so `evaluate` and `predict` need not
 * wait.
 */
import { kernelsAreLoaded, loadKernels } from "../../numerics/kernels.js";

/** The code that runs models. */
export type Training = typeof import("../training/training.js");

let training: Training | undefined;

/** Undefined until it and the kernels are loaded. */
export function loadedTraining(): Training | undefined {
  return kernelsAreLoaded() ? training : undefined;
}

/** @throws FettleError `not_found` if the kernels are not at their place in the package */
export async function loadTraining(): Promise<Training> {
  [training] = await Promise.all([import("../training/training.js"), loadKernels()]);
  return training;
}
