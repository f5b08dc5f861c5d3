import { describe, expect, test } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { asha } from "../../../src/search/schedulers/asha.js";
import type { Scheduler } from "../../../src/search/schedulers/scheduler.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import type { Objective, StudyEvent } from "../../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";

const space = { x: float(-1, 1) };

/** Steps towards the best value seen, so that its suggestions depend on the history. */
const climbing: Strategy = {
  ...random(),
  name: "climbing",
  adaptive: true,
  suggest(context) {
    const seen = context.history.filter(({ value }) => value !== null);
    const best = seen.reduce((a, b) => ((a.value ?? 0) >= (b.value ?? 0) ? a : b), seen[0]);
    const x = ((best?.params.x as number) ?? 0) + 0.2 * (context.random.uniform() - 0.5);
    return { x: Math.min(1, Math.max(-1, x)) };
  },
};

/** Ends after a number of turns of the event loop that differs from trial to trial. */
const unruly: Objective<typeof space> = async ({ x }, { seed }) => {
  for (let i = 0; i < seed % 7; i++) await new Promise((done) => setImmediate(done));
  if (seed % 5 === 0) throw new Error("bad luck");
  return seed % 11 === 0 ? Number.NaN : 1 - x * x;
};

describe("optimize", () => {
  test("runs the objective up to the budget, counting what the study already holds", async () => {
    const study = createStudy({ space, strategy: random(), seed: 1, direction: "maximize" });
    await study.optimize(({ x }) => 1 - x * x, { trials: 10 });
    expect(study.trials).toHaveLength(10);
    for (const { params, value } of study.trials) expect(value).toBe(1 - params.x * params.x);
    await study.optimize(() => ({ value: 5, std: 1, scores: [4, 6] }), { trials: 12 });
    expect(study.trials).toHaveLength(12);
    expect(study.best).toMatchObject({ number: 10, value: 5, std: 1, scores: [4, 6] });
    const ends: unknown[] = [];
    await study.optimize(() => 9, {
      trials: 12,
      onEvent: (event) => void (event.type === "studyEnded" && ends.push(event.reason)),
    });
    expect(study.trials).toHaveLength(12);
    expect(ends).toEqual(["budget"]);
  });

  test.each([
    ["random", random()],
    ["an adaptive strategy", climbing],
  ])("gives the same records at any concurrency: %s", async (_, strategy) => {
    const run = async (concurrency: number) => {
      const study = createStudy({ space, strategy, seed: 4, lag: 3, direction: "maximize" });
      let [atWork, most] = [0, 0];
      const objective: typeof unruly = async (params, trial) => {
        most = Math.max(most, ++atWork);
        try {
          return await unruly(params, trial);
        } finally {
          atWork--;
        }
      };
      await study.optimize(objective, { trials: 30, concurrency });
      return { records: study.trials, most };
    };
    const one = await run(1);
    expect(one.most).toBe(1);
    expect(new Set(one.records.map(({ status }) => status))).toEqual(
      new Set(["complete", "failed", "diverged"]),
    );
    for (const concurrency of [2, 4, 9]) {
      const { records, most } = await run(concurrency);
      expect(records).toEqual(one.records);
      expect(most).toBe(strategy.adaptive ? Math.min(4, concurrency) : concurrency);
    }
  });

  test("fails a trial whose objective throws or returns nonsense, and continues", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    const misdeeds: (() => unknown)[] = [
      () => {
        throw new FettleError("invalid_argument", "units is at least 1, received 0");
      },
      () => Promise.reject(new TypeError("x is not a function")),
      () => {
        throw "a bare string";
      },
      () => undefined,
      () => ({ value: "high" }),
      () => ({ loss: 1 }),
      () => 7,
    ];
    await study.optimize((_, { number }) => misdeeds[number]() as number, { trials: misdeeds.length });
    expect(study.trials.map(({ status }) => status)).toEqual([...Array(6).fill("failed"), "complete"]);
    const errors = study.trials.map(({ error }) => error);
    expect(errors.slice(0, 3)).toEqual([
      "units is at least 1, received 0",
      "x is not a function",
      '"a bare string"',
    ]);
    expect(errors[3]).toBe(
      "the result of an objective must be a number, a list of numbers or an outcome; received undefined",
    );
    expect(errors[4]).toBe('value of trial 4 must be a number; received "high"');
    expect(errors[5]).toMatch(/unknown option of a trial's outcome "loss"/);
    expect(study.best.number).toBe(6);
  });

  test("tells what happens, in order", async () => {
    const study = createStudy({ space: { a: choice([1, 2]) }, strategy: grid(), direction: "maximize" });
    const events: StudyEvent<{ a: ReturnType<typeof choice<1 | 2>> }>[] = [];
    await study.optimize(
      ({ a }, trial) => {
        trial.report(a * 10, 1);
        return a;
      },
      { trials: 5, onEvent: (event) => events.push(event) },
    );
    const [first, second] = study.trials;
    expect(events).toMatchObject([
      { type: "studyStarted", study, trials: 5, finished: 0 },
      { type: "trialStarted", trial: { number: 0, params: { a: 1 } } },
      { type: "stepReported", number: 0, step: 1, value: 10 },
      { type: "trialEnded", record: first, best: first },
      { type: "trialStarted", trial: { number: 1, params: { a: 2 } } },
      { type: "stepReported", number: 1, step: 1, value: 20 },
      { type: "trialEnded", record: second, best: second },
      { type: "studyEnded", reason: "exhausted", best: second },
    ]);
  });

  test("stops when aborted, loses nothing, and continues later as if nothing had happened", async () => {
    const whole = createStudy({ space, strategy: climbing, seed: 9, lag: 2, direction: "maximize" });
    await whole.optimize(unruly, { trials: 20 });

    const study = createStudy({ space, strategy: climbing, seed: 9, lag: 2, direction: "maximize" });
    const stop = new AbortController();
    let last: StudyEvent<typeof space> | undefined;
    await study.optimize(
      async (params, trial) => {
        if (trial.number === 7) stop.abort();
        if (trial.aborted) throw new Error("interrupted");
        return unruly(params, trial);
      },
      { trials: 20, concurrency: 3, signal: stop.signal, onEvent: (event) => (last = event) },
    );
    expect(last).toMatchObject({ type: "studyEnded", reason: "aborted" });
    expect(study.asked).toBeLessThan(12);
    expect(study.waiting).toBeGreaterThan(0);
    expect(study.trials.length + study.waiting).toBe(study.asked);
    expect(study.trials.some(({ error }) => error === "interrupted")).toBe(false);

    const again = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: climbing, space });
    await again.optimize(unruly, { trials: 20, concurrency: 2 });
    expect(again.trials).toEqual(whole.trials);
  });

  test("begins nothing when the signal is already aborted", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    await study.optimize(() => 1, { trials: 3, signal: AbortSignal.abort() });
    expect(study.asked).toBe(0);
  });

  test("ends when a listener throws, with every finished trial kept", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    const heard: string[] = [];
    const onEvent = ({ type }: StudyEvent<typeof space>) => {
      heard.push(type);
      if (type === "trialEnded" && study.trials.length === 3) throw new Error("disk full");
    };
    await expect(study.optimize(() => 1, { trials: 10, onEvent })).rejects.toThrow("disk full");
    expect(study.trials).toHaveLength(3);
    expect(study.asked).toBe(3);
    // nor is it told more, the end included
    expect(heard).toEqual(["studyStarted", ...Array(3).fill(["trialStarted", "trialEnded"]).flat()]);
  });

  test.each(["studyStarted", "trialStarted", "trialEnded", "studyEnded"] as const)(
    "ends where a listener that is async rejects at %s, as where one throws",
    async (at) => {
      const study = createStudy({ space, strategy: random(), direction: "maximize" });
      const heard: string[] = [];
      const onEvent = async ({ type }: StudyEvent<typeof space>) => {
        heard.push(type);
        await Promise.resolve();
        if (type === at) throw new Error("disk full");
      };
      await expect(study.optimize(() => 1, { trials: 5, onEvent })).rejects.toThrow("disk full");
      if (at === "studyEnded") expect(study.trials).toHaveLength(5);
      else expect(study.asked).toBeLessThan(5);
      expect(heard.filter((type) => type === at)).toHaveLength(1);
    },
  );

  test("waits for what listeners do, and ends a pause where one of them rejects", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    let isDone = false;
    await study.optimize(() => 1, {
      trials: 2,
      async onEvent({ type }) {
        if (type !== "trialStarted") return;
        await new Promise((resolve) => setTimeout(resolve, 20));
        isDone = true;
      },
    });
    expect(isDone).toBe(true);
    const paused = createStudy({ space, strategy: random(), direction: "maximize" });
    const running = paused.optimize(() => 1, {
      trials: 3,
      async onEvent({ type }) {
        if (type !== "studyStarted") return;
        paused.pause();
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error("disk full");
      },
    });
    await expect(running).rejects.toThrow("disk full");
  });

  test("says why it cannot continue if a trial was asked for elsewhere", async () => {
    const study = createStudy({ space, strategy: climbing, direction: "maximize" });
    study.ask();
    await expect(study.optimize(() => 1, { trials: 3 })).rejects.toMatchObject({
      code: "invalid_state",
      message: expect.stringMatching(
        /trial 1 can start once all trials up to 0 have finished; trial 0 has not/,
      ),
    });
    study.release(0);
    await study.optimize(() => 1, { trials: 3 });
    expect(study.trials).toHaveLength(3);
  });

  test("runs released trials even if the budget is used up", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    for (let i = 0; i < 4; i++) study.ask();
    study.tell(2, { value: 1 });
    for (const number of [0, 1, 3]) study.release(number);
    await study.optimize((_, { number }) => number, { trials: 4 });
    expect(study.trials.map(({ value }) => value)).toEqual([0, 1, 1, 3]);
  });

  test("throws what the study refuses, once running trials have ended", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const meddling: Objective<typeof space> = async (_, { number }) => {
      if (number === 0) {
        await begun;
        study.tell(0, { value: 1 }); // what only the loop may do
      } else {
        begin();
        await new Promise((done) => setImmediate(done));
      }
      return 2;
    };
    const running = study.optimize(meddling, { trials: 6, concurrency: 2 });
    await expect(running).rejects.toThrow(
      "only a running trial can be finished or released; trial 0 has finished",
    );
    expect(study.trials.map(({ number, value }) => [number, value])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test("waits for running trials before it throws what a strategy threw", async () => {
    const suggest: Strategy["suggest"] = (context) => {
      if (context.number === 2) throw new Error("a bug in the strategy");
      return { x: 0 };
    };
    const study = createStudy({ space, strategy: { ...random(), suggest }, direction: "maximize" });
    await expect(study.optimize(unruly, { trials: 5, concurrency: 4 })).rejects.toThrow(
      "a bug in the strategy",
    );
    expect(study.trials.length + study.waiting).toBe(2);
  });

  test("keeps the steps that a trial says it took, or last reported", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    await study.optimize(
      async (_, { number, report }) => {
        if (number === 0) return 1;
        await report(1, 2);
        await report(1, 5);
        if (number === 2) throw new Error("bad luck");
        return number === 3 ? { value: 1, steps: 7 } : 1;
      },
      { trials: 4 },
    );
    expect(study.trials.map(({ steps }) => steps)).toEqual([undefined, 5, 5, 7]);
    const again = createStudy({ space, strategy: random(), direction: "maximize" });
    const never: Scheduler = { ...asha(), promotes: () => false };
    await again.optimize(
      async (_, { number, report }) => {
        if (number > 0) await report(1, 3);
        return 1;
      },
      { trials: 2, scheduler: never, steps: 9 },
    );
    expect(again.trials.map(({ steps, status }) => [steps, status])).toEqual([
      [9, "complete"],
      [3, "pruned"],
    ]);
  });

  test.each([
    [
      "a negative step",
      -1,
      1,
      "the step of trial.report(value, step) must be an integer of at least 0; received -1",
    ],
    [
      "two values of one objective",
      1,
      [1, 2],
      "the value of trial.report(value, step) must be a number; received [1,2]",
    ],
    ["no value", 1, undefined, "the value of trial.report(value, step) must be a number; received undefined"],
  ])("fails a trial that reports %s", async (_, step, value, message) => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    await study.optimize(
      async (_, { report }) => {
        await report(value as number, step);
        return 1;
      },
      { trials: 1 },
    );
    expect(study.trials[0]).toMatchObject({ status: "failed", error: message });
  });

  test("keeps the first 4,000 characters of an error, so that a study stays small", async () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    const message = Array.from({ length: 999 }, (_, i) => String(i).padStart(6)).join("");
    const fail = () => {
      throw new Error(message);
    };
    await study.optimize(fail, { trials: 1 });
    expect(study.trials[0].error).toBe(message.slice(0, 4000));
  });

  test.each<[string, object, RegExp]>([
    ["no budget", {}, /trials must be a positive integer; received undefined/],
    ["a budget of 0", { trials: 0 }, /trials must be a positive integer; received 0/],
    [
      "a fractional concurrency",
      { trials: 1, concurrency: 1.5 },
      /concurrency must be a positive integer; received 1.5/,
    ],
    ["an unknown option", { trials: 1, jobs: 2 }, /unknown option of optimize "jobs"/],
  ])("refuses %s", async (_, options, message) => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    await expect(study.optimize(() => 1, options as never)).rejects.toThrow(message);
    await expect(study.optimize(3 as never, { trials: 1 })).rejects.toThrow(
      "objective must be a function of parameters; received 3",
    );
    expect(study.asked).toBe(0);
  });
});
