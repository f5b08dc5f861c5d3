/**
 * The default strategy. `tune` loads it only if a search names no other, so that bundlers can leave it out of
 * the first download.
 */
import { gp } from "./gp/gp.js";
import { nsga2 } from "./nsga2/nsga2.js";
import type { Strategy } from "./strategy.js";

/** The strategy with the best mean rank in `docs/strategies.md`, for one objective or for several. */
export const defaultStrategy = (objectives: number): Strategy => (objectives > 1 ? nsga2() : gp());
