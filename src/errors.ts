/**
 * Refusals of names and options, which suggest the nearest name. Separate from `refusals.ts`, because a
 * predictor needs no suggestions until it loads more.
 */
import { FettleError, isPlainObject, must, SHOWN, show } from "./refusals.js";

export * from "./refusals.js";

/** The names of an interface's options. The compiler refuses an extra or a missing name. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true };

/**
 * Refuses anything but plain data whose keys are all among `known`, an `OptionNames<…>` or `OptionRules<…>`
 * of its interface.
 *
 * @throws FettleError `invalid_argument` if `value` is not plain data, `unknown_name` for an unknown key
 */
export function checkOptions(value: unknown, kind: string, known: object): void {
  must(isPlainObject(value), `the options of ${kind}`, "an object", value);
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(known, key)) throw unknownName(`option of ${kind}`, key, Object.keys(known));
  }
}

/**
 * The entry of a table by its name. In messages, `or` says what else is accepted.
 *
 * @throws FettleError `invalid_argument` unless `name` is a string, `unknown_name` for a name that the table
 * does not have
 */
export function byName<T>(kind: string, table: Readonly<Record<string, T>>, name: unknown, or = ""): T {
  must(typeof name === "string", kind, `a name${or}`, name);
  if (!Object.hasOwn(table, name)) throw unknownName(kind, name, Object.keys(table));
  return table[name];
}

/** Names that a message lists. */
const LISTED = 200;

/**
 * `unknown_name` for `received`, with the known names and the nearest spelling, which may be one of `more`:
 * names that are not listed.
 */
export function unknownName(
  kind: string,
  received: unknown,
  known: readonly string[],
  more: readonly string[] = [],
): FettleError {
  const word = typeof received === "string" ? received.toLowerCase() : "";
  const isShort = word !== "" && word.length <= 2 * SHOWN;
  const meant = isShort ? (words?.meantBy(word, known) ?? nearestTo(word, [...known, ...more])) : undefined;
  const unlisted = known.length - LISTED;
  const listed = known.slice(0, LISTED).join(", ") + (unlisted > 0 ? ` and ${unlisted} more` : "");
  const hint =
    (meant ? ` Did you mean ${show(meant)}?` : "") + ((isShort && words?.wayFor(kind, word)) || "");
  return new FettleError(
    "unknown_name",
    `unknown ${kind} ${typeof received === "string" ? show(received) : `(${show(received)})`}.${hint} Known: ${listed || "none"}.`,
  );
}

/** Words of other libraries, and what they mean here. */
interface Words {
  meantBy(word: string, known: readonly string[]): string | undefined;
  wayFor(kind: string, word: string): string;
}
let words: Words | undefined;

/** Lets refusals know words of other libraries. Parts that train or search do; others need not load them. */
export function knowWords(known: Words): void {
  words = known;
}

function nearestTo(word: string, names: readonly string[]): string | undefined {
  return names
    .filter(({ length }) => length <= SHOWN)
    .map((name) => [editDistance(word, name.toLowerCase()), name] as const)
    .filter(([distance, name]) => distance <= farthest(name))
    .sort((a, b) => a[0] - b[0])[0]?.[1];
}

/** The most edits between a received word and a name that is suggested for it. */
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
