/**
 * The one family of errors that Fettle throws. It is not a place for outcomes:
 * a diverged or failed trial is a finished trial with that status, not an error.
 */

/** What went wrong, as a stable word that programs may test for. */
export type ErrorCode =
  | "invalid_argument" // a value breaks a documented rule
  | "invalid_shape" // shapes or sizes do not fit each other
  | "invalid_data" // a table or array holds what it must not
  | "invalid_space" // a search space is impossible
  | "invalid_state" // called in the wrong order, or on something already freed
  | "invalid_checkpoint" // saved bytes or JSON are damaged, foreign or newer
  | "unknown_name" // no metric, optimizer, strategy, column or option of that name
  | "not_found" // a file or an address does not exist
  | "memory_limit" // the work does not fit the memory allowed
  | "time_limit" // the work took longer than it may
  | "aborted" // a signal ended the work
  | "limit_exceeded" // more than a server allows: studies, trials, requests
  | "damaged_record" // what a store holds of a study cannot be read
  | "conflict" // another process wrote to the same entry of a store
  | "store_failed" // a store cannot read or write, such as on a full disk
  | "trial_failed" // a trial failed where none may
  | "callback_failed" // a callback of a training threw
  | "unsupported" // this runtime cannot do it
  | "internal"; // a broken promise of Fettle's own; please report it

/**
 * An error with a stable `code` and a message for a person: the rule, the value
 * received, and the way out.
 *
 * @example
 * ```ts
 * try {
 *   float(2, 1);
 * } catch (error) {
 *   if (error instanceof FettleError && error.code === "invalid_space") console.log(error.message);
 * }
 * ```
 */
export class FettleError extends Error {
  override readonly name = "FettleError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Throws `invalid_argument` (or `code`) with `message` unless `condition` holds. */
export function check(
  condition: unknown,
  message: string | (() => string),
  code: ErrorCode = "invalid_argument",
): asserts condition {
  if (!condition) throw new FettleError(code, typeof message === "string" ? message : message());
}

/**
 * Refuses a value in the one wording of refusals: `<name> must be <rule>; received <value>`.
 *
 * @param name - what the user calls it, such as `units`
 * @param rule - what it must be, such as `a positive integer`
 */
export function must(
  condition: unknown,
  name: string,
  rule: string,
  value: unknown,
  code: ErrorCode = "invalid_argument",
): asserts condition {
  if (!condition) throw new FettleError(code, `${name} must be ${rule}; received ${show(value)}`);
}

/** Refuses anything but an integer of at least `least`. */
export function mustBeInteger(name: string, value: unknown, least = 1): asserts value is number {
  const rule = least === 1 ? "a positive integer" : `an integer of at least ${least}`;
  must(Number.isSafeInteger(value) && (value as number) >= least, name, rule, value);
}

/** Characters of a received text that messages repeat: enough for a path. */
const SHOWN = 300;

/** The beginning of a text that is long. */
export const shortened = (text: string, most = SHOWN): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

/** A received value as it is shown in messages: short, and never `[object Object]`. Never throws. */
export function show(value: unknown): string {
  try {
    if (typeof value === "string") return JSON.stringify(shortened(value));
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
    if (typeof value !== "object" || value === null) return String(value);
    if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
    return shortened(JSON.stringify(value) ?? String(value), 80);
  } catch {
    return "an object that is too deep, or holds itself"; // or throws when it is read, or has a bigint
  }
}

/** The message of whatever was thrown: an error's own, and what `show` says of anything else. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    const { message } = thrown as Error;
    if (thrown instanceof Error && typeof message === "string") return message;
  } catch {} // neither null nor a hostile object has one
  return show(thrown);
}

/** `instanceof`, of whatever was thrown: it throws for a revoked proxy. */
export function isA<T>(thrown: unknown, kind: abstract new (...given: never[]) => T): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/** Whether `value` is an object with named fields: not null, not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of an interface's options. The compiler refuses a name too many and a name too few. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true };

/**
 * Refuses anything but an object whose keys are all among `known`, an `OptionNames<…>` of its interface.
 *
 * @throws FettleError `invalid_argument` if `value` is not an object, `unknown_name` for an unknown key
 */
export function checkOptions(value: unknown, kind: string, known: Readonly<Record<string, true>>): void {
  must(isRecord(value), `the options of ${kind}`, "an object", value);
  const names = Object.keys(known);
  for (const key of Object.keys(value)) {
    if (!names.includes(key)) throw unknownName(`option of ${kind}`, key, names);
  }
}

/**
 * The entry of a table by its name. `or` says in messages what may be given instead of a name.
 *
 * @throws FettleError `invalid_argument` unless `name` is a string, `unknown_name` for a name that the table does not have
 */
export function byName<T>(kind: string, table: Readonly<Record<string, T>>, name: unknown, or = ""): T {
  must(typeof name === "string", kind, `a name${or}`, name);
  if (!Object.hasOwn(table, name)) throw unknownName(kind, name, Object.keys(table));
  return table[name];
}

/** Names that a message lists. */
const LISTED = 200;

/** `unknown_name` for `received`, listing what exists and the nearest spelling, also of names that are `more` than a list can hold. */
export function unknownName(
  kind: string,
  received: string,
  known: readonly string[],
  more: readonly string[] = [],
): FettleError {
  const nearest = [...known, ...more]
    .filter(({ length }) => length <= SHOWN && received.length <= 2 * SHOWN)
    .map((name) => [editDistance(received.toLowerCase(), name.toLowerCase()), name] as const)
    .filter(([distance, name]) => distance <= farthest(name))
    .sort((a, b) => a[0] - b[0])[0];
  const unlisted = known.length - LISTED;
  const listed = known.slice(0, LISTED).join(", ") + (unlisted > 0 ? ` and ${unlisted} more` : "");
  const hint = nearest ? ` Did you mean ${show(nearest[1])}?` : "";
  return new FettleError(
    "unknown_name",
    `unknown ${kind} ${show(received)}.${hint} Known: ${listed || "none"}.`,
  );
}

/** Edits by which a word may differ from a name that was meant. */
const farthest = (name: string): number => Math.max(1, Math.floor(name.length / 3));

/** Edits between two words: insertions, deletions, replacements and swaps of neighbours (Damerau, 1964). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, replaced));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length];
}
