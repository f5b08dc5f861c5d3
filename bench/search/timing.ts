/** How long a suggestion takes, by the number of trials behind it. */
import type { Params, Space, Strategy, TrialRecord } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import { fromUnit, toUnit } from "../../src/search/space/scale.js";
import { buildParams, resolveSpace } from "../../src/search/space/space.js";
import type { TimedSearcher, Timer } from "./searcher.js";
import { median } from "./statistics.js";

/** Ten parameters of all kinds. */
export const timingSpace: Space = {
  learningRate: { type: "float", low: 1e-5, high: 1, log: true },
  weightDecay: { type: "float", low: 1e-6, high: 0.1, log: true },
  momentum: { type: "float", low: 0, high: 0.99 },
  dropout: { type: "float", low: 0, high: 0.6 },
  smoothing: { type: "float", low: 0, high: 0.2 },
  clip: { type: "float", low: 0.1, high: 10, log: true },
  units: { type: "int", low: 8, high: 512, log: true },
  layers: { type: "int", low: 1, high: 6 },
  activation: { type: "choice", values: ["relu", "tanh", "sigmoid", "elu"] },
  optimizer: { type: "choice", values: ["sgd", "adam", "rmsprop"] },
};

export const histories = [50, 200, 1000, 2000];

/** Longer than this, and no longer history is tried. */
const PATIENCE_MS = 10_000;

/** The suggestions of a whole search around which it is timed, and how many to either side are. */
export const middles = [50, 200];
const ASIDE = 10;

/**
 * The median milliseconds of a suggestion after each of `histories`; null where it would have taken too long.
 */
export async function timeSearcher(searcher: TimedSearcher): Promise<readonly (number | null)[]> {
  const medians: (number | null)[] = [];
  for (const trials of histories) {
    const last = medians.at(-1);
    const tooLong = last === null || (last !== undefined && last > PATIENCE_MS);
    const repeats = last !== undefined && last !== null && last > 1000 ? 1 : 5;
    medians.push(tooLong ? null : median(await searcher.time(timingSpace, trials, repeats)));
  }
  return medians;
}

/**
 * The median milliseconds of the suggestions around each of `middles` in one search, for a point of the
 * space: what one costs where a model goes on from the one before and points gather around the best.
 */
export async function timeSearch(searcher: TimedSearcher): Promise<readonly number[]> {
  const space = resolveSpace(timingSpace);
  const task = { space: timingSpace, seed: 0, running: 1, objectives: 1, constrained: false };
  const search = await searcher.start(task);
  const times: number[] = [];
  while (times.length <= Math.max(...middles) + ASIDE) {
    const number = times.length;
    const start = performance.now();
    const params = await search.ask();
    times.push(performance.now() - start);
    if (params === undefined)
      throw new Error(`${searcher.name} has nothing left after ${times.length} trials`);
    let value = 0;
    for (const name of space.names) value += (toUnit(space.parameters[name], params[name]) - 0.3) ** 2;
    await search.tell(number, { value });
  }
  return middles.map((middle) => median(times.slice(middle - ASIDE, middle + ASIDE + 1)));
}

/** Times a strategy of ours: one suggestion to warm up, and then each after one more trial. */
export function timeStrategy(make: () => Strategy): Timer {
  return async (plain, trials, repeats) => {
    const space = resolveSpace(plain);
    const random = new RandomStream(trials);
    const strategy = make();
    const records: TrialRecord[] = [];
    const points: Params[] = [];
    const tell = (params: Params): void => {
      const value = random.normal();
      records.push({ number: records.length, params, value, std: null, status: "complete", seconds: null });
      points.push(params);
    };
    while (records.length < trials)
      tell(buildParams(space, (parameter) => fromUnit(parameter, random.uniform())));
    const times: number[] = [];
    for (let i = 0; i <= repeats; i++) {
      const number = records.length;
      const history = strategy.adaptive ? records.slice() : [];
      const earlier = points.slice();
      const stream = new RandomStream(0, 0, number);
      const start = performance.now();
      const params = strategy.suggest({
        space,
        number,
        suggested: number,
        history,
        earlier,
        direction: "minimize",
        directions: ["minimize"],
        random: stream,
        studyRandom: new RandomStream(0, 2),
      });
      times.push(performance.now() - start);
      if (params === undefined) throw new Error(`${strategy.name} has nothing left after ${number} trials`);
      tell(params);
    }
    return times.slice(1);
  };
}
