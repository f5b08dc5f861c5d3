/**
 * Trials that do not end, and studies that are stopped at any moment: by a signal, a time limit, or a clock.
 * What is returned is what had ended, as an undisturbed study has it. Bounds on times are ten times what is
 * asked for, since tests share processors.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { turn } from "../../src/platform/node.js";
import { Pieces, Turns } from "../../src/platform/turns.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { choice, float } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { RunningTrial, StudyEvent } from "../../src/search/study/contract.js";
import { createStudy } from "../../src/search/study/create.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { linear, logistic, quantity, rates, untimed, x, y } from "../tune/support.js";

afterEach(() => void vi.restoreAllMocks());

/** Milliseconds: asked for are 100, on a machine that does nothing else. */
const PROMPT = 4000;
const space = { n: choice([0, 1, 2, 3, 4, 5]) };
const base = { space, strategy: grid(), direction: "minimize" } as const;
const never = new Promise<never>(() => {});
const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
/** Computes for some milliseconds, and lets nothing else run. */
function compute(milliseconds: number): void {
  for (const start = performance.now(); performance.now() - start < milliseconds; );
}
async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const result = await run();
  return [result, performance.now() - began];
}

describe("an objective that never ends", () => {
  const hangs = ({ n }: { n: number }) => (n === 2 ? never : n);

  it.each([1, 3])("does not hold a study whose signal aborts, %i at a time", async (jobs) => {
    const others = [0, 1, 2, 3, 4, 5].filter((n) => (jobs === 1 ? n < 2 : n !== 2));
    const stop = new AbortController();
    let [begun, ended, stoppedAt] = [false, 0, 0];
    const onceAllOthersEnded = () => {
      if (!begun || ended < others.length) return;
      stoppedAt = performance.now();
      stop.abort();
    };
    const { trials, best, study } = await tune({
      ...base,
      signal: stop.signal,
      jobs,
      objective({ n }) {
        if (n === 2) begun = setTimeout(onceAllOthersEnded, 1) !== undefined;
        return hangs({ n });
      },
      onEvent({ type }) {
        if (type === "trialEnded" && ++ended === others.length) setTimeout(onceAllOthersEnded, 1);
      },
    });
    expect(performance.now() - stoppedAt).toBeLessThan(PROMPT);
    expect(trials.map(({ number, value }) => [number, value])).toEqual(others.map((n) => [n, n]));
    expect(best.number).toBe(0);
    expect(study.waiting).toBe(1); // trial 2 waits to be run again
  });

  it("does not hold a study whose signal is an object", async () => {
    const signal = { aborted: false };
    const objective = ({ n }: { n: number }) => {
      if (n === 2)
        setTimeout(() => {
          signal.aborted = true;
        }, 20);
      return hangs({ n });
    };
    expect((await tune({ ...base, objective, signal })).trials.length).toBe(2);
  });

  it("ends with the time of its study", async () => {
    const ends: unknown[] = [];
    const onEvent = (event: StudyEvent<typeof space>) =>
      void (event.type === "studyEnded" && ends.push(event.reason));
    const { trials } = await tune({ ...base, objective: hangs, timeout: 500, onEvent });
    expect([trials.length, ends]).toEqual([2, ["timeout"]]);
  });

  it("fails after its own time, is told so, and the search goes on", async () => {
    const reasons: unknown[] = [];
    const objective = ({ n }: { n: number }, { signal }: RunningTrial<typeof space>) => {
      if (n === 2) signal.addEventListener("abort", () => reasons.push(signal.reason));
      return hangs({ n });
    };
    const { trials } = await tune({ ...base, objective, trialTimeout: 300 });
    const error = "the trial took longer than trialTimeout, 300 ms";
    expect(trials.map(({ status }) => status)).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => (n === 2 ? "failed" : "complete")),
    );
    expect([trials[2].error, trials[2].value]).toEqual([error, null]);
    expect(reasons).toMatchObject([{ code: "time_limit", message: error }]);
  });

  it("does not hold a study where a scheduler makes others wait for it", async () => {
    const objective = async ({ n }: { n: number }, trial: RunningTrial<typeof space>) => {
      if (n === 2) return never;
      for (let step = 1; step <= 4; step++) if (!(await trial.report(n, step))) return n;
      return n;
    };
    const options = { ...base, objective, scheduler: halving(), steps: 4, jobs: 6 };
    const { trials } = await tune({ ...options, trialTimeout: 300 });
    expect(trials.map(({ status }) => status).filter((status) => status === "failed")).toEqual(["failed"]);
    expect(trials[2].error).toMatch(/trialTimeout/);
    const aborted = await tune({ ...options, signal: AbortSignal.timeout(80) });
    expect(aborted.trials.every(({ number }) => number !== 2)).toBe(true);
  });

  it("has no effect on its study once it is over, whatever it does", async () => {
    const events: string[] = [];
    let late: Promise<unknown> = never;
    const study = createStudy({ ...base, strategy: grid() });
    await study.optimize(
      async ({ n }, trial) => {
        if (n !== 2) return n;
        late = (async () => {
          await new Promise((resolve) => trial.signal.addEventListener("abort", resolve));
          const goesOn = await trial.report(7, 3);
          return [goesOn, trial.aborted, trial.signal.aborted];
        })();
        await late;
        return -1000;
      },
      { trials: 6, trialTimeout: 60, onEvent: ({ type }) => void events.push(type) },
    );
    expect(await late).toEqual([false, true, true]);
    await sleep(20);
    expect(study.trials[2]).toMatchObject({ status: "failed", value: null });
    expect(study.best.value).toBe(0);
    expect(events.filter((type) => type === "stepReported" || type === "studyEnded")).toEqual(["studyEnded"]);
  });
});

describe("time limits by a clock", () => {
  it("end a study of synchronous trials after as many as the clock allows", async () => {
    let now = 0;
    const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
    const objective = ({ x }: { x: number }) => {
      now += 100;
      return x;
    };
    await study.optimize(objective, { trials: 50, timeout: 1000, clock: () => now });
    expect(study.trials.length).toBe(10);
  });

  it("fail a synchronous trial that took too long, when it returns", async () => {
    let now = 0;
    const study = createStudy(base);
    const objective = ({ n }: { n: number }) => {
      now += 100 * n;
      return n;
    };
    await study.optimize(objective, { trials: 6, trialTimeout: 300, clock: () => now });
    expect(study.trials.map(({ status }) => status)).toEqual([
      ...["complete", "complete", "complete", "complete", "failed", "failed"],
    ]);
  });

  it("do not count the time in which a trial waits for others", async () => {
    const objective = async ({ n }: { n: number }, trial: RunningTrial<typeof space>) => {
      await trial.report(n, 1);
      if (n > 0) await sleep(150); // one after another, while trial 0 waits for all of them, longer than it may take itself
      return n;
    };
    const options = { ...base, objective, scheduler: halving(), steps: 3 };
    const { trials } = await tune({ ...options, trialTimeout: 600 });
    expect(trials.every(({ status }) => status !== "failed")).toBe(true);
  });

  it.each([0, -1, Number.NaN, "1s", null])("must be positive, and not %s", async (value) => {
    for (const name of ["timeout", "trialTimeout"])
      await expect(tune({ ...base, objective: ({ n }) => n, [name]: value })).rejects.toThrow(
        new RegExp(`^${name} must be a positive number of milliseconds; received `),
      );
  });
});

describe("synchronous objectives", () => {
  it("let timers run, and an abort stop them", async () => {
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    const objective = ({ x }: { x: number }) => {
      compute(5);
      return x;
    };
    const options = { space: { x: float(0, 1) }, strategy: random(), direction: "minimize" } as const;
    const [{ trials }, took] = await timed(() =>
      tune({ ...options, objective, trials: 2000, signal: AbortSignal.timeout(200) }),
    );
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(0);
    expect(took).toBeLessThan(200 + PROMPT);
    expect(trials.length).toBeLessThan(240);
    const whole = await tune({ ...options, objective: ({ x }) => x, trials: trials.length });
    expect(untimed(trials)).toEqual(untimed(whole.trials));
  });
});

describe("the host's turn", () => {
  it("comes about every 12 ms, and after many looks where the clock stands still", async () => {
    let [now, turns] = [0, 0];
    const host = { now: () => now, turn: async () => void turns++ };
    const due = new Turns(host, host.turn);
    for (now = 0; now < 1000; now += 2) await due.next();
    expect(turns).toBe(83);
    now = 0;
    turns = 0;
    const still = new Turns(host, host.turn);
    for (let i = 0; i < 3000; i++) await still.next();
    expect(turns).toBe(3);
  });

  it("comes after pieces of 1 ms, of at least one step and at most 64", () => {
    let now = 0;
    const taken = (most: number, perStep: number): number => {
      let steps = 0;
      pieces.run(most, (count) => {
        steps = count;
        now += count * perStep;
      });
      return steps;
    };
    const pieces = new Pieces({ now: () => now });
    expect([9, 9, 9, 9, 9].map(() => taken(1000, 0))).toEqual([1, 2, 4, 8, 16]);
    expect([9, 9, 9].map(() => taken(1000, 0.1))).toEqual([32, 10, 10]);
    expect([9, 9].map(() => taken(3, 0.1))).toEqual([3, 3]);
    expect([9, 9, 9, 9, 9, 9].map(() => taken(1000, 0))).toEqual([6, 12, 24, 48, 64, 64]);
    expect([9, 9, 9].map(() => taken(1000, 50))).toEqual([64, 1, 1]);
  });

  it("lets timers that are due run first, on Node", async () => {
    const order: string[] = [];
    setTimeout(() => order.push("timer"), 1);
    compute(5);
    await turn();
    await turn();
    expect(order).toEqual(["timer"]);
  });
});

describe("an abort while a model is trained", () => {
  const long = {
    x,
    y,
    model: logistic,
    space: rates(0.01, 0.02, 0.03),
    strategy: grid(),
    validation: { folds: 2 },
  };

  it.each([1, 2])("ends the study at once, with %i jobs", async (jobs) => {
    const [{ trials, finalError }, took] = await timed(() =>
      tune({ ...long, fit: { epochs: 1e6 }, jobs, signal: AbortSignal.timeout(200) }),
    );
    expect([trials, finalError?.code]).toEqual([[], "invalid_state"]);
    expect(took).toBeLessThan(200 + PROMPT);
  });

  it.each([1, 2])("ends the final fit, and keeps the trials, with %i jobs", async (jobs) => {
    const signal = { aborted: false };
    let stoppedAt = 0;
    const onEvent = ({ type }: StudyEvent<typeof long.space>) => {
      if (type !== "studyEnded") return;
      setTimeout(() => {
        signal.aborted = true;
        stoppedAt = performance.now();
      }, 20);
    };
    // early stopping ends the folds after an epoch, and its attribute says that the final fit has many
    const { study } = await tune({
      ...long,
      fit: { epochs: 1e6, earlyStopping: { monitor: "loss", patience: 1, minDelta: 1e9 } },
      jobs: 1,
      trials: 1,
      timeout: 60_000,
    });
    const saved = JSON.parse(JSON.stringify(study));
    for (const trial of saved.trials) trial.attributes = { epochs: [1e6, 1e6] };
    const { trials, best, finalError } = await tune({
      ...long,
      fit: { epochs: 1e6, earlyStopping: { monitor: "loss", patience: 1, minDelta: 1e9 } },
      jobs,
      trials: 1,
      study: saved,
      signal,
      onEvent,
    });
    expect(performance.now() - stoppedAt).toBeLessThan(PROMPT);
    expect([trials.length, best.number]).toEqual([1, 0]);
    expect(finalError).toMatchObject({
      code: "aborted",
      message: "the final model could not be fitted: the study was stopped",
    });
  });

  it.each([1, 2])("and a trial that takes too long leaves the others, with %i jobs", async (jobs) => {
    const { trials, best, final } = await tune({
      ...long,
      fit: ({ learningRate }) => ({ epochs: learningRate === 0.02 ? 1e6 : 3 }),
      jobs,
      trialTimeout: 400,
    });
    expect(trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete"]);
    expect(trials[1].error).toBe("the trial took longer than trialTimeout, 400 ms");
    expect(best.number).not.toBe(1);
    expect(final).toBeDefined();
    const others = await tune({ ...long, space: rates(0.01, 0.03), fit: { epochs: 3 }, jobs: 1 });
    expect(trials[0].value).toBe(others.trials[0].value);
  });
});

describe("a study that is stopped at any moment has trials of the whole study, and ends as it when it goes on", () => {
  it("of an objective", async () => {
    const options = {
      space: { x: float(0, 1) },
      direction: "minimize",
      trials: 12,
      seed: 3,
      lag: 3,
    } as const;
    const objective = async ({ x }: { x: number }) => {
      await sleep(3 * x);
      return (x - 0.3) ** 2;
    };
    const whole = untimed((await tune({ ...options, objective })).trials);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (after, jobs) => {
          const signal = AbortSignal.timeout(after);
          const { trials, study } = await tune({ ...options, objective, jobs, signal });
          expect(untimed(trials)).toEqual(trials.map(({ number }) => whole[number]));
          if (jobs === 1) expect(trials.map(({ number }) => number)).toEqual([...trials.keys()]);
          const saved = JSON.parse(JSON.stringify(study));
          const gone = await tune({ ...options, objective, study: saved });
          expect(untimed(gone.trials)).toEqual(whole);
        },
      ),
      { numRuns: cases(10) },
    );
  });

  it("of models", async () => {
    const options = {
      x,
      y: quantity,
      model: linear,
      space: { learningRate: float(0.001, 0.1) },
      trials: 6,
      seed: 1,
      fit: { epochs: 40 },
      validation: { folds: 3 },
    };
    const whole = await tune({ ...options, jobs: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 250 }),
        fc.integer({ min: 1, max: 2 }),
        async (after, jobs) => {
          const signal = AbortSignal.timeout(after);
          const { trials, study, bestTrials, finalError } = await tune({ ...options, jobs, signal });
          const shown = (records: typeof trials) => JSON.stringify(untimed(records));
          expect(shown(trials)).toBe(shown(trials.map(({ number }) => whole.trials[number])));
          expect([undefined, bestTrials.length > 0 ? "aborted" : "invalid_state"]).toContain(
            finalError?.code,
          );
          const gone = await tune({ ...options, jobs, study: JSON.parse(JSON.stringify(study)) });
          expect(shown(gone.trials)).toBe(shown(whole.trials));
          expect(gone.final.predict(x).data).toEqual(whole.final.predict(x).data);
        },
      ),
      { numRuns: cases(6) },
    );
  });
});
