/** Flags of benchmarks as numbers. */
import { check, show } from "../src/errors.js";

/** @throws FettleError `invalid_argument` */
export function positive(name: string, text: string): number {
  const value = Number(text);
  check(
    Number.isSafeInteger(value) && value > 0,
    () => `--${name} must be a positive integer; received ${show(text)}`,
  );
  return value;
}
