/** Who is compared on several objectives: strategies of ours, and Optuna's NSGA-II where it is installed. */
import {
  createStudy,
  nsga2,
  type Params,
  random,
  type Space,
  type Strategy,
  type TrialOutcome,
} from "fettle";
import type { Optuna } from "../optuna.js";
import type { Problem, Told } from "./problem.js";

/** One search under way. */
export interface Search {
  /** The next point; with what the one before gave, unless this is the first. Undefined once nothing is left. */
  next(told?: Told): Promise<Params | undefined>;
}

export interface Searcher {
  readonly name: string;
  start(problem: Problem, seed: number): Promise<Search>;
}

/** Of Optuna's by default, and of ours. */
const POPULATIONS = [50, 10];

/** At equal sizes of the population, of which one is our default and one Optuna's; "optuna" is its process, if it is there. */
export function searchersBeside(optuna: Optuna | undefined): Searcher[] {
  return [
    ours("random", () => random()),
    ...POPULATIONS.map((populationSize) =>
      ours(`nsga2, population ${populationSize}`, () => nsga2({ populationSize })),
    ),
    ...(optuna ? POPULATIONS.map((populationSize) => optunas(optuna, populationSize)) : []),
  ];
}

function ours(name: string, make: () => Strategy): Searcher {
  return {
    name,
    async start({ space, reference }, seed) {
      const direction = reference.map(() => "minimize" as const);
      const study = createStudy<Space>({ space, strategy: make(), seed, direction });
      let asked = -1;
      return {
        async next(told) {
          if (told !== undefined) study.tell(asked, told satisfies TrialOutcome);
          const trial = study.ask();
          asked = trial?.number ?? asked;
          return trial?.params;
        },
      };
    },
  };
}

function optunas(optuna: Optuna, population: number): Searcher {
  return {
    name: `Optuna NSGA-II, population ${population}`,
    async start({ space, reference, constrained }, seed) {
      const options = { objectives: reference.length, population, constrained };
      await optuna.send({ do: "start", sampler: "nsga2", space, seed, ...options });
      return { next: async (told) => (await optuna.send({ do: "next", ...told })) as Params };
    },
  };
}
