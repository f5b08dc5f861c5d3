/**
 * The one family of errors that Fettle throws. Outcomes are not errors: a diverged or failed trial is a
 * finished trial with that status.
 */

/** The kind of error, as a stable word that programs can test. */
export type ErrorCode =
  | "invalid_argument" // a value breaks a documented rule
  | "invalid_shape" // shapes or sizes do not fit each other
  | "invalid_data" // a table or array holds invalid values
  | "invalid_space" // a search space is impossible
  | "invalid_state" // called in the wrong order, or on something already freed
  | "invalid_checkpoint" // saved bytes or JSON are damaged, foreign or newer
  | "unknown_name" // no metric, optimizer, strategy, column or option has that name
  | "not_found" // a file or an address does not exist
  | "memory_limit" // the work does not fit in the allowed memory
  | "time_limit" // the work exceeded its time limit
  | "aborted" // a signal ended the work
  | "limit_exceeded" // a limit was exceeded: studies, trials, requests, operations
  | "damaged_record" // a study's data in a store cannot be read
  | "conflict" // another process wrote to the same entry of a store
  | "store_failed" // a store cannot read or write, such as on a full disk
  | "trial_failed" // a trial failed where failures are not allowed
  | "callback_failed" // a training callback threw
  | "unsupported" // this runtime does not support it
  | "internal"; // a bug in Fettle; please report it

/**
 * An error with a stable `code` and a message for people: the rule, the received value, and what to do.
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
  /** The kind of error, for programs. */
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
 * @param name - its name for the user, such as `units`
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

/**
 * Refuses arguments after the last one, which a call in JavaScript may have, and which would be ignored.
 *
 * @param taken - those that it takes, and what to do instead of giving others
 */
export function mustEndWith(name: string, taken: string, surplus: readonly unknown[]): void {
  const extra = surplus.filter((each) => each !== undefined);
  must(extra.length === 0, `the arguments of ${name}`, taken, extra[0]);
}

/** Instead of `batch_size` and `verbose`. */
export const BY_ITSELF = "rows are computed in batches anyway, and nothing is printed";
/** Instead of a threshold. */
export const BY_MODEL = "the threshold of the model decides";

/** Refuses anything but an integer of at least `least`. */
export function mustBeInteger(
  name: string,
  value: unknown,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  const rule = least === 1 ? "a positive integer" : `an integer of at least ${least}`;
  must(Number.isSafeInteger(value) && (value as number) >= least, name, rule, value);
  must((value as number) <= most, name, `at most ${most}`, value);
}

/** Refuses anything but a boolean or undefined (an omitted option). */
export function mustBeBoolean(name: string, value: unknown): void {
  must(value === undefined || typeof value === "boolean", name, "true or false", value);
}

/** Refuses anything but plain data with named fields, see {@link isPlainObject}. */
export function mustBeRecord(name: string, value: unknown, rule = "an object"): void {
  must(isPlainObject(value), name, rule, value);
}

/** Checks what a user's predicate or measure returned: a promise would always count as true. */
export function answerOf<T>(name: string, answer: T, fits: boolean, rule: string): T {
  must(
    fits,
    `what ${name} returns`,
    isThenable(answer) ? `${rule}, and the function not async` : rule,
    answer,
  );
  return answer;
}

/**
 * A user's clock, whose readings are checked.
 *
 * @param host - the clock of the host, used by default
 * @throws FettleError `invalid_argument` unless it is a function; when read, unless it returns a finite
 * number
 */
export function clockOf(clock: (() => number) | undefined, host: () => number): () => number {
  if (clock === undefined) return host;
  must(typeof clock === "function", "clock", "a function that returns milliseconds", clock);
  return () => {
    const now = clock();
    return answerOf("clock", now, Number.isFinite(now), "a finite number of milliseconds");
  };
}

/** @throws FettleError `invalid_argument` for anything but a signal, or undefined */
export function checkSignal(signal: unknown): void {
  must(
    signal === undefined || typeof (signal as { aborted?: unknown } | null)?.aborted === "boolean",
    "signal",
    "an AbortSignal, or an object with a boolean `aborted`",
    signal,
  );
}

/** Refuses anything but a list. */
export function mustBeList(name: string, value: unknown, rule = "a list"): void {
  must(Array.isArray(value), name, rule, value);
}

/** `1 row`, `2 rows` */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** How many characters of a received string messages repeat: enough for a path. */
export const SHOWN = 300;

/** A long string, truncated. */
export const shortened = (text: string, most = SHOWN): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

/** A received value, formatted for messages: short, and never `[object Object]`. Never throws. */
export function show(value: unknown): string {
  try {
    if (typeof value === "string") return JSON.stringify(shortened(value));
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
    if (typeof value !== "object" || value === null) return String(value);
    if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
    return kindOf(value) ?? shortened(JSON.stringify(value) ?? String(value), 80);
  } catch {
    return "an object that is too deep, or contains itself"; // or one whose getter throws, or with a bigint
  }
}

/**
 * Describes an object that is not plain data by its class, with the likely mistake; undefined for anything
 * else.
 */
export function kindOf(value: unknown): string | undefined {
  if (!isRecord(value) || isPlainObject(value)) return undefined;
  if (isThenable(value)) return "a Promise: did you forget `await`?";
  const name: unknown = Object.getPrototypeOf(value).constructor?.name;
  if (name === "Date") return `a Date, ${JSON.stringify(value)}`;
  if (name === "Map") return "a Map: use Object.fromEntries(map)";
  return name === "Set" ? "a Set" : `an instance of ${name || "a class"}`;
}

const isThenable = (value: unknown): boolean =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

/** The message of a thrown value: that of an error, and `show` for anything else. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    const { message } = thrown as Error;
    if (thrown instanceof Error && typeof message === "string") return message;
  } catch {} // neither null nor a hostile object has one
  return show(thrown);
}

/** `instanceof` for thrown values, where the operator throws for a revoked proxy. */
export function isA<T>(thrown: unknown, kind: abstract new (...given: never[]) => T): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/**
 * Whether `value` is plain data with named fields: `{ ... }` of any realm, what `JSON.parse` and
 * `structuredClone` return, a proxy of such an object, or a module. An instance of a class, such as a
 * promise, a map or a date, is not. Every option that users pass must be plain data.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  try {
    if (!isRecord(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return true;
    return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
  } catch {
    return false; // a revoked proxy
  }
}

/**
 * Whether `value` is an object, of any class: not null, not an array. For options there is
 * {@link isPlainObject}.
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
