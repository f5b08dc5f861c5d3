/** Names of built-in parts with the aliases that users of other libraries type. */
import { byName } from "./errors.js";

/** Every alias of a table: name → aliases. */
export type AliasOf<T extends Readonly<Record<string, readonly string[]>>> = T[keyof T][number];

/** A function's name as Keras and scikit-learn write it: `meanSquaredError` → `mean_squared_error`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

/** The name under which a table has `value`, if it does. */
export function nameIn<T>(table: Readonly<Record<string, T>>, value: T): string | undefined {
  return Object.keys(table).find((name) => table[name] === value);
}

/**
 * The entry of a table by its name or by an alias. In messages, `or` says what else is accepted.
 *
 * @throws FettleError `invalid_argument` for anything but a string, `unknown_name` for an unknown name
 */
export function byNameOrAlias<T>(
  kind: string,
  table: Readonly<Record<string, T>>,
  aliases: Readonly<Record<string, readonly string[]>>,
  name: unknown,
  or = "",
): T {
  return byName(kind, table, canonical(aliases, name), or);
}

/** The name behind an alias; any other value is returned unchanged. */
export function canonical<T>(aliases: Readonly<Record<string, readonly string[]>>, name: T): T | string {
  return Object.keys(aliases).find((each) => aliases[each].includes(name as string)) ?? name;
}
