import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy, SuggestContext } from "../../../src/search/strategies/strategy.js";
import { bestOrNone } from "../../../src/search/study/best.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { isBetter, makeRecord, type TrialOutcome } from "../../../src/search/trial/trial.js";
import { caught } from "../support.js";

const space = { x: float(0, 1), units: int(1, 64, { log: true }) };

/** A strategy that waits for values, and keeps what it was shown. */
function watching(shown: SuggestContext[] = []): Strategy {
  return {
    ...random(),
    name: "watching",
    adaptive: true,
    suggest(context) {
      shown.push({ ...context, history: [...context.history], earlier: [...context.earlier] });
      return random().suggest(context);
    },
  };
}

describe("a study", () => {
  test("numbers trials and gives each its own seed, the same for the same study seed", () => {
    const trials = [1, 1, 2].map((seed) => {
      const study = createStudy({ space, strategy: random(), seed, direction: "maximize" });
      return Array.from({ length: 20 }, () => study.ask());
    });
    expect(trials[0]).toEqual(trials[1]);
    expect(trials[0].map((trial) => trial?.number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const seeds = trials.flat().map((trial) => trial?.seed as number);
    expect(new Set(seeds).size).toBe(40);
    for (const seed of seeds) expect(Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31).toBe(true);
  });

  test("keeps outcomes, as plain data", () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    const params = study.ask()?.params;
    const record = study.tell(0, {
      value: 0.9,
      std: 0.02,
      seconds: 1.23456,
      scores: [0.88, 0.92, Number.NaN],
      curve: [3, Number.POSITIVE_INFINITY, 1],
      attributes: { epochs: 10, layers: [64, 32] },
    });
    expect(record).toEqual({
      number: 0,
      params,
      value: 0.9,
      std: 0.02,
      status: "complete",
      seconds: 1.235,
      scores: [0.88, 0.92, null],
      curve: [3, null, 1],
      attributes: { epochs: 10, layers: [64, 32] },
    });
    expect(study.trials).toEqual([record]);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
    expect(() => Object.assign(record.params, { x: 2 })).toThrow(TypeError);
  });

  test.each<[string, TrialOutcome, object]>([
    ["NaN diverges", { value: Number.NaN, std: 1 }, { status: "diverged", value: null, std: null }],
    ["infinity diverges", { value: Number.POSITIVE_INFINITY }, { status: "diverged", value: null }],
    [
      "even if told complete",
      { value: Number.NEGATIVE_INFINITY, status: "complete" },
      { status: "diverged", value: null },
    ],
    [
      "a failure keeps its message",
      { status: "failed", error: "no" },
      { status: "failed", value: null, error: "no" },
    ],
    [
      "a pruned trial keeps its value",
      { status: "pruned", value: 2 },
      { status: "pruned", value: 2, std: null },
    ],
    ["nothing measured the time", { value: 1 }, { seconds: null }],
    ["minus zero is zero", { value: -0 }, { value: 0 }],
  ])("records outcomes: %s", (_, outcome, expected) => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    study.ask();
    expect(study.tell(0, outcome)).toMatchObject(expected);
  });

  test("never has a failed, diverged or pruned trial as its best, and prefers the earliest of equals", () => {
    const outcome = fc.oneof<fc.Arbitrary<TrialOutcome>[]>(
      fc.integer({ min: 0, max: 3 }).map((value) => ({ value })),
      fc.constantFrom<TrialOutcome>(
        { value: Number.NaN },
        { value: 1 / 0 },
        { status: "failed" },
        { status: "pruned", value: 9 },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(outcome, { minLength: 1 }),
        fc.constantFrom("maximize", "minimize"),
        fc.infiniteStream(fc.nat()),
        (outcomes, direction, order) => {
          const study = createStudy({ space, strategy: random(), direction });
          for (const _ of outcomes) study.ask();
          const left = [...outcomes.keys()];
          while (left.length > 0) {
            const [number] = left.splice(order.next().value % left.length, 1);
            study.tell(number, outcomes[number]);
          }
          const values = outcomes.map(({ value, status }) =>
            status === undefined && Number.isFinite(value) ? (value as number) : undefined,
          );
          const known = values.filter((value) => value !== undefined);
          const top = direction === "maximize" ? Math.max(...known) : Math.min(...known);
          expect(bestOrNone(study)?.number).toBe(known.length > 0 ? values.indexOf(top) : undefined);
          expect(study.trials.map(({ number }) => number)).toEqual([...outcomes.keys()]);
        },
      ),
    );
  });

  test("has no trial that is better than itself", () => {
    const record = makeRecord({ number: 3, params: {} }, { value: 1 });
    for (const direction of ["maximize", "minimize"] as const) {
      expect(isBetter(record, record, direction)).toBe(false);
      expect(isBetter(record, { ...record, number: 4 }, direction)).toBe(true);
    }
  });

  test("times trials by its clock, from ask to tell", () => {
    let now = 1000;
    const study = createStudy({ space, strategy: random(), clock: () => now, direction: "maximize" });
    study.ask();
    now += 250;
    study.ask();
    now += 1000;
    expect(study.tell(0, { value: 1 }).seconds).toBe(1.25);
    expect(study.tell(1, { value: 1, seconds: 7 }).seconds).toBe(7);
  });

  test("hands a released trial out again, before new ones", () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    const first = study.ask();
    const second = study.ask();
    study.release(1);
    study.release(0);
    expect(study.waiting).toBe(2);
    expect([study.ask(), study.ask()]).toEqual([first, second]);
    expect(study.ask()?.number).toBe(2);
    expect(study.asked).toBe(3);
  });
});

describe("an adaptive strategy", () => {
  test.each([0, 1, 3])("sees, with lag %i, exactly the trials up to n − 1 − lag", (lag) => {
    const shown: SuggestContext[] = [];
    const study = createStudy({ space, strategy: watching(shown), lag, direction: "minimize" });
    for (let n = 0; n < 8; n++) {
      while (!study.canAsk()) study.tell(n - 1 - lag, { value: n });
      study.ask();
      expect(shown[n]).toMatchObject({ number: n, direction: "minimize" });
      expect(shown[n].history.map(({ number }) => number)).toEqual(
        Array.from({ length: Math.max(0, n - lag) }, (_, i) => i),
      );
      expect(shown[n].earlier).toHaveLength(n);
    }
  });

  test("sees no later trial, even one that has ended", () => {
    const shown: SuggestContext[] = [];
    const study = createStudy({ space, strategy: watching(shown), lag: 2, direction: "maximize" });
    for (let n = 0; n < 3; n++) study.ask();
    study.tell(2, { value: 1 });
    study.tell(1, { value: 1 });
    expect(study.canAsk()).toBe(false);
    const error = caught(() => study.ask());
    expect(error).toMatchObject({ code: "invalid_state" });
    expect(error.message).toBe(
      'strategy "watching" learns from trials: with lag 2, trial 3 can start once all trials up to 0 have finished; trial 0 has not. Finish it with tell, or give the study a larger lag',
    );
    study.tell(0, { value: 1 });
    study.ask();
    expect(shown[3].history.map(({ number }) => number)).toEqual([0]);
  });

  test("is the only kind that waits", () => {
    const study = createStudy({ space, strategy: random(), lag: 0, direction: "maximize" });
    for (let n = 0; n < 5; n++) {
      expect(study.canAsk()).toBe(true);
      study.ask();
    }
  });
});

test("a study over a grid ends when the grid does", () => {
  const study = createStudy({ space: { a: choice([1, 2]) }, strategy: grid(), direction: "maximize" });
  expect([study.ask()?.params, study.ask()?.params, study.ask(), study.ask()]).toEqual([
    { a: 1 },
    { a: 2 },
    undefined,
    undefined,
  ]);
  expect(study.asked).toBe(2);
});

describe("what is left out", () => {
  test("the strategy is the default of tune", () => {
    const space = { x: float(0, 1) };
    expect(createStudy({ space, direction: "minimize" }).strategy.name).toBe("gp");
    expect(createStudy({ space, direction: ["minimize", "maximize"] }).strategy.name).toBe("nsga2");
    const study = createStudy({ space, direction: "minimize" });
    study.add({ x: 0.5 }, { value: 1 });
    expect(restoreStudy(JSON.parse(JSON.stringify(study))).best.value).toBe(1);
  });
});

describe("best", () => {
  const space = { x: float(0, 1) };
  test("says what to do where there is none", () => {
    const study = createStudy({ space, direction: "minimize" });
    expect(() => study.best).toThrow(
      "best needs a complete trial that satisfies its constraints; this study has none among 0. Run more trials",
    );
    study.add({ x: 0 }, { value: 3 });
    expect(study.best.value.toFixed(1)).toBe("3.0");
    const two = createStudy({ space, direction: ["minimize", "maximize"] });
    two.add({ x: 0 }, { values: [1, 2] });
    expect(() => two.best).toThrow("best needs one objective; this study has 2. Use bestTrials");
    expect(two.bestTrials.map(({ values }) => values)).toEqual([[1, 2]]);
  });
});

test("tell says that it takes the number of a trial, and an outcome", () => {
  const study = createStudy({ space: { x: float(0, 1) }, direction: "minimize" });
  const trial = study.ask();
  expect(() => study.tell(trial as never, { value: 1 })).toThrow(
    'the number of a trial must be an integer, as trial.number; received {"number":0,',
  );
  expect(() => study.tell(0, 1 as never)).toThrow(
    "the outcome of trial 0 must be an object, as { value: 1 }; received 1",
  );
});
