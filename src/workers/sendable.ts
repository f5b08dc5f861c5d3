/** What a thread can be sent: which part of a message is not, in words for a person. */
import { FettleError, isPlainObject, messageOf, show } from "../errors.js";

/**
 * The error of a message that cannot be copied to another thread, or back.
 *
 * @param what - how messages name it, such as `job`
 */
export function unsendable(what: string, value: unknown, cause: unknown): FettleError {
  const found = partOf(what, value);
  const reason = found
    ? `${found.path} cannot be copied to another thread; received ${show(found.value)}`
    : `${what} cannot be copied to another thread: ${messageOf(cause)}`;
  return new FettleError("invalid_argument", reason, { cause });
}

/** The first part that cannot be cloned, as deep as plain objects and lists go; undefined if all can. */
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
