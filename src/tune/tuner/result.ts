/** Results of a search that can be read without a check: reading a missing field throws the reason. */
import type { FettleError } from "../../errors.js";

/**
 * An object with more fields. An undefined one is not enumerable, so that the object can be copied and
 * written as JSON; reading it throws `why`.
 */
export function withResults<T extends object, R extends object>(
  object: T,
  results: { readonly [K in keyof R]: R[K] | undefined },
  why: FettleError | undefined,
): T & R {
  for (const [name, value] of Object.entries(results)) {
    const get = (): never => {
      throw why;
    };
    Object.defineProperty(object, name, value === undefined ? { get } : { value, enumerable: true });
  }
  return object as T & R;
}

/** The final model, if there is one. */
export function finalOrNone<F>(
  result: { readonly final: F; readonly finalError?: FettleError } | undefined,
): F | undefined {
  return result && !result.finalError ? result.final : undefined;
}
