/** The options of a server of studies, for any host, and their checks. */
import { must, mustBeInteger, type OptionNames } from "../errors.js";
import { mustBeListener } from "../listener.js";
import { type ParamsOf, type Space, spaceFromJson } from "../search/space/space.js";
import type { TunerOptions } from "../tune/tuner/options.js";

/** Options of a server of studies, for any host. */
export interface ServedStudyOptions<C extends Space, S extends Space> {
  /**
   * The settings that a request may choose, as a space: the body that starts a study must be a point of it.
   * Default: none, so the body must be empty.
   */
  readonly settings?: C;
  /**
   * The options of a study's tuner, as for `createTuner`: its data and its code. It is called again after
   * each restart, and must return the same for the same settings.
   */
  readonly tuner: (settings: ParamsOf<C>) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /**
   * How long a slice should take, in milliseconds; then the study is stored. In the background, requests are
   * also answered during a slice; elsewhere they wait. Default 100.
   */
  readonly sliceMilliseconds?: number;
  /** The most steps of a slice, regardless of time. Default 20,000. */
  readonly sliceSteps?: number;
  /**
   * Receives errors that responses do not show: those of the store, of `tuner` at the start of a study, and
   * unexpected ones (500). Default: such errors are not reported.
   */
  readonly onError?: (error: unknown) => void;
  /** The most trials of a study; a study with more is refused (422). Default 10,000. */
  readonly maxTrials?: number;
  /**
   * The most bytes of memory that the trainings of a study may need. A study is refused (422) if the largest
   * model of its space needs more, and a trial that needs more fails. Default 512 MiB.
   */
  readonly maxStudyMemory?: number;
}

/** The limits of the entire server. A request beyond one is refused before any work. */
export interface ServerLimits {
  /** The most studies in the store, if it has `keys`; another is refused (507). Default 1,000. */
  readonly maxStudies?: number;
  /** The most studies that run at the same time in the background; another is refused (429). Default 32. */
  readonly maxRunning?: number;
  /**
   * The most bytes that the trainings of all running studies may need; a study beyond it is refused (503).
   * Default 1 GiB.
   */
  readonly maxMemory?: number;
  /** The most requests that are answered at the same time; another is refused (503). Default 100. */
  readonly maxRequests?: number;
  /** The most requests per second, on average and at once; another is refused (429). Default 1,000. */
  readonly maxRequestsPerSecond?: number;
  /**
   * The most milliseconds for a response; then the request is refused (503), though its work may still
   * complete. Default 30,000.
   */
  readonly maxRequestMilliseconds?: number;
}

export const STUDY_OPTIONS: OptionNames<ServedStudyOptions<Space, Space>> = {
  settings: true,
  tuner: true,
  sliceMilliseconds: true,
  sliceSteps: true,
  onError: true,
  maxTrials: true,
  maxStudyMemory: true,
};

export const SERVER_LIMITS: OptionNames<ServerLimits> = {
  maxStudies: true,
  maxRunning: true,
  maxMemory: true,
  maxRequests: true,
  maxRequestsPerSecond: true,
  maxRequestMilliseconds: true,
};

/** The defaults of the limits, and of slices. */
const DEFAULTS = {
  sliceMilliseconds: 100,
  sliceSteps: 20_000,
  maxTrials: 10_000,
  maxStudyMemory: 2 ** 29,
  maxStudies: 1_000,
  maxRunning: 32,
  maxMemory: 2 ** 30,
  maxRequests: 100,
  maxRequestsPerSecond: 1_000,
  maxRequestMilliseconds: 30_000,
};

type Figures = { readonly [Name in keyof typeof DEFAULTS]: number };

/** The limits and the bounds of slices, with defaults. */
export function figuresOf(options: Partial<Figures>): Figures {
  const given = Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined);
  return { ...DEFAULTS, ...(Object.fromEntries(given) as Partial<Figures>) };
}

/**
 * Returns the options of a tuner unchanged. In TypeScript, it infers the types of the parameters of `model`.
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
export function checkStudyOptions<C extends Space, S extends Space>(options: ServedStudyOptions<C, S>): void {
  const { settings, tuner, onError } = options;
  const { sliceMilliseconds, sliceSteps, maxTrials, maxStudyMemory } = figuresOf(options);
  must(typeof tuner === "function", "tuner", "a function that returns the options of createTuner", tuner);
  if (settings !== undefined) spaceFromJson(settings);
  mustBePositive("sliceMilliseconds", sliceMilliseconds);
  mustBeInteger("sliceSteps", sliceSteps);
  mustBeListener(onError);
  for (const [name, value] of Object.entries({ maxTrials, maxStudyMemory })) mustBeLimit(name, value);
}

/** @throws FettleError `invalid_argument` */
export function checkServerLimits(limits: ServerLimits): void {
  const figures = figuresOf(limits);
  for (const name of Object.keys(SERVER_LIMITS) as (keyof ServerLimits)[]) mustBeLimit(name, figures[name]);
}

/** Infinity means no limit. */
function mustBeLimit(name: string, value: unknown): void {
  const isLimit =
    value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) > 0);
  must(isLimit, name, "a positive integer, or Infinity for no limit", value);
}

/** Refuses anything but a number above 0. */
export function mustBePositive(name: string, value: unknown): void {
  must(typeof value === "number" && value > 0, name, "a positive number", value);
}
