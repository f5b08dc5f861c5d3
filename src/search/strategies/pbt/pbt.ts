/**
 * Population-based training as a strategy: a trial is one interval of a member's training, and resumes an
 * earlier trial. This file decides which trial each one resumes (*exploit*); its parameters are changed in
 * `explore.ts`. Another strategy suggests the first generation. The code that runs the trials keeps the
 * weights.
 */

import { must, unknownName } from "../../../errors.js";
import { integer, listOf, number, type OptionRules, readOptions } from "../../../rules.js";
import type { SearchSpace } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { ranked } from "../../trial/ranking.js";
import { random } from "../random/random.js";
import { mustBeStrategy, type Strategy } from "../strategy.js";
import { explore } from "./explore.js";

/** How a population trains. */
export interface PbtOptions {
  /** The strategy that suggests the first generation; it sees no values. Default `random()`. */
  readonly start?: Strategy;
  /** How many members the population has, an integer from 2 to 10,000. Default 8. */
  readonly populationSize?: number;
  /**
   * The fraction of a generation that is replaced by copies of the best, and the fraction that is copied, in
   * [0, 0.5]; rounded up, at most half of the members. With 0, only trials without a value are replaced.
   * Default 0.25.
   */
  readonly quantile?: number;
  /** The names of the parameters that may change during training. Default every float. */
  readonly explore?: readonly string[];
  /**
   * The factors by which numbers are perturbed, each equally likely; positive, and not 1. Default
   * `[0.8, 1.2]`.
   */
  readonly factors?: readonly number[];
  /** The probability with which a parameter is resampled instead, in [0, 1]. Default 0.25. */
  readonly resample?: number;
}

const RULES = {
  start: true,
  populationSize: [integer(2, 10_000), 8],
  quantile: [number("[0, 0.5]"), 0.25],
  explore: listOf("a list of names of parameters", (name) => typeof name === "string"),
  factors: [
    listOf(
      "a list of positive numbers other than 1",
      (factor) => Number.isFinite(factor) && Number(factor) > 0 && factor !== 1,
      1,
    ),
    [0.8, 1.2],
  ],
  resample: [number("[0, 1]"), 0.25],
} satisfies OptionRules<PbtOptions>;

/**
 * Population-based training: hyperparameters change while a population of models trains, so that the search
 * finds a schedule instead of a point. With P = `populationSize`, trial n is the next interval of member n
 * mod P:
 *
 * 1. The first P trials start training. `start` suggests their parameters, or random search once `start` is
 * exhausted.
 * 2. Each later trial resumes trial n − P with the same parameters, unless that trial was among the worst
 *    ⌈`quantile` · P⌉ of its generation, or has no value because it failed or diverged.
 * 3. In that case (*exploit*) it resumes one of the best ⌈`quantile` · P⌉, at least one, each equally likely,
 * and
 * 4. (*explore*) changes that trial's parameters: each parameter of `explore` is resampled with probability
 * `resample`,
 *    and otherwise perturbed by one of `factors`. On a log scale a number is multiplied by the factor,
 *    otherwise it is moved by (factor − 1) times its range; it is reflected at the ends, and moves by at
 *    least one value if it is discrete. A choice is not perturbed. A change that the space's constraint
 *    forbids is drawn again, up to 100 times, and then omitted.
 * 5. If no trial of a generation has a value, all members restart.
 *
 * A trial's `parent` is the number of the trial that it resumes. For a model, `tune` restores the training
 * that ended there, and `fit` sets the length of an interval. Only numbers such as rates can change during
 * training; a trial that would change the network fails. An objective keeps its own checkpoints, as below.
 * Enqueued points start training: they take the place of the member whose turn it is.
 *
 * It differs from the paper in two ways. Members wait for each other at the end of a generation, so that it
 * does not matter which finishes first. And numbers that are not on a log scale are shifted, not multiplied.
 * Of the paper's selection methods it uses truncation selection. A member that copies another also copies its
 * random number streams.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options; when first used, for names in
 * `explore` that the space does not have
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
 * best.value > 1.19; // true
 * ```
 * @see M. Jaderberg et al., "Population based training of neural networks", arXiv:1711.09846, 2017
 */
export function pbt(options: PbtOptions = {}): Strategy {
  const { start, populationSize, replaced, explore: names, factors, resample } = withDefaults(options);
  const others = random();
  return {
    name: "pbt",
    adaptive: true,
    generation: populationSize,
    options: optionsOf(options, start),
    suggest(context) {
      exploredOf(context.space, names); // refuses unknown names before anything is trained
      return start.suggest(context) ?? others.suggest(context);
    },
    resume({ space, number, history, direction, random: stream }) {
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
function withDefaults(options: PbtOptions) {
  const { start = random(), quantile, ...read } = readOptions(options, "pbt", RULES, " of pbt");
  mustBeStrategy(start, "start of pbt");
  must(start.resume === undefined, "start of pbt", "a strategy that does not resume trials itself", start);
  // less than 1e-9 above an integer is rounding
  const share = Math.ceil(quantile * read.populationSize - 1e-9);
  const replaced = Math.min(share, Math.floor(read.populationSize / 2));
  return { ...read, start, replaced };
}
