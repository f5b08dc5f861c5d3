/**
 * Epochs of trainings that go on, as listeners are told: beginnings of the curves that are kept, and nothing
 * else changes.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { halving } from "../../../src/search/schedulers/halving.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { StudyEvent } from "../../../src/search/study/contract.js";
import type { Curves } from "../../../src/search/trial/curves.js";
import { JobWorker } from "../../../src/tune/jobs/jobWorker.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { tune } from "../../../src/tune/tune.js";
import { logistic, rates, untimed, x, y } from "../support.js";

const base = {
  x,
  y,
  space: rates(0.5, 0.05),
  model: logistic,
  strategy: grid(),
  seed: 5,
  trials: 2,
  jobs: 1,
  validation: { folds: 3 },
  fit: { epochs: 60, batchSize: 8 },
};

/** From now on, each look at the clock is long after the last. */
function hurryClock(): void {
  let now = 0;
  vi.spyOn(platform, "now").mockImplementation(() => {
    now += 300;
    return now;
  });
}
afterEach(() => {
  vi.restoreAllMocks();
});

/** What is told of each trial that ended, and its curves in the end. */
function heard() {
  const told = new Map<number, Curves[]>();
  const ended = new Map<number, Curves>();
  return {
    told,
    ended,
    onEvent(event: StudyEvent) {
      if (event.type === "trialStarted") told.set(event.trial.number, []);
      if (event.type === "epochsTrained") told.get(event.number)?.push(event.curves);
      if (event.type === "trialEnded") ended.set(event.record.number, event.record.curves as Curves);
    },
  };
}

/** The epochs of each fold that are known at each time, if all are beginnings of the whole. */
function epochsIn(told: readonly Curves[], whole: Curves): readonly (readonly number[])[] {
  for (const { names, history } of told) {
    expect(names).toEqual(whole.names);
    for (const name of names)
      for (const [fold, values] of history[name].entries()) {
        const known = whole.history[name][fold];
        // the score at a rung is known once all folds have come there
        const isKnown = (value: number, epoch: number) =>
          Object.is(value, known[epoch]) || (name.startsWith("val") && Number.isNaN(value));
        expect(values.length <= known.length && values.every(isKnown)).toBe(true);
      }
  }
  return told.map(({ epochs }) => epochs);
}

describe("epochs that are told", () => {
  it("are beginnings of the trial's curves, fold by fold in this thread, and change no result", async () => {
    const silent = await tune(base);
    hurryClock();
    const { told, ended, onEvent } = heard();
    const { trials } = await tune({ ...base, onEvent });
    expect(untimed(trials)).toEqual(untimed(silent.trials));
    for (const number of [0, 1]) {
      const epochs = epochsIn(told.get(number)!, ended.get(number)!);
      expect(epochs.length).toBeGreaterThan(30);
      expect(epochs[0].slice(1)).toEqual([0, 0]);
      for (let i = 1; i < epochs.length; i++)
        for (const fold of [0, 1, 2]) expect(epochs[i][fold]).toBeGreaterThanOrEqual(epochs[i - 1][fold]);
      expect(epochs.at(-1)!.slice(0, 2)).toEqual([60, 60]);
      expect(epochs.at(-1)![2]).toBeGreaterThan(10);
    }
  });

  it("go on from rung to rung of a scheduler, with the scores of the rungs before", async () => {
    hurryClock();
    const { told, ended, onEvent } = heard();
    const scheduler = halving({ leastSteps: 15, reduction: 2 });
    await tune({ ...base, steps: 60, scheduler, metric: "accuracy", onEvent });
    const longest = [...ended.keys()].find((number) => ended.get(number)!.epochs[0] === 60)!;
    const epochs = epochsIn(told.get(longest)!, ended.get(longest)!);
    expect(told.get(longest)![0].names).toEqual(["loss", "valAccuracy"]);
    expect(epochs.some(([first, second]) => first > 15 && second > 15 && second < 30)).toBe(true);
  });

  it("are told of slices, from where a saved tuner resumes", async () => {
    hurryClock();
    const { jobs: _, ...options } = base;
    const [first, second] = [heard(), heard()];
    const tuner = await createTuner({ ...options, onEvent: first.onEvent });
    await tuner.advance({ steps: 150 });
    const restored = await restoreTuner(tuner.save(), { ...options, onEvent: second.onEvent });
    await restored.advance({ steps: 50 });
    const [before, after] = [first.told.get(0)!.at(-1)!, second.told.get(0)![0]];
    expect(before.epochs[0]).toBeGreaterThan(10);
    expect(after.epochs[0]).toBeGreaterThan(before.epochs[0]);
    await restored.advance();
    epochsIn(first.told.get(0)!, second.ended.get(0)!);
    epochsIn(second.told.get(0)!, second.ended.get(0)!);
  });

  it("are told of threads while they train", async () => {
    const { told, ended, onEvent } = heard();
    const fit = { epochs: 20_000, batchSize: 8 };
    const { trials } = await tune({ ...base, fit, trials: 1, jobs: 2, onEvent });
    const epochs = epochsIn(told.get(0)!, ended.get(0)!);
    expect(epochs.length).toBeGreaterThan(0);
    expect(Math.min(...epochs.map((each) => each.reduce((sum, next) => sum + next, 0)))).toBeGreaterThan(0);
    expect(trials[0].curves?.epochs).toEqual([20_000, 20_000, 20_000]);
  });

  it("are those of trials that keep curves, and come four times a second at most", async () => {
    hurryClock();
    const { told, onEvent } = heard();
    await tune({ ...base, curves: false, onEvent });
    expect([...told.values()].flat()).toEqual([]);
    vi.restoreAllMocks();
    let now = 1000;
    vi.spyOn(platform, "now").mockImplementation(() => now);
    const worker = new JobWorker({ data: {}, folds: [] } as never);
    const open = { curves: { loss: Float32Array.of(1) } } as never;
    const times: number[] = [];
    for (; now < 2000; now += 10) worker.tell(open, () => times.push(now));
    expect(times).toEqual([1250, 1500, 1750]);
  });
});
