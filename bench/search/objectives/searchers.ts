/** Who is compared on several objectives: strategies of ours, and Optuna's samplers where it is installed. */
import { gp, nsga2, random, type Strategy, tpe } from "fettle";
import { type Optuna, optunaSearcher } from "../optuna.js";
import { type Searcher, strategySearcher } from "../searcher.js";

/** NSGA-II has populations of equal sizes, of which one is our default and one Optuna's. */
const ours: Readonly<Record<string, () => Strategy>> = {
  random: () => random(),
  nsga2Of50: () => nsga2({ populationSize: 50 }),
  nsga2Of10: () => nsga2({ populationSize: 10 }),
  tpe: () => tpe(),
  gp: () => gp(),
};

/** Names here, the samplers of `optuna_process.py`, and their options there. */
const optunas: Readonly<Record<string, readonly [sampler: string, options?: object]>> = {
  optunaNsga2Of50: ["nsga2", { population: 50 }],
  optunaNsga2Of10: ["nsga2", { population: 10 }],
  optunaTpe: ["tpe"],
};

export const objectivesNames: readonly string[] = [...Object.keys(ours), ...Object.keys(optunas)];

/** Those wanted; `optuna` is its process, if it is there. */
export function searchersBeside(optuna: Optuna | undefined, isWanted: (name: string) => boolean): Searcher[] {
  const mine = Object.entries(ours).map(([name, make]) => strategySearcher(name, make));
  const others = optuna
    ? Object.entries(optunas).map(([name, [sampler, options]]) =>
        optunaSearcher(optuna, name, sampler, options),
      )
    : [];
  return [...mine, ...others].filter(({ name }) => isWanted(name));
}
