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
  const found = canonical(aliases, name);
  const known = typeof found === "string" && !Object.hasOwn(table, found) ? camelCase(found) : found;
  return byName(kind, table, typeof known === "string" && Object.hasOwn(table, known) ? known : found, or);
}

/** A name that may be in snake case, in camel case: `leaky_relu` → `leakyRelu`. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The name behind an alias; any other value is returned unchanged. */
export function canonical<T>(aliases: Readonly<Record<string, readonly string[]>>, name: T): T | string {
  if (Object.hasOwn(aliases, name as string)) return name;
  return Object.keys(aliases).find((each) => aliases[each].includes(name as string)) ?? name;
}
