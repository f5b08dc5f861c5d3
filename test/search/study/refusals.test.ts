import { describe, expect, test } from "vitest";
import { float, int } from "../../../src/search/space/builders.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import { createStudy } from "../../../src/search/study/create.js";
import { caught } from "../support.js";

const space = { x: float(0, 1), units: int(1, 64, { log: true }) };

describe("a study refuses", () => {
  const asked = () => {
    const study = createStudy({ space, strategy: random(), direction: "maximize" });
    study.ask();
    return study;
  };
  const told = () => {
    const study = asked();
    study.tell(0, { value: 1 });
    return study;
  };
  const released = () => {
    const study = asked();
    study.release(0);
    return study;
  };
  const wandering: Strategy = { ...random(), name: "wandering", suggest: () => ({ x: 2, units: 1 }) };
  test.each<[string, () => unknown, string, RegExp]>([
    [
      "a trial never asked",
      () => asked().tell(1, { value: 1 }),
      "invalid_state",
      /only a running trial .* trial 1 was never asked for/,
    ],
    ["a trial told twice", () => told().tell(0, { value: 1 }), "invalid_state", /trial 0 has finished/],
    [
      "a trial given back",
      () => released().tell(0, { value: 1 }),
      "invalid_state",
      /trial 0 is waiting for ask/,
    ],
    ["a release of a told trial", () => told().release(0), "invalid_state", /trial 0 has finished/],
    [
      "an outcome without a value",
      () => asked().tell(0, {}),
      "invalid_argument",
      /the outcome of trial 0 must be a value, or a status of "failed" or "diverged"; received undefined/,
    ],
    [
      "a number in place of an outcome",
      () => asked().tell(0, 1 as never),
      "invalid_argument",
      /the outcome of trial 0 must be an object, as \{ value: 1 \}; received 1$/,
    ],
    [
      "a pruned trial without a value",
      () => asked().tell(0, { status: "pruned" }),
      "invalid_argument",
      /must be a value/,
    ],
    [
      "a value that is text",
      () => asked().tell(0, { value: "1" as never }),
      "invalid_argument",
      /value of trial 0 must be a number; received "1"/,
    ],
    [
      "scores that are not a list",
      () => asked().tell(0, { value: 1, scores: 3 as never }),
      "invalid_argument",
      /scores of trial 0 must be a list of numbers; received 3/,
    ],
    [
      "attributes beyond JSON",
      () => asked().tell(0, { value: 1, attributes: { f: (() => 1) as never } }),
      "invalid_argument",
      /attributes of trial 0 must be an object of JSON/,
    ],
    [
      "an error that is not a string",
      () => asked().tell(0, { status: "failed", error: 3 as never }),
      "invalid_argument",
      /error of trial 0 must be a string; received 3/,
    ],
    [
      "an unknown status",
      () => asked().tell(0, { value: 1, status: "done" as never }),
      "unknown_name",
      /unknown status "done"/,
    ],
    [
      "an unknown field",
      () => asked().tell(0, { value: 1, loss: 2 } as never),
      "unknown_name",
      /outcome "loss"/,
    ],
    [
      "no strategy",
      () => createStudy({ space, strategy: "random" as never, direction: "maximize" }),
      "invalid_argument",
      /^strategy must be a strategy, such as tpe\(\) or createStrategy\("tpe"\); received "random"$/,
    ],
    [
      "a negative seed",
      () => createStudy({ space, strategy: random(), seed: -1, direction: "maximize" }),
      "invalid_argument",
      /seed must be an integer of at least 0; received -1/,
    ],
    [
      "a fractional lag",
      () => createStudy({ space, strategy: random(), lag: 0.5, direction: "maximize" }),
      "invalid_argument",
      /lag must be an integer of at least 0; received 0.5/,
    ],
    [
      "another direction",
      () => createStudy({ space, strategy: random(), direction: "up" as never }),
      "unknown_name",
      /unknown direction "up"\. Known: minimize, maximize/,
    ],
    [
      "a strategy without options",
      () =>
        createStudy({ space, strategy: { ...random(), options: undefined as never }, direction: "maximize" }),
      "invalid_argument",
      /options of strategy "random" must be an object of JSON values; received undefined/,
    ],
    [
      "no options at all",
      () => createStudy(undefined as never),
      "invalid_argument",
      /options of a study must be an object; received undefined/,
    ],
    [
      "no direction",
      () => createStudy({ space, strategy: random() } as never),
      "invalid_argument",
      /^direction must be "minimize" or "maximize", or a list .*; received undefined$/,
    ],
    [
      "a clock that is not a function",
      () => createStudy({ space, strategy: random(), direction: "maximize", clock: 5 as never }),
      "invalid_argument",
      /clock must be a function that returns milliseconds; received 5/,
    ],
    [
      "an unknown option",
      () => createStudy({ space, strategy: random(), metric: "a" } as never),
      "unknown_name",
      /option of a study "metric"/,
    ],
    [
      "an impossible space",
      () =>
        createStudy({
          space: { x: { type: "int", low: 2, high: 1 } },
          strategy: random(),
          direction: "maximize",
        }),
      "invalid_space",
      /parameter "x": low must be at most high/,
    ],
    [
      "a strategy that leaves the space",
      () => createStudy({ space, strategy: wandering, direction: "maximize" }).ask(),
      "invalid_argument",
      /strategy "wandering" left the space at trial 0: "x" must be a number from 0 to 1; received 2/,
    ],
  ])("%s", (_, make, code, message) => {
    const error = caught(make);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  test("and is left as it was", () => {
    const study = asked();
    expect(() => study.tell(0, {})).toThrow();
    expect(study.trials).toEqual([]);
    expect(study.tell(0, { value: 1 }).value).toBe(1);
  });
});
