import fc from "fast-check";
import { expect, test } from "vitest";
import { copyJson, type ParamValue, sameValue, valueKey } from "../../../src/search/space/value.js";

const anyValue = fc.jsonValue() as fc.Arbitrary<ParamValue>;

test("a copy of JSON is equal, frozen and apart from the original", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const copy = copyJson(value);
      expect(JSON.parse(JSON.stringify(copy))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(Object.isFrozen(copy)).toBe(true);
      if (typeof value === "object" && value !== null) expect(copy).not.toBe(value);
    }),
  );
});

test("what is not JSON has no copy", () => {
  const loop: unknown[] = [];
  loop.push(loop);
  const others = [
    undefined,
    Number.NaN,
    1 / 0,
    () => 1,
    Symbol("s"),
    1n,
    new Date(0),
    new Float32Array(1),
    loop,
  ];
  for (const value of others) {
    expect(copyJson(value)).toBeUndefined();
    expect(copyJson([value])).toBeUndefined();
    expect(copyJson({ key: value })).toBeUndefined();
  }
  expect(Object.is(copyJson(-0), 0)).toBe(true);
});

test("values are the same by content, whatever the order of keys", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      expect(sameValue(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      expect(sameValue(a, b)).toBe(valueKey(a) === valueKey(b));
    }),
  );
  expect(sameValue({ a: 1, b: [2, { c: 3, d: 4 }] }, { b: [2, { d: 4, c: 3 }], a: 1 })).toBe(true);
  for (const [a, b] of [
    ["1", 1],
    [null, {}],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [
      [1, [2]],
      [[1], 2],
    ],
    [0, false],
  ] as const) {
    expect(sameValue(a, b)).toBe(false);
  }
});
