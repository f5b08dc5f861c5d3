/**
 * Checks that the functions of `tune` return the same for the same parameters; otherwise a trial is
 * meaningless.
 */
import type { PipelineOptions } from "../../data/pipeline/options.js";
import { FettleError, show } from "../../errors.js";
import type { Params } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import type { FollowedPipeline } from "./roles.js";

/** What the functions returned for some parameters. */
export interface Identity {
  /** The traced steps of the model, and checksums of the weights that its layers bring. */
  readonly trace: readonly number[];
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly fit: object;
  readonly pipeline: PipelineOptions;
  /** The pipeline with what follows from the layers, and a description for people. */
  readonly followed: FollowedPipeline;
}

/**
 * @param trial - the number of the trial with these parameters
 * @throws FettleError `invalid_state` if they differ
 */
export function checkSame(trial: number, before: Identity, now: Identity): void {
  const changed = Object.keys(now.hyperparameters).filter(
    (name) => !Object.is(before.hyperparameters[name], now.hyperparameters[name]),
  );
  const rates = ({ hyperparameters }: Identity): Params =>
    Object.fromEntries(changed.map((name) => [name, hyperparameters[name]]));
  const differences: readonly [string, unknown, unknown][] = [
    ["fit", before.fit, now.fit],
    ["pipeline", before.pipeline, now.pipeline],
    ["model", rates(before), rates(now)],
  ];
  const isOther = !sameValue(before.trace, now.trace);
  const found = isOther ? undefined : differences.find(([, a, b]) => !sameValue(a, b));
  if (!isOther && !found) return;
  const [name, was, is] = found ?? ["model"];
  throw new FettleError(
    "invalid_state",
    `${name} must return the same whenever it is called with the same parameters: for those of trial ${trial} it returned ` +
      (found
        ? `${show(was)}, and now ${show(is)}`
        : "another network, loss or optimizer than before, or layers with other weights"),
  );
}
