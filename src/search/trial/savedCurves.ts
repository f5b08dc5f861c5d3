/** Reads untrusted curves: from JSON, from an archive, or from a copy that lost its class. */

import { check, isRecord } from "../../errors.js";
import { Curves, divided, MOST_FOLDS } from "./curves.js";

/**
 * The curves of a trial that were saved as JSON, or that lost their class on the way to another thread.
 *
 * @throws FettleError `invalid_checkpoint` for anything else
 * @example
 * ```ts
 * const text = JSON.stringify(new Curves({ loss: [[0.5, 0.25], [0.5]] }));
 * [...readCurves(JSON.parse(text)).history.loss[0]]; // [0.5, 0.25]
 * ```
 */
export function readCurves(saved: unknown): Curves {
  const refuseUnless: (condition: unknown) => asserts condition = (condition) =>
    check(condition, "its curves are corrupted", "invalid_checkpoint");
  refuseUnless(isRecord(saved) && Object.keys(saved).length === 3);
  const { names, epochs, values: given } = saved;
  refuseUnless(isNames(names) && isLengths(epochs) && names.length * epochs.length <= MOST_FOLDS);
  const values = typeof given === "string" ? fromBase64(given) : given;
  const size = epochs.reduce((sum, each) => sum + each, 0);
  refuseUnless(values instanceof Float32Array && values.length === names.length * size);
  return new Curves(divided(names, epochs, values));
}

function isNames(names: unknown): names is string[] {
  return (
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((name) => typeof name === "string") &&
    new Set(names).size === names.length
  );
}

function isLengths(epochs: unknown): epochs is number[] {
  return Array.isArray(epochs) && epochs.every((each) => Number.isSafeInteger(each) && each >= 0);
}

/** Undefined for anything but base64 of float32. */
function fromBase64(text: string): Float32Array | undefined {
  try {
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
    return new Float32Array(bytes.buffer);
  } catch {
    return undefined;
  }
}
