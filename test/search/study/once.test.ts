/**
 * What users pass is read once: a getter that gives something else when it is read again cannot put it past a
 * check.
 */
import { describe, expect, it, test } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { spaceFromJson } from "../../../src/search/space/space.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";
import { caught } from "../support.js";

/** An object whose properties, at any depth, are what they are once, and "spoilt" from then on. */
function once<T>(given: T): T {
  if (typeof given !== "object" || given === null) return given;
  const made: object = Array.isArray(given) ? [] : {};
  for (const [name, value] of Object.entries(given)) {
    let reads = 0;
    Object.defineProperty(made, name, {
      enumerable: true,
      get: () => (reads++ === 0 ? once(value) : "spoilt"),
    });
  }
  return made as T;
}

const space = { x: float(0, 1), layers: choice([[64], [64, 32], { units: [8] }]) };
const begin = () => createStudy({ space, strategy: random(), direction: "minimize" });

describe("read once", () => {
  it("are the points and outcomes of trials", () => {
    const study = begin();
    const point = { x: 0.25, layers: { units: [8] } } as const;
    expect(study.enqueue(once(point))).toBe(0);
    expect(
      study.add(once(point), once({ value: 3, scores: [1, 2], attributes: { note: ["a"] } })),
    ).toMatchObject({
      params: point,
      value: 3,
      scores: [1, 2],
      attributes: { note: ["a"] },
    });
    expect(study.ask()?.params).toEqual(point);
    expect(study.tell(0, once({ value: 1, std: 2, seconds: 3, constraints: [0] }))).toMatchObject({
      value: 1,
      std: 2,
      seconds: 3,
      constraints: [0],
    });
    expect(JSON.stringify(study)).not.toContain("spoilt");
  });

  it("are the options of a study and of its loop", async () => {
    const study = createStudy(
      once({ space: { x: float(0, 1) }, direction: ["minimize", "maximize"], seed: 4, lag: 1 } as const),
    );
    expect([study.directions, study.seed, study.lag, study.strategy.name]).toEqual([
      ["minimize", "maximize"],
      4,
      1,
      "nsga2",
    ]);
    const single = begin();
    await single.optimize(({ x }) => x, once({ trials: 3, concurrency: 1 }));
    expect(single.trials).toHaveLength(3);
  });

  it("are parameters", () => {
    expect(float(0, 1, once({ step: 0.25, default: 0.5 }))).toEqual({
      type: "float",
      low: 0,
      high: 1,
      step: 0.25,
      default: 0.5,
    });
    const written = {
      a: { type: "choice", values: ["x", [1, 2]], default: [1, 2] },
      b: { type: "int", low: 1, high: 9, log: true, default: 3, when: { a: [[1, 2]] } },
      c: { type: "float", low: 0, high: 1, when: { b: { low: 2 } } },
    };
    const read = Object.fromEntries(
      Object.entries(written).map(([name, parameter]) => [name, once(parameter)]),
    );
    expect(spaceFromJson(read)).toEqual(written);
  });
});

test.each([
  ["std", { value: 1, std: -0.5 }, "std of trial 0 must be a number of at least 0; received -0.5"],
  ["seconds", { value: 1, seconds: -1 }, "seconds of trial 0 must be a number of at least 0; received -1"],
  [
    "seconds of a failure",
    { status: "failed", seconds: Number.NEGATIVE_INFINITY },
    "at least 0; received -Infinity",
  ],
  ["steps", { value: 1, steps: -1 }, "steps of trial 0 must be an integer of at least 0; received -1"],
] as const)("a negative number of %s is refused, by tell and by add", (_, outcome, message) => {
  const study = begin();
  study.ask();
  for (const tell of [() => study.tell(0, outcome), () => begin().add({ x: 1, layers: [64] }, outcome)]) {
    expect(caught(tell)).toMatchObject({ code: "invalid_argument" });
    expect(caught(tell).message).toContain(message);
  }
  expect(study.tell(0, { value: 1, std: 0, seconds: 0, steps: 0 })).toMatchObject({
    std: 0,
    seconds: 0,
    steps: 0,
  });
});

test("a clock that is set back measures no negative time", () => {
  const times = [5000, 2000];
  const clock = () => times.shift() as number;
  const study = createStudy({ space: { n: int(0, 1) }, strategy: random(), direction: "minimize", clock });
  study.ask();
  expect(study.tell(0, { value: 1 }).seconds).toBe(0);
});
