/** Callbacks with a state: each training gets a new one, which it does not share. */

import { check } from "../../errors.js";
import type { Callback, TrainingControl } from "./callback.js";

/** The methods of a callback for one training. */
type Hooks = Pick<Callback, "onEpochEnd" | "onTrainEnd">;

/**
 * @param begin - makes the state of a training, whose methods are called
 * @returns a callback, and a function that returns the state of its current or last training. The callback's
 * methods throw FettleError `invalid_state` if another training has started meanwhile
 */
export function perTraining<State extends Hooks>(
  name: string,
  begin: (control: TrainingControl) => State,
): readonly [callback: Callback, state: () => State | undefined] {
  let owner: TrainingControl | undefined;
  let state: State | undefined;
  const open = (control: TrainingControl): State => {
    owner = control;
    state = begin(control);
    return state;
  };
  const stateOf = (control: TrainingControl): State => {
    if (state === undefined) return open(control);
    check(owner === control, `${name} must be used by one fit at a time; make one for each`, "invalid_state");
    return state;
  };
  const callback: Callback = {
    name,
    onTrainBegin: (control) => void open(control),
    onEpochEnd: (epoch, logs, control) => stateOf(control).onEpochEnd?.(epoch, logs, control),
    onTrainEnd: (control) => stateOf(control).onTrainEnd?.(control),
  };
  return [callback, () => state];
}
