/** The callbacks of trainings: each training, on a fold or of the final model, has its own. */
import { must } from "../../errors.js";
import { type Callback, checkCallbacks } from "../../nn/callbacks/callback.js";
import { isOfValidation } from "../../nn/callbacks/monitor.js";
import type { LayersModel } from "../../nn/models/layersModel.js";
import type { ScoredArchitecture } from "../../nn/programs/architecture.js";
import * as training from "../../nn/training/training.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import type { Job } from "../jobs/job.js";
import type { Folds } from "./folds.js";

/** A training of a search, for which callbacks are made. */
export interface TrialTraining<Params> {
  readonly params: Params;
  /** The number of the trial whose parameters they are. */
  readonly trial: number;
  /** Its place in `folds` of the result, from 0; undefined in the final fit, which has no validation rows. */
  readonly fold: number | undefined;
}

/** Makes the callbacks of one training. */
export type CallbackMaker<S extends Space> = (training: TrialTraining<ParamsOf<S>>) => readonly Callback[];

/** The parts of a template that callbacks see and change. */
interface Watchable {
  readonly built: LayersModel;
  readonly architecture: () => ScoredArchitecture;
  readonly job: Omit<Job, "fold">;
}

/** A template whose jobs call the callbacks of the user, if there are any. */
export function withCallbacks<S extends Space, Template extends Watchable>(
  { callbacks: make, rows }: { readonly callbacks?: CallbackMaker<S>; readonly rows: Folds },
  trial: number,
  params: ParamsOf<S>,
  template: Template,
): Template {
  if (make === undefined) return template;
  const { built, architecture, job } = template;
  const { metrics, network } = architecture();
  const row = rows.data.shape ?? network.columns;
  return {
    ...template,
    job: {
      ...job,
      watch(number: number) {
        const isFinal = rows.finals.includes(number);
        const callbacks = madeBy(make, { params, trial, fold: isFinal ? undefined : placeOf(number, rows) });
        return {
          callbacks: isFinal ? callbacks.filter((each) => !followsValidation(each)) : callbacks,
          metrics,
          isFinal,
          modelAt(saved) {
            built.restore({ row, saved, training });
            return built;
          },
        };
      },
    },
  };
}

/** The place of a fold in its division. */
const placeOf = (fold: number, { scored }: Folds): number => (fold < scored ? fold : (fold - 1) % scored);

const followsValidation = ({ monitor }: Callback): boolean =>
  monitor !== undefined && isOfValidation(monitor);

function madeBy<S extends Space>(make: CallbackMaker<S>, training: TrialTraining<ParamsOf<S>>) {
  const callbacks: unknown = make(training);
  checkCallbacks(callbacks);
  return callbacks;
}

/**
 * Refuses what no training can have: anything but a function of callbacks; and, with a final fit, a learning
 * rate that follows validation rows, since the final model could not be trained by the same rule.
 *
 * @param params - for which they are made once
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function checkCallbackMaker<S extends Space>(
  make: unknown,
  params: ParamsOf<S> | undefined,
  refit: boolean,
): asserts make is CallbackMaker<S> {
  must(
    typeof make === "function",
    "callbacks",
    "a function that makes those of one training, since each needs its own: callbacks: () => [earlyStopping()]",
    make,
  );
  if (params === undefined) return;
  for (const callback of madeBy(make as CallbackMaker<S>, { params, trial: 0, fold: 0 }))
    must(
      !refit || callback.name !== "reduceLROnPlateau" || !followsValidation(callback),
      "monitor of reduceLROnPlateau",
      '"loss" in a tuner, whose final fit has no validation rows',
      callback.monitor,
    );
}
