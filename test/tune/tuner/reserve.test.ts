/** What of a limited time is reserved for the final fit, by how long trainings were measured to take. */
import { describe, expect, it, vi } from "vitest";
import { float } from "../../../src/search/space/builders.js";
import { makeRecord } from "../../../src/search/trial/trial.js";
import { createBackend } from "../../../src/tune/jobs/backend.js";
import type { Job } from "../../../src/tune/jobs/job.js";
import type { FinalLimits } from "../../../src/tune/trial/finalLimits.js";
import { FitTimes } from "../../../src/tune/trial/fitTimes.js";
import { KeptPredictions } from "../../../src/tune/trial/kept.js";
import { evaluateTrial } from "../../../src/tune/trial/trials.js";
import { finalLimits, firstUntil, reserveOf } from "../../../src/tune/tuner/reserve.js";
import { scoringOf, setUpTuner } from "../../../src/tune/tuner/setup.js";
import { logistic, x, y } from "../support.js";

const base = {
  x,
  y,
  space: { learningRate: float(0.01, 1, { log: true }) },
  model: logistic,
  seed: 5,
  fit: { epochs: 4 },
  validation: { folds: 3 },
} as const;

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
    const all = { fold: 5, prepare: 0 };
    const within = (left: number, picks = [0, 0, 0, 0, 0], plan = all) =>
      limits(left + 1e-6).networks(picks, plan);
    const one = 1.1 * 250;
    expect([0, 250 + one, 250 + 2 * one, 250 + 3 * one].map((left) => within(left))).toEqual([2, 2, 4, 5]);
    expect(within(250 + 2 * one - 1)).toBe(2);
    // trial 1 took no time: one worker fits the first, the other all until the last
    expect([0, 250 + 2 * one].map((left) => within(left, [0, 1, 1, 0, 0]))).toEqual([4, 5]);
    // one that takes longer than half a second is alone
    expect(limits(0, slow).networks([0, 0], { fold: 1, prepare: 0 })).toBe(1);
    // a row takes 2 ms in the pipeline, 100 of them 200 on each worker, once
    const prepared = { fold: 5, prepare: 2 };
    const counts = [0, 200, 201].map((more) => within(250 + 2 * one + more, undefined, prepared));
    expect(counts).toEqual([2, 4, 4]);
    expect(within(250 + 3 * one + 199, undefined, prepared)).toBe(4);
    expect(within(250 + 3 * one + 200, undefined, prepared)).toBe(5);
    // 80 of the 100 rows
    const fewer = { fold: 0, prepare: 0 };
    expect([1, -1].map((more) => within(250 + 2.4 * one + more, undefined, fewer))).toEqual([5, 4]);
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

it("counts the time of a trial that its workers measured, if the thread was busy, and of all its epochs if it was cut", async () => {
  const setup = await setUpTuner({ ...base, trials: 3 }, scoringOf({}));
  // a real clock that stood still, as a busy thread sees it, and one of a caller
  const [host, caller] = [true, false].map((isReal) => new FitTimes(() => 0, 1e6, isReal));
  const measured = async (fitTimes: FitTimes, cut?: true): Promise<number> => {
    const { rows } = setup.trialSetup;
    const threads = createBackend(rows, 1);
    const backend = {
      ...threads,
      run: async (job: Job) => {
        const result = await threads.run({ ...job, ...(cut && { epochs: job.fold === 0 ? 1 : 3 }) });
        return { ...result, fitSeconds: 2, ...(cut && { cut }) };
      },
    };
    const trial = {
      number: fitTimes.of(0) ? 1 : 0,
      seed: 1,
      report: async () => true,
      live: {},
      signal: new AbortController().signal,
    };
    const { attributes } = await evaluateTrial(
      { ...setup.trialSetup, backend, fitTimes } as never,
      { learningRate: 0.1 },
      trial as never,
    );
    expect(attributes?.cut).toBe(cut);
    await threads.close();
    return fitTimes.of(trial.number);
  };
  expect(await measured(host)).toBe(3 * 2000);
  // folds ended after 1, 3 and 3 of 4 epochs
  expect(await measured(host, true)).toBeCloseTo((3 * 2000 * 12) / 7, 9);
  expect(await measured(caller)).toBe(0);
  let now = 0;
  const spent = new FitTimes(
    () => {
      now += 500;
      return now;
    },
    1e6,
    true,
  );
  const time = spent.count(0);
  time.resume();
  time.pause();
  spent.ended(0, 0.3, 1);
  expect(spent.of(0)).toBe(500);
});
