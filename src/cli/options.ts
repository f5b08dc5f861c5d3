/** Words of the command line as numbers and lists. What the values mean is checked by what they are given to. */
import { InvalidArgumentError } from "commander";
import type { ParamValue } from "../search/space/value.js";

/** A parser of whole numbers from `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least}.`);
  };
}

/** A share of at least 0 and below 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("It is a share of at least 0 and below 1, such as 0.2.");
}

/** Names between commas, after those of an earlier use of the option. */
export function names(text: string, earlier: readonly string[] = []): readonly string[] {
  const given = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return [...earlier, ...given];
}

/** A number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is a number above 0, such as 0.001.");
}

/** A name and its value, `name=value`, beside those of earlier uses of the option; values are JSON, or else words. */
export function setting(
  text: string,
  earlier: Readonly<Record<string, ParamValue>> = {},
): Readonly<Record<string, ParamValue>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It is a name and a value, such as units=64.");
  const word = text.slice(at + 1);
  let value: ParamValue = word;
  try {
    value = JSON.parse(word) as ParamValue;
  } catch {
    // a word
  }
  return { ...earlier, [text.slice(0, at)]: value };
}
