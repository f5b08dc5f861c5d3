/** A limit of time: it decides where a search ends, and nothing else. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { halving } from "../../../src/search/schedulers/halving.js";
import { createScheduler } from "../../../src/search/schedulers/index.js";
import { float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";
import { makeRecord } from "../../../src/search/trial/trial.js";
import type { FinalLimits } from "../../../src/tune/trial/finalLimits.js";
import { FitTimes } from "../../../src/tune/trial/fitTimes.js";
import { KeptPredictions } from "../../../src/tune/trial/kept.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
import { finalLimits, firstUntil, reserveOf } from "../../../src/tune/tuner/reserve.js";
import { logistic, untimed, x, y } from "../support.js";

const space = { learningRate: float(0.01, 1, { log: true }) };
const base = {
  x,
  y,
  space,
  model: logistic,
  strategy: random(),
  testSize: 0.2,
  seed: 5,
  fit: { epochs: 4 },
  validation: { folds: 3 },
} satisfies TuneOptions<typeof space>;

/** A clock that goes on by so many milliseconds at each look. */
function lookedAt(milliseconds: number): () => number {
  let now = 0;
  return () => {
    now += milliseconds;
    return now;
  };
}

/** A clock that stands still, but for so many milliseconds at the end of each trial. */
function clockOf(milliseconds: number) {
  let now = 0;
  return {
    clock: () => now,
    onEvent({ type }: { readonly type: string }): void {
      if (type === "trialEnded") now += milliseconds;
    },
  };
}

describe("the timeout of tune", () => {
  // of the loop, which looks at the clock more often on a slow machine
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  it("leaves room for the final fit, and bounds the trials alone", async () => {
    // 40 trials until 40 s, less the 250 ms that are left where trainings take no time
    const { endedAfter, trials, final } = await tune({ ...base, ...clockOf(1000), timeout: 40_200, jobs: 1 });
    expect([endedAfter, trials.length]).toEqual([40, 40]);
    expect(final.notes?.params).toEqual(trials.find(({ number }) => number === final.notes?.trial)?.params);
  });

  it("has begun before the search, with all that comes before it", async () => {
    const { clock, onEvent } = clockOf(1000);
    let [late, built] = [0, 0];
    const model: typeof base.model = (params) => {
      if (built++ === 0) late = 10_000; // the first network is built to look at it
      return logistic(params);
    };
    const { trials } = await tune({
      ...base,
      model,
      onEvent,
      clock: () => late + clock(),
      timeout: 40_200,
      jobs: 1,
    });
    expect(trials).toHaveLength(30);
  });

  it("says nothing where the trials end first", async () => {
    const { endedAfter, trials } = await tune({
      ...base,
      ...clockOf(1000),
      timeout: 40_200,
      trials: 7,
      jobs: 1,
    });
    expect([endedAfter, trials.length]).toEqual([undefined, 7]);
  });

  it.each([1, 3])("lets the first trial end, however short it is, with %i jobs", async (jobs) => {
    const { endedAfter, final } = await tune({ ...base, clock: lookedAt(100), timeout: 1, jobs });
    expect(endedAfter).toBeGreaterThanOrEqual(1);
    expect(final).toBeDefined();
  });

  it.each([1, 3])("gives what as many trials give, with %i jobs", async (jobs) => {
    // ends amid a trial
    const limited = await tune({ ...base, clock: lookedAt(10), timeout: 4000, jobs });
    const count = limited.endedAfter!;
    expect(count).toBeGreaterThanOrEqual(1);
    expect(limited.trials.map(({ number }) => number)).toEqual([...Array(count).keys()]);
    const again = await tune({ ...base, trials: count, jobs: 1 });
    expect(untimed(limited.trials)).toEqual(untimed(again.trials));
    expect(limited.best.number).toBe(again.best.number);
    expect(limited.final.bytes()).toEqual(again.final.bytes());
  });

  it("fits as many networks as there is time for, and gives what an ensemble of as many gives", async () => {
    // each look takes 100 ms, so trainings take long beside the seconds that are left
    const options = { ...base, seed: 6 };
    const of = (count: number) => ({ ensemble: { networks: count, untuned: false } });
    const limited = await tune({ ...options, ...of(8), clock: lookedAt(100), timeout: 4500, jobs: 1 });
    const { networks, endedAfter: trials } = limited;
    expect(networks).toBeGreaterThanOrEqual(1);
    expect(networks).toBeLessThan(8);
    const again = await tune({ ...options, ...of(networks!), trials: trials!, jobs: 1 });
    expect(limited.ensemble).toEqual(again.ensemble);
    expect(limited.final.bytes()).toEqual(again.final.bytes());
  });

  it.each([
    ["asha", 1],
    ["median", 1],
    ["halving", 4],
    ["hyperband", 3],
  ] as const)("drops running trials of %s, and gives what as many give", async (name, bracket) => {
    const options = { ...base, scheduler: createScheduler(name), steps: 4, fit: { epochs: 4 } };
    // ends amid trials, and brackets
    const limited = await tune({ ...options, clock: lookedAt(10), timeout: 6000, jobs: 1 });
    const count = limited.endedAfter!;
    expect(limited.study.waiting).toBeGreaterThan(0);
    expect(count).toBeGreaterThanOrEqual(bracket);
    const again = await tune({ ...options, trials: count, jobs: 3 });
    expect(untimed(limited.trials)).toEqual(untimed(again.trials));
    expect(limited.final.bytes()).toEqual(again.final.bytes());
  });

  it("lets the first trials end that wait for each other", async () => {
    const options = { ...base, scheduler: halving(), steps: 4, fit: { epochs: 4 }, jobs: 1 };
    const limited = await tune({ ...options, clock: lookedAt(100), timeout: 1 });
    const again = await tune({ ...options, trials: limited.endedAfter! });
    expect(limited.endedAfter).toBeGreaterThanOrEqual(4);
    expect(untimed(limited.trials)).toEqual(untimed(again.trials));
    expect(limited.final.bytes()).toEqual(again.final.bytes());
  });

  it("does not bound the trials of an objective either", async () => {
    let now = 0;
    const objective = ({ learningRate }: { readonly learningRate: number }) => {
      now += 10;
      return learningRate;
    };
    const search = { space, strategy: random(), objective, direction: "minimize" } as const;
    const { trials } = await tune({ ...search, clock: () => now, timeout: 1000 });
    expect(trials.length).toBe(100);
  });
});

describe("the time that is left for the final fit", () => {
  // five folds of 80 rows each, and all 100
  const validation = { length: 20 };
  const rows = {
    folds: [80, 80, 80, 80, 80, 100].map((length) => ({ train: { length }, validation })),
    scored: 5,
    finals: [5],
    data: { outputs: 1 },
  };
  const record = makeRecord({ number: 0, params: {} }, { value: 1 });
  const best = makeRecord({ number: 1, params: {} }, { value: 2 });
  const directions = ["minimize"];
  const study = { directions, bestTrials: [record], trials: [record] };
  const two = { directions, bestTrials: [best], trials: [record, best] };
  const times = (left = 4300, isReal = false): FitTimes => {
    let now = 0;
    const fitTimes = new FitTimes(() => now, 700 + left, isReal);
    const told: string[] = [];
    const time = fitTimes.count(0, { pause: () => told.push("pause"), resume: () => told.push("resume") });
    // two trainings side by side for 300 ms, of which one goes on for 400 more
    time.resume();
    time.resume();
    now += 300;
    time.pause();
    now += 400;
    time.pause();
    expect(told).toEqual(["resume", "resume", "pause", "pause"]);
    expect([fitTimes.of(0), fitTimes.of(1)]).toEqual([1000, 0]);
    expect(fitTimes.left()).toBeCloseTo(left, 9);
    return fitTimes;
  };
  const kept = (): KeptPredictions => {
    const predictions = new KeptPredictions(2, "maximize");
    predictions.add(0, 1, [Float32Array.of(1)]);
    return predictions;
  };
  const backend = { concurrency: 2 };
  const reserve = (setup: object, of: object, warm: number, timeout: number) =>
    reserveOf({ rows, backend, ...setup } as never, of as never, warm, timeout);

  const slow = {
    backend: { concurrency: 1 },
    rows: { ...rows, folds: rows.folds.slice(-2), finals: [1], scored: 1 },
  };
  const limits = (left: number, setup: object = { rows, backend }) =>
    finalLimits({ ...setup, fitTimes: times(left) } as never, two.trials) as FinalLimits;

  it("is by the trainings of the best: 5 folds took 1000 ms, so a fit of all rows takes 250", () => {
    expect(reserve({ fitTimes: times() }, study, 0, 9000)).toEqual({ fits: 1.1 * 250 + 250, trial: 0 });
  });

  it("counts the trainings that the best continues", () => {
    const child = makeRecord({ number: 1, params: {}, parent: 0 }, { value: 2 });
    const of = { directions, bestTrials: [child], trials: [record, child] };
    // its own took no time, and those of its parent 1000 ms
    expect(reserve({ fitTimes: times() }, of, 0, 9000).fits).toBe(1.1 * 250 + 250);
  });

  it("goes by rows: one fold of 80 rows took 1000 ms, so a fit of 100 takes 1250", () => {
    const one = { fitTimes: times(), rows: { folds: rows.folds.slice(-2), scored: 1 } };
    expect(reserve(one, study, 0, 9000)).toEqual({ fits: 1.1 * 1250 + 250, trial: 0 });
  });

  it("is by the mean of the trials that may be in an ensemble, a half of their deviation more, and how many networks each worker fits", () => {
    const setup = { fitTimes: times(), kept: kept(), selection: { networks: 3 } };
    // trial 0 takes 250 ms and the best none: 125 ± 125 on average, two rounds; and as long, at most a
    // twentieth of the time
    const networks = 1.1 * 2 * (125 + 125 / 2);
    expect(reserve(setup, two, 0, 9000)).toEqual({ fits: 2 * networks + 250, trial: 0 });
    expect(reserve(setup, two, 0, 2000)).toEqual({ fits: networks + 100 + 250, trial: 0 });
  });

  it("is at most 0.4 of the time beyond the first network, or 0.6 with it, and then a trial begins only if it may end", () => {
    const setup = { fitTimes: times(), kept: kept(), selection: { networks: 100 } };
    // trials take 500 ms on average, their folds two by two
    expect(reserve(setup, two, 0, 1000)).toEqual({ fits: 400 + 250, trial: 250 });
    // the first network alone is at most 0.6 of it
    expect(reserve(setup, study, 0, 100)).toEqual({ fits: 60 + 250, trial: 500 });
  });

  it("is also for as many more divisions as the option says", () => {
    // the trainings of trial 0 take 1000 ms, two side by side
    const fits = (confirm: object) => {
      const setup = { fitTimes: times(), kept: kept(), selection: { networks: 3, ...confirm } };
      return reserve(setup, two, 0, 9000).fits;
    };
    expect(fits({ confirm: 2 }) - fits({})).toBeCloseTo(2 * 1.1 * 500, 9);
  });

  it("is also for training candidates again whose predictions an earlier process had, as long as they took", () => {
    const earlier = [2, 3, 4].map((number) => ({
      ...makeRecord({ number, params: {} }, { value: 0 }),
      seconds: 0.9,
    }));
    const of = { ...two, trials: [...two.trials, ...earlier] };
    const setup = { fitTimes: times(), kept: kept(), selection: { networks: 3 } };
    const more = reserve(setup, of, 0, 9000).fits - reserve(setup, two, 0, 9000).fits;
    // trial 1 has no time; trials ran three at a time
    expect(more).toBeCloseTo((1.1 * 4 * ((1000 * 2.7) / 4)) / 3, 9);
  });

  it("is enough for one more division if it holds that, or what the last took, and the networks after it", () => {
    const setup = { rows, backend, selection: { networks: 3 } };
    const needed = 250 + 1.1 * 500 + 1.1 * 2 * 250;
    expect([needed + 1, needed - 1].map((left) => limits(left, setup).confirm([0]))).toEqual([true, false]);
    expect(limits(9000, setup).confirm([])).toBe(false);
    let left = 3000;
    const times = { of: () => 1000, left: () => left };
    const { confirm } = finalLimits({ ...setup, fitTimes: times } as never, two.trials) as FinalLimits;
    expect(confirm([0])).toBe(true);
    left -= 1200; // more than a half of what is left, with the networks
    expect(confirm([0])).toBe(false);
  });

  it("keeps the search from ending before its first trial, and is none where none has a value", () => {
    const never = { fits: Number.NEGATIVE_INFINITY, trial: 0 };
    const later = { directions, bestTrials: [record], trials: [{ ...record, number: 1 }] };
    expect(reserve({}, { directions, bestTrials: [], trials: [] }, 0, 9000)).toEqual(never);
    expect(reserve({}, later, 0, 9000)).toEqual(never);
    expect(reserve({}, study, 1, 9000)).toEqual(never);
    expect(reserve({}, { directions, bestTrials: [], trials: [record] }, 0, 9000)).toEqual({
      fits: 0,
      trial: 0,
    });
  });

  it("holds so many networks, at least one and what half a second holds: each by the worker that is free first", () => {
    const within = (left: number, picks = [0, 0, 0, 0, 0]) => limits(left + 1e-6).networks(picks);
    const one = 1.1 * 250;
    expect([0, 250 + one, 250 + 2 * one, 250 + 3 * one].map((left) => within(left))).toEqual([2, 2, 4, 5]);
    expect(within(250 + 2 * one - 1)).toBe(2);
    // trial 1 took no time: one worker fits the first, the other all until the last
    expect([0, 250 + 2 * one].map((left) => within(left, [0, 1, 1, 0, 0]))).toEqual([4, 5]);
    // one that takes longer than half a second is alone
    expect(limits(0, slow).networks([0, 0])).toBe(1);
  });

  it("holds some of the epochs of a network that takes longer, of half a second at least", () => {
    // 20 epochs of 100 rows take 1.1 · 1250 ms
    const plan = { fold: 1, prepare: 0 };
    const epochs = [0, 750, 1000, 250 + 1375, 9000].map((left) => limits(left, slow).epochs(0, 20, plan));
    expect(epochs).toEqual([7, 7, 10, 20, 20]);
    // a row takes 4 ms in the pipeline, 100 of them 400 of the 750
    expect(limits(1000, slow).epochs(0, 20, { fold: 1, prepare: 4 })).toBe(5);
    expect(limits(1000, slow).epochs(0, 20, { fold: 1, prepare: 9 })).toBe(1);
  });

  it("is for all rows if they can be seen once, else for as many as can be seen three times", () => {
    // trial 0: 80 rows in 1000 ms; of 1600 rows an epoch of 10 takes 1.1 · 2000 ms, a row 1.375
    const folds = [80, 1600, 800, 400, 200, 100].map((length) => ({ train: { length }, validation }));
    const large = { backend, rows: { ...rows, folds, finals: [1, 2, 3, 4, 5], scored: 1 } };
    const learnt: number[] = [];
    const planned = (left: number, milliseconds: number): [fold: number, prepare: number] => {
      const fitTimes = times(left + 250 + milliseconds);
      const { plan } = finalLimits({ ...large, fitTimes } as never, two.trials) as FinalLimits;
      const { fold, prepare } = plan(0, 10, (own) => {
        learnt.push(own);
        vi.spyOn(fitTimes, "left").mockReturnValue(left + 250);
      });
      return [fold, prepare];
    };
    const within = (left: number, milliseconds = 0) => planned(left, milliseconds)[0];
    expect([2201, 2199].map((left) => within(left))).toEqual([1, 3]);
    expect([3 * 550 + 1, 3 * 550 - 1].map((left) => within(left))).toEqual([3, 4]);
    expect(within(0)).toBe(5);
    // of 100 rows, learning takes 100 ms: one a row, and two more on the worker
    expect(planned(9000, 100)).toEqual([1, 2]);
    expect([4800 + 2201, 4800 + 2199].map((left) => within(left, 100))).toEqual([1, 2]);
    expect(new Set(learnt)).toEqual(new Set([5]));
    // trials with all rows: nothing is learned to look at it
    expect(limits(0).plan(0, 10, () => expect.unreachable())).toEqual({ fold: 5, prepare: 0 });
  });

  it("lets the first trial have 0.4 of the time, and 2 s at least", () => {
    const within = (left: number, timeout: number) =>
      (firstUntil({ fitTimes: times(left, true) } as never, timeout) as number) - Date.now();
    for (const [left, timeout, expected] of [
      [60_000, 60_000, 24_000],
      [1000, 1000, 2000],
      [90_000, 100_000, 30_000],
    ])
      expect(Math.abs(within(left, timeout) - expected)).toBeLessThan(1900);
    expect(firstUntil({ fitTimes: times(9000) } as never, 9000)).toBeUndefined();
    expect(firstUntil({} as never, 9000)).toBeUndefined();
  });

  it("ends at a moment of the host's clock, and at none of a caller's", () => {
    const ends = (left: number) => {
      const now = Date.now();
      const until = finalLimits(
        { rows, backend, fitTimes: times(left, true) } as never,
        two.trials,
      )?.until() as number;
      expect(Date.now() - now).toBeLessThan(2000);
      return until - now;
    };
    for (const [left, expected] of [
      [9000, 8750],
      [600, 500],
      [-70, 500],
    ])
      expect(Math.abs(ends(left) - expected)).toBeLessThan(2000);
    expect(limits(9000).until()).toBeUndefined();
    expect(finalLimits({ rows, backend } as never, two.trials)).toBeUndefined();
  });
});

describe("trials that ended after one that has not", () => {
  const never = new Promise<number>(() => {});

  it("are put back at the end, and are run when the study goes on", async () => {
    const study = createStudy({ space, strategy: random(), seed: 2, lag: 9, direction: "minimize" });
    let hangs = true;
    // the best is one that ends too early to stay
    const objective = (_: unknown, { number }: { readonly number: number }) =>
      number === 2 && hangs ? never : Promise.resolve(number === 4 ? -1 : number);
    let [now, ended] = [0, 0];
    await study.optimize(objective, {
      trials: 6,
      concurrency: 6,
      timeout: 1000,
      clock: () => now,
      ending: { reserve: () => ({ fits: 0, trial: 0 }) },
      onEvent: ({ type }) => {
        if (type === "trialEnded" && ++ended === 5) now = 1000;
      },
    });
    expect([study.trials.map(({ number }) => number), study.best.number]).toEqual([[0, 1], 0]);
    expect([study.waiting, study.asked]).toEqual([4, 6]);
    hangs = false;
    await study.optimize(objective, { trials: 6 });
    expect(study.trials.map(({ value }) => value)).toEqual([0, 1, 2, 3, -1, 5]);
    expect(study.best.number).toBe(4);
  });
});
