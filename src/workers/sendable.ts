/** Finds the part of a message that cannot be sent to a thread, and explains it. */
import { FettleError, isPlainObject, messageOf, show } from "../errors.js";

/**
 * The error of a message that cannot be copied to another thread, or back.
 *
 * @param what - its name in messages, such as `job`
 */
export function unsendable(what: string, value: unknown, cause: unknown): FettleError {
  const found = partOf(what, value);
  const reason = found
    ? `${found.path} cannot be copied to another thread; received ${show(found.value)}`
    : `${what} cannot be copied to another thread: ${messageOf(cause)}`;
  return new FettleError("invalid_argument", reason, { cause });
}

/** The first part that cannot be cloned, within plain objects and lists; undefined if all can. */
function partOf(path: string, value: unknown, levels = 20): { path: string; value: unknown } | undefined {
  if (isCloneable(value)) return undefined;
  const isList = Array.isArray(value);
  if (levels > 0 && (isList || isPlainObject(value)))
    for (const [key, part] of Object.entries(value)) {
      const found = partOf(isList ? `${path}[${key}]` : `${path}.${key}`, part, levels - 1);
      if (found) return found;
    }
  return { path, value };
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
