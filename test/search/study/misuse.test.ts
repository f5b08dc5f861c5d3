/** Calls that mix up a thing with its name, its function or what holds it: each refusal says what to pass. */
import { describe, expect, test } from "vitest";
import { hypervolume } from "../../../src/search/analysis/hypervolume.js";
import { bestSoFar, importances } from "../../../src/search/analysis/importance.js";
import { asha } from "../../../src/search/schedulers/asha.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { remainingRegret } from "../../../src/search/strategies/gp/regret.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { createStudy } from "../../../src/search/study/create.js";
import { ancestry } from "../../../src/search/trial/ancestry.js";
import { tune } from "../../../src/tune/tune.js";
import { caught } from "../support.js";

const space = { x: float(0, 1) };
const newStudy = () => createStudy({ space, strategy: random(), direction: "minimize" });

const A_SCHEDULER = 'scheduler must be a scheduler, such as asha() or createScheduler("asha"); received ';
const A_STRATEGY = 'strategy must be a strategy, such as tpe() or createStrategy("tpe"); received ';

describe("a scheduler must not be", () => {
  test.each<[string, unknown, string]>([
    ["a name", "asha", '"asha"'],
    ["its uncalled function", asha, "function asha"],
    ["an empty object", {}, "{}"],
    ["null", null, "null"],
  ])("%s", async (_, scheduler, received) => {
    const options = { trials: 2, steps: 4, scheduler: scheduler as never };
    await expect(newStudy().optimize(() => 1, options)).rejects.toThrow(A_SCHEDULER + received);
    const tuned = tune({ space, objective: () => 1, direction: "minimize", strategy: random(), ...options });
    await expect(tuned).rejects.toThrow(A_SCHEDULER + received);
  });
});

describe("a strategy must not be", () => {
  test.each<[string, unknown, string]>([
    ["a name", "tpe", '"tpe"'],
    ["its uncalled function", tpe, "function tpe"],
    ["an empty object", {}, "{}"],
  ])("%s", async (_, strategy, received) => {
    const options = { space, strategy: strategy as never, direction: "minimize" as const };
    expect(caught(() => createStudy(options)).message).toBe(A_STRATEGY + received);
    const tuned = tune({ ...options, objective: () => 1, trials: 1 });
    await expect(tuned).rejects.toThrow(A_STRATEGY + received);
    expect(caught(() => pbt({ start: strategy as never })).message).toBe(
      `start of pbt must be ${A_STRATEGY.slice(17)}${received}`,
    );
  });
});

describe("an analysis takes trials, and refuses", () => {
  const inputs: [string, unknown, RegExp][] = [
    ["a study", newStudy(), /^trials must be a list of trials, such as study\.trials.*; received {"format/],
    ["nothing", undefined, /^trials must be a list of trials, such as study\.trials.*; received undefined$/],
  ];
  test.each(inputs)("%s", (_, input, message) => {
    const wrong = input as never;
    expect(caught(() => bestSoFar(wrong, "minimize")).message).toMatch(message);
    expect(caught(() => importances(wrong, space)).message).toMatch(message);
    expect(caught(() => hypervolume(wrong, ["minimize", "minimize"], [1, 1])).message).toMatch(message);
    expect(caught(() => ancestry(wrong, 0)).message).toMatch(message);
  });

  test("numbers for trials, and a misspelt direction", () => {
    expect(caught(() => bestSoFar([1, 2] as never, "minimize")).message).toMatch(/; received \[1,2\]$/);
    expect(caught(() => hypervolume([1, 2] as never, "minimize", [1])).message).toMatch(
      /; received \[1,2\]$/,
    );
    expect(caught(() => bestSoFar([], "minimise" as never)).message).toMatch(/Did you mean "minimize"/);
    expect(caught(() => hypervolume([], undefined as never, [1])).message).toMatch(
      /^direction must be .*; received undefined$/,
    );
    expect(caught(() => hypervolume([], "minimize", undefined as never)).message).toMatch(
      /^reference must be .*; received undefined$/,
    );
  });

  test("trials where a study is meant", () => {
    expect(caught(() => remainingRegret([] as never)).message).toBe(
      "study must be a study, or an object of its space, direction and trials; received []",
    );
    expect(
      caught(() => remainingRegret({ space, direction: "minimize", trials: newStudy() as never })).message,
    ).toMatch(/^trials must be a list of trials/);
  });
});

describe("optimize refuses", () => {
  test.each<[string, object, string]>([
    ["a listener that is not a function", { onEvent: 5 }, "onEvent must be a function; received 5"],
    [
      "a signal that is not one",
      { signal: 5 },
      "signal must be an AbortSignal, or an object with a boolean `aborted`; received 5",
    ],
    [
      "an AbortController for its signal",
      { signal: {} },
      "signal must be an AbortSignal, or an object with a boolean `aborted`; received {}",
    ],
    ["text for a number", { trials: "5" }, 'trials must be a positive integer; received "5"'],
    ["rules that are not an object", { stop: 3 }, "the options of stop must be an object; received 3"],
  ])("%s", async (_, options, message) => {
    const study = newStudy();
    await expect(study.optimize(() => 1, { trials: 1, ...options } as never)).rejects.toThrow(message);
    expect(study.asked).toBe(0);
  });
});

describe("a space refuses", () => {
  test.each<[string, object, string]>([
    [
      "a list of values",
      { units: [8, 16] },
      "received [8,16]. To try each of these values, write choice([8,16])",
    ],
    [
      "a constant",
      { units: 8 },
      "received 8. A constant is not a parameter; use it where the parameters are used",
    ],
    ["a type for a parameter", { units: "int" }, 'received "int". A constant is not a parameter'],
  ])("%s, and says what to write", (_, wrong, message) => {
    const error = caught(() =>
      createStudy({ space: wrong as never, strategy: random(), direction: "minimize" }),
    );
    expect(error).toMatchObject({ code: "invalid_space" });
    expect(error.message).toContain(
      `parameter "units" must be float(low, high), int(low, high), choice([...]), or an object whose "type" is "float", "int" or "choice"; ${message}`,
    );
  });

  test("a bound that is text, by its name", () => {
    expect(caught(() => float("1" as never, 2)).message).toBe(
      'float("1", 2): low must be a finite number; received "1"',
    );
    expect(caught(() => float(1, "2" as never)).message).toBe(
      'float(1, "2"): high must be a finite number; received "2"',
    );
  });

  test("being left out", () => {
    const make = () => createStudy({ strategy: random(), direction: "minimize" } as never);
    expect(caught(make).message).toBe(
      "space must be an object with at least one parameter; received undefined",
    );
  });
});

describe("a direction", () => {
  test.each<[unknown, string, string]>([
    [
      undefined,
      "invalid_argument",
      'direction must be "minimize" or "maximize", or a list with one of them for each objective; received undefined',
    ],
    [
      [],
      "invalid_argument",
      'direction must be "minimize" or "maximize", or a list with one of them for each objective; received []',
    ],
    [
      "maximise",
      "unknown_name",
      'unknown direction "maximise". Did you mean "maximize"? Known: minimize, maximize.',
    ],
    [["minimize", "max"], "unknown_name", 'unknown direction "max". Known: minimize, maximize.'],
  ])("%j is refused by its name", (direction, code, message) => {
    const error = caught(() => createStudy({ space, strategy: random(), direction: direction as never }));
    expect(error).toMatchObject({ code, message });
  });
});

test("a point with text for a number is refused by name", () => {
  const study = createStudy({
    space: { x: float(0, 1), kind: choice(["a"]) },
    strategy: random(),
    direction: "minimize",
  });
  const point = { x: "0.5", kind: "a" } as never;
  expect(caught(() => study.enqueue(point)).message).toBe(
    'enqueue needs a point of the space: "x" must be a number from 0 to 1; received "0.5"',
  );
  expect(caught(() => study.add(point, { value: 1 })).message).toBe(
    'add needs a point of the space: "x" must be a number from 0 to 1; received "0.5"',
  );
});

describe("a report with swapped arguments", () => {
  test("fails its trial, since a step is an integer", async () => {
    const study = newStudy();
    await study.optimize(
      (_, trial) => {
        trial.report(3, 0.25);
        return 1;
      },
      { trials: 1 },
    );
    expect(study.trials[0]).toMatchObject({
      status: "failed",
      error: "the step of trial.report(value, step) must be an integer of at least 0; received 0.25",
    });
  });

  test.each([4, 3])("fails its trial, since steps ascend (%i after 4)", async (step) => {
    const study = newStudy();
    await study.optimize(
      async (_, { report }) => {
        await report(1, 4);
        await report(2, step);
        return 1;
      },
      { trials: 1 },
    );
    expect(study.trials[0]).toMatchObject({
      status: "failed",
      steps: 4,
      error: `the step of trial.report(value, step) must be larger than 4, reported before; received ${step}`,
    });
  });
});

describe("an objective that does not await a report", () => {
  const MESSAGE = "trial.report(value, step) must be awaited: its result is the scheduler's decision";
  const options = { trials: 9, steps: 9, scheduler: halving() };

  test("fails where it reports again", async () => {
    const study = newStudy();
    let steps = 0;
    await study.optimize(async ({ x }, trial) => {
      for (let step = 1; step <= 9; step++, steps++) trial.report(x, step);
      return x;
    }, options);
    expect(study.trials.map(({ error }) => error)).toEqual(Array(9).fill(MESSAGE));
    expect(steps).toBe(9); // one of each
  });

  test("fails where it returns, and takes no place of others", async () => {
    const study = newStudy();
    let [running, most] = [0, 0];
    await study.optimize(async ({ x }, trial) => {
      const rung = trial.report(x, 1);
      if (trial.number % 3 === 0) return x;
      if (!(await rung)) return x;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve));
      running--;
      return x;
    }, options);
    const failed = study.trials.filter(({ status }) => status === "failed");
    expect(failed.map(({ number, error }) => [number, error])).toEqual([0, 3, 6].map((n) => [n, MESSAGE]));
    expect(study.trials.some(({ status }) => status === "complete")).toBe(true);
    expect(study.trials.some(({ status }) => status === "pruned")).toBe(true);
    expect(most).toBe(1);
  });
});
