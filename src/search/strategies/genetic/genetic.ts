/**
 * A genetic algorithm with exchangeable parts: options choose its selection, crossover and mutation, each in
 * a file of this folder.
 */

import { must } from "../../../errors.js";
import { integer, number, type OptionRules, readOptions } from "../../../rules.js";
import { memoizeGenerations, type SearchProblem } from "../../memo/generations.js";
import { unseen } from "../../memo/unseen.js";
import { randomPoint } from "../../space/defaults.js";
import { copyJson, type ParamValue } from "../../space/value.js";
import { costsOf } from "../../trial/costs.js";
import { firstPoint } from "../first.js";
import type { Strategy } from "../strategy.js";
import { BREEDING_RULES, type BreedingOptions, breedingOf } from "./breeding.js";
import { diversityOf, type Population, succeed } from "./population.js";
import { type SelectionOptions, selectionOf, spin } from "./selection.js";

/** The options of a genetic algorithm, all of them plain JSON. */
export interface GeneticOptions extends BreedingOptions {
  /** How many members a population has, an integer from 2 to 10,000. Default 10. */
  readonly populationSize?: number;
  /**
   * How parents are chosen: `"roulette"`, `"tournament"` (`size` 3) or `"rank"` (`pressure` 1.8), or with
   * other settings, as in `{ type: "tournament", size: 2 }`. Default `"tournament"`.
   */
  readonly selection?: SelectionOptions;
  /**
   * How many of the best survive into the next generation, from 0 to `populationSize - 1`. Default half of
   * them.
   */
  readonly elitism?: number;
  /** When a population counts as converged, and what happens then. */
  readonly convergence?: ConvergenceOptions;
}

/** When the population of `genetic()` counts as converged, and what happens then. */
export interface ConvergenceOptions {
  /**
   * A population with less diversity than this has converged; in [0, 1], where 0 means never. Default 0.02.
   */
  readonly diversity?: number;
  /** The probability with which a member of the next generation is a random point, in [0, 1]. Default 0.5. */
  readonly immigrants?: number;
}

const RULES = {
  ...BREEDING_RULES,
  crossover: [true, "blend"],
  mutation: [true, "normal"],
  populationSize: [integer(2, 10_000), 10],
  selection: [true, "tournament"],
  elitism: true,
  convergence: [true, {}],
} satisfies OptionRules<GeneticOptions>;
const CONVERGENCE_RULES = {
  diversity: [number("[0, 1]"), 0.02],
  immigrants: [number("[0, 1]"), 0.5],
} satisfies OptionRules<ConvergenceOptions>;

/** The state after a generation. */
interface State {
  /** Empty before the first generation has ended. */
  readonly population: Population;
  /** The probability with which each member is chosen as a parent. */
  readonly parents: Float64Array;
  readonly converged: boolean;
}

/** Before the first generation, and after generations in which no trial has a value. */
const NONE: State = { population: [], parents: new Float64Array(0), converged: false };

/**
 * A genetic algorithm; by default its crossover is `"blend"` and its mutation `"normal"`. The first
 * generation is
 * `populationSize` uniform points; the very first is the point of the defaults, if the space has any. Each
 * later generation is `populationSize - elitism` children of the population after the last complete
 * generation:
 *
 * 1. Two parents are drawn from the population by `selection`, independently and with replacement.
 * 2. With probability `crossoverRate` the child is their `crossover`, otherwise a copy of the first.
 * 3. Each of its parameters mutates with probability `mutationRate`: a number by `mutation` on its own scale,
 * and by at
 *    least one value if it is discrete; a choice to another of its values, each equally likely.
 * 4. A child that repeats an earlier point is replaced by a child of new parents.
 *
 * The children and the `elitism` best members form the next population, so that the best point is kept unless
 * `elitism` is 0. A population has converged if its diversity (0 if all members agree, about 1 if they are
 * uniform) is below `convergence.diversity`. In the next generation, each child is then a uniform point with
 * probability
 * `convergence.immigrants`.
 *
 * A parameter under a condition is inherited from a parent to which it applies, and drawn uniformly if it
 * applies to neither. Trials that failed or diverged count as the worst of their population; if all trials so
 * far did, the next generation is uniform again. The search ends only when a finite space is exhausted.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` for invalid options
 * @example
 * ```ts
 * const study = createStudy({
 *   space: { units: int(4, 64, { log: true }), activation: choice(["relu", "tanh", "elu"]) },
 *   strategy: genetic({ populationSize: 10, selection: "rank", crossover: "uniform" }),
 *   direction: "minimize",
 * });
 * await study.optimize(({ units, activation }) => (units - 20) ** 2 + activation.length, { trials: 60 });
 * study.best.value <= 4; // true
 * ```
 * @see J. Holland, "Adaptation in natural and artificial systems", 1975
 * @see A. Eiben and J. Smith, "Introduction to evolutionary computing", 2nd ed., 2015
 */
export function genetic(options: GeneticOptions = {}): Strategy {
  const settings = withDefaults(options);
  const { populationSize, elitism, immigrants, select, breed } = settings;
  const stateAfter = memoizeGenerations<State>({
    start: () => NONE,
    size: ({ population }) => (population.length === 0 ? populationSize : populationSize - elitism),
    step(state, block, { space, direction }: SearchProblem) {
      const population = succeed(state.population, block, elitism, direction);
      if (population[0].value === null) return NONE; // children of only failures would fail too
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
      const { space, random, history } = context;
      const first = firstPoint(context);
      if (first !== undefined) return first;
      const { state } = stateAfter(history, context);
      const immigrant = state.population.length === 0 || (state.converged && random.uniform() < immigrants);
      return unseen(context, () =>
        immigrant
          ? randomPoint(space, random)
          : breed(space, () => state.population[spin(state.parents, random)].params, random),
      );
    },
  };
}

/** Options with their defaults, checked. */
function withDefaults(options: GeneticOptions) {
  const { populationSize, selection, convergence, ...breeding } = readOptions(
    options,
    "genetic",
    RULES,
    " of genetic",
  );
  const { elitism = Math.floor(populationSize / 2) } = options;
  must(
    Number.isSafeInteger(elitism) && elitism >= 0 && elitism < populationSize,
    "elitism of genetic",
    `an integer from 0 to ${populationSize - 1}, less than populationSize`,
    elitism,
  );
  return {
    ...readOptions(convergence, "genetic's convergence", CONVERGENCE_RULES, " of genetic"),
    populationSize,
    elitism,
    select: selectionOf(selection),
    breed: breedingOf(breeding),
  };
}
