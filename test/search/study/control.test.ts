/** Points put in line, trials from elsewhere, and rules that end a search. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asha } from "../../../src/search/schedulers/asha.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import type { StopReason, StopRules, StudyEvent } from "../../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { stopReason } from "../../../src/search/study/stopping.js";
import { type Direction, makeRecord, type TrialRecord } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { prop } from "../../prop.js";
import { caught } from "../support.js";

const space = { kind: choice(["a", "b"]), size: int(1, 3) };

describe("enqueued and added trials", () => {
  it("come before the strategy's suggestions, of which none is skipped", () => {
    const study = createStudy({ space, strategy: grid(), direction: "minimize" });
    expect(study.ask()?.params).toEqual({ kind: "a", size: 1 });
    expect(study.enqueue({ size: 2, kind: "b" })).toBe(1);
    study.add({ kind: "a", size: 3 }, { value: 7 });
    expect(study.enqueue({ kind: "b", size: 2 })).toBe(3);
    expect([study.asked, study.waiting]).toEqual([4, 2]);
    const asked = [];
    for (let trial = study.ask(); trial; trial = study.ask())
      asked.push([trial.number, ...Object.values(trial.params)]);
    expect(asked).toEqual([
      ...[
        [1, "b", 2],
        [3, "b", 2],
      ],
      ...[
        [4, "a", 2],
        [5, "a", 3],
        [6, "b", 1],
        [7, "b", 2],
        [8, "b", 3],
      ],
    ]);
  });

  it("are marked in a saved study", () => {
    const study = createStudy({ space, strategy: grid(), direction: "maximize", seed: 3 });
    study.enqueue({ kind: "b", size: 3 });
    study.add({ kind: "a", size: 2 }, { value: 5, std: 1 });
    study.tell(study.ask()?.number ?? -1, { value: 1 });
    const json = JSON.parse(JSON.stringify(study));
    expect(json.trials.map(({ given }: { given?: boolean }) => given)).toEqual([true, true]);
    const again = restoreStudy(json, { strategy: grid() });
    expect(again.best).toMatchObject({ number: 1, value: 5, std: 1 });
    expect(again.ask()?.params).toEqual({ kind: "a", size: 1 });
    expect(JSON.parse(JSON.stringify(again)).trials[1].given).toBe(true);
    expect(
      caught(() => restoreStudy({ ...json, trials: [{ ...json.trials[0], given: 1 }] }, { strategy: grid() }))
        .message,
    ).toMatch(/given of trial 0 must be true or left out; received 1/);
  });

  it("are refused outside the space, and then change nothing", () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    expect(caught(() => study.enqueue({ kind: "a", size: 4 })).message).toBe(
      'enqueue needs a point of the space: "size" must be an integer from 1 to 3; received 4',
    );
    expect(caught(() => study.add({ kind: "a" } as never, { value: 1 })).message).toBe(
      'add needs a point of the space: "size" must be an integer from 1 to 3; received undefined',
    );
    expect(() => study.add({ kind: "a", size: 1 }, {})).toThrow(
      /the outcome of trial 0 must be a value, or a status/,
    );
    expect([study.asked, study.waiting, study.trials.length]).toEqual([0, 0, 0]);
  });
});

describe("rules that end a search", () => {
  const records = (values: readonly (number | null)[]): TrialRecord[] =>
    values.map((value, number) =>
      makeRecord({ number, params: {} }, value === null ? { status: "failed" } : { value }),
    );

  type Case = [string, (number | null)[], StopRules, Direction, StopReason | undefined];
  it.each([
    ["a value as good as the target", [3, 5], { target: 5 }, "maximize", "target"],
    ["none as good", [3, 4.9], { target: 5 }, "maximize", undefined],
    ["a value as small as the target", [3, 1], { target: 1 }, "minimize", "target"],
    ["trials without a better value", [1, 5, 5, 4], { patience: 2 }, "maximize", "patience"],
    ["too few of them", [1, 5, 5], { patience: 2 }, "maximize", undefined],
    ["failures, which are not better", [1, null, null], { patience: 2 }, "minimize", "patience"],
    ["failures alone", [null, null, null], { patience: 1 }, "minimize", undefined],
    ["no trials", [], { patience: 1, target: 0, rule: () => true }, "minimize", undefined],
    ["a rule that holds", [3, 5], { rule: (trials) => trials.length > 1 }, "minimize", "rule"],
    ["a rule that does not", [3], { rule: (trials) => trials.length > 1 }, "minimize", undefined],
  ] satisfies readonly Case[])("see %s", (_, values, rules, direction, reason) => {
    expect(stopReason(records(values), rules, direction)).toBe(reason);
  });

  it("see the total steps of trials; a trial without steps counts as 0", () => {
    const trials = [4, undefined, 5].map((steps, number) =>
      makeRecord({ number, params: {} }, { value: 1, ...(steps && { steps }) }),
    );
    expect(stopReason(trials, { steps: 9 }, "minimize")).toBe("steps");
    expect(stopReason(trials, { steps: 10 }, "minimize")).toBeUndefined();
    expect(stopReason(trials, { patience: 9 }, "minimize")).toBeUndefined();
  });

  it("see whether the best of all trials is ahead of that of their first half by more than chance, from 60 trials on", () => {
    const scored = (count: number, best: Record<number, readonly number[]>, worst = 9) =>
      Array.from({ length: count }, (_, number) => {
        const scores = best[number] ?? [worst, worst, worst];
        return makeRecord(
          { number, params: {} },
          { value: scores.reduce((a, b) => a + b) / scores.length, scores },
        );
      });
    const ends = (trials: TrialRecord[], standardErrors: number, direction: Direction = "minimize") =>
      stopReason(trials, { standardErrors }, direction) === "standardErrors";
    // leads of 1, 2 and 3: 2 on average, with a standard error of √((1 + 0 + 1) / 3 / 2) = 0.577, 3.46 times
    // as small
    const [early, late] = [
      [4, 5, 6],
      [3, 3, 3],
    ];
    const ahead = scored(60, { 5: early, 30: late });
    expect([3.4, 3.5].map((errors) => ends(ahead, errors))).toEqual([false, true]);
    // the best is in the first half
    expect([59, 60].map((count) => ends(scored(count, { 5: early, 29: late }), 0.1))).toEqual([false, true]);
    // larger is better
    const up = scored(60, { 5: early.map((each) => 20 - each), 30: late.map((each) => 20 - each) });
    expect([3.4, 3.5].map((errors) => ends(up, errors, "maximize"))).toEqual([false, true]);
    // two folds do not tell, and other folds even less
    expect(ends(scored(60, { 5: [4, 5], 30: [3, 3] }), 99)).toBe(false);
    expect(ends(scored(60, { 5: [4, 5], 30: late }), 99)).toBe(false);
    expect(ends(records(Array(60).fill(1)), 99)).toBe(false);
  });

  it.each([1, 2, 4, 8])("let the same trials run, %i at a time", async (concurrency) => {
    const events: StudyEvent[] = [];
    const study = createStudy({
      space: { x: float(0, 1) },
      strategy: random(),
      direction: "minimize",
      seed: 2,
      lag: 3,
    });
    let most = 0;
    let atWork = 0;
    await study.optimize(
      async ({ x }, { number }) => {
        most = Math.max(most, ++atWork);
        // later trials are often done earlier
        for (let i = 0; i < (7 * number) % 5; i++) await new Promise((done) => setImmediate(done));
        atWork--;
        return x;
      },
      {
        trials: 200,
        concurrency,
        stop: { patience: 10 },
        onEvent: (event) => void events.push(event as StudyEvent),
      },
    );
    const { trials } = study;
    const best = trials.reduce((a, b) => ((b.value ?? 9) < (a.value ?? 9) ? b : a));
    // Ten without a better one have been seen when the lag's three are asked as well.
    expect(trials.length).toBe(best.number + 1 + 10 + 3);
    expect(most).toBe(Math.min(concurrency, 4));
    expect(events.at(-1)).toMatchObject({ type: "studyEnded", reason: "patience" });
  });

  it("are refused if they are invalid", async () => {
    const study = createStudy({ space, strategy: random(), direction: "minimize" });
    const run = (stop: object) => study.optimize(() => 1, { trials: 1, stop });
    await expect(run({ patience: 0 })).rejects.toThrow(
      "patience of stop must be a positive integer; received 0",
    );
    await expect(run({ target: Number.NaN })).rejects.toThrow(
      "target of stop must be a finite number; received NaN",
    );
    await expect(run({ standardErrors: 0 })).rejects.toThrow(
      "standardErrors of stop must be a number above 0; received 0",
    );
    await expect(run({ patients: 3 })).rejects.toThrow(/patience/);
    await expect(run({ rule: true })).rejects.toThrow(
      "rule of stop must be a function of trials that returns true or false; received true",
    );
  });
});

describe("a pause", () => {
  const line = { x: float(0, 1) };
  const soon = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  /** A study by TPE whose loop is paused at some trials, and resumed when nothing runs any more. */
  async function paused(at: readonly number[], concurrency: number, isScheduled: boolean) {
    const study = createStudy({
      space: line,
      strategy: tpe({ startupTrials: 3 }),
      direction: "minimize",
      lag: 2,
    });
    let running = 0;
    const scheduling = isScheduled ? { scheduler: asha(), steps: 4 } : {};
    await study.optimize(
      async ({ x }, trial) => {
        running++;
        if (at.includes(trial.number)) {
          study.pause();
          void (async () => {
            for (let quiet = 0; quiet < 3; quiet++) await soon();
            study.resume();
          })();
        }
        await soon();
        for (let step = 1; step <= 4 && isScheduled; step++) if (!(await trial.report(x, step))) break;
        running--;
        return (x - 0.3) ** 2;
      },
      { trials: 12, concurrency, ...scheduling },
    );
    expect(running).toBe(0);
    return study.toJSON();
  }

  const numbers = fc.uniqueArray(fc.nat({ max: 11 }), { maxLength: 4 });
  prop([numbers, fc.integer({ min: 1, max: 3 }), fc.boolean()], { numRuns: cases(10) })(
    "changes no trial, at any concurrency, with a scheduler or without",
    async (at, concurrency, isScheduled) => {
      expect(await paused(at, concurrency, isScheduled)).toEqual(await paused([], 1, isScheduled));
    },
  );

  it("lets running trials end and starts no other, until it is over or the study is stopped", async () => {
    for (const end of ["resume", "stop"] as const) {
      const study = createStudy({ space: line, strategy: random(), direction: "minimize" });
      const reasons: string[] = [];
      const objective = ({ x }: { x: number }, { number }: { number: number }) => {
        if (number === 2) study.pause();
        return x;
      };
      const done = study.optimize(objective, {
        trials: 6,
        onEvent: (event) => event.type === "studyEnded" && reasons.push(event.reason),
      });
      await soon(20);
      expect([study.trials.length, reasons]).toEqual([3, []]);
      study.enqueue({ x: 0.5 });
      study[end]();
      await done;
      expect([study.trials.length, reasons]).toEqual(end === "stop" ? [3, ["stopped"]] : [6, ["budget"]]);
      if (end === "resume") expect(study.trials[3].params.x).toBe(0.5);
    }
  });

  it("is ended by a signal and by a time limit", async () => {
    const signal = { aborted: false };
    for (const options of [{ signal }, { timeout: 60 }]) {
      const study = createStudy({ space: line, strategy: random(), direction: "minimize" });
      const objective = ({ x }: { x: number }) => {
        study.pause();
        return x;
      };
      const done = study.optimize(objective, { trials: 6, ...options });
      await soon(10);
      signal.aborted = true;
      await done;
      expect(study.trials.length).toBe(1);
    }
  });
});

it("a limit of a trial counts its work, and not its wait for others at a rung", async () => {
  let now = 0;
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize", lag: 1 });
  await study.optimize(
    async (_, trial) => {
      now += trial.number === 0 ? 15 : 40; // the second works while the first waits for it
      if (await trial.report(trial.number, 1)) now += 20;
      return trial.number;
    },
    {
      trials: 2,
      concurrency: 2,
      scheduler: halving({ reduction: 2 }),
      steps: 2,
      trialTimeout: 65,
      clock: () => now,
    },
  );
  expect(study.trials.map(({ status }) => status)).toEqual(["complete", "pruned"]);
});

it("a signal while a trial is announced keeps its objective from running, and gives its place back", async () => {
  const signal = { aborted: false };
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  const ran: number[] = [];
  const seen: string[] = [];
  await study.optimize(
    (_, { number }) => {
      ran.push(number);
      return number;
    },
    {
      trials: 5,
      signal,
      onEvent(event) {
        seen.push(event.type);
        if (event.type === "trialStarted" && ran.length === 2) signal.aborted = true;
      },
    },
  );
  expect([ran, study.trials.length, study.waiting]).toEqual([[0, 1], 2, 1]);
  expect(seen.at(-1)).toBe("studyEnded");
});
