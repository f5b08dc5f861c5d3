/** The options of a server of studies, whatever its host, and their checks. */
import { must, mustBeInteger, type OptionNames } from "../errors.js";
import { type ParamsOf, type Space, spaceFromJson } from "../search/space/space.js";
import type { TunerOptions } from "../tune/tuner/options.js";

/** What a server of studies needs, whatever its host. */
export interface StudyOptions<C extends Space, S extends Space> {
  /**
   * What a request may choose, as a space: the body that starts a study must be a point of it. Default: nothing, so the
   * body must be empty.
   */
  readonly settings?: C;
  /**
   * The options of a study's tuner, as for `createTuner`: its data and its code. It is called again after each restart, and
   * must return the same for the same settings.
   */
  readonly tuner: (settings: ParamsOf<C>) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /** How long a slice should take, in milliseconds; no request is answered meanwhile. Default 100. */
  readonly sliceMilliseconds?: number;
  /** The most steps of a slice, whatever the clock says. Default 20,000. */
  readonly sliceSteps?: number;
}

export const STUDY_OPTIONS: OptionNames<StudyOptions<Space, Space>> = {
  ...{ settings: true, tuner: true, sliceMilliseconds: true, sliceSteps: true },
};

/**
 * Returns the options of a tuner unchanged. In TypeScript, it gives `model` the types of its parameters where `tuner`
 * returns them.
 *
 * @example
 * ```ts
 * const options = defineTuner({
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [0, 2, 4, 6, 8, 10],
 *   space: { units: int(1, 8) },
 *   model: ({ units }) => {
 *     const model = sequential([dense(units), dense(1)]); // units is a number
 *     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *     return model;
 *   },
 * });
 * Object.keys(options.space); // ["units"]
 * ```
 */
export function defineTuner<const S extends Space>(options: TunerOptions<S>): TunerOptions<S> {
  return options;
}

/** @throws FettleError `invalid_argument` or `invalid_space` for invalid options */
export function checkStudyOptions<C extends Space, S extends Space>(options: StudyOptions<C, S>): void {
  const { settings, tuner, sliceMilliseconds = 100, sliceSteps = 20_000 } = options;
  must(typeof tuner === "function", "tuner", "a function that returns the options of createTuner", tuner);
  if (settings !== undefined) spaceFromJson(settings);
  mustBePositive("sliceMilliseconds", sliceMilliseconds);
  mustBeInteger("sliceSteps", sliceSteps);
}

/** Refuses anything but a number above 0. */
export function mustBePositive(name: string, value: unknown): void {
  must(typeof value === "number" && value > 0, name, "a positive number", value);
}
