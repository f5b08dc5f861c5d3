/** Callbacks with a state: each training gets a new one, which it does not share. */

import { check, isRecord, show } from "../../errors.js";
import { type OptionRules, readOptions } from "../../rules.js";
import type { Callback, TrainingControl } from "./callback.js";

/** The methods of a callback for one training. */
type Hooks = Pick<Callback, "onEpochEnd" | "onTrainEnd">;

/**
 * @param options - with which it was made; a saved state belongs to them
 * @param rules - of the state, which is plain data
 * @param start - the state at the start of a training
 * @param begin - starts with the state of a training, which the returned methods change
 * @returns a callback, and a function that returns the state of its current or last training. The callback's
 * methods throw FettleError `invalid_state` if another training has started meanwhile
 */
export function perTraining<State extends object>(
  name: string,
  options: object,
  rules: OptionRules<State>,
  start: State,
  begin: (state: State, control: TrainingControl) => Hooks,
): readonly [callback: Callback, state: () => State | undefined] {
  let current: { readonly owner: TrainingControl; readonly state: State; readonly hooks: Hooks } | undefined;
  const made = JSON.stringify(options);
  const read = (saved: object): State =>
    readOptions<State, typeof rules>(saved as State, `saved ${name}`, rules);
  const open = (control: TrainingControl) => {
    const state = { ...start };
    current = { owner: control, state, hooks: begin(state, control) };
    return current;
  };
  const of = (control: TrainingControl) => {
    if (current === undefined) return open(control);
    check(
      current.owner === control,
      `${name} must be used by one fit at a time; make one for each`,
      "invalid_state",
    );
    return current;
  };
  const callback: Callback = {
    name,
    onTrainBegin: (control) => void open(control),
    onEpochEnd: (epoch, logs, control) => of(control).hooks.onEpochEnd?.(epoch, logs, control),
    onTrainEnd: (control) => of(control).hooks.onTrainEnd?.(control),
    save: (control) => ({ made, ...of(control).state }),
    restore(saved, control) {
      const { made: before, ...state } = isRecord(saved) ? saved : {};
      check(
        before === made,
        () => `it was saved with the options ${show(before)}; received ${made}; pass the same options`,
      );
      Object.assign(of(control).state, read(state));
    },
  };
  return [callback, () => current?.state];
}
