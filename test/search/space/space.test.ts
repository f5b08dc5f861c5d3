import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import {
  buildParams,
  isActive,
  resolveSpace,
  spaceFromJson,
  whyOutside,
} from "../../../src/search/space/space.js";
import { anySpace } from "../../../src/testing/arbitraries/space.js";
import { caught } from "../support.js";

describe("parameters", () => {
  test("are plain data", () => {
    expect(float(1e-4, 0.1, { log: true })).toEqual({ type: "float", low: 1e-4, high: 0.1, log: true });
    expect(int(8, 128, { step: 8, default: 64 })).toEqual({
      type: "int",
      low: 8,
      high: 128,
      step: 8,
      default: 64,
    });
    expect(choice([[64], [64, 32], null, { a: 1 }])).toEqual({
      type: "choice",
      values: [[64], [64, 32], null, { a: 1 }],
    });
    expect(float(0, 1, { log: false, when: { optimizer: ["sgd"], depth: { low: 2 } } })).toEqual({
      type: "float",
      low: 0,
      high: 1,
      when: { optimizer: ["sgd"], depth: { low: 2 } },
    });
  });

  test("copy and freeze what they are given", () => {
    const layers = [64, 32];
    const parameter = choice([layers, [8]]);
    layers.push(16);
    expect(parameter.values[0]).toEqual([64, 32]);
    expect(() => (parameter.values[0] as unknown as number[]).push(1)).toThrow(TypeError);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["low above high", () => float(2, 1), /float\(2, 1\): low must be at most high, which is 1; received 2/],
    ["int low above high", () => int(8, 4), /low must be at most high, which is 4; received 8/],
    ["log from 0", () => float(0, 1, { log: true }), /low must be above 0 on a log scale .*; received 0/],
    ["log through 0", () => int(-1, 8, { log: true }), /low must be above 0 on a log scale .*; received -1/],
    [
      "an infinite bound",
      () => float(0, Number.POSITIVE_INFINITY),
      /high must be a finite number; received Infinity/,
    ],
    ["a NaN bound", () => float(Number.NaN, 1), /low must be a finite number; received NaN/],
    [
      "a bound that is text",
      () => float("0" as never, 1),
      /float\("0", 1\): low must be a finite number; received "0"/,
    ],
    ["a fractional int", () => int(0.5, 2), /low of an int must be a safe integer; received 0.5/],
    ["a step of 0", () => float(0, 1, { step: 0 }), /step must be a number above 0; received 0/],
    ["a negative step", () => int(0, 9, { step: -1 }), /step must be a number above 0; received -1/],
    [
      "a fractional int step",
      () => int(0, 9, { step: 0.5 }),
      /step of an int must be an integer; received 0.5/,
    ],
    [
      "a log float with a step",
      () => float(1, 9, { log: true, step: 1 }),
      /step of a float must be left out on a log scale .*; received 1/,
    ],
    [
      "a step too fine",
      () => float(0, 1, { step: 1e-17 }),
      /step must be at least 3\.55\d*e-15, which is 2\^-48 of 1: .*; received 1e-17/,
    ],
    [
      "values of a choice without a list",
      () => choice("a" as never, "b" as never),
      /the options of choice must be an object; write the values as one list, such as choice\(\[1, 2\]\); received "b"/,
    ],
    ["an empty choice", () => choice([]), /values must be a list of at least one value; received \[\]/],
    [
      "a repeated choice",
      () => choice(["a", "b", "a"]),
      /values must be different from each other; received \["a","b","a"\]/,
    ],
    [
      "a repeated list",
      () =>
        choice([
          [1, 2],
          [1, 2],
        ]),
      /values must be different from each other/,
    ],
    [
      "keys in another order",
      () =>
        choice([
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ]),
      /values must be different from each other/,
    ],
    ["a choice of functions", () => choice([(() => 1) as never]), /values must be JSON/],
    ["a choice of NaN", () => choice([Number.NaN]), /values must be JSON .*; received NaN/],
    [
      "a default outside",
      () => int(1, 4, { default: 5 }),
      /default must be an integer from 1 to 4; received 5/,
    ],
    [
      "a default off the steps",
      () => int(1, 9, { step: 2, default: 4 }),
      /default must be an integer from 1 to 9 in steps of 2; received 4/,
    ],
    [
      "an unknown option",
      () => float(0, 1, { base: 10 } as never),
      /the fields of float must be among type, low, .*; received "base"/,
    ],
    [
      "a bare condition value",
      () => float(0, 1, { when: { a: "x" } as never }),
      /"a" in when must be a list of values, such as \["x"\], or an interval .*; received "x"/,
    ],
    [
      "an empty condition",
      () => float(0, 1, { when: {} }),
      /when must be an object of at least one parameter/,
    ],
    [
      "an empty clause",
      () => float(0, 1, { when: { a: [] } }),
      /must be a list of values, such as \[1\], or an interval/,
    ],
    [
      "a stray clause key",
      () => float(0, 1, { when: { a: { min: 1 } } as never }),
      /an interval \{ low, high \}/,
    ],
  ])("refuse %s", (_, make, message) => {
    const error = caught(make);
    expect(error).toMatchObject({ code: "invalid_space" });
    expect(error.message).toMatch(message);
  });

  test("tell values of other types apart", () => {
    expect(choice([1, "1", true, "true", null, "null"]).values).toHaveLength(6);
  });
});

describe("spaces", () => {
  test.each<[string, unknown, RegExp]>([
    ["not an object", 5, /space must be an object with at least one parameter; received 5/],
    ["a list", [float(0, 1)], /space must be an object/],
    ["no parameters", {}, /at least one parameter; received \{\}/],
    [
      "a name with a space",
      { "learning rate": float(0, 1) },
      /the name of a parameter must be a plain word: .*; received "learning rate"/,
    ],
    ["a name that is a number", { 1: float(0, 1) }, /must be a plain word/],
    [
      "a name that would touch the prototype",
      JSON.parse('{"__proto__": {"type": "int", "low": 0, "high": 1}}'),
      /plain word/,
    ],
    [
      "something that is not a parameter",
      { a: 3 },
      /parameter "a" must be float\(low, high\), .*; received 3\. A constant is not a parameter/,
    ],
    ["nothing for a parameter", { a: null }, /parameter "a" must be float\(low, high\), .*; received null$/],
    ["a type in a list", { a: { type: ["int"], low: 0, high: 1 } }, /parameter "a" must be float/],
    ["an unknown type", { a: { type: "real", low: 0, high: 1 } }, /parameter "a" must be float/],
    ["a type of the prototype", { a: { type: "toString" } }, /parameter "a" must be float/],
    [
      "a missing bound",
      { a: { type: "int", low: 0 } },
      /parameter "a": high must be a finite number; received undefined/,
    ],
    [
      "a condition on nothing",
      { a: float(0, 1, { when: { b: [1] } }) },
      /parameter "a": the condition on "b" must be on a parameter of the space \(a\); received "b"/,
    ],
    [
      "a condition on a method",
      { a: float(0, 1, { when: { toString: [1] } }) },
      /the condition on "toString" must be on a parameter of the space/,
    ],
    [
      "a value its parent never has",
      { a: choice([1, 2]), b: int(0, 1, { when: { a: [3] } }) },
      /the condition on "a" must list one of \[1,2\]; received 3/,
    ],
    [
      "an interval its parent never meets",
      { a: int(1, 3), b: int(0, 1, { when: { a: { low: 4 } } }) },
      /the condition on "a" must include an integer from 1 to 3; received {"low":4}/,
    ],
    [
      "an interval between the steps",
      { a: int(1, 3), b: int(0, 1, { when: { a: { low: 1.2, high: 1.8 } } }) },
      /must include an integer from 1 to 3/,
    ],
    [
      "an interval of choices",
      { a: choice([1, 2]), b: int(0, 1, { when: { a: { low: 1 } } }) },
      /must list values, since it is a choice/,
    ],
    [
      "a list for a real number",
      { a: float(0, 1), b: int(0, 1, { when: { a: [0.5] } }) },
      /must be an interval { low, high }, since it is a float without a step; received \[0.5\]/,
    ],
    ["a condition on itself", { a: int(0, 1, { when: { a: [1] } }) }, /form a cycle: a → a/],
    [
      "a cycle",
      {
        a: int(0, 1, { when: { c: [1] } }),
        b: int(0, 1, { when: { a: [1] } }),
        c: int(0, 1, { when: { b: [1] } }),
      },
      /conditions form a cycle: a → c → b → a; one of them must go/,
    ],
  ])("refuse %s", (_, space, message) => {
    const error = caught(() => spaceFromJson(space));
    expect(error).toBeInstanceOf(FettleError);
    expect(error).toMatchObject({ code: "invalid_space" });
    expect(error.message).toMatch(message);
  });

  test("are the same after a round trip through JSON", () => {
    fc.assert(
      fc.property(anySpace(), (raw) => {
        const space = spaceFromJson(raw);
        expect(spaceFromJson(JSON.parse(JSON.stringify(space)))).toEqual(space);
      }),
    );
  });

  test("order parameters after those that their conditions name, otherwise as declared", () => {
    const { names, order } = resolveSpace({
      beta: float(0, 1, { when: { momentum: { low: 0.5 } } }),
      units: int(1, 9),
      momentum: float(0, 1, { when: { optimizer: ["sgd"] } }),
      optimizer: choice(["sgd", "adam"]),
    });
    expect(names).toEqual(["beta", "units", "momentum", "optimizer"]);
    expect(order).toEqual(["optimizer", "momentum", "beta", "units"]);
  });

  test("leave out what does not apply, at any depth, and keep the declared order", () => {
    const space = resolveSpace({
      beta: float(0, 1, { when: { momentum: { low: 0.5 } } }),
      momentum: float(0, 1, { when: { optimizer: ["sgd"] } }),
      optimizer: choice(["sgd", "adam"]),
    });
    const build = (values: Record<string, string | number>) => buildParams(space, (_, name) => values[name]);
    expect(Object.entries(build({ optimizer: "sgd", momentum: 0.5, beta: 0.1 }))).toEqual([
      ["beta", 0.1],
      ["momentum", 0.5],
      ["optimizer", "sgd"],
    ]);
    expect(build({ optimizer: "sgd", momentum: 0.4, beta: 0.1 })).toEqual({
      momentum: 0.4,
      optimizer: "sgd",
    });
    expect(build({ optimizer: "adam", momentum: 0.9, beta: 0.1 })).toEqual({ optimizer: "adam" });
  });

  test("need every clause of a condition", () => {
    const parameter = int(0, 1, { when: { a: [[1], "x"], b: { low: 1, high: 2 } } });
    expect(isActive(parameter, { a: [1], b: 2 })).toBe(true);
    expect(isActive(parameter, { a: "x", b: 1 })).toBe(true);
    expect(isActive(parameter, { a: "y", b: 1 })).toBe(false);
    expect(isActive(parameter, { a: "x", b: 2.5 })).toBe(false);
    expect(isActive(parameter, { b: 1 })).toBe(false);
  });

  test("explain why a point is outside", () => {
    const space = resolveSpace({
      a: choice(["x", "y"]),
      b: int(1, 9, { step: 2, when: { a: ["x"] } }),
      c: float(0, 1),
    });
    expect(whyOutside(space, { a: "x", b: 3, c: 0.5 })).toBeUndefined();
    expect(whyOutside(space, { a: "y", c: 1 })).toBeUndefined();
    expect(whyOutside(space, { a: "x", c: 1 })).toBe(
      '"b" must be an integer from 1 to 9 in steps of 2; received undefined',
    );
    expect(whyOutside(space, { a: "y", b: 3, c: 1 })).toBe(
      '"b" must be left out, since its condition does not hold; received 3',
    );
    expect(whyOutside(space, { a: "x", b: 4, c: 1 })).toBe(
      '"b" must be an integer from 1 to 9 in steps of 2; received 4',
    );
    expect(whyOutside(space, { a: "z", c: 1 })).toBe('"a" must be one of ["x","y"]; received "z"');
    expect(whyOutside(space, { a: "y", c: Number.NaN })).toBe(
      '"c" must be a number from 0 to 1; received NaN',
    );
    expect(whyOutside(space, { a: "y", c: 1, d: 1 })).toBe('parameters must be among a, b, c; received "d"');
    expect(whyOutside(space, null)).toBe("parameters must be an object; received null");
  });
});
