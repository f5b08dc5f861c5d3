/**
 * How many random cases a property test tries: as many as it says, or 20 times as many in `npm run test:long`.
 * Wherever a test writes a number of cases, it writes it with this.
 */
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Set by vitest.config.ts. */
    timesTheCases: number;
  }
}

/** `count` cases; in the long form, 20 times as many. */
export function cases(count: number): number {
  const times = inject("timesTheCases");
  if (times === undefined) throw new Error("the configuration of vitest does not provide timesTheCases");
  return count * times;
}
