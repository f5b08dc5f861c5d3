/**
 * Which trials TPE treats as the better ones, and how much each counts. With several objectives,
 * `objectives.ts` decides.
 */

import { createGrowing } from "../../memo/growing.js";
import type { SearchSpace } from "../../space/space.js";
import { costsOf } from "../../trial/costs.js";
import { TrialFronts } from "../../trial/pareto.js";
import { type Direction, isFeasible, type TrialRecord } from "../../trial/trial.js";
import type { SuggestContext } from "../strategy.js";
import { paretoWeights } from "./objectives.js";

/** The largest number of better trials. */
export const MOST_BETTER = 25;

/** What is remembered about the costs of a history. */
interface Tally {
  /** How many trials there are. */
  count: number;
  /** How many have values. */
  valued: number;
  /** Whether a trial with a value breaks its constraints. */
  broken: boolean;
  /** The indices of the feasible trials with the least costs, at most `MOST_BETTER`, the best first. */
  readonly least: number[];
  /** Their costs. */
  readonly costs: number[];
  /** The largest cost of feasible trials. */
  worst: number;
}

const tallyFor = (direction: Direction) =>
  createGrowing<SearchSpace, TrialRecord, Tally>(
    () => ({ count: 0, valued: 0, broken: false, least: [], costs: [], worst: Number.NEGATIVE_INFINITY }),
    (tally, record) => {
      const index = tally.count++;
      if (record.status !== "complete" && record.status !== "pruned") return;
      tally.valued++;
      if (record.value === null) return;
      if (!isFeasible(record)) {
        tally.broken = true;
        return;
      }
      const cost = direction === "maximize" ? -record.value : record.value;
      tally.worst = Math.max(tally.worst, cost);
      insert(tally.least, tally.costs, index, cost, MOST_BETTER);
    },
  );
const tallyOf = { minimize: tallyFor("minimize"), maximize: tallyFor("maximize") };

/** Fronts with this many trials are kept, so that enough remain when trials move to later fronts. */
const FRONT_TRIALS = 4 * MOST_BETTER;

const frontsFor = (directions: readonly Direction[]) =>
  createGrowing<SearchSpace, TrialRecord, TrialFronts>(
    () => new TrialFronts(directions, FRONT_TRIALS),
    (fronts, record) => fronts.add(record),
  );
/** By directions. */
const frontsOf = new Map<string, ReturnType<typeof frontsFor>>();

/** The first fronts of a history that have `count` trials together, as indices. */
function firstFronts({ space, history, directions }: SuggestContext, count: number): number[][] {
  const key = directions.join();
  const growing = frontsOf.get(key) ?? frontsFor(directions);
  frontsOf.set(key, growing);
  return growing(space, history).first(history, count);
}

/** The weights of the better trials by their numbers, ascending. */
export function betterTrials(context: SuggestContext, gamma: number): ReadonlyMap<number, number> {
  const { space, history, direction, directions } = context;
  const tally = tallyOf[direction](space, history);
  const count = Math.min(MOST_BETTER, Math.ceil(gamma * tally.valued));
  const weights: [number, number][] =
    directions.length > 1
      ? paretoWeights(history, directions, count, firstFronts(context, count))
      : leastCosts(history, direction, count, tally).map((number) => [number, 1]);
  return new Map(weights.sort(([a], [b]) => a - b));
}

/**
 * The indices of the `count` trials that cost least; of equal ones the earlier; trials without a value are
 * left out.
 */
function leastCosts(
  history: readonly TrialRecord[],
  direction: Direction,
  count: number,
  { broken, least, costs, worst }: Tally,
): readonly number[] {
  // an infeasible trial costs at least as much as the worst feasible one
  if (!broken || (count <= least.length && costs[count - 1] < worst)) return least.slice(0, count);
  const all = costsOf(history, direction);
  const [best, bestCosts]: [number[], number[]] = [[], []];
  for (let i = 0; i < history.length; i++) {
    if (history[i].value !== null) insert(best, bestCosts, i, all[i], count);
  }
  return best;
}

/** Adds an index after those that cost no more, if it is among the first `count`. */
function insert(indices: number[], costs: number[], index: number, cost: number, count: number): void {
  let place = indices.length;
  while (place > 0 && cost < costs[place - 1]) place--;
  if (place === count) return;
  indices.splice(place, 0, index);
  costs.splice(place, 0, cost);
  if (indices.length > count) {
    indices.pop();
    costs.pop();
  }
}
