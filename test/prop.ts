/** Not a test itself. */
import fc from "fast-check";
import { it } from "vitest";

/**
 * A test that a law holds for whatever the arbitraries give:
 * `prop([fc.nat()])("is even twice", (n) => expect(isEven(2 * n)).toBe(true))`. The package
 * `@fast-check/vitest` has the same, and takes two seconds to load.
 */
export function prop<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  parameters: fc.Parameters<T> = {},
): (name: string, law: (...values: T) => void | Promise<void>) => void {
  return (name, law) => {
    it(name, () =>
      fc.assert(
        fc.asyncProperty(...arbitraries, async (...values: T) => law(...values)),
        parameters,
      ),
    );
  };
}
