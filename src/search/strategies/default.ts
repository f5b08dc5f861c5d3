/**
 * The strategy of a search that names none. It is loaded only then, so that bundlers can leave it out of the first
 * download; whoever names a strategy never meets this file.
 */

import { random } from "./random.js";
import type { Strategy } from "./strategy.js";

/** The best of those measured in `docs/strategies.md`, by the mean rank after 100 trials. */
export async function defaultStrategy(objectives: number): Promise<Strategy> {
  if (objectives > 1) return random();
  const { gp } = await import("./gp.js");
  return gp();
}
