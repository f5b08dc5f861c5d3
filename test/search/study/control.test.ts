/** Points put in line, trials from elsewhere, and rules that end a search. */
import { describe, expect, it } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { restoreStudy } from "../../../src/search/study/checkpoint.js";
import type { StopReason, StopRules, StudyEvent } from "../../../src/search/study/contract.js";
import { stopReason } from "../../../src/search/study/stopping.js";
import { createStudy } from "../../../src/search/study/study.js";
import { type Direction, makeRecord, type TrialRecord } from "../../../src/search/trial/trial.js";
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
      'enqueue takes a point of the space: "size" must be an integer from 1 to 3; received 4',
    );
    expect(caught(() => study.add({ kind: "a" } as never, { value: 1 })).message).toBe(
      'add takes a point of the space: "size" must be an integer from 1 to 3; received undefined',
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
    await expect(run({ patients: 3 })).rejects.toThrow(/patience/);
    await expect(run({ rule: true })).rejects.toThrow(
      "rule of stop must be a function of trials that returns true or false; received true",
    );
  });
});
