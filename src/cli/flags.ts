/**
 * Flags. A flag is the name of an option in code, with hyphens: `--test-size` is `testSize`. This file parses
 * words into numbers and lists; the library checks the values.
 */
import type { ClassWeight } from "../data/weights.js";
import { must, mustBeInteger } from "../errors.js";
import { checkEpochs } from "../nn/options.js";
import type { ParamValue } from "../search/space/value.js";
import type { ErrorCosts } from "../tune/trial/cost.js";

/** The flag of an option: `--test-size` for `testSize`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flags except some. */
export function without<Flags extends object, Name extends keyof Flags>(
  flags: Flags,
  names: readonly Name[],
): Omit<Flags, Name> {
  const kept = Object.entries(flags).filter(([name]) => !names.includes(name as Name));
  return Object.fromEntries(kept) as Omit<Flags, Name>;
}

/** A parser of integers of at least `least`. */
export function integer(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value: unknown = /^[+-]?\d+$/.test(text) ? Number(text) : text;
    mustBeInteger(flag, value, least);
    return value;
  };
}

/** A parser of `--epochs`. */
export function epochsOf(text: string): number {
  const epochs = integer("--epochs", 1)(text);
  checkEpochs("--epochs", epochs);
  return epochs;
}

/** A parser of shares: numbers of at least 0 and below 1. */
export function share(flag: string): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    must(value >= 0 && value < 1, flag, "a number of at least 0 and below 1", text);
    return value;
  };
}

/** A parser of finite numbers above 0. */
export function positiveNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    must(value > 0 && Number.isFinite(value), flag, "a positive number", text);
    return value;
  };
}

/** A parser of names separated by commas, appended to those of earlier uses of the flag. */
export function names(flag: string): (text: string, earlier?: readonly string[]) => readonly string[] {
  return (text, earlier = []) => {
    const given = splitNames(text);
    must(given.length > 0, flag, "one or more names, separated by commas", text);
    return [...earlier, ...given];
  };
}

/** The names in a text, separated by commas. */
export function splitNames(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** A parser that keeps the text of each use of the flag. */
export function texts(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/**
 * A parser of `name=value`, added to those of earlier uses of the flag. Values are JSON; anything else is a
 * word.
 */
export function setting(
  flag: string,
): (text: string, earlier?: Readonly<Record<string, ParamValue>>) => Readonly<Record<string, ParamValue>> {
  return (text, earlier = {}) => {
    const at = text.indexOf("=");
    must(at > 0, flag, "a name and a value, such as units=64", text);
    const word = text.slice(at + 1);
    let value: ParamValue = word;
    try {
      value = JSON.parse(word) as ParamValue;
    } catch {
      // a word
    }
    return { ...earlier, [text.slice(0, at)]: value };
  };
}

/** A parser of `--decimal`: a mark, or `column=mark`, which is added to those of earlier uses of the flag. */
export function decimalMark(
  text: string,
  earlier?: string | Readonly<Record<string, string>>,
): string | Readonly<Record<string, string>> {
  const at = text.lastIndexOf("=");
  if (at <= 0) return text;
  return { ...(typeof earlier === "object" && earlier), [text.slice(0, at)]: text.slice(at + 1) };
}

/** The flag of `limits`. */
export const LIMITS_FLAG = [
  "--limits <name=number>",
  "the most rows, columns, cells, cellLength or length (in characters) of a table; may be repeated",
  setting("--limits"),
] as const;

/**
 * A parser of class weights: `balanced`, or `class=number`, which is added to those of earlier uses of the
 * flag.
 */
export function classWeight(text: string, earlier?: ClassWeight): ClassWeight {
  if (text === "balanced") return text;
  const before =
    earlier === "balanced" ? undefined : (earlier as Readonly<Record<string, ParamValue>> | undefined);
  return setting("--class-weight")(text, before) as Readonly<Record<string, number>>;
}

/** A parser of `--cost missed=100,false=5`; the library checks the costs. */
export function costs(text: string, earlier?: ErrorCosts): ErrorCosts {
  const before: Readonly<Record<string, ParamValue>> = { ...earlier };
  return splitNames(text).reduce(
    (all, each) => setting("--cost")(each, all),
    before,
  ) as unknown as ErrorCosts;
}

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
