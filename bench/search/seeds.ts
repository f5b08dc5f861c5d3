/**
 * Seeds of two kinds that never meet: settings are chosen on some, and what is said of them is measured on
 * others. A seed places a problem and is the strategy's own.
 */
import { must } from "../../src/errors.js";

export type Purpose = "choose" | "claim";

/** The first seed of each purpose. As many lie between as any run has. */
const FIRST: Readonly<Record<Purpose, number>> = { choose: 0, claim: 1_000_000 };

/** The seeds of a purpose, `count` of them. */
export function seedsFor(purpose: Purpose, count: number): number[] {
  must(count <= FIRST.claim, "the number of seeds", `at most ${FIRST.claim}`, count);
  return Array.from({ length: count }, (_, i) => FIRST[purpose] + i);
}
