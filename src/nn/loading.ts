/**
 * Loads what runs models, `training.ts`, with the first training: until then a page has descriptions of networks alone. What has
 * parameters has it too, so that `evaluate` and `predict` wait for nothing.
 */
import { kernelsAreLoaded, loadKernels } from "../numerics/kernels.js";

/** What runs models. */
export type Training = typeof import("./training.js");

let training: Training | undefined;

/** Undefined until it and the kernels are loaded. */
export function loadedTraining(): Training | undefined {
  return kernelsAreLoaded() ? training : undefined;
}

/** @throws FettleError `not_found` where the kernels are not where the package has them */
export async function loadTraining(): Promise<Training> {
  [training] = await Promise.all([import("./training.js"), loadKernels()]);
  return training;
}
