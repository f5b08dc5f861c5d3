import { describe, expect, test } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { StudyJson } from "../../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import { caught } from "../support.js";

const space = {
  optimizer: choice(["sgd", "adam", ["lion", { beta: 0.9 }]]),
  momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  units: int(8, 128, { log: true }),
  mix: float(0, 1, { step: 0.1 }),
};

/** A study with every kind of trial in it, as text. */
function saved(): string {
  const study = createStudy({ space, strategy: random(), seed: 5, direction: "minimize", lag: 2 });
  for (let i = 0; i < 7; i++) study.ask();
  study.tell(0, {
    value: 1 / 3,
    std: 0.1,
    scores: [1, Number.NaN],
    curve: [1, 2],
    attributes: { a: [null] },
  });
  study.tell(2, { value: Number.NaN, seconds: 2 });
  study.tell(3, { status: "failed", error: "no memory" });
  study.tell(5, { status: "pruned", value: 4 });
  return JSON.stringify(study);
}

describe("a saved study", () => {
  test("comes back the same", () => {
    const study = restoreStudy(JSON.parse(saved()), { strategy: random() });
    expect(JSON.stringify(study)).toBe(saved());
    expect(study.trials.map(({ number, status }) => [number, status])).toEqual([
      [0, "complete"],
      [2, "diverged"],
      [3, "failed"],
      [5, "pruned"],
    ]);
    // no field is there that has no value
    for (const trial of study.trials) expect(Object.values(trial)).not.toContain(undefined);
    expect(study.best.value).toBe(1 / 3);
    expect([study.seed, study.lag, study.direction, study.asked, study.waiting]).toEqual([
      5,
      2,
      "minimize",
      7,
      3,
    ]);
  });

  test("first hands out what was running, with the same seed, then continues", () => {
    const whole = createStudy({ space, strategy: random(), seed: 5, direction: "maximize" });
    const expected = Array.from({ length: 12 }, () => whole.ask());
    const study = restoreStudy(JSON.parse(saved()), { strategy: random() });
    const asked = Array.from({ length: 8 }, () => study.ask());
    expect(asked).toEqual([1, 4, 6, 7, 8, 9, 10, 11].map((number) => expected[number]));
  });

  test("is made of the space's own frozen values, in the declared order", () => {
    const json = JSON.parse(saved());
    const layers = choice([[64, 32]]);
    json.space = { layers, depth: int(1, 2) };
    json.trials = [{ number: 0, params: { depth: 2, layers: [64, 32] }, status: "running" }];
    const params = restoreStudy(json, { strategy: random() }).ask()?.params ?? {};
    expect(Object.keys(params)).toEqual(["layers", "depth"]);
    expect(() => (params.layers as number[]).push(16)).toThrow(TypeError);
  });

  test("times trials again with the clock that is passed", () => {
    let now = 0;
    const study = restoreStudy(JSON.parse(saved()), { strategy: random(), clock: () => now });
    const number = study.ask()?.number as number;
    now = 500;
    expect(study.tell(number, { value: 1 }).seconds).toBe(0.5);
  });

  test("is below 1 MiB for 1,000 trials of 10 parameters with 5 scores", () => {
    const wide = Object.fromEntries(
      Array.from(
        { length: 10 },
        (_, i) => [`aRatherLongName${String(i).padStart(5, "0")}`, float(0, 1)] as const,
      ),
    );
    const study = createStudy({ space: wide, strategy: random(), direction: "maximize" });
    for (let i = 0; i < 1000; i++) {
      study.ask();
      study.tell(i, {
        value: 1 / (i + 7),
        std: 1 / (i + 9),
        seconds: 12.345,
        scores: [3, 7, 11, 13, 17].map((k) => 1 / (k + i)),
      });
    }
    const bytes = new TextEncoder().encode(JSON.stringify(study)).length;
    expect(bytes).toBeGreaterThan(300_000); // full precision is in it
    expect(bytes).toBeLessThan(1024 * 1024);
  });
});

describe("a study cannot be opened if", () => {
  const edit =
    (change: (json: Record<string, unknown> & { trials: Record<string, unknown>[] }) => unknown) => () => {
      const json = JSON.parse(saved());
      restoreStudy(change(json) ?? json, { strategy: random() });
    };
  const set = (key: string, value: unknown) => edit((json) => void Object.assign(json, { [key]: value }));
  const setTrial = (number: number, fields: object) =>
    edit((json) => void Object.assign(json.trials[number], fields));

  test.each<[string, () => unknown, RegExp]>([
    [
      "it is not an object",
      edit(() => "study"),
      /it must be an object with the format "fettle-study"; received "study"/,
    ],
    ["it is something else", set("format", "optuna"), /with the format "fettle-study"/],
    [
      "it is newer",
      set("version", 3),
      /version must be at most 2, the latest that this release reads \(upgrade .*; received 3/,
    ],
    ["its version is text", set("version", "1"), /version must be a positive integer; received "1"/],
    ["it has a stray field", set("trails", []), /its fields must be among format, .*; received "trails"/],
    [
      "its space is impossible",
      set("space", { x: { type: "int", low: 3, high: 1 } }),
      /its space is damaged: parameter "x": low must be at most/,
    ],
    ["its seed is negative", set("seed", -3), /seed must be an integer of at least 0; received -3/],
    ["its lag is missing", set("lag", undefined), /lag must be an integer of at least 0; received undefined/],
    ["its direction is unknown", set("direction", "up"), /its direction is damaged: unknown direction "up"/],
    [
      "its strategy is unnamed",
      set("strategy", {}),
      /its strategy must be an object of a name and options; received {}/,
    ],
    ["its trials are missing", set("trials", undefined), /its trials must be a list; received undefined/],
    [
      "a trial is missing",
      edit((json) => void json.trials.splice(1, 1)),
      /entry 1 of its trials must be trial 1; received/,
    ],
    [
      "a value left the space",
      setTrial(1, { params: { optimizer: "adam", units: 7, mix: 0 } }),
      /trial 1 is outside the space: "units" must be .*; received 7/,
    ],
    [
      "a condition is broken",
      setTrial(1, { params: { optimizer: "sgd", units: 9, mix: 0 } }),
      /"momentum" must be a number .*; received undefined/,
    ],
    [
      "a status is unknown",
      setTrial(0, { status: "done" }),
      /the status of trial 0 must be "running", .*; received "done"/,
    ],
    [
      "a complete trial lost its value",
      setTrial(0, { value: null }),
      /the value of trial 0, which is complete, must be finite; received null/,
    ],
    [
      "a failed trial has a value",
      setTrial(3, { value: 4 }),
      /the value of trial 3, which is failed, must be null; received 4/,
    ],
    [
      "a value is text",
      setTrial(5, { value: "4" }),
      /the value of trial 5, which is pruned, must be finite; received "4"/,
    ],
    [
      "scores are text",
      setTrial(0, { scores: ["1"] }),
      /trial 0 is damaged: scores of trial 0 must be a list of numbers/,
    ],
    [
      "a trial is its own parent",
      setTrial(0, { parent: 0 }),
      /the parent of trial 0 must be the number of an earlier trial; received 0/,
    ],
    [
      "a trial has half a parent",
      setTrial(1, { parent: 0.5 }),
      /the parent of trial 1 must be the number of an earlier trial/,
    ],
    [
      "a trial may be given",
      setTrial(0, { given: 1 }),
      /given of trial 0 must be true or left out; received 1/,
    ],
    [
      "a trial has a stray field",
      setTrial(0, { loss: 1 }),
      /the fields of trial 0 must be among .*; received "loss"/,
    ],
  ])("%s", (_, open, message) => {
    const error = caught(open);
    expect(error).toMatchObject({ code: "invalid_checkpoint" });
    expect(error.message).toMatch(/^this study cannot be opened: /);
    expect(error.message).toMatch(message);
  });

  test("the strategy or the space is another", () => {
    const json = () => JSON.parse(saved()) as StudyJson;
    expect(caught(() => restoreStudy(json(), { strategy: grid({ points: 3 }) }))).toMatchObject({
      code: "invalid_argument",
      message:
        'strategy must be the one that the study was saved with, "random" with options {}; received "grid" with options {"points":3}',
    });
    expect(caught(() => restoreStudy(json()))).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/^strategy must be the one that .* "random" .*; received "gp"/),
    });
    const other = { ...space, units: int(8, 64) };
    expect(caught(() => restoreStudy(json(), { strategy: random(), space: other }))).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/^space must be the one that the study was saved with/),
    });
    expect(restoreStudy(json(), { strategy: random(), space }).best.params.units).toBeTypeOf("number");
  });

  test("an option is unknown", () => {
    const options = { strategy: random(), spaces: space };
    expect(caught(() => restoreStudy(JSON.parse(saved()), options))).toMatchObject({
      code: "unknown_name",
      message: expect.stringMatching(/^unknown option of restoreStudy "spaces"/),
    });
  });
});
