/**
 * The parts of the bench that search for one objective, as data: which problems, and under which conditions.
 */
import { highDimensional } from "./classical.js";
import { functions } from "./functions.js";
import type { TestFunction } from "./problem.js";
import { furtherStructured } from "./structured.js";

/** One part. */
export interface SearchPart {
  /** What is printed above its results. */
  readonly about: string;
  readonly problems: readonly TestFunction[];
  /** How many trials run at a time. */
  readonly running: number;
}

const named = (...names: readonly string[]): TestFunction[] =>
  functions.filter(({ name }) => names.includes(name));

/** By the name that `--part` takes. */
export const searchParts = {
  quality: { about: "one trial at a time", problems: functions, running: 1 },
  noise: {
    about:
      "told values have normal noise, of a tenth of a median random point's regret; regret without noise where the least value was told",
    problems: named("hartmann6", "ackley", "levy", "styblinskiTang", "mixed", "conditional").map(
      (problem) => ({
        ...problem,
        noise: 0.1,
      }),
    ),
    running: 1,
  },
  mixed: {
    about: "parameters of several kinds, or under conditions",
    problems: [...named("mixed", "conditional", "digits"), ...furtherStructured],
    running: 1,
  },
  dimensions: { about: "20 and 50 parameters", problems: highDimensional, running: 1 },
  parallel: {
    about: "eight trials at a time: each is asked while seven have no value",
    problems: functions,
    running: 8,
  },
} as const satisfies Readonly<Record<string, SearchPart>>;
