/**
 * A study: asks a strategy for trials, is told what they gave, and remembers. It is
 * the bookkeeping alone. It runs nothing itself (`optimize.ts` loops over it, a pool
 * of workers may too) and touches no host; its whole state is `toJSON()`.
 */

import { check, checkOptions, isRecord, show } from "../errors.js";
import { RandomStream } from "../numerics/random.js";
import { type Objective, type OptimizeOptions, optimize } from "./optimize.js";
import {
  ownParams,
  type Params,
  type ParamsOf,
  resolveSpace,
  type SearchSpace,
  type Space,
  whyOutside,
} from "./space.js";
import type { Strategy } from "./strategies/strategy.js";
import {
  type Direction,
  isBetter,
  makeRecord,
  type Trial,
  type TrialOutcome,
  type TrialRecord,
} from "./trial.js";
import { copyJson, type ParamValue } from "./value.js";

/** What is fixed when a study begins. */
export interface StudyOptions<S extends Space = Space> {
  readonly space: S;
  readonly strategy: Strategy;
  /** An integer from 0 that decides everything random. Default 0. */
  readonly seed?: number;
  readonly direction: Direction;
  /**
   * How many of the latest trials an adaptive strategy does without, so that up to
   * `lag + 1` trials can run side by side with the same results as one by one. Default 0.
   */
  readonly lag?: number;
  /** Milliseconds of some clock, to time trials for reports; without it nothing is timed. */
  readonly clock?: () => number;
}

/** A study as plain data. */
export interface StudyJson {
  readonly format: "fettle-study";
  readonly version: number;
  readonly space: Space;
  readonly strategy: { readonly name: string; readonly options: { readonly [option: string]: ParamValue } };
  readonly direction: Direction;
  readonly seed: number;
  readonly lag: number;
  /** By number; those asked and not yet told have the status "running", those that were given and not suggested `given`. */
  readonly trials: readonly (
    | (TrialRecord & { readonly given?: true })
    | { readonly number: number; readonly params: Params; readonly status: "running"; readonly given?: true }
  )[];
}

/** A search in progress or done: what was asked and what was told. Made by `createStudy` or `restoreStudy`. */
export interface Study<S extends Space = Space> {
  readonly space: S;
  readonly strategy: Strategy;
  readonly direction: Direction;
  /** Decides everything random. */
  readonly seed: number;
  /** How many of the latest trials an adaptive strategy does without. */
  readonly lag: number;
  /** Finished trials, by number. */
  readonly trials: readonly TrialRecord<ParamsOf<S>>[];
  /** How many trials have been asked so far, finished or not. */
  readonly asked: number;
  /** How many of them `ask` would hand out again before it asks the strategy. */
  readonly waiting: number;
  /** The complete trial with the best value, the earliest of equals; undefined before there is one. */
  readonly best: TrialRecord<ParamsOf<S>> | undefined;
  /**
   * Whether `ask` may be called now. An adaptive strategy asks for trial n only once all
   * trials up to n − 1 − lag are told.
   */
  canAsk(): boolean;
  /**
   * The next trial, or undefined if the strategy has nothing left. Trials given back
   * (see `release`), or that were running when the study was saved, come first.
   *
   * @throws FettleError `invalid_state` if `canAsk()` is false, `invalid_argument` if the
   * strategy suggests something outside the space
   */
  ask(): Trial<ParamsOf<S>> | undefined;
  /**
   * Ends a trial. Trials may be told in any order.
   *
   * @param number - the trial's, as `ask` gave it
   * @param outcome - at least a value, or a status that explains why there is none
   * @throws FettleError `invalid_state` for a trial that is not running; `invalid_argument`, `unknown_name` for
   * an outcome that is none
   */
  tell(number: number, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Puts a point in line: the next `ask` hands it out before the strategy is asked, in the order of calls. It
   * counts as asked from now on.
   *
   * @returns the number of its trial
   * @throws FettleError `invalid_argument` for a point outside the space
   */
  enqueue(params: ParamsOf<S>): number;
  /**
   * Adds a trial that was run elsewhere, such as one of an earlier study, for the strategy to learn from.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for a point outside the space or an outcome that is none
   * @example
   * ```ts
   * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
   * study.add({ x: 1 }, { value: 1 });
   * study.enqueue({ x: 0 });
   * await study.optimize(({ x }) => x * x, { trials: 3 });
   * study.best?.params; // { x: 0 }
   * ```
   */
  add(params: ParamsOf<S>, outcome: TrialOutcome): TrialRecord<ParamsOf<S>>;
  /**
   * Gives back a trial that was asked and will not be told; a later `ask` hands it out again.
   *
   * @throws FettleError `invalid_state` for a trial that is not running
   */
  release(number: number): void;
  /**
   * Runs trials until the study holds `options.trials`, or the strategy has nothing left; see `OptimizeOptions`.
   * A trial whose objective throws has failed, and the loop goes on.
   *
   * @throws FettleError `invalid_argument`, `unknown_name` for options that do not fit; and what `onEvent` throws
   */
  optimize(objective: Objective<S>, options: OptimizeOptions<S>): Promise<void>;
  /** The study as plain data, for `restoreStudy`. */
  toJSON(): StudyJson;
}

/** Numbers the purposes that a study draws random numbers for, so that their streams are apart. */
const streams = { suggestion: 0, trial: 1, study: 2 } as const;

/**
 * Begins a study: `ask` and `tell` by hand, or `optimize` as a loop over them. It is saved by `JSON.stringify` and
 * goes on from there by `restoreStudy`.
 *
 * @throws FettleError `invalid_space` for an impossible space, `invalid_argument` or
 * `unknown_name` for other options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-5, 5), y: int(-5, 5) },
 *   strategy: random(),
 *   direction: "minimize",
 *   seed: 1,
 * });
 * await study.optimize(({ x, y }) => x * x + y * y, { trials: 50 });
 * study.best?.status; // "complete"
 * ```
 */
export function createStudy<const S extends Space>(options: StudyOptions<S>): Study<S> {
  checkOptions(options, "a study", ["space", "strategy", "seed", "direction", "lag", "clock"]);
  const { strategy, seed = 0, direction, lag = 0, clock } = options;
  check(
    typeof strategy?.suggest === "function" && typeof strategy.name === "string",
    () => `strategy is made by random(), grid() or the like, received ${show(strategy)}`,
  );
  check(
    isRecord(copyJson(strategy.options)),
    () =>
      `the options of strategy ${show(strategy.name)} are an object of JSON values, received ${show(strategy.options)}`,
  );
  check(Number.isSafeInteger(seed) && seed >= 0, () => `seed is an integer from 0, received ${show(seed)}`);
  check(Number.isSafeInteger(lag) && lag >= 0, () => `lag is an integer from 0, received ${show(lag)}`);
  check(
    direction === "maximize" || direction === "minimize",
    () => `direction is "maximize" or "minimize", received ${show(direction)}`,
  );
  check(
    clock === undefined || typeof clock === "function",
    () => `clock is a function that returns milliseconds, received ${show(clock)}`,
  );
  return openStudy(resolveSpace(options.space), { ...options, strategy, seed, direction, lag }, []);
}

/** A trial as a study begins with it: finished, or still to be handed out. */
export interface StoredTrial {
  readonly params: Params;
  readonly record?: TrialRecord;
  /** Whether it came by `enqueue` or `add` and not from the strategy. */
  readonly given?: true;
}

type Settled<S extends Space> = StudyOptions<S> & Required<Pick<StudyOptions<S>, "seed" | "lag">>;

/** A study that already holds `stored` trials; arguments are checked by the caller. */
export function openStudy<S extends Space>(
  searchSpace: SearchSpace,
  { strategy, seed, direction, lag, clock }: Settled<S>,
  stored: readonly StoredTrial[],
): Study<S> {
  const points: Params[] = stored.map(({ params }) => params);
  const records: (TrialRecord | undefined)[] = stored.map(({ record }) => record);
  /** Numbers of trials that did not come from the strategy. */
  const given = new Set([...stored.keys()].filter((number) => stored[number].given));
  /** Asked, not told, and held by nobody; by number. */
  const waiting = [...points.keys()].filter((number) => records[number] === undefined);
  /** Held by somebody, with the clock's reading when it was handed out. */
  const running = new Map<number, number | undefined>();
  let toldInRow = 0; // every trial below this number is told
  let best: TrialRecord | undefined;
  for (const record of records) if (record && isBetter(record, best, direction)) best = record;

  const settleRow = () => {
    while (toldInRow < records.length && records[toldInRow]) toldInRow++;
  };
  settleRow();

  const handOut = (number: number): Trial<ParamsOf<S>> => {
    running.set(number, clock?.());
    const seedOfTrial = new RandomStream(seed, streams.trial, number).integer(2 ** 31);
    return Object.freeze({ number, params: points[number] as ParamsOf<S>, seed: seedOfTrial });
  };

  const pointOf = (params: unknown, what: string): Params => {
    const wrong = whyOutside(searchSpace, params);
    check(wrong === undefined, () => `${what} takes a point of the space: ${wrong}`);
    return ownParams(searchSpace, params as Params);
  };

  const checkRunning = (number: number) =>
    check(
      running.has(number),
      () => {
        const state = records[number]
          ? "is already told"
          : waiting.includes(number)
            ? "waits to be asked"
            : "was never asked";
        return `only a running trial can be told or released; trial ${show(number)} ${state}`;
      },
      "invalid_state",
    );

  const study: Study<S> = {
    space: searchSpace.parameters as S,
    strategy,
    direction,
    seed,
    lag,
    get trials() {
      return records.filter((record) => record !== undefined) as TrialRecord<ParamsOf<S>>[];
    },
    get asked() {
      return points.length;
    },
    get waiting() {
      return waiting.length;
    },
    get best() {
      return best as TrialRecord<ParamsOf<S>> | undefined;
    },

    canAsk: () => waiting.length > 0 || !strategy.adaptive || toldInRow >= points.length - lag,

    ask() {
      const again = waiting.shift();
      if (again !== undefined) return handOut(again);
      const number = points.length;
      check(
        study.canAsk(),
        () =>
          `strategy ${show(strategy.name)} learns from trials: with lag ${lag}, trial ${number} can be asked once trials up to ${number - 1 - lag} are told; trial ${toldInRow} is not. Tell it, or give the study a larger lag`,
        "invalid_state",
      );
      const suggested = strategy.suggest({
        space: searchSpace,
        number,
        suggested: number - given.size,
        history: strategy.adaptive ? (records.slice(0, Math.max(0, number - lag)) as TrialRecord[]) : [],
        earlier: points.slice(),
        direction,
        random: new RandomStream(seed, streams.suggestion, number),
        studyRandom: new RandomStream(seed, streams.study),
      });
      if (suggested === undefined) return undefined;
      const wrong = whyOutside(searchSpace, suggested);
      check(
        wrong === undefined,
        () => `strategy ${show(strategy.name)} left the space at trial ${number}: ${wrong}`,
      );
      points.push(Object.freeze({ ...suggested }));
      records.push(undefined);
      return handOut(number);
    },

    tell(number, outcome) {
      checkRunning(number);
      const start = running.get(number);
      const seconds = clock && start !== undefined ? { seconds: (clock() - start) / 1000 } : {};
      const record = makeRecord({ number, params: points[number] }, { ...seconds, ...outcome });
      running.delete(number);
      records[number] = record;
      settleRow();
      if (isBetter(record, best, direction)) best = record;
      return record as TrialRecord<ParamsOf<S>>;
    },

    enqueue(params) {
      const own = pointOf(params, "enqueue");
      given.add(points.length);
      waiting.push(points.length);
      records.push(undefined);
      return points.push(own) - 1;
    },

    add(params, outcome) {
      const own = pointOf(params, "add");
      const record = makeRecord({ number: points.length, params: own }, outcome);
      given.add(points.length);
      points.push(own);
      records.push(record);
      settleRow();
      if (isBetter(record, best, direction)) best = record;
      return record as TrialRecord<ParamsOf<S>>;
    },

    release(number) {
      checkRunning(number);
      running.delete(number);
      waiting.push(number);
      waiting.sort((a, b) => a - b);
    },

    optimize: (objective, options) => optimize(study, objective, options),

    toJSON: () => ({
      format: "fettle-study",
      version: studyVersion,
      space: searchSpace.parameters,
      strategy: { name: strategy.name, options: strategy.options },
      direction,
      seed,
      lag,
      trials: points.map((params, number) => ({
        ...(records[number] ?? { number, params, status: "running" as const }),
        ...(given.has(number) && { given: true as const }),
      })),
    }),
  };
  return study;
}

/** The version of the JSON that this release writes and the latest it reads. */
export const studyVersion = 1;
