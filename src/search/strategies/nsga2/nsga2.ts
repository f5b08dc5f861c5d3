/**
 * NSGA-II, an evolutionary search for several objectives at once. This file is the order of things: fronts and crowding
 * are in `../pareto.ts`, and selection, crossover and mutation are parts of `genetic/`.
 */

import { check, checkOptions, show } from "../../../errors.js";
import { createFold } from "../../memo/generations.js";
import { isFresh, unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { paretoRanked } from "../../trial/pareto.js";
import type { TrialRecord } from "../../trial/trial.js";
import { BREEDING_OPTIONS, type BreedingOptions, breedingOf } from "../genetic/breeding.js";
import { spin, tournament } from "../genetic/selection.js";
import type { Strategy } from "../strategy.js";

/** The parts of NSGA-II. All of it is plain JSON. */
export interface Nsga2Options extends BreedingOptions {
  /** Members of a population, an integer from 2. Default 10. */
  readonly populationSize?: number;
  /** How many children are born before the next population is chosen, an integer from 1; `populationSize` in the paper. Default 1. */
  readonly offspring?: number;
}

/** What is known after some generations. */
interface State {
  /** Trials, best first; empty before the first generation has ended. */
  readonly population: readonly TrialRecord[];
  /** The probability of each member to be a parent. */
  readonly parents: Float64Array;
}

/** Binary tournaments. */
const select = tournament(2);

/**
 * NSGA-II. The first `populationSize` trials are uniform points, the first of them the point of defaults if the space has
 * any. After them, and after every `offspring` trials more, of those in the history, a population is chosen; later trials
 * are children of it:
 *
 * 1. each parent is the better of two members drawn at random, with replacement;
 * 2. with probability `crossoverRate` a child has two parents and is their `crossover` (default `"sbx"`), else it is a
 *    copy of one;
 * 3. each of its parameters is changed with probability `mutationRate`: a number by `mutation` (default `"polynomial"`)
 *    on its own scale, and by one value at least if it is discrete; a choice to another of its values, each equally likely;
 * 4. a child that repeats an earlier point is made again, from new parents.
 *
 * To choose the next population, members and children together are divided into fronts, each of the trials that none of
 * the others dominates once those before are gone. The best `populationSize` live on: by front, and of one front those
 * that stand farthest from their neighbours, the ends of each objective before all. That order says which of two parents
 * is better, too. A trial that breaks a soft constraint is dominated by all that keep theirs and by those that break them
 * less; a trial that failed or diverged by all others.
 *
 * It searches for one objective as well, as a genetic algorithm whose best live on. A parameter under a condition comes
 * from a parent to which it applies, and is drawn uniformly where neither has it. A finite space is used up before
 * anything ends.
 *
 * It differs from the paper in what suits a few hundred trials: a small population and one child at a time (Durillo et
 * al.), and an `eta` of 2 and 5 where the paper has 20, so that children stray farther. Parents are drawn independently,
 * where there each member takes part in two tournaments, and two parents have one child. Of the paper is
 * `{ populationSize: 100, offspring: 100, crossover: { type: "sbx", eta: 20 }, mutation: { type: "polynomial", eta: 20 } }`.
 *
 * @throws FettleError `invalid_argument` for options outside their range, `unknown_name` for ones that do not exist
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-10, 10), y: float(-10, 10) },
 *   strategy: nsga2(),
 *   direction: ["minimize", "minimize"],
 * });
 * // x from 0 to 2 with y = 0 is as good as it gets: either value falls as the other rises
 * await study.optimize(({ x, y }) => [x * x + y * y, (x - 2) ** 2 + y * y], { trials: 300 });
 * // where all of those would have 13.3 of the 16
 * hypervolume(study.trials, study.directions, [4, 4]) > 12; // true
 * ```
 * @see K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
 * IEEE Trans. Evol. Comput. 6, 2002
 * @see J. Durillo, A. Nebro, F. Luna and E. Alba, "On the effect of the steady-state selection scheme in multi-objective
 * genetic algorithms", EMO 2009
 */
export function nsga2(options: Nsga2Options = {}): Strategy {
  const { populationSize, offspring, breed } = settle(options);
  const fold = createFold<State>({
    start: () => ({ population: [], parents: new Float64Array(0) }),
    size: ({ population }) => (population.length === 0 ? populationSize : offspring),
    step({ population: before }, born, { directions }) {
      const population = paretoRanked([...before, ...born], directions).slice(0, populationSize);
      return { population, parents: select([...population.keys()]) };
    },
  });
  return {
    name: "nsga2",
    adaptive: true,
    multiObjective: true,
    options: copyJson(options) as Readonly<Record<string, ParamValue>>,
    suggest(context) {
      const { space, suggested, random, history } = context;
      const first = suggested === 0 ? defaultPoint(space) : undefined;
      if (first !== undefined && isFresh(context, first)) return first;
      const { population, parents } = fold(history, context).state;
      return unseen(context, () =>
        population.length === 0
          ? buildParams(space, (parameter) => fromUnit(parameter, random.uniform()))
          : breed(space, () => population[spin(parents, random)].params, random),
      );
    },
  };
}

/** Options with their defaults, checked. */
function settle(options: Nsga2Options) {
  checkOptions(options, "nsga2", [...BREEDING_OPTIONS, "populationSize", "offspring"]);
  const { populationSize = 10, offspring = 1 } = options;
  const { crossover = "sbx", mutation = "polynomial" } = options;
  check(
    Number.isSafeInteger(populationSize) && populationSize >= 2,
    () => `populationSize of nsga2 is an integer from 2, received ${show(populationSize)}`,
  );
  check(
    Number.isSafeInteger(offspring) && offspring >= 1,
    () => `offspring of nsga2 is an integer from 1, received ${show(offspring)}`,
  );
  return { populationSize, offspring, breed: breedingOf("nsga2", { ...options, crossover, mutation }) };
}
