/** The options of a server of studies, for any host, and their checks. */
import { listener } from "../listener.js";
import { func, integer, type OptionRules, type ReadOptions, rule } from "../rules.js";
import { type ParamsOf, type Space, spaceFromJson } from "../search/space/space.js";
import type { StudyStorage } from "../store/storage.js";
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
   * Receives errors that responses do not show: those of the storage, of `tuner` at the start of a study, and
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
  /** The most studies in the storage; another is refused (507). Default 1,000. */
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

/** Infinity means no limit. */
const limit = rule<number>(
  "a positive integer, or Infinity for no limit",
  (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) > 0),
);
/** A number above 0. */
export const positive = rule<number>("a positive number", (value) => typeof value === "number" && value > 0);

/** A storage of studies, whichever host it is for. */
export const isStorage = rule<StudyStorage>("a storage of fettle/store, such as memoryStorage()", (value) =>
  ["open", "create", "names"].every(
    (method) => typeof (value as Record<string, unknown> | undefined)?.[method] === "function",
  ),
);

export const STUDY_RULES = {
  tuner: [func<never>("a function that returns the options of createTuner")],
  settings: (_: string, settings: unknown) => void spaceFromJson(settings),
  sliceMilliseconds: [positive, 100],
  sliceSteps: [integer(), 20_000],
  onError: listener,
  maxTrials: [limit, 10_000],
  maxStudyMemory: [limit, 2 ** 29],
} satisfies OptionRules<ServedStudyOptions<Space, Space>>;

/** The options of a study, with defaults. */
export type StudySettings<C extends Space, S extends Space> = ReadOptions<
  ServedStudyOptions<C, S>,
  typeof STUDY_RULES
>;

export const LIMIT_RULES = {
  maxStudies: [limit, 1_000],
  maxRunning: [limit, 32],
  maxMemory: [limit, 2 ** 30],
  maxRequests: [limit, 100],
  maxRequestsPerSecond: [limit, 1_000],
  maxRequestMilliseconds: [limit, 30_000],
} satisfies OptionRules<ServerLimits>;

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
