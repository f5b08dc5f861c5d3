/** One rule for every function with options: each option changes what comes of it. */
import { describe, expect, it } from "vitest";

/** An option as it is otherwise, and what is given in both cases; or where it is held instead. */
export type Change<Options> = readonly [change: Partial<Options>, both?: Partial<Options>] | string;

/** A row for every option, so that the compiler asks for those of new options. */
export type Changes<Options> = { readonly [Name in keyof Options]-?: Change<Options> };

/**
 * Tests that each option changes what a function returns, from what it returns without that option.
 *
 * @param outcomeOf - what is compared: plain data, or text
 */
export function everyOption<Options extends object>(
  name: string,
  base: Options,
  outcomeOf: (options: Options) => unknown,
  changes: Changes<Options>,
): void {
  const rows = Object.entries<Change<Options>>(changes).filter(
    (row): row is [string, Exclude<Change<Options>, string>] => typeof row[1] !== "string",
  );
  const ofBase: unknown[] = []; // made once
  describe(`each option of ${name} changes what it makes`, () => {
    it.each(rows)("%s", async (option, [change, both]) => {
      expect(Object.keys(change)).toContain(option);
      if (!both && ofBase.length === 0) ofBase.push(outcomeOf(base));
      const without = both ? outcomeOf({ ...base, ...both }) : ofBase[0];
      expect(await outcomeOf({ ...base, ...both, ...change })).not.toEqual(await without);
    });
  });
}
