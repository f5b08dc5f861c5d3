/**
 * Population-based training as a strategy: a trial is an interval of one member's training, and goes on from the end of
 * an earlier one. It says who goes on from whom and with which parameters (`pbt/explore.ts`); it holds no weights and
 * trains nothing, and the first generation is another strategy's.
 */

import { check, checkOptions, isRecord, show, unknownName } from "../../../errors.js";
import type { SearchSpace } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { ranked } from "../../trial/ranking.js";
import { random } from "../random/random.js";
import type { Strategy } from "../strategy.js";
import { explore } from "./explore.js";

/** How a population trains. */
export interface PbtOptions {
  /** What suggests the first generation; asked as if no trial had ended yet. Default `random()`. */
  readonly start?: Strategy;
  /** Members, an integer from 2. Default 8. */
  readonly populationSize?: number;
  /**
   * The share of a generation that is replaced, and as much that it is replaced by, in [0, 0.5]; rounded up, at most
   * half of the members. With 0, only trials without a value are replaced. Default 0.25.
   */
  readonly quantile?: number;
  /** The names of the parameters that may change within a training. Default every float. */
  readonly explore?: readonly string[];
  /** By which numbers are perturbed, each equally likely; positive, and not 1. Default `[0.8, 1.2]`. */
  readonly factors?: readonly number[];
  /** The probability with which each of the parameters is drawn anew instead, in [0, 1]. Default 0.25. */
  readonly resample?: number;
}

/**
 * Population-based training: hyperparameters change while a population of models trains, so that what is found is not a
 * point but a schedule. With P = `populationSize`, trial n is the next interval of member n mod P:
 *
 * 1. The first P trials are beginnings that `start` suggests, and random ones where it has nothing left.
 * 2. Each later trial goes on from trial n − P with the same parameters, unless that one was among the worst
 *    ⌈`quantile` · P⌉ of its generation, or has no value because it failed or diverged.
 * 3. Then (*exploit*) it goes on from one of the best ⌈`quantile` · P⌉, at least one, each equally likely, and
 * 4. (*explore*) with the parameters of that one, but each that is named by `explore` is drawn anew with probability
 *    `resample`, and else perturbed by one of `factors`: on a log scale it is multiplied, elsewhere moved by (factor − 1)
 *    times its range; reflected at the ends, and by at least one value if it is discrete. A choice is not perturbed. A
 *    change that the space's constraint forbids is drawn again, up to 100 times, and then left out.
 * 5. Where no trial of a generation has a value, all begin anew.
 *
 * The trial's `parent` is the number of the one that it goes on from. With a model, `tune` takes up its training there,
 * and `fit` says how long an interval is; only numbers such as rates can change within a training, and a trial that
 * would change the network fails. An objective keeps its own checkpoints, as below. Points enqueued are beginnings: they
 * take the place of members whose turn it is.
 *
 * It differs from the paper in that members wait for each other at the end of a generation, so that it does not matter
 * who finishes first, and in that numbers that are not on a log scale are not multiplied. Of the paper's ways to choose
 * it has truncation selection. A member that goes on from another takes its streams of random numbers along.
 *
 * @throws FettleError `invalid_argument` for options outside their range, `unknown_name` for ones that do not exist;
 * when it is asked, for names in `explore` that the space does not have
 * @example
 * ```ts
 * // section 4.1 of the paper: each of h and k alone leads along one axis, and 1.2 is reached along both
 * const ends = new Map<number, readonly [number, number]>();
 * const { best } = await tune({
 *   space: { h: float(0, 1), k: float(0, 1) },
 *   objective: ({ h, k }, { number, parent }) => {
 *     let [a, b] = parent === undefined ? [0.9, 0.9] : ends.get(parent)!;
 *     for (let step = 0; step < 4; step++) [a, b] = [a - 0.02 * h * a, b - 0.02 * k * b];
 *     ends.set(number, [a, b]);
 *     return 1.2 - a * a - b * b;
 *   },
 *   direction: "maximize",
 *   strategy: pbt({ populationSize: 4 }),
 *   enqueue: [{ h: 1, k: 0 }, { h: 0, k: 1 }],
 *   trials: 200,
 * });
 * best!.value! > 1.19; // true
 * ```
 * @see M. Jaderberg et al., "Population based training of neural networks", arXiv:1711.09846, 2017
 */
export function pbt(options: PbtOptions = {}): Strategy {
  const { start, populationSize, replaced, names, factors, resample } = settle(options);
  const others = random();
  return {
    name: "pbt",
    adaptive: true,
    generation: populationSize,
    options: optionsOf(options, start),
    suggest(context) {
      exploredOf(context.space, names); // refuses what it can before anything is trained
      return start.suggest(context) ?? others.suggest(context);
    },
    proceed({ space, number, history, direction, random: stream }) {
      const first = number - (number % populationSize) - populationSize;
      if (first < 0) return undefined;
      const own = history[number - populationSize];
      const order = ranked(history.slice(first, first + populationSize), direction);
      if (own.value !== null && order.indexOf(own) < populationSize - replaced) {
        return { parent: own.number, params: own.params };
      }
      const donors = order.slice(0, Math.max(1, replaced)).filter(({ value }) => value !== null);
      if (donors.length === 0) return undefined;
      const donor = donors[stream.integer(donors.length)];
      const exploration = { names: exploredOf(space, names), factors, resample };
      return { parent: donor.number, params: explore(space, donor.params, exploration, stream) };
    },
  };
}

/** The parameters that may change: those named, or every float. */
function exploredOf(space: SearchSpace, names: readonly string[] | undefined): ReadonlySet<string> {
  for (const name of names ?? []) {
    if (!Object.hasOwn(space.parameters, name)) {
      throw unknownName("parameter for pbt to explore", name, space.names);
    }
  }
  return new Set(names ?? space.names.filter((name) => space.parameters[name].type === "float"));
}

/** The options as plain data, with `start` by its name. */
function optionsOf(options: PbtOptions, start: Strategy): Readonly<Record<string, ParamValue>> {
  const given = Object.entries(options).filter(([name, value]) => name !== "start" && value !== undefined);
  const own = copyJson(Object.fromEntries(given)) as Readonly<Record<string, ParamValue>>;
  return Object.freeze({ ...own, start: { name: start.name, options: start.options } });
}

/** Options with their defaults, checked. */
function settle(options: PbtOptions) {
  checkOptions(options, "pbt", ["start", "populationSize", "quantile", "explore", "factors", "resample"]);
  const { start = random(), populationSize = 8, quantile = 0.25, explore: names } = options;
  const { factors = [0.8, 1.2], resample = 0.25 } = options;
  check(
    isRecord(start) && typeof start.suggest === "function" && start.proceed === undefined,
    () => `start of pbt is a strategy that suggests beginnings, such as random(), received ${show(start)}`,
  );
  check(
    Number.isSafeInteger(populationSize) && populationSize >= 2,
    () => `populationSize of pbt is an integer from 2, received ${show(populationSize)}`,
  );
  check(
    typeof quantile === "number" && quantile >= 0 && quantile <= 0.5,
    () => `quantile of pbt lies in [0, 0.5], received ${show(quantile)}`,
  );
  check(
    names === undefined || (Array.isArray(names) && names.every((name) => typeof name === "string")),
    () => `explore of pbt is a list of names of parameters, received ${show(names)}`,
  );
  check(
    Array.isArray(factors) &&
      factors.length > 0 &&
      factors.every((factor) => Number.isFinite(factor) && factor > 0 && factor !== 1),
    () => `factors of pbt is a list of positive numbers other than 1, received ${show(factors)}`,
  );
  check(
    typeof resample === "number" && resample >= 0 && resample <= 1,
    () => `resample of pbt lies in [0, 1], received ${show(resample)}`,
  );
  // what rounding adds to a whole number of members is none
  const share = Math.ceil(quantile * populationSize - 1e-9);
  const replaced = Math.min(share, Math.floor(populationSize / 2));
  return { start, populationSize, replaced, names, factors, resample };
}
