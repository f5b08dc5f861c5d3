/** The options of a server whose clients run the trials, and their checks. */
import { must, mustBeInteger } from "../../errors.js";
import { listener } from "../../listener.js";
import { integer, type OptionRules, type ReadOptions, readOptions, rule } from "../../rules.js";
import { mustBeScheduler, type Scheduler } from "../../search/schedulers/scheduler.js";
import type { Constraint, ParamsOf, Space } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { Direction } from "../../search/trial/trial.js";
import type { StudyStorage } from "../../store/storage.js";
import { isName } from "../http.js";
import { isStorage, LIMIT_RULES, positive, type ServerLimits } from "../options.js";
import { secret } from "../token.js";

/** Options of a server of trials. */
export interface TrialServerOptions<S extends Space = Space>
  extends Pick<ServerLimits, "maxRequests" | "maxRequestsPerSecond" | "maxRequestMilliseconds"> {
  /** The secret of requests, at least 16 characters. They carry it as `authorization: Bearer <token>`. */
  readonly token: string;
  /** Where the study is kept, trial by trial. */
  readonly storage: StudyStorage;
  /** The name of the study, which is created if it does not exist: 1 to 64 letters, digits, `-` and `_`. */
  readonly study: string;
  readonly space: S;
  readonly strategy: Strategy;
  /** Which values are better; for several objectives, a list. */
  readonly direction: Direction | readonly Direction[];
  /** The number of trials of the study. */
  readonly trials: number;
  /** The random seed; an integer of at least 0. Default 0. */
  readonly seed?: number;
  /**
   * How many of the most recent trials an adaptive strategy ignores: `lag + 1` trials can run at once, with
   * the same results as one by one. Default 0.
   */
  readonly lag?: number;
  /** A pure function: points for which it returns false do not exist. */
  readonly constraint?: Constraint<ParamsOf<S>>;
  /**
   * Prunes trials by their reports: one that compares each with earlier trials, such as `asha()` or
   * `medianStopping()`.
   */
  readonly scheduler?: Scheduler;
  /** With a scheduler: the full budget of a trial, in the steps that clients report. */
  readonly steps?: number;
  /**
   * Seconds without a report or a result after which a client is presumed lost, and its trial may be handed
   * to another. Default 60.
   */
  readonly leaseSeconds?: number;
  /** Receives errors that responses do not show. Default: such errors are not reported. */
  readonly onError?: (error: unknown) => void;
}

const { maxRequests, maxRequestsPerSecond, maxRequestMilliseconds } = LIMIT_RULES;
/** The study itself checks those that are `true`. */
const RULES = {
  token: [secret],
  storage: [isStorage],
  study: [
    rule<string>(
      "a name of 1 to 64 letters, digits, - and _, which is part of the path of requests",
      (value) => typeof value === "string" && isName(value),
    ),
  ],
  space: [() => {}],
  strategy: [() => {}],
  direction: [() => {}],
  trials: [integer()],
  seed: [true, 0],
  lag: [integer(0), 0],
  constraint: true,
  scheduler: (_: string, scheduler: unknown) => mustBeScheduler(scheduler),
  steps: true,
  leaseSeconds: [positive, 60],
  onError: listener,
  maxRequests,
  maxRequestsPerSecond,
  maxRequestMilliseconds,
} satisfies OptionRules<TrialServerOptions>;

/** The options with defaults. */
export type TrialStudyOptions<S extends Space> = TrialServerOptions<S> &
  ReadOptions<TrialServerOptions, typeof RULES>;

/**
 * Checks the options that the study does not check itself.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function readTrialOptions<S extends Space>(options: TrialServerOptions<S>): TrialStudyOptions<S> {
  const read = readOptions<TrialServerOptions, typeof RULES>(
    options as never,
    "serveTrials",
    RULES,
  ) as unknown as TrialStudyOptions<S>;
  const { scheduler, steps } = read;
  if (scheduler === undefined) {
    must(steps === undefined, "steps", "left out without a scheduler", steps);
    return read;
  }
  mustBeInteger("steps", steps);
  // a waiting client could not run the trials that it waits for
  must(
    scheduler.width(steps) === 1,
    "scheduler",
    "one whose trials do not wait for each other, such as asha() or medianStopping()",
    scheduler.name,
  );
  return read;
}
