/**
 * The recipe of a built-in piece of a model: equal recipes mean equal behavior, so a trace of one piece holds
 * for the other. Only factories of this package write recipes, and a piece with a recipe is frozen, so a
 * recipe cannot become wrong. A custom piece, or a copy of a built-in one, has no recipe; nothing is assumed
 * about it.
 */
import { isPlainObject } from "./errors.js";

const recipes = new WeakMap<object, string>();

/**
 * Freezes `value` and records that `parts` fully determine its behavior; returns `value`.
 *
 * @param parts - JSON; undefined for a custom part, and then `value` has no recipe either
 */
export function madeFrom<T extends object>(value: T, parts: readonly unknown[]): T {
  if (!parts.includes(undefined)) recipes.set(value, textOf(parts));
  return Object.freeze(value);
}

/** Data as a text that differs for different data: JSON has no −0, NaN or infinity. */
export const textOf = (data: unknown): string =>
  JSON.stringify(data, (_key, part: unknown) =>
    typeof part === "number" ? `${Object.is(part, -0) ? "-" : ""}${part}` : part,
  );

export function recipeOf(value: unknown): string | undefined {
  return recipes.get(value as object);
}

/** How a factory made a piece: its name, and the options that make an equal one. */
export interface Made {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the factory is custom. */
  readonly custom?: true;
}

const makers = new WeakMap<object, Made>();

/**
 * Records how `value` was made; returns `value`. A copy of it counts as a custom piece. The options are
 * copied: what is made must not change with the caller's object.
 */
export function madeBy<T extends object>(value: T, made: Made): T {
  makers.set(value, { ...made, options: copyOf(made.options) });
  return value;
}

/** No option is deeper; deeper values, such as one that contains itself, are not copied. */
const MOST = 20;

/**
 * A copy of options with their lists and records. Pieces stay themselves, which `copyPlain` would take apart:
 * built-in ones are frozen, others have functions.
 */
function copyOf<T>(given: T, depth = 0): T {
  const isPiece = (record: object): boolean =>
    Object.isFrozen(record) || Object.values(record).some((field) => typeof field === "function");
  if (depth > MOST) return given;
  if (Array.isArray(given)) return given.map((each) => copyOf(each, depth + 1)) as T;
  if (!isPlainObject(given) || (depth > 0 && isPiece(given))) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, field]) => [key, copyOf(field, depth + 1)]),
  ) as T;
}

export function madeOf(value: unknown): Made | undefined {
  return makers.get(value as object);
}

/** Records that `copy` behaves and was made as `original`; returns `copy`. */
export function madeLike<T extends object>(copy: T, original: object): T {
  const [recipe, made] = [recipes.get(original), makers.get(original)];
  if (recipe !== undefined) recipes.set(copy, recipe);
  if (made) makers.set(Object.freeze(copy), made);
  return copy;
}
