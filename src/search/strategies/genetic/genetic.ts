/**
 * A genetic algorithm, from parts that can each be exchanged: selection, crossover, mutation and the rule of
 * convergence are in `genetic/`, and options choose among them. This file puts them together.
 */

import { check, checkOptions, show } from "../../../errors.js";
import { createFold, type Search } from "../../memo/generations.js";
import { unseen } from "../../memo/unseen.js";
import { defaultPoint } from "../../space/defaults.js";
import { fromUnit } from "../../space/scale.js";
import { buildParams } from "../../space/space.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { costsOf } from "../../trial/costs.js";
import type { Strategy } from "../strategy.js";
import { BREEDING_OPTIONS, type BreedingOptions, breedingOf, checkRates } from "./breeding.js";
import { diversityOf, type Population, succeed } from "./population.js";
import { type SelectionOptions, selectionOf, spin } from "./selection.js";

/** The parts of a genetic algorithm. All of it is plain JSON. */
export interface GeneticOptions extends BreedingOptions {
  /** Members of a population, an integer from 2. Default 10. */
  readonly populationSize?: number;
  /**
   * How parents are chosen: `"roulette"`, `"tournament"` (`size` 3) or `"rank"` (`pressure` 1.8), or with other
   * figures, as in `{ type: "tournament", size: 2 }`. Default `"tournament"`.
   */
  readonly selection?: SelectionOptions;
  /** How many of the best live on into the next generation, from 0 to `populationSize - 1`. Default half of them. */
  readonly elitism?: number;
  /** When a population has converged, and what then. */
  readonly convergence?: {
    /** The diversity below which it has, from 0 (never) to 1. Default 0.02. */
    readonly diversity?: number;
    /** The probability that a member of the next generation is an immigrant, from 0 to 1. Default 0.5. */
    readonly immigrants?: number;
  };
}

/** What is known after some generations. */
interface State {
  /** Empty before the first generation has ended. */
  readonly population: Population;
  /** The probability of each member to be a parent. */
  readonly parents: Float64Array;
  readonly converged: boolean;
}

/**
 * A genetic algorithm; by default its crossover is `"blend"` and its mutation `"normal"`. The first generation is
 * `populationSize` uniform points, the first of them the point of defaults if the space has any. Each later one is
 * `populationSize - elitism` children of the population that the last generation left of which all trials are in the
 * history:
 *
 * 1. two parents are drawn by `selection` from the population, independently and with replacement;
 * 2. with probability `crossoverRate` the child is their `crossover`, else a copy of the first;
 * 3. each of its parameters is changed with probability `mutationRate`: a number by `mutation` on its own scale, and by
 *    one value at least if it is discrete; a choice to another of its values, each equally likely;
 * 4. a child that repeats an earlier point is made again, from new parents.
 *
 * The children and the `elitism` best of the population are the next population, so the best point stays known as
 * long as `elitism` is not 0. A population whose diversity (0 where all agree, about 1 where uniform) is below
 * `convergence.diversity` has converged: in the next generation each child is, with probability
 * `convergence.immigrants`, a uniform point instead.
 *
 * A parameter under a condition comes from a parent to which it applies, and is drawn uniformly where neither has
 * it. Failed trials count as the worst of their population. A finite space is used up before anything ends.
 *
 * @throws FettleError `invalid_argument` for options outside their range, `unknown_name` for ones that do not exist
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { units: int(4, 64, { log: true }), activation: choice(["relu", "tanh", "elu"]) },
 *   strategy: genetic({ populationSize: 10, selection: "rank", crossover: "uniform" }),
 *   direction: "minimize",
 * });
 * await study.optimize(({ units, activation }) => (units - 20) ** 2 + activation.length, { trials: 60 });
 * study.best!.value! <= 4; // true
 * ```
 * @see J. Holland, "Adaptation in natural and artificial systems", 1975
 * @see A. Eiben and J. Smith, "Introduction to evolutionary computing", 2nd ed., 2015
 */
export function genetic(options: GeneticOptions = {}): Strategy {
  const settings = settle(options);
  const { populationSize, elitism, immigrants, select, breed } = settings;
  const fold = createFold<State>({
    start: () => ({ population: [], parents: new Float64Array(0), converged: false }),
    size: ({ population }) => (population.length === 0 ? populationSize : populationSize - elitism),
    step(state, block, { space, direction }: Search) {
      const population = succeed(state.population, block, elitism, direction);
      return {
        population,
        parents: select(costsOf(population, direction)),
        converged: diversityOf(space, population) < settings.diversity,
      };
    },
  });

  return {
    name: "genetic",
    adaptive: true,
    options: copyJson(options) as Readonly<Record<string, ParamValue>>,
    suggest(context) {
      const { space, number, random, history } = context;
      const first = number === 0 ? defaultPoint(space) : undefined;
      if (first !== undefined) return first;
      const { state } = fold(history, context);
      const immigrant = state.population.length === 0 || (state.converged && random.uniform() < immigrants);
      return unseen(context, () =>
        immigrant
          ? buildParams(space, (parameter) => fromUnit(parameter, random.uniform()))
          : breed(space, () => state.population[spin(state.parents, random)].params, random),
      );
    },
  };
}

/** Options with their defaults, checked. */
function settle(options: GeneticOptions) {
  checkOptions(options, "genetic", [
    ...BREEDING_OPTIONS,
    ...["populationSize", "selection", "elitism", "convergence"],
  ]);
  const { populationSize = 10, crossover = "blend", mutation = "normal" } = options;
  const { elitism = Math.floor(populationSize / 2), convergence = {} } = options;
  checkOptions(convergence, "genetic's convergence", ["diversity", "immigrants"]);
  const { diversity = 0.02, immigrants = 0.5 } = convergence;
  check(
    Number.isSafeInteger(populationSize) && populationSize >= 2,
    () => `populationSize of genetic is an integer from 2, received ${show(populationSize)}`,
  );
  check(
    Number.isSafeInteger(elitism) && elitism >= 0 && elitism < populationSize,
    () => `elitism of genetic is an integer from 0 to populationSize - 1, received ${show(elitism)}`,
  );
  checkRates("genetic", { diversity, immigrants });
  return {
    ...{ populationSize, elitism, diversity, immigrants },
    select: selectionOf(options.selection ?? "tournament"),
    breed: breedingOf("genetic", { ...options, crossover, mutation }),
  };
}
