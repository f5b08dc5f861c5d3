/** A limit of time: it decides where a search ends, and nothing else. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { halving } from "../../../src/search/schedulers/halving.js";
import { createScheduler } from "../../../src/search/schedulers/index.js";
import { float } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
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

  const earlier = { params: { learningRate: 0.3 }, value: 9, status: "complete" } as const;

  it.each([0, 3])(
    "leaves room for the final fit, and bounds the trials alone, after %i earlier",
    async (count) => {
      const warmStart = Array.from({ length: count }, () => earlier);
      // 40 trials until 40 s, less the 250 ms that are left where trainings take no time
      const limits = { ...clockOf(1000), timeout: 40_200, jobs: 1 };
      const { endedAfter, trials, final } = await tune({ ...base, ...limits, warmStart });
      expect([endedAfter, trials.length]).toEqual([40, 40 + count]);
      expect(final.notes?.params).toEqual(trials.find(({ number }) => number === final.notes?.trial)?.params);
    },
  );

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
