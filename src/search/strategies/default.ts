/**
 * The strategy of a search that names none. It is loaded only then, so that bundlers can leave it out of the first
 * download; whoever names a strategy never meets this file.
 */

import type { Strategy } from "./strategy.js";

/** The best of those measured in `docs/strategies.md`: by mean rank, of one objective and of several. */
export async function defaultStrategy(objectives: number): Promise<Strategy> {
  if (objectives > 1) {
    const { nsga2 } = await import("./nsga2/nsga2.js");
    return nsga2();
  }
  const { gp } = await import("./gp/gp.js");
  return gp();
}
