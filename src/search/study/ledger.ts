/**
 * The bookkeeping of a study: which trials were asked, which are running, what was told, and what the strategy may see
 * when it is asked for the next. It trusts its arguments; `study.ts` and `checkpoint.ts` check what users give.
 */

import { check, show } from "../../errors.js";
import { RandomStream } from "../../numerics/random.js";
import {
  ownParams,
  type Params,
  type ParamsOf,
  type SearchSpace,
  type Space,
  whyOutside,
} from "../space/space.js";
import type { Strategy, SuggestContext } from "../strategies/strategy.js";
import { paretoFront } from "../trial/pareto.js";
import { type Direction, isBetter, makeRecord, type Trial, type TrialRecord } from "../trial/trial.js";
import { optimize } from "./optimize.js";
import type { Study } from "./study.js";

/** The version of the JSON that this release writes and the latest it reads. */
export const studyVersion = 1;

/** Numbers the purposes that a study draws random numbers for, so that their streams are apart. */
const streams = { suggestion: 0, trial: 1, study: 2 } as const;

/** A trial as a study begins with it: finished, or still to be handed out. */
export interface StoredTrial {
  readonly params: Params;
  readonly parent?: number;
  readonly record?: TrialRecord;
  /** Whether it came by `enqueue` or `add` and not from the strategy. */
  readonly given?: true;
}

/** What is fixed when a study begins, beside its space. */
export interface Settled {
  readonly strategy: Strategy;
  readonly seed: number;
  readonly directions: readonly Direction[];
  readonly lag: number;
  readonly clock?: () => number;
}

/** The seed for everything random in a trial, from that of its study. */
export function seedOfTrial(seed: number, number: number): number {
  return new RandomStream(seed, streams.trial, number).integer(2 ** 31);
}

/** A study that already holds `stored` trials; arguments are checked by the caller. */
export function openStudy<S extends Space>(
  searchSpace: SearchSpace,
  { strategy, seed, directions, lag, clock }: Settled,
  stored: readonly StoredTrial[],
): Study<S> {
  const [first] = directions;
  const points: Params[] = stored.map(({ params }) => params);
  const parents: (number | undefined)[] = stored.map(({ parent }) => parent);
  const records: (TrialRecord | undefined)[] = stored.map(({ record }) => record);
  /** Numbers of trials that did not come from the strategy. */
  const given = new Set([...stored.keys()].filter((number) => stored[number].given));
  /** Asked, not told, and held by nobody; by number. */
  const waiting = [...points.keys()].filter((number) => records[number] === undefined);
  /** Held by somebody, with the clock's reading when it was handed out. */
  const running = new Map<number, number | undefined>();
  let toldInRow = 0; // every trial below this number is told
  let best: TrialRecord | undefined;
  for (const record of records) if (record && isBetter(record, best, first)) best = record;

  const settleRow = () => {
    while (toldInRow < records.length && records[toldInRow]) toldInRow++;
  };
  settleRow();

  /** A trial as far as it is known before it runs. */
  const begun = (number: number) => {
    const parent = parents[number];
    return { number, params: points[number], ...(parent !== undefined && { parent }) };
  };

  const handOut = (number: number): Trial<ParamsOf<S>> => {
    running.set(number, clock?.());
    return Object.freeze({ ...begun(number), seed: seedOfTrial(seed, number) }) as Trial<ParamsOf<S>>;
  };

  /** Keeps what a trial gave. */
  const settle = (record: TrialRecord): TrialRecord<ParamsOf<S>> => {
    records[record.number] = record;
    settleRow();
    if (isBetter(record, best, first)) best = record;
    return record as TrialRecord<ParamsOf<S>>;
  };

  /** How many of the first trials an adaptive strategy sees, and waits for, when it is asked for trial `number`. */
  const seenBy = (number: number): number =>
    strategy.generation ? number - (number % strategy.generation) : Math.max(0, number - lag);

  /** What the strategy says of trial `number`. */
  const suggest = (number: number): { readonly params: Params; readonly parent?: number } | undefined => {
    const context: SuggestContext = {
      space: searchSpace,
      number,
      suggested: number - given.size,
      history: strategy.adaptive ? (records.slice(0, seenBy(number)) as TrialRecord[]) : [],
      earlier: points.slice(),
      direction: first,
      directions,
      random: new RandomStream(seed, streams.suggestion, number),
      studyRandom: new RandomStream(seed, streams.study),
    };
    const continued = strategy.proceed?.(context);
    const parent = continued && context.history[continued.parent];
    check(
      continued === undefined || parent?.status === "complete" || parent?.status === "pruned",
      () =>
        `strategy ${show(strategy.name)} goes on from trial ${show(continued?.parent)}, which has given no value yet`,
    );
    const params = continued ? continued.params : strategy.suggest(context);
    if (params === undefined) return undefined;
    const wrong = whyOutside(searchSpace, params);
    check(
      wrong === undefined,
      () => `strategy ${show(strategy.name)} left the space at trial ${number}: ${wrong}`,
    );
    return { ...continued, params: Object.freeze({ ...params }) };
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
    direction: first,
    directions,
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
    get bestTrials() {
      return paretoFront(study.trials, directions);
    },

    canAsk: () => waiting.length > 0 || !strategy.adaptive || toldInRow >= seenBy(points.length),

    ask() {
      const again = waiting.shift();
      if (again !== undefined) return handOut(again);
      const number = points.length;
      check(
        study.canAsk(),
        () => {
          const [given, wayOut] = strategy.generation
            ? ["", ""]
            : [`with lag ${lag}, `, ", or give the study a larger lag"];
          return `strategy ${show(strategy.name)} learns from trials: ${given}trial ${number} can be asked once trials up to ${seenBy(number) - 1} are told; trial ${toldInRow} is not. Tell it${wayOut}`;
        },
        "invalid_state",
      );
      const suggestion = suggest(number);
      if (suggestion === undefined) return undefined;
      points.push(suggestion.params);
      parents.push(suggestion.parent);
      records.push(undefined);
      return handOut(number);
    },

    tell(number, outcome) {
      checkRunning(number);
      const measured = clock && { seconds: (clock() - (running.get(number) as number)) / 1000 };
      const record = makeRecord(begun(number), { ...measured, ...outcome }, directions.length);
      running.delete(number);
      return settle(record);
    },

    enqueue(params) {
      const own = pointOf(params, "enqueue");
      given.add(points.length);
      waiting.push(points.length);
      records.push(undefined);
      parents.push(undefined);
      return points.push(own) - 1;
    },

    add(params, outcome) {
      const own = pointOf(params, "add");
      const record = makeRecord({ number: points.length, params: own }, outcome, directions.length);
      given.add(points.length);
      points.push(own);
      parents.push(undefined);
      return settle(record);
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
      direction: directions.length === 1 ? first : directions,
      seed,
      lag,
      ...(searchSpace.constraint && { constrained: true as const }),
      trials: points.map((_, number) => ({
        ...(records[number] ?? { ...begun(number), status: "running" as const }),
        ...(given.has(number) && { given: true as const }),
      })),
    }),
  };
  return study;
}
