/**
 * NSGA-II, an evolutionary search for several objectives at once. This file has its loop; fronts and crowding
 * distances are in `trial/pareto.ts`, selection, crossover and mutation in `genetic/`.
 */

import { integer, type OptionRules, readOptions } from "../../../rules.js";
import { memoizeGenerations } from "../../memo/generations.js";
import { unseen } from "../../memo/unseen.js";
import { randomPoint } from "../../space/defaults.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { paretoRanked } from "../../trial/pareto.js";
import type { TrialRecord } from "../../trial/trial.js";
import { firstPoint } from "../first.js";
import { BREEDING_RULES, type BreedingOptions, breedingOf } from "../genetic/breeding.js";
import { spin, tournament } from "../genetic/selection.js";
import type { Strategy } from "../strategy.js";

/** The options of NSGA-II, all of them plain JSON. */
export interface Nsga2Options extends BreedingOptions {
  /** How many members a population has, an integer from 2 to 1,000. Default 10. */
  readonly populationSize?: number;
  /**
   * How many children are evaluated before the next population is chosen, an integer from 1 to 1,000;
   * `populationSize` in the paper. Default 1.
   */
  readonly offspring?: number;
}

const RULES = {
  ...BREEDING_RULES,
  crossover: [true, "sbx"],
  mutation: [true, "polynomial"],
  populationSize: [integer(2, 1000), 10],
  offspring: [integer(1, 1000), 1],
} satisfies OptionRules<Nsga2Options>;

/** The state after a generation. */
interface State {
  /** Trials, best first; empty before the first generation has ended. */
  readonly population: readonly TrialRecord[];
  /** The probability with which each member is chosen as a parent. */
  readonly parents: Float64Array;
}

/** Before the first generation, and after generations in which no trial has a value. */
const NONE: State = { population: [], parents: new Float64Array(0) };

/** Binary tournaments. */
const select = tournament(2);

/**
 * NSGA-II. The first `populationSize` trials are uniform points; the very first is the point of the defaults,
 * if the space has any. A population is chosen after them, and again after every `offspring` further trials.
 * Later trials are children of the population:
 *
 * 1. Each parent is the better of two members drawn at random, with replacement.
 * 2. With probability `crossoverRate` a child is the `crossover` (default `"sbx"`) of two parents, otherwise
 * a copy of one.
 * 3. Each of its parameters mutates with probability `mutationRate`: a number by `mutation` (default
 * `"polynomial"`) on
 *    its own scale, and by at least one value if it is discrete; a choice to another of its values, each
 *    equally likely.
 * 4. A child that repeats an earlier point is replaced by a child of new parents.
 *
 * To choose the next population, members and children together are divided into fronts: the first front is
 * the trials that no other dominates, the next one those that no other dominates once the first front is
 * removed, and so on. The best `populationSize` survive: by front and, within a front, by crowding distance,
 * the ends of each objective first. The same order decides which of two parents is better. A trial that
 * breaks a soft constraint is dominated by feasible trials and by those that break theirs less; a trial that
 * failed or diverged is dominated by all others. If all trials so far failed, the next generation is uniform
 * again.
 *
 * With one objective, this is a genetic algorithm with elitism. A parameter under a condition is inherited
 * from a parent to which it applies, and drawn uniformly if it applies to neither. The search ends only when
 * a finite space is exhausted.
 *
 * It differs from the paper to suit a few hundred trials: a small population and one child at a time (Durillo
 * et al.), and an `eta` of 2 and 5 instead of 20, so that children differ more from their parents. Parents
 * are drawn independently, whereas in the paper each member takes part in two tournaments; and two parents
 * have one child. The paper's settings are
 * `{ populationSize: 100, offspring: 100, crossover: { type: "sbx", eta: 20 }, mutation: { type: "polynomial", eta: 20 } }`.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { x: float(-10, 10), y: float(-10, 10) },
 *   strategy: nsga2(),
 *   direction: ["minimize", "minimize"],
 * });
 * // the Pareto front is x from 0 to 2 with y = 0: either value falls as the other rises
 * await study.optimize(({ x, y }) => [x * x + y * y, (x - 2) ** 2 + y * y], { trials: 300 });
 * // the complete front would have 13.3 of the 16
 * hypervolume(study.trials, study.directions, [4, 4]) > 12; // true
 * ```
 * @see K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, "A fast and elitist multiobjective genetic algorithm:
 * NSGA-II", IEEE Trans. Evol. Comput. 6, 2002
 * @see J. Durillo, A. Nebro, F. Luna and E. Alba, "On the effect of the steady-state selection scheme in
 * multi-objective genetic algorithms", EMO 2009
 */
export function nsga2(options: Nsga2Options = {}): Strategy {
  const { populationSize, offspring, ...breeding } = readOptions(options, "nsga2", RULES, " of nsga2");
  const breed = breedingOf(breeding);
  const stateAfter = memoizeGenerations<State>({
    start: () => NONE,
    size: ({ population }) => (population.length === 0 ? populationSize : offspring),
    step({ population: before }, born, { directions }) {
      const population = paretoRanked([...before, ...born], directions).slice(0, populationSize);
      const [{ value, values }] = population;
      if (value === null && values === undefined) return NONE; // children of only failures would fail too
      return { population, parents: select([...population.keys()]) };
    },
  });
  return {
    name: "nsga2",
    adaptive: true,
    multiObjective: true,
    options: copyJson(options) as Readonly<Record<string, ParamValue>>,
    suggest(context) {
      const { space, random, history } = context;
      const first = firstPoint(context);
      if (first !== undefined) return first;
      const { population, parents } = stateAfter(history, context).state;
      return unseen(context, () =>
        population.length === 0
          ? randomPoint(space, random)
          : breed(space, () => population[spin(parents, random)].params, random),
      );
    },
  };
}
