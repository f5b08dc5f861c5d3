/**
 * The default strategy. It is loaded only if a search names no other, so that bundlers can leave it out of the first
 * download.
 */

import type { Strategy } from "./strategy.js";

/** The strategy with the best mean rank in `docs/strategies.md`, for one objective or for several. */
export async function defaultStrategy(objectives: number): Promise<Strategy> {
  if (objectives > 1) {
    const { nsga2 } = await import("./nsga2/nsga2.js");
    return nsga2();
  }
  const { gp } = await import("./gp/gp.js");
  return gp();
}
