/** The best trial of a study, if there is one. */
import { FettleError } from "../../errors.js";
import type { BestTrial } from "../trial/trial.js";
import type { Study } from "./contract.js";

/**
 * The best trial; undefined while there is none, and with several objectives, where no single trial is best.
 */
export function bestOrNone<S extends Pick<Study, "directions" | "bestTrials">>({
  directions,
  bestTrials,
}: S): BestTrial<S["bestTrials"][number]["params"]> | undefined {
  return directions.length === 1 ? (bestTrials[0] as BestTrial<never> | undefined) : undefined;
}

/** Why a study has no best trial. */
export function noBest({ directions, trials }: Pick<Study, "directions" | "trials">): FettleError {
  const several = `best needs one objective; this study has ${directions.length}. Use bestTrials, the Pareto front`;
  const none = `best needs a complete trial that satisfies its constraints; this study has none among ${trials.length}. Run more trials, or check first whether bestTrials is empty`;
  return new FettleError("invalid_state", directions.length > 1 ? several : none);
}
