/**
 * How many random cases a property test tries: a fifth of what it says, 20 times what it says in
 * `npm run test:long`. Wherever a test writes a number of cases, it writes it with this.
 */
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Set by vitest.config.ts and test/mutation/vitest.config.js. */
    timesTheCases: number;
  }
}

/** `count` cases times the share that the configuration says; at least one. */
export function cases(count: number): number {
  const times = inject("timesTheCases");
  if (times === undefined) throw new Error("the configuration of vitest does not provide timesTheCases");
  return Math.ceil(count * times);
}
