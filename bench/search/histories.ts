/**
 * Processor time of whole studies of many trials, asked for and told one after another, with an objective
 * that costs next to nothing: what remains is the search itself.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createStrategy, createStudy, type Direction, float, type Space } from "fettle";
import { toUnit } from "../../src/search/space/scale.js";
import { resolveSpace } from "../../src/search/space/space.js";
import { timingSpace } from "./timing.js";

/** Studies of as many trials as these are timed. */
export const lengths: readonly number[] = [1000, 10_000, 100_000];

/** What is timed: a strategy over a space, for one objective or two. */
export interface HistoryCase {
  readonly name: string;
  readonly strategy: string;
  readonly space: Space;
  readonly direction: Direction | readonly Direction[];
}

/** As many numbers as are given, and no choices. */
const numbers = (count: number): Space =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, float(-5, 5)]));

/** By row of the table. */
export const historyCases: readonly HistoryCase[] = [
  ...["random", "sobol", "tpe", "cmaes", "genetic", "nsga2", "gp"].map((strategy) => ({
    name: strategy,
    strategy,
    space: timingSpace,
    direction: "minimize" as const,
  })),
  { name: "tpe, 40 parameters", strategy: "tpe", space: numbers(40), direction: "minimize" },
  ...["nsga2", "tpe"].map((strategy) => ({
    name: `${strategy}, 2 objectives`,
    strategy,
    space: timingSpace,
    direction: ["minimize", "minimize"] as const,
  })),
];

/** What a study took. */
export interface HistoryRun {
  readonly trials: number;
  /** Processor time of this process, in seconds. */
  readonly seconds: number;
  /** Bytes that the study holds on the heap for each trial, after garbage was collected. */
  readonly bytes: number;
}

/** Runs a study; null if it takes more processor time than `limit` seconds. */
export function runHistory(
  { name, strategy, space, direction }: HistoryCase,
  trials: number,
  limit: number,
): HistoryRun | null {
  const resolved = resolveSpace(space);
  const study = createStudy({ space, strategy: createStrategy(strategy), direction, seed: 1 });
  const before = heapUsed();
  const start = process.cpuUsage();
  const seconds = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  for (let i = 0; i < trials; i++) {
    const trial = study.ask();
    if (trial === undefined) throw new Error(`${name} has nothing left after ${i} trials`);
    let [value, other] = [0, 0];
    for (const parameter of resolved.names) {
      const u = toUnit(resolved.parameters[parameter], trial.params[parameter]);
      value += (u - 0.3) ** 2;
      other += (u - 0.7) ** 2;
    }
    study.tell(trial.number, typeof direction === "string" ? { value } : { values: [value, other] });
    if (i % 64 === 0 && seconds() > limit) return null;
  }
  const taken = seconds();
  const bytes = Math.round((heapUsed() - before) / trials);
  return { trials: study.asked, seconds: taken, bytes };
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** A row of the table: seconds after each of `lengths`, and the bytes a trial of the longest. */
export function printHistories(given: HistoryCase, limit: number): void {
  const runs: (HistoryRun | null)[] = [];
  for (const length of lengths) {
    if (runs.at(-1) === null) break;
    runs.push(runHistory(given, length, limit));
  }
  const columns = lengths.map((_, i) => (runs[i] ? runs[i].seconds.toFixed(2) : `> ${limit}`).padEnd(12));
  const last = runs.findLast((run) => run !== null);
  console.log(`${given.name.padEnd(24)}${columns.join("")}${last?.bytes ?? ""}`);
}
